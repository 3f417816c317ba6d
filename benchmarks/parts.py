"""Group `parts`: where the seconds of a run of a sweep go, taken apart in one process."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any

from benchmarks.measuring import fresh, say
from benchmarks.sweep import experiment
from benchmarks.table import Row

TITLE = "parts: where the time of a run of a sweep goes, one process, processor time"

_SWEEPS = {200: 1_000, 1_000: 1_000}  # organisations: runs, as in `sweep`
_CHUNKS, _QUICK_CHUNKS = 6, 3  # of them that are measured
_REST = "the rest of the runner"


class Parts:
    """Seconds by part; a part inside another does not count for the outer one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside: list[str] = []
        self._since = 0.0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time counts for this part until it ends or another begins inside."""
        self._note()
        self._inside.append(name)
        try:
            yield
        finally:
            self._note()
            self._inside.pop()

    def watch(self, owner: Any, function: str, name: str) -> None:
        """Let every call of a function of a class count for a part."""
        original: Callable[..., Any] = getattr(owner, function)

        @wraps(original)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return original(*args, **kwargs)

        self.seconds[name] = 0.0
        setattr(owner, function, timed)

    def _note(self) -> None:
        now = time.process_time()
        if self._inside:
            name = self._inside[-1]
            self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now


def rows(quick: bool) -> list[Row]:
    """Milliseconds of a run by part, at both sizes of the sweep."""
    found = []
    for n, runs in _SWEEPS.items():
        chunks = _QUICK_CHUNKS if quick else _CHUNKS
        say(f"  {chunks} chunks of {runs:,} runs of {n:,} organisations")
        answer = fresh(take_apart, n=n, runs=runs, measured=chunks).result
        parts: list[dict[str, float]] = answer["parts"]
        wholes = [1000 * sum(chunk.values()) for chunk in parts]
        by_wall = [1000 * seconds for seconds in answer["wall"]]
        size, remarks = f"{n:,} organisations", f"median of {len(parts)} chunks"
        found.append(Row.of(f"{size}, a run", wholes, "ms", remarks=remarks))
        found.append(Row.of(f"{size}, a run, by the clock on the wall", by_wall, "ms"))
        for part in parts[0]:
            taken = [1000 * chunk[part] for chunk in parts]
            share = sum(taken) / sum(wholes)
            remarks = f"{100 * share:.0f} % of a run"
            found.append(Row.of(f"{size}, {part}", taken, "ms", remarks=remarks))
    return found


def take_apart(n: int, runs: int, measured: int) -> dict[str, list[Any]]:
    """Seconds a run: its `parts`, and by the `wall`; chunk by chunk as a sweep cuts them.

    One more chunk than is measured is computed: the first warms up.

    Raises:
        RuntimeError: a run failed, or a part was never entered.
    """
    from diffusion.model.month import Month
    from diffusion.model.simulation import Simulation
    from diffusion.runner.design import chunks_of, runs_of
    from diffusion.runner.manifest import manifest_of
    from diffusion.runner.run import compute
    from diffusion.runner.store import Store

    parts = Parts()
    parts.watch(Simulation, "__init__", "building the world")
    parts.watch(Simulation, "run", "the rest of the months")
    parts.watch(Month, "run", "the rules and what is measured")
    parts.watch(Simulation, "tables", "making tables")
    parts.watch(Store, "write", "writing")
    found: list[dict[str, float]] = []
    wall = []
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        sweep = experiment(n, runs, workers=1, results=results)
        designed = runs_of(sweep)
        Store.open(results, manifest_of(sweep, designed))
        task = partial(compute, results)
        for chunk in chunks_of(designed)[: 1 + measured]:
            before, started = dict(parts.seconds), time.perf_counter()
            with parts.part(_REST):
                report = task(chunk)
            if report.failed:
                raise RuntimeError(f"{report.failed} of {len(chunk.runs)} runs failed")
            wall.append((time.perf_counter() - started) / len(chunk.runs))
            found.append({
                name: (seconds - before.get(name, 0.0)) / len(chunk.runs)
                for name, seconds in parts.seconds.items()
            })  # fmt: skip
    missed = [name for name, seconds in parts.seconds.items() if seconds == 0.0]
    if missed:
        raise RuntimeError(f"nothing was timed for {', '.join(missed)}: its function has moved")
    return {"parts": found[1:], "wall": wall[1:]}
