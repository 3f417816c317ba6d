"""Group `still`: a month as it is, and one in which everybody is asked and nothing happens.

What both take is the price of asking everybody; the rest is the price of what happens to few. No
way of doing the latter is quicker than none, so a comparison that stays below its target with still
months can't reach it by that.
"""

from collections.abc import Sequence
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import workload
from benchmarks.against_mesa import freeze, steps
from benchmarks.measuring import fresh, say, spent
from benchmarks.sweep import run_batch, run_sweep
from benchmarks.table import Row
from benchmarks.targets import TARGETS, Target

if TYPE_CHECKING:
    from diffusion.model.settings import ModelSettings
    from diffusion.model.simulation import Simulation

TITLE = "still: a month, and a month in which nothing happens to anybody, processor time"

_PART = 60  # months, from whose first on the same world goes on in both ways
_WORLDS = {200: 15, 1_000: 9, 10_000: 3}  # organisations: worlds with different seeds
_QUICK_WORLDS = {200: 5, 1_000: 3, 10_000: 1}
_OF_MONTHS, _OF_WHOLE, _OF_SWEEP = 10_000, 1_000, 200  # organisations that the targets speak of
_TURN, _TURNS, _QUICK_TURNS = 12, 3, 1  # months at a time with Mesa, at 10,000 organisations
_WHOLE_TURN, _REPEATED = 40, 3  # the same at 1,000; whole runs
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
HAPPENS = {
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
    for n, worlds in (_QUICK_WORLDS if quick else _WORLDS).items():
        say(f"  {n:,} organisations")
        result = fresh(both, n=n, worlds=worlds).result
        usual, still = result["usual"], result["still"]
        free[n] = median(usual) - median(still)
        happened = ", ".join(
            f"{result['happened'][column] / n:.2g} {what}" for column, what in HAPPENS.items()
        )
        size, each = f"{n:,} organisations", 1e9 / (n * workload.MONTHS)
        found += [
            Row.of(f"{size}, a month", [each * one for one in usual], _UNIT, None,
                   f"an organisation-month: {happened}"),
            Row.of(f"{size}, a still month", [each * one for one in still], _UNIT, None,
                   "none of that"),
            Row(f"{size}, what happens takes, of a month", 100 * free[n] / median(usual), "%"),
        ]  # fmt: skip
    return [
        *found,
        _months_row(_QUICK_TURNS if quick else _TURNS),
        _whole_row(1 if quick else _REPEATED),
        _sweep_row(
            free[_OF_SWEEP],
            _QUICK_RUNS if quick else _RUNS,
            _QUICK_MESA_SECONDS if quick else _MESA_SECONDS,
        ),
    ]


def _months_row(turns: int) -> Row:
    """The first months at 10,000 organisations, turn by turn."""
    n = _OF_MONTHS
    say(f"  the Mesa model, {n:,} organisations")
    took = fresh(in_turn, n=n, months=turns * _TURN, turn=_TURN).result
    what = f"{n:,} organisations, Mesa / package, months, if what happens cost nothing"
    mesa, ours, still = took["mesa"], took["usual"], took["still"]
    return bound_row(what, mesa, ours, still, TARGETS["mesa_months"], n * _TURN)


def _whole_row(repeated: int) -> Row:
    """Whole runs of 1,000 organisations, with building and tables."""
    n, months = _OF_WHOLE, workload.MONTHS
    mesa, ours, still = [], [], []
    for _ in range(repeated):
        say(f"  the Mesa model, {n:,} organisations")
        took = fresh(in_turn, n=n, months=months, turn=_WHOLE_TURN).result
        mesa.append(sum(took["mesa"]) + took["around mesa"])
        ours.append(sum(took["usual"]) + took["around"])
        still.append(sum(took["still"]) + took["around"])
    what = f"{n:,} organisations, Mesa / package, building, months and tables, the same"
    return bound_row(what, mesa, ours, still, TARGETS["mesa_whole"], n * months)


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
    target = TARGETS["sweep_mesa"]
    return bound_row(what, [mesa], [ours], [ours - free], target, n * workload.MONTHS)


def bound_row(
    what: str,
    mesa: Sequence[float],
    usual: Sequence[float],
    still: Sequence[float],
    target: Target,
    organisation_months: int,
) -> Row:
    """Ratios to Mesa had nothing happened, and what that would have to take for the target.

    Args:
        mesa: seconds that Mesa takes, turn by turn.
        usual: seconds of the package.
        still: its seconds without what happens.
        organisation_months: of a turn.
    """
    each, asked = 1e9 / (organisation_months * len(mesa)), f"the {target.limit:.0f} that are asked"
    now = each * (sum(usual) - sum(still))
    left = each * (sum(mesa) / target.limit - sum(still))
    wanted = f"{left:.0f} ns for {asked}" if left > 0.0 else f"less than nothing for {asked}"
    rest = sum(mesa) / (sum(usual) - sum(still))
    remarks = (
        f"{sum(mesa) / sum(usual):.0f} as it is, {rest:.0f} if all else cost nothing; what happens "
        f"takes {now:.0f} ns an organisation-month, and would have to take {wanted}"
    )
    ratios = [theirs / own for theirs, own in zip(mesa, still, strict=True)]
    return Row.of(what, ratios, "times", None, remarks)


def both(n: int, worlds: int) -> dict[str, Any]:
    """Processor seconds of all months of either kind by world, and what happened in a month.

    In each part of a run both begin with the same world, that of the usual months.

    Args:
        n: organisations.
        worlds: that are built, with different seeds.
    """
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    found: dict[str, Any] = {"usual": [], "still": []}
    happened: dict[str, Any] = {}
    for seed in range(1, worlds + 1):
        run = Simulation(workload.settings(n).with_seed(seed))
        took = {"usual": 0.0, "still": 0.0}
        while not run.done:
            until = run.month + _PART
            still = _still(run)
            took["still"] += spent(partial(still.run_to, until))[1].cpu_seconds
            took["usual"] += spent(partial(run.run_to, until))[1].cpu_seconds
        for kind, one in (("usual", run), ("still", still)):
            found[kind].append(took[kind])
            happened[kind] = one.months()[list(HAPPENS)].tail(_PART).mean().to_dict()
    return {**found, "happened": happened["usual"], "happened still": happened["still"]}


def in_turn(n: int, months: int, turn: int) -> dict[str, Any]:
    """Processor seconds of the Mesa model, the package, and a still copy of it, turn by turn.

    Args:
        n: organisations.
        months: to simulate.
        turn: months at a time.
    """
    from benchmarks.peers.mesa_model import DiffusionModel
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    settings = workload.settings(n)
    run, our_build = spent(lambda: Simulation(settings))
    model, mesa_build = spent(lambda: DiffusionModel(settings=settings))
    freeze()
    found: dict[str, Any] = {"mesa": [], "usual": [], "still": []}
    while run.month < months:
        until = run.month + turn
        still = _still(run)
        found["mesa"].append(spent(partial(steps, model.step, turn))[1].cpu_seconds)
        found["usual"].append(spent(partial(run.run_to, until))[1].cpu_seconds)
        # last, which favours it: less of what it needs was driven out of the caches
        found["still"].append(spent(partial(still.run_to, until))[1].cpu_seconds)
    our_tables = spent(run.months)[1]
    mesa_tables = spent(model.datacollector.get_model_vars_dataframe)[1]
    found["around"] = our_build.cpu_seconds + our_tables.cpu_seconds
    found["around mesa"] = mesa_build.cpu_seconds + mesa_tables.cpu_seconds
    return found


def _still(run: "Simulation") -> "Simulation":
    """A run that goes on from the same world, in which hardly anything happens."""
    from diffusion.model.simulation import Simulation

    settings = still_settings(run.state.n_organisations).with_seed(run.settings.seed)
    return Simulation(settings, run.state.copy())


def still_settings(n: int) -> "ModelSettings":
    """Settings under which everybody is asked and hardly anything happens."""
    chances = [f"{rule}.{one}={_HARDLY}" for rule, names in _CHANCES.items() for one in names]
    return workload.settings(n, workload.MONTHS, *chances)
