"""Group `still`: a month as it is, and one in which everybody is asked and nothing happens.

What both take is the price of asking everybody; the rest is the price of what happens to few. No
way of doing either is quicker than none, so a comparison that stays below its target without one of
them can't reach it by that one alone.
"""

from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

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
    """Both months at each size; then the comparisons with Mesa, had one part cost nothing."""
    found: list[Row] = []
    parts: dict[int, tuple[float, float]] = {}  # seconds of a run: asking, what happens
    for n, worlds in (_QUICK_WORLDS if quick else _WORLDS).items():
        say(f"  {n:,} organisations")
        result = fresh(both, n=n, worlds=worlds).result
        usual, still = result["usual"], result["still"]
        parts[n] = median(still), median(usual) - median(still)
        happened = ", ".join(
            f"{result['happened'][column] / n:.2g} {what}" for column, what in HAPPENS.items()
        )
        size, each = f"{n:,} organisations", 1e9 / (n * workload.MONTHS)
        found += [
            Row.of(f"{size}, a month", [each * one for one in usual], _UNIT, None,
                   f"an organisation-month: {happened}"),
            Row.of(f"{size}, a still month", [each * one for one in still], _UNIT, None,
                   "none of that"),
            Row(f"{size}, what happens takes, of a month", 100 * parts[n][1] / median(usual), "%"),
        ]  # fmt: skip
    return [
        *found,
        *_months_rows(_QUICK_TURNS if quick else _TURNS),
        *_whole_rows(1 if quick else _REPEATED),
        *_sweep_rows(
            *parts[_OF_SWEEP],
            _QUICK_RUNS if quick else _RUNS,
            _QUICK_MESA_SECONDS if quick else _MESA_SECONDS,
        ),
    ]


class Took(NamedTuple):
    """Seconds turn by turn: of Mesa, and of what the package's turn consists of."""

    mesa: list[float]
    around: list[float]  # building worlds, making tables, storing
    asking: list[float]  # months in which nothing happens
    happening: list[float]  # what months take beyond that


def _months_rows(turns: int) -> list[Row]:
    """The first months at 10,000 organisations, turn by turn."""
    n = _OF_MONTHS
    say(f"  the Mesa model, {n:,} organisations")
    found = fresh(in_turn, n=n, months=turns * _TURN, turn=_TURN).result
    happening = [usual - still for usual, still in zip(found["usual"], found["still"], strict=True)]
    took = Took(found["mesa"], [0.0] * turns, found["still"], happening)
    what = f"{n:,} organisations, Mesa / package, months"
    return bound_rows(what, took, TARGETS["mesa_months"], n * _TURN)


def _whole_rows(repeated: int) -> list[Row]:
    """Whole runs of 1,000 organisations, with building and tables."""
    n, months = _OF_WHOLE, workload.MONTHS
    took = Took([], [], [], [])
    for _ in range(repeated):
        say(f"  the Mesa model, {n:,} organisations")
        found = fresh(in_turn, n=n, months=months, turn=_WHOLE_TURN).result
        took.mesa.append(sum(found["mesa"]) + found["around mesa"])
        took.around.append(found["around"])
        took.asking.append(sum(found["still"]))
        took.happening.append(sum(found["usual"]) - sum(found["still"]))
    what = f"{n:,} organisations, Mesa / package, building, months and tables"
    return bound_rows(what, took, TARGETS["mesa_whole"], n * months)


def _sweep_rows(asking: float, happening: float, runs: int, seconds: float) -> list[Row]:
    """A sweep of runs of 200 organisations on one worker.

    Args:
        asking: seconds of a run's months in which nothing happens.
        happening: what they take beyond that.
        runs: of the package.
        seconds: for the runs of Mesa.
    """
    n = _OF_SWEEP
    say(f"  {runs:,} runs, {n:,} organisations, and Mesa's batch_run")
    ours = fresh(run_sweep, n=n, runs=runs, workers=1).result / runs
    batch = fresh(run_batch, n=n, processes=1, seconds=seconds).result
    mesa = batch["seconds"] / batch["runs"]
    took = Took([mesa], [ours - asking - happening], [asking], [happening])
    what = f"{n:,} organisations, 1 worker / batch_run"
    return bound_rows(what, took, TARGETS["sweep_mesa"], n * workload.MONTHS)


def bound_rows(what: str, took: Took, target: Target, organisation_months: int) -> list[Row]:
    """Ratios to Mesa had one part cost nothing, and what it would have to cost for the target.

    Args:
        organisation_months: of a turn.
    """
    parts = {
        "what happens": took.happening,
        "asking": took.asking,
        "building, tables and storing": took.around,
    }
    turns = len(took.mesa)
    ours = [sum(part[x] for part in parts.values()) for x in range(turns)]
    each = 1e9 / (organisation_months * turns)
    spare = each * (sum(ours) - sum(took.mesa) / target.limit)
    found = []
    for name, part in parts.items():
        now = each * sum(part)
        if now == 0.0:
            continue
        left = now - spare
        wanted = f"{left:.0f} ns" if left > 0.0 else "less than nothing"
        remarks = (
            f"{sum(took.mesa) / sum(ours):.0f} as it is; it is {now:.0f} of {each * sum(ours):.0f} "
            f"ns an organisation-month, and would have to be {wanted} for {target.limit:.0f}"
        )
        ratios = [took.mesa[x] / (ours[x] - part[x]) for x in range(turns)]
        found.append(Row.of(f"{what}, if {name} cost nothing", ratios, "times", None, remarks))
    return found


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
