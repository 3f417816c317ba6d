"""Group `mesa`: the same rules as a plain Mesa model, month by month in turn with the package."""

import gc
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

from benchmarks import workload
from benchmarks.measuring import Spent, fresh, say, spent
from benchmarks.scale import CURVE
from benchmarks.table import Row
from benchmarks.targets import TARGETS

TITLE = (
    "mesa: the same rules as a plain Mesa model, same worlds and months, in turn, processor time"
)

_LIMIT = 120.0  # s that the Mesa model may take at a size, building included
_QUICK_LIMIT = 10.0
# organisations: months that each of the two simulates before it is the other's turn
_TURN = {1_000: 40, 10_000: 12, 100_000: 3}
_QUICK = (1_000, 10_000)
_AIMED_AT = 10_000  # organisations to which the target of the months applies
_INCLUDED = 1_000  # organisations of the comparison from building to tables
_REPEATED, _QUICK_REPEATED = 3, 1  # that comparison
_BEYOND = 1_000_000  # organisations that Mesa is not tried at


def rows(quick: bool) -> list[Row]:
    """Both models at every size; the largest only in a full run."""
    found = []
    for n in _QUICK if quick else _TURN:
        limit = _QUICK_LIMIT if quick else _LIMIT
        say(f"  {n:,} organisations, up to {limit:.0f} s")
        repeated = _QUICK_REPEATED if quick else _REPEATED
        results = [
            fresh(duel, n=n, months=workload.MONTHS, limit=limit, turn=_TURN[n]).result
            for _ in range(repeated if n == _INCLUDED else 1)
        ]
        found += _rows_of(n, results)
        found.append(_memory(n))
    if not quick:
        found.append(_beyond(n, results[-1]))
    return found


def _memory(n: int) -> Row:
    """Memory of a process in which Mesa is alone."""
    months = _TURN[n]
    peak = fresh(run_mesa, n=n, months=months).peak_mb
    remarks = f"alone, {months} months; with libraries, and the arrays that its world is made from"
    return Row(f"{n:,} organisations, Mesa, peak memory", peak, "MB", None, remarks)


def _beyond(n: int, result: dict[str, Any]) -> Row:
    """What the largest size would take, from the largest that was run."""
    mesa, times = result["mesa"], _BEYOND / n
    month = mesa["months"] / result["months"]
    return Row(
        f"{_BEYOND:,} organisations, Mesa, building and one month, if in proportion",
        times * (mesa["build"] + month),
        "s",
        remarks=f"not run: {times:.0f} times what {n:,} take; the limit is {_LIMIT:.0f} s",
    )


def _rows_of(n: int, results: Sequence[dict[str, Any]]) -> list[Row]:
    """Rows of one or several duels at a size."""
    turns = [
        theirs / own
        for result in results
        for own, theirs in zip(result["ours"]["turns"], result["mesa"]["turns"], strict=True)
    ]
    months = results[0]["months"]
    mesa, ours = (
        1e6 * median(result[whose]["months"] / result["months"] for result in results) / n
        for whose in ("mesa", "ours")
    )
    size = f"{n:,} organisations"
    remarks = f"{months} months; {results[0]['mesa']['build']:.1f} s to build"
    target = TARGETS["mesa_months"] if n == _AIMED_AT else None
    found = [
        Row(f"{size}, Mesa, a month, recorded", mesa, CURVE, None, remarks, n),
        Row(f"{size}, the package in turn with it", ours, CURVE),
        Row.of(f"{size}, Mesa / package, months", turns, "times", target, "median of turns"),
    ]
    if n == _INCLUDED:
        what = f"{size}, Mesa / package, building, {months} months and tables"
        ratios = [_whole(result["mesa"]) / _whole(result["ours"]) for result in results]
        found.append(Row.of(what, ratios, "times", TARGETS["mesa_whole"]))
    return found


def _whole(took: dict[str, Any]) -> float:
    return float(took["build"] + took["months"] + took["tables"])


def duel(n: int, months: int, limit: float, turn: int) -> dict[str, Any]:
    """Processor seconds of both on one world: to build it, of each turn, to make the tables.

    Args:
        n: organisations.
        months: to simulate, if Mesa gets so far.
        limit: seconds that the Mesa model may take, with the turn that it is in.
        turn: months at a time; the first turn is taken in any case.
    """
    from benchmarks.peers.mesa_model import DiffusionModel
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    settings = workload.settings(n, months)
    simulation, our_build = spent(lambda: Simulation(settings))
    model, mesa_build = spent(lambda: DiffusionModel(settings=settings))
    freeze()
    ours: list[Spent] = []
    mesa: list[Spent] = []
    while simulation.month < months:
        used = sum(one.seconds for one in (mesa_build, *mesa, *mesa[-1:]))
        if mesa and used > limit:
            break
        ours.append(spent(partial(simulation.run_to, simulation.month + turn))[1])
        mesa.append(spent(partial(steps, model.step, turn))[1])
    our_tables = spent(simulation.months)[1]
    mesa_tables = spent(model.datacollector.get_model_vars_dataframe)[1]
    return {
        "months": simulation.month,
        "ours": _processor(our_build, ours, our_tables),
        "mesa": _processor(mesa_build, mesa, mesa_tables),
    }


def freeze() -> None:
    """Look for garbage once, and never again among the objects that are there now.

    Mesa's agents and ties are many objects that live as long as the run.
    """
    gc.collect()
    gc.freeze()


def run_mesa(n: int, months: int) -> None:
    """Build the Mesa model and simulate some months."""
    from benchmarks.peers.mesa_model import DiffusionModel

    steps(DiffusionModel(settings=workload.settings(n)).step, months)


def steps(step: Callable[[], None], months: int) -> None:
    """Step a model so many months."""
    for _ in range(months):
        step()


def _processor(build: Spent, months: list[Spent], tables: Spent) -> dict[str, Any]:
    turns = [turn.cpu_seconds for turn in months]
    return {
        "build": build.cpu_seconds,
        "months": sum(turns),
        "tables": tables.cpu_seconds,
        "turns": turns,
    }
