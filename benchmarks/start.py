"""Group `start`: from the command to what the user waits for, in fresh processes."""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measuring import JobError, Line, say, watch
from benchmarks.table import Row
from benchmarks.targets import TARGETS

TITLE = "start: from the command to its answer, every time in a fresh process"

_REPEATED, _QUICK_REPEATED = 5, 3
_N = 1_000
_BARE = """
from benchmarks import workload
from diffusion.model.simulation import Simulation
print(Simulation(workload.settings({n})).run().outcomes(), flush=True)
"""


def rows(quick: bool) -> list[Row]:
    """What the user waits for, with machine code on disk and without."""
    repeated = _QUICK_REPEATED if quick else _REPEATED
    remarks = f"median of {repeated}"
    helping = (sys.executable, "-m", "diffusion", "--help")
    bare = (sys.executable, "-c", _BARE.format(n=_N))
    with tempfile.TemporaryDirectory() as folder:
        # as on a machine where it has run before: modules lie there as bytecode
        usual = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
        for command in (helping, bare):
            _first(command, usual)
        _run(usual)
        say("  diffusion --help")
        helped = [_first(helping, usual) for _ in range(repeated)]
        say("  diffusion run")
        run = [_run(usual)[0] for _ in range(repeated)]
        say("  a bare process")
        python = [_first(bare, usual) for _ in range(repeated)]
        say("  diffusion run without machine code on disk")
        with tempfile.TemporaryDirectory() as cache:
            cold, compiling = _run({**usual, "NUMBA_CACHE_DIR": cache})
    return [
        Row.of("diffusion --help", helped, "s", TARGETS["help"], remarks),
        Row.of("diffusion run, until the table is shown", run, "s", TARGETS["run"], remarks),
        Row.of(
            f"Simulation(settings).run() at {_N:,} organisations, from the start of Python",
            python, "s", None, remarks,
        ),
        Row("diffusion run without machine code, until the table is shown", cold, "s"),
        Row(
            "of that, compiling", compiling, "s", TARGETS["compiling"],
            "first run on a machine only",
        ),
    ]  # fmt: skip


def _first(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Seconds until a command prints its first line."""
    return _shown(watch(command, environment)).seconds


def _run(environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds until `diffusion run` shows its table, and how many of them it compiled."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        command = (sys.executable, "-m", "diffusion", "run", "--no-figures", "--results", results)
        lines = watch([str(word) for word in command], environment)
        (part,) = (results / "finished").glob("part-*.json")
        (run,) = json.loads(part.read_text(encoding="utf-8"))["runs"]
    shown = _shown(lines).seconds
    notices = [line for line in lines if line.stream == "stderr"]
    if not notices:
        return shown, 0.0
    # it is said that compiling begins; between its end and the table lies the run itself
    return shown, shown - notices[0].seconds - run["seconds"]


def _shown(lines: Sequence[Line]) -> Line:
    for line in lines:
        if line.stream == "stdout":
            return line
    raise JobError("a command printed nothing")
