"""Group `still`: a month as it is, and one in which all could happen and nothing does.

What both take is the price of asking everybody; the rest is the price of what happens to few. No
way of doing the latter is quicker than none, so a comparison that stays below its target with the
still month alone can't reach it by that.
"""

import math
import time
from typing import TYPE_CHECKING, Any

from benchmarks import workload
from benchmarks.against_mesa import duel
from benchmarks.measuring import fresh, say
from benchmarks.sweep import run_batch, run_sweep
from benchmarks.table import Row
from benchmarks.targets import TARGETS, Target

if TYPE_CHECKING:
    from diffusion.model.settings import ModelSettings

TITLE = "still: a month, and a month in which nothing happens to anybody, processor time"

_PART = 24  # months, from whose first on the same world goes on in both ways
_WORLDS = {200: 15, 1_000: 9, 10_000: 3}  # organisations: worlds with different seeds
_QUICK_WORLDS = {200: 5, 1_000: 3, 10_000: 1}
_OF_MONTHS, _OF_WHOLE, _OF_SWEEP = 10_000, 1_000, 200  # organisations that the targets speak of
_TURN = 12  # months that either model simulates at a time, at 10,000 organisations
_REPEATED = 3  # whole runs of both
_WHOLE = ("build", "months", "tables")  # what they consist of
_RUNS, _QUICK_RUNS = 500, 100
_MESA_SECONDS, _QUICK_MESA_SECONDS = 15.0, 3.0
_UNIT = "ns an organisation-month"
_KINDS = ("usual", "still")
_HARDLY = 1e-12  # a chance that is drawn and never comes
# chances of all that happens to organisations, people, ties and contacts
_CHANCES = {
    "turnover": (
        "rel_turnover",
        "share_leaving_at_grant_end",
        "p_learn_colleague",
        "p_learn_written",
        "p_skill_decay",
        "p_memory_loss",
    ),
    "ties": ("p_lapse_embedded", "p_lapse_bridging", "p_search", "p_from_meeting"),
    "meetings": ("attendance", "contacts_per_month"),
    "exchange": (
        "p_aware_from_user",
        "p_aware_from_informed",
        "p_aware_presented",
        "p_aware_notice",
        "p_know_how",
        "p_forget",
    ),
    "adoption": ("start_rate", "institutionalise_rate"),
    "persistence": (
        "hazard_base",
        "hazard_nobody_knows",
        "hazard_unfunded_first",
        "hazard_unfunded_later",
        "hazard_low_fidelity",
        "overload_slope",
        "p_restart_memory",
        "p_restart",
    ),
}
_HAPPENS = {
    "contacts": "contacts",
    "exits": "people leaving",
    "ties_formed": "ties formed",
    "ties_lost": "ties lost",
    "awareness_gained": "heard of",
    "transfers": "learnt",
    "trials_started": "trials",
}


def rows(quick: bool) -> list[Row]:
    """Both months at each size; then the comparisons with Mesa, had nothing happened."""
    found: list[Row] = []
    free: dict[int, float] = {}  # organisations: seconds of a run that what happens takes
    share: dict[int, list[float]] = {}  # of its months, part by part, and of all
    for n, worlds in (_QUICK_WORLDS if quick else _WORLDS).items():
        say(f"  {n:,} organisations")
        result = fresh(both, n=n, worlds=worlds).result
        # seconds of a world's months, part by part
        parts = {kind: [sum(each) for each in zip(*result[kind], strict=True)] for kind in _KINDS}
        usual, still = (sum(parts[kind]) for kind in _KINDS)
        free[n] = (usual - still) / worlds
        share[n] = [
            1.0 - after / before
            for before, after in zip(
                [*parts["usual"], usual], [*parts["still"], still], strict=True
            )
        ]
        happened = ", ".join(
            f"{result['happened'][column] / n:.2g} {what}" for column, what in _HAPPENS.items()
        )
        size, each = f"{n:,} organisations", 1e9 / (n * workload.MONTHS)
        took = {kind: [each * sum(world) for world in result[kind]] for kind in _KINDS}
        found += [
            Row.of(f"{size}, a month", took["usual"], _UNIT, None,
                   f"an organisation-month: {happened}"),
            Row.of(f"{size}, a still month", took["still"], _UNIT, None,
                   "all is drawn, and none of it happens"),
            Row(f"{size}, what happens takes, of a month", 100 * share[n][-1], "%"),
        ]  # fmt: skip
    return [
        *found,
        _months_row(share[_OF_MONTHS][0]),
        _whole_row(share[_OF_WHOLE][-1]),
        _sweep_row(
            free[_OF_SWEEP],
            _QUICK_RUNS if quick else _RUNS,
            _QUICK_MESA_SECONDS if quick else _MESA_SECONDS,
        ),
    ]


def _months_row(share: float) -> Row:
    """The first months at 10,000 organisations.

    Args:
        share: of these months that what happens takes.
    """
    n = _OF_MONTHS
    say(f"  the Mesa model, {n:,} organisations")
    result = fresh(duel, n=n, months=_PART, limit=math.inf, turn=_TURN).result
    mesa, ours = (result[who]["months"] for who in ("mesa", "ours"))
    what = f"{n:,} organisations, Mesa / package, months, if what happens cost nothing"
    return _row(what, mesa, ours, share * ours, TARGETS["mesa_months"], n * result["months"])


def _whole_row(share: float) -> Row:
    """A whole run of 1,000 organisations, with building and tables; the sums of several.

    Args:
        share: of the months that what happens takes.
    """
    n, months = _OF_WHOLE, workload.MONTHS
    mesa = ours = free = 0.0
    for _ in range(_REPEATED):
        say(f"  the Mesa model, {n:,} organisations")
        result = fresh(duel, n=n, months=months, limit=math.inf, turn=months // 3).result
        mesa += sum(result["mesa"][part] for part in _WHOLE)
        ours += sum(result["ours"][part] for part in _WHOLE)
        free += share * result["ours"]["months"]
    what = f"{n:,} organisations, Mesa / package, building, months and tables, the same"
    return _row(what, mesa, ours, free, TARGETS["mesa_whole"], n * months * _REPEATED)


def _sweep_row(free: float, runs: int, seconds: float) -> Row:
    """A sweep of runs of 200 organisations on one worker.

    Args:
        free: seconds of a run that what happens takes.
        runs: of the package.
        seconds: for the runs of Mesa.
    """
    n = _OF_SWEEP
    say(f"  {runs:,} runs, {n:,} organisations, and Mesa's batch_run")
    ours = fresh(run_sweep, n=n, runs=runs, workers=1).result / runs
    batch = fresh(run_batch, n=n, processes=1, seconds=seconds).result
    mesa = batch["seconds"] / batch["runs"]
    what = f"{n:,} organisations, 1 worker / batch_run, the same"
    return _row(what, mesa, ours, free, TARGETS["sweep_mesa"], n * workload.MONTHS)


def _row(
    what: str, mesa: float, ours: float, free: float, target: Target, organisation_months: int
) -> Row:
    """A ratio to Mesa had nothing happened, and what that would have to take for the target.

    Args:
        mesa: seconds that Mesa takes.
        ours: seconds of the package.
        free: those of them that what happens takes.
        organisation_months: that both simulate.
    """
    each = 1e9 / organisation_months
    left = mesa / target.limit - (ours - free)
    wanted = f"have to take {each * left:.0f} ns" if left > 0.0 else "not be quick enough at 0 ns"
    remarks = (
        f"{mesa / ours:.0f} as it is; what happens takes {each * free:.0f} ns an "
        f"organisation-month, and would {wanted} for the {target.limit:.0f} that are asked"
    )
    return Row(what, mesa / (ours - free), "times", None, remarks)


def both(n: int, worlds: int) -> dict[str, Any]:
    """Processor seconds of months of either kind, by world and part, and what happened in a month.

    In each part both begin with the same world, that of the usual run.

    Args:
        n: organisations.
        worlds: that are built, with different seeds.
    """
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    found: dict[str, Any] = {kind: [] for kind in _KINDS}
    for seed in range(1, worlds + 1):
        usual = Simulation(workload.settings(n).with_seed(seed))
        took: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        for first in range(0, workload.MONTHS, _PART):
            still = Simulation(_still(n).with_seed(seed), usual.state.copy())
            for kind, run in (("still", still), ("usual", usual)):
                started = time.process_time()
                run.run_to(first + _PART)
                took[kind].append(time.process_time() - started)
        for kind in _KINDS:
            found[kind].append(took[kind])
    months = usual.months()[list(_HAPPENS)].tail(workload.MONTHS)
    return {**found, "happened": months.mean().to_dict()}


def _still(n: int) -> "ModelSettings":
    """Settings under which all is drawn and hardly anything happens."""
    chances = [f"{rule}.{one}={_HARDLY}" for rule, names in _CHANCES.items() for one in names]
    return workload.settings(n, workload.MONTHS, *chances)
