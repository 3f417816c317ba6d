"""Group `still`: a month as it is, and one in which all could happen and nothing does.

What both take is the price of asking everybody; the rest is the price of what happens to few. No
way of doing the latter is quicker than none, so a comparison that stays below its target with the
still month alone can't reach it by that.
"""

import math
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import workload
from benchmarks.against_mesa import duel
from benchmarks.measuring import fresh, say
from benchmarks.sweep import run_batch, run_sweep
from benchmarks.table import Row
from benchmarks.targets import TARGETS

if TYPE_CHECKING:
    from diffusion.model.settings import ModelSettings

TITLE = "still: a month, and a month in which nothing happens to anybody, processor time"

_BEFORE = workload.MONTHS // 2  # months that both have in common
_WORLDS = {200: 15, 1_000: 9, 10_000: 3}  # organisations: worlds with different seeds
_QUICK_WORLDS = {200: 5, 1_000: 3, 10_000: 1}
_OF_MONTHS, _OF_WHOLE, _OF_SWEEP = 10_000, 1_000, 200  # organisations that the targets speak of
_TURN = 12  # months that either of the two simulates at a time, at 10,000 organisations
_TURNS, _QUICK_TURNS = 2, 1
_RUNS, _QUICK_RUNS = 500, 100
_MESA_SECONDS, _QUICK_MESA_SECONDS = 15.0, 3.0
_UNIT = "ns an organisation-month"
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
    """Both months at each size; then the targets, had nothing happened."""
    found: list[Row] = []
    free: dict[int, float] = {}  # organisations: seconds of a month that what happens takes
    share: dict[int, float] = {}  # of a month
    for n, worlds in (_QUICK_WORLDS if quick else _WORLDS).items():
        say(f"  {n:,} organisations")
        result = fresh(both, n=n, worlds=worlds).result
        usual, still = (median(result[kind]) for kind in ("usual", "still"))
        free[n], share[n] = usual - still, 1.0 - still / usual
        happened = ", ".join(
            f"{result['happened'][column] / n:.2g} {what}" for column, what in _HAPPENS.items()
        )
        size, each = f"{n:,} organisations", 1e9 / n
        found += [
            Row.of(f"{size}, a month", [each * one for one in result["usual"]], _UNIT, None,
                   f"an organisation-month: {happened}"),
            Row.of(f"{size}, a still month", [each * one for one in result["still"]], _UNIT, None,
                   "all is drawn, and none of it happens"),
            Row(f"{size}, what happens takes, of a month", 100 * share[n], "%"),
        ]  # fmt: skip
    return [
        *found,
        _months_row(share[_OF_MONTHS], _QUICK_TURNS if quick else _TURNS),
        _whole_row(share[_OF_WHOLE]),
        _sweep_row(
            free[_OF_SWEEP] * workload.MONTHS,
            _QUICK_RUNS if quick else _RUNS,
            _QUICK_MESA_SECONDS if quick else _MESA_SECONDS,
        ),
    ]


def _months_row(share: float, turns: int) -> Row:
    """The ratio of months to Mesa, and what it would be."""
    n = _OF_MONTHS
    say(f"  the Mesa model, {n:,} organisations")
    result = fresh(duel, n=n, months=turns * _TURN, limit=math.inf, turn=_TURN).result
    mesa, ours = result["mesa"]["months"], result["ours"]["months"]
    target = TARGETS["mesa_months"].limit
    left = 1e9 * (mesa / target - ours * (1.0 - share)) / (n * result["months"])
    now = 1e9 * ours * share / (n * result["months"])
    remarks = (
        f"{mesa / ours:.0f} as it is; what happens takes {now:.0f} ns and would have to take "
        f"{left:.0f} ns for {target:.0f} times"
    )
    what = f"{n:,} organisations, Mesa / package, months, if what happens cost nothing"
    return Row(what, mesa / (ours * (1.0 - share)), "times", None, remarks)


def _whole_row(share: float) -> Row:
    """The same with building and tables."""
    n, months = _OF_WHOLE, workload.MONTHS
    say(f"  the Mesa model, {n:,} organisations")
    result = fresh(duel, n=n, months=months, limit=math.inf, turn=months // 3).result
    mesa, ours = (
        sum(result[who][part] for part in ("build", "months", "tables")) for who in ("mesa", "ours")
    )
    still = ours - share * result["ours"]["months"]
    remarks = f"{mesa / ours:.0f} as it is; {TARGETS['mesa_whole'].limit:.0f} is asked"
    what = f"{n:,} organisations, Mesa / package, building, months and tables, the same"
    return Row(what, mesa / still, "times", None, remarks)


def _sweep_row(free: float, runs: int, seconds: float) -> Row:
    """The same of a sweep on one worker.

    Args:
        free: seconds of a run that what happens takes.
        runs: of the package.
        seconds: for the runs of Mesa.
    """
    n = _OF_SWEEP
    say(f"  {runs:,} runs, {n:,} organisations, and Mesa's batch_run")
    each = fresh(run_sweep, n=n, runs=runs, workers=1).result / runs
    batch = fresh(run_batch, n=n, processes=1, seconds=seconds).result
    mesa = batch["seconds"] / batch["runs"]
    remarks = f"{mesa / each:.0f} as it is; {TARGETS['sweep_mesa'].limit:.0f} is asked"
    what = f"{n:,} organisations, 1 worker / batch_run, the same"
    return Row(what, mesa / (each - free), "times", None, remarks)


def both(n: int, worlds: int) -> dict[str, Any]:
    """Processor seconds of a month of either kind by world, and what happened in the usual ones.

    Both begin with the same world in the middle of a run, and take all months that are left.

    Args:
        n: organisations.
        worlds: that are built, with different seeds.
    """
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    left = workload.MONTHS - _BEFORE
    found: dict[str, Any] = {"usual": [], "still": []}
    for seed in range(1, worlds + 1):
        usual = Simulation(workload.settings(n).with_seed(seed))
        usual.run_to(_BEFORE)
        still = Simulation(_still(n).with_seed(seed), usual.state.copy())
        for kind, run in (("still", still), ("usual", usual)):
            started = time.process_time()
            run.run()
            found[kind].append((time.process_time() - started) / left)
    months = usual.months()[list(_HAPPENS)].tail(left)
    return {**found, "happened": months.mean().to_dict()}


def _still(n: int) -> "ModelSettings":
    """Settings under which all is drawn and hardly anything happens."""
    chances = [f"{rule}.{one}={_HARDLY}" for rule, names in _CHANCES.items() for one in names]
    return workload.settings(n, workload.MONTHS, *chances)
