"""Group `foreseen`: a month as it comes, and the same month once the processor knows it."""

import time
from collections.abc import Iterator
from dataclasses import fields
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import workload
from benchmarks.measuring import fresh, say
from benchmarks.table import Row

if TYPE_CHECKING:
    from diffusion.base.arrays import Table
    from diffusion.model.simulation import Simulation

TITLE = "foreseen: a month as it comes, and once the processor has seen it many times"

_SIZES = (1_000, 2_000)  # organisations: the processor can learn that many branches
_BEFORE, _MONTHS, _QUICK_MONTHS = 30, 30, 6  # months that are not measured, and that are
_AGAIN, _KNOWN = 60, 20  # times that a month is run; so many of the last ones count
_UNIT = "ns an organisation-month"


def rows(quick: bool) -> list[Row]:
    """Both kinds of month, and the share of the first that the second is spared."""
    found = []
    for n in _SIZES:
        say(f"  {n:,} organisations")
        result = fresh(again, n=n, months=_QUICK_MONTHS if quick else _MONTHS).result
        new, known = (1e9 * result[kind] / n for kind in ("new", "known"))
        size = f"{n:,} organisations"
        found += [
            Row(f"{size}, a month as it comes", new, _UNIT),
            Row(f"{size}, the same month when run {_AGAIN} times", known, _UNIT),
            Row(
                f"{size}, of a month, what was guessed wrong or waited for",
                100 - 100 * known / new,
                "%",
            ),
        ]
    return found


def again(n: int, months: int) -> dict[str, float]:
    """Seconds of a month as it comes and of one that was run many times, medians over months.

    The compiled month alone, measures included; before each time the world is put back in place,
    so that both find it in the caches.
    """
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    run = Simulation(workload.settings(n))
    run.run_to(_BEFORE)
    new, known = [], []
    kept: list[Any] = []
    for _ in range(months):
        taken = _repeat(run, kept)
        new.append(taken[0])
        known.append(median(taken[-_KNOWN:]))
    return {"new": median(new), "known": median(known)}


def _repeat(run: "Simulation", kept: list[Any]) -> list[float]:
    """Seconds of the next month, each time from the same state; the run ends behind it.

    Args:
        kept: memory for that state. Were it new each month, the month would wait for pages.
    """
    state, month = run.state, run.month
    for rule in run.rules.rules:
        rule.prepare(state)  # type: ignore[attr-defined]
    state.open_month()
    now = list(_cells(run))
    if [cells.shape for cells in kept] != [cells.shape for cells in now]:
        kept[:] = [cells.copy() for cells in now]
    for before, cells in zip(kept, now, strict=True):
        before[...] = cells
    taken = []
    for _ in range(_AGAIN):
        for cells, before in zip(_cells(run), kept, strict=True):
            cells[...] = before
        state.month = month
        started = time.perf_counter()
        run.rules.run(state, run.recorder.recorded, run.recorder.yearly, month + 1)
        taken.append(time.perf_counter() - started)
    run.recorder.note([{}])
    return taken


def _cells(run: "Simulation") -> Iterator[Any]:
    """The memory of all that a month writes, but for what is recorded of it."""
    every = [getattr(run.state, one.name, None) for one in fields(run.state)]
    for value in [*every, run.recorder.recorded.ledger]:
        for array in value if isinstance(value, tuple) else (value,):
            yield from _memory(array)


def _memory(array: "Table | Any") -> Iterator[Any]:
    import numpy as np

    from diffusion.base.arrays import Table

    if isinstance(array, Table):
        yield array._block
    elif isinstance(array, np.ndarray):
        yield array
