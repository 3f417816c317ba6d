"""Group `compiling`: which loops the compiling of a first run goes into, in one process."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import workload
from benchmarks.measuring import fresh, say
from benchmarks.table import Row

TITLE = "compiling: what a first run compiles, each loop without those it calls, processor time"

_SLOWEST = 10
_PASSES = 4


def rows(quick: bool) -> list[Row]:
    """The whole, then by file, by loop and by pass of numba; a quick run measures the same."""
    say("  everything, from an empty folder for machine code")
    with tempfile.TemporaryDirectory() as cache:
        found = fresh(compile_all, {"NUMBA_CACHE_DIR": cache}).result
    files: dict[str, float] = defaultdict(float)
    loops: dict[str, int] = defaultdict(int)
    for file, _, seconds in found["loops"]:
        files[file] += seconds
        loops[file] += 1
    whole = sum(files.values())
    slowest = sorted(found["loops"], key=lambda one: -one[2])[:_SLOWEST]
    return [
        Row("all loops", whole, "s", remarks=f"{len(found['loops'])} loops and helpers"),
        *(
            Row(
                file, seconds, "s",
                remarks=f"{loops[file]} loops, {100 * seconds / whole:.0f} % of the whole",
            )
            for file, seconds in sorted(files.items(), key=lambda one: -one[1])
            if seconds >= 0.01 * whole
        ),
        *(Row(f"loop {file}.{name}", seconds, "s") for file, name, seconds in slowest),
        *(
            Row(f"numba's pass {name}", seconds, "s")
            for name, seconds in found["passes"]
        ),
    ]  # fmt: skip


def compile_all() -> dict[str, Any]:
    """Compile what `workload.compile_all` needs, from nothing.

    Returns:
        `loops`: (file, loop, seconds without the loops compiled meanwhile), one a compiling;
        `passes`: the passes of numba that took longest, with their seconds.
    """
    # helpers with types are compiled when they are imported: listen before that
    with _listening("numba:compile") as compiled, _listening("numba:run_pass") as passed:
        from diffusion.model.compiling import assume_ready

        assume_ready()  # other processes would compile most of it
        workload.simulate_fullest()
    passes: dict[str, float] = defaultdict(float)
    for name, seconds in own_seconds(passed, lambda data: data["name"].partition(" [")[0]):
        passes[name] += seconds
    loops = own_seconds(compiled, lambda data: data["dispatcher"].py_func)
    return {
        "loops": [
            (loop.__module__.rpartition("diffusion.")[2], loop.__name__, seconds)
            for loop, seconds in loops
        ],
        "passes": sorted(passes.items(), key=lambda one: -one[1])[:_PASSES],
    }


@contextmanager
def _listening(kind: str) -> Iterator[list[tuple[float, Any]]]:
    """The starts and ends that numba tells of, each with the processor's clock."""
    from numba.core import event

    events: list[tuple[float, Any]] = []

    class Clock(event.Listener):
        def on_start(self, event: Any) -> None:
            events.append((time.process_time(), event))

        on_end = on_start

    with event.install_listener(kind, Clock()):
        yield events


def own_seconds(
    events: list[tuple[float, Any]], named: Callable[[Any], Any]
) -> list[tuple[Any, float]]:
    """(what, seconds without what began and ended within it), in the order of their ends."""
    found = []
    running: list[list[Any]] = []  # [what, start, seconds of what it waited for]
    for when, one in events:
        if one.is_start:
            running.append([named(one.data), when, 0.0])
            continue
        what, start, waited = running.pop()
        found.append((what, when - start - waited))
        if running:
            running[-1][2] += when - start
    return found
