"""Group `start`: from the command to what the user waits for, in fresh processes."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from benchmarks.measuring import JobError, Line, fresh, say, spent, watch
from benchmarks.table import Row
from benchmarks.targets import TARGETS

TITLE = "start: from the command to its answer, every time in a fresh process"

_REPEATED, _QUICK_REPEATED = 5, 3
_COLD, _QUICK_COLD = 3, 1  # first runs on a machine; each takes many seconds
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
        run = [_run(usual) for _ in range(repeated)]
        parts = [fresh(time_parts, usual).result for _ in range(repeated)]
        say("  a bare process")
        python = [_first(bare, usual) for _ in range(repeated)]
        compiling = _compiling_rows(_QUICK_COLD if quick else _COLD, usual)
    return [
        Row.of("diffusion --help", helped, "s", TARGETS["help"], remarks),
        Row.of("diffusion run, until the table is shown", run, "s", TARGETS["run"], remarks),
        *(Row.of(f"of that, {name}", [one[name] for one in parts], "s") for name in parts[0]),
        Row.of(
            f"Simulation(settings).run() at {_N:,} organisations, from the start of Python",
            python, "s", None, remarks,
        ),
        *compiling,
    ]  # fmt: skip


def time_parts() -> dict[str, float]:
    """Seconds of what `diffusion run` does one after the other, each imported where it is used."""

    def compose() -> Any:
        from diffusion.config import load

        return load([])

    def simulate() -> None:
        from diffusion.model.simulation import Simulation

        Simulation(settings).run()

    _, numba = spent(lambda: import_module("numba"))
    settings, composing = spent(compose)
    _, simulating = spent(simulate)
    return {
        "importing numba": numba.seconds,
        "importing and composing the settings": composing.seconds,
        "importing the model, loading machine code, building the world, the run": (
            simulating.seconds
        ),
    }


def _compiling_rows(times: int, usual: Mapping[str, str]) -> list[Row]:
    """First runs on a machine, each beside one that finds its machine code on disk."""
    say("  diffusion run without machine code on disk")
    cold, more = [], []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_run({**usual, "NUMBA_CACHE_DIR": cache}))
        more.append(cold[-1] - _run(usual))
    return [
        Row.of("diffusion run without machine code, until the table is shown", cold, "s"),
        Row.of(
            "of that, more than with machine code: compiling", more, "s", TARGETS["compiling"],
            "first run on a machine only; needs two idle cores",
        ),
    ]  # fmt: skip


def _first(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Seconds until a command prints its first line."""
    return _shown(watch(command, environment)).seconds


def _run(environment: Mapping[str, str]) -> float:
    """Seconds until `diffusion run` shows its table."""
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "diffusion", "run", "--no-figures", "--results", folder)
        return _first(command, environment)


def _shown(lines: Sequence[Line]) -> Line:
    for line in lines:
        if line.stream == "stdout":
            return line
    raise JobError("a command printed nothing")
