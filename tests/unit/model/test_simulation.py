"""A run: determinism, stepping, rules and interventions of one's own, the event log."""

import json
import subprocess
import sys
from collections import Counter
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from diffusion.base.arrays import IntArray
from diffusion.base.errors import DiffusionError
from diffusion.interventions.base import Intervention, Window, reach, steady
from diffusion.interventions.pay_time import PayTime
from diffusion.model.month import ORDER, Month, explain_month
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.rules.persistence import REASONS
from diffusion.world.adjacency import rebuild_adjacency
from diffusion.world.rule import Rule
from diffusion.world.state import State
from tests.architecture.checkout import ROOT
from tests.simulating import defaults, fingerprint, number_with, settings

LEVERS = "intervention=[cop_formation,coordinator_funding,language_mediation]"
LOGGED = (LEVERS, "world.n=150")
OTHER_PROCESS = """
import json, sys
from diffusion.model.simulation import Simulation
from tests.simulating import fingerprint, settings
simulation = Simulation(settings(sys.argv[1])).run()
table = simulation.months().to_csv(float_format="%.17g")
json.dump([fingerprint(simulation.state), table], sys.stdout)
"""


def same(one: Simulation, other: Simulation) -> None:
    assert fingerprint(one.state) == fingerprint(other.state)
    pd.testing.assert_frame_equal(one.months(), other.months(), check_exact=True)
    pd.testing.assert_frame_equal(one.groups(), other.groups(), check_exact=True)


def test_the_same_settings_give_the_same_run() -> None:
    same(Simulation(settings(LEVERS)).run(), Simulation(settings(LEVERS)).run())


GAPPED = (
    "shock=[pandemic]",
    "shock.pandemic.window={from: 5, until: 7}",
    "intervention=[cop_formation,handover]",
    "intervention.cop_formation.window={from: 9, until: 12}",
    "intervention.handover.window={from: 15, until: 16}",
)


@pytest.mark.parametrize("record", ["{}", "{history: true}", "{events: true, groups: []}"])
def test_months_that_pass_at_once_are_those_one_by_one(record: str) -> None:
    chosen = settings(*GAPPED, f"record={record}", months=40)
    stepped = Simulation(chosen)
    while not stepped.done:
        stepped.step()
    at_once = Simulation(chosen).run()
    same(stepped, at_once)
    if chosen.record.history:
        assert np.array_equal(stepped.history.using, at_once.history.using)
        assert np.array_equal(stepped.history.unfunded, at_once.history.unfunded)
    if chosen.record.events:
        pd.testing.assert_frame_equal(stepped.events(), at_once.events(), check_exact=True)


def test_tables_that_fill_up_within_a_call_are_enlarged() -> None:
    """All search so eagerly that the room for ties, made for a month, is too small for the next."""
    alike = (f"ties.homophily_{what}=0" for what in ("field", "kind", "level", "territory"))
    chosen = settings("ties.p_search=1.0", "ties.degree_scale=500", *alike, months=24)
    at_once, stepped = Simulation(chosen), Simulation(chosen)
    before = len(at_once.state.ties)
    at_once.run()
    assert len(at_once.state.ties) > before
    while not stepped.done:
        stepped.step()
    same(stepped, at_once)


def test_usual_runs_never_enlarge_the_table_of_ties() -> None:
    """Enlarging copies all ties and finds everybody's neighbours anew."""
    run = Simulation(settings(months=24))
    ties = run.state.ties
    assert run.run().state.ties is ties


def test_the_adjacency_stays_that_of_the_ties() -> None:
    """Rules take ties out of it and add some, month by month; nothing builds it anew."""
    run = Simulation(settings(LEVERS, "ties.p_search=0.5", "turnover.rel_turnover=3", months=30))
    lost = gained = 0
    while not run.done:
        before = run.state.n_ties
        run.step()
        state = run.state
        live, kept = 2 * state.n_ties, [array.copy() for array in state.adjacency]
        with np.errstate(over="ignore"):
            rebuild_adjacency(state.ties, state.n_ties, *state.adjacency)
        start, partner, tie = state.adjacency
        assert np.array_equal(kept[0], start)
        assert np.array_equal(kept[1][:live], partner[:live])
        assert np.array_equal(kept[2][:live], tie[:live])
        lost, gained = lost + (state.n_ties < before), gained + (state.n_ties > before)
    assert min(lost, gained) > 3


def test_another_seed_gives_another_run() -> None:
    one, other = (Simulation(settings().with_seed(seed)).run() for seed in (1, 2))
    assert not one.months().equals(other.months())


def test_runs_at_the_same_time_do_not_disturb_each_other() -> None:
    one, other = Simulation(settings(LEVERS)), Simulation(settings())
    while not one.done:
        one.step()
        other.step()
    same(one, Simulation(settings(LEVERS)).run())
    same(other, Simulation(settings()).run())


def test_another_process_gives_the_same_bits() -> None:
    output = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, LEVERS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    digests, table = json.loads(output)
    here = Simulation(settings(LEVERS)).run()
    assert digests == fingerprint(here.state)
    assert table == here.months().to_csv(float_format="%.17g")


def test_step_by_step_is_the_same_as_a_run() -> None:
    stepped, seen = Simulation(settings(LEVERS)), []
    for month in range(1, 13):
        assert not stepped.done
        stepped.step()
        assert stepped.month == month
    whole = Simulation(settings(LEVERS)).run(lambda simulation: seen.append(simulation.month))
    assert stepped.done
    assert seen == list(range(1, 13))
    same(stepped, whole)


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    short = Simulation(settings(LEVERS, months=8)).run().months()
    long = Simulation(settings(LEVERS, months=12)).run().months()
    pd.testing.assert_frame_equal(short, long[:8], check_exact=True)


def test_the_month_can_be_printed() -> None:
    steps = explain_month()
    assert [name for name, _ in steps] == [
        "shocks",
        "interventions",
        *(rule.name for rule in ORDER),
        "record",
    ]
    assert all(sentence.endswith(".") for _, sentence in steps)


class Watching(Rule):
    """Does nothing but count the months."""

    name: ClassVar[str] = "watching"
    summary: ClassVar[str] = "Watches."

    def __init__(self) -> None:
        self.months: list[int] = []

    def step(self, state: State) -> None:
        self.months.append(state.month)


class Campaign(Rule):
    """Everybody hears of the first practice in month 3."""

    name: ClassVar[str] = "campaign"
    summary: ClassVar[str] = "Advertises a practice."

    def step(self, state: State) -> None:
        if state.month == 3:
            state.organisations.aware[:] |= np.uint64(1)


@pytest.mark.slow
def test_the_month_as_a_whole_is_the_month_rule_by_rule() -> None:
    whole = Simulation(settings(LEVERS)).run()
    watching = Watching()
    split = Simulation(settings(LEVERS), rules=[*Month.standard(defaults()).rules, watching]).run()
    same(whole, split)
    assert watching.months == list(range(12))


@pytest.mark.slow
def test_a_rule_of_ones_own_acts_among_the_others() -> None:
    standard = Month.standard(defaults()).rules
    changed = Simulation(settings(), rules=[*standard, Campaign()]).run().months()
    plain = Simulation(settings()).run().months()
    pd.testing.assert_frame_equal(plain[:3], changed[:3], check_exact=True)
    assert (changed["share_aware"][3:] > plain["share_aware"][3:]).all()


def test_a_month_has_the_rules_of_its_own_parameters_whichever_came_before() -> None:
    one, other = defaults(), settings("adoption.kappa=1.5").rules
    kappas = []
    for parameters in (one, one.model_copy(), other, one):
        rules = {rule.name: rule for rule in Month.standard(parameters).rules}
        kappas.append(float(vars(rules["adoption"])["values"]["kappa"][0]))
    assert kappas == [one.adoption.kappa, one.adoption.kappa, 1.5, one.adoption.kappa]


def test_a_month_of_ones_own_rules_only() -> None:
    watching = Watching()
    simulation = Simulation(settings(), rules=[Campaign(), watching]).run()
    aware = simulation.months()["share_aware"]
    assert watching.months == list(range(12))
    assert aware[:3].nunique() == aware[3:].nunique() == 1
    assert aware[3] > aware[2]
    assert number_with(simulation.state.organisations.aware) == simulation.state.n_organisations


class Holiday(Intervention):
    """Closes everybody's offices for exchange."""

    def begin(self, state: State, name: str) -> IntArray:
        return reach(state, self.target, self.coverage, name)

    def act(self, state: State, rows: IntArray) -> float:
        state.modifiers.rel_slack[rows] = 0.0
        return 5.0

    def explain(self) -> str:
        return f"Closes {self.coverage:.0%} of offices {self.months()}."


def with_holiday(start: int, until: int) -> ModelSettings:
    window = Window.model_validate({"from": start, "until": until})
    lever = Holiday(window=window, coverage=1.0, target="random", evidence=())
    return settings().model_copy(update={"interventions": {"holiday": lever}})


def test_an_intervention_of_ones_own() -> None:
    table = Simulation(with_holiday(3, 6)).run().months()
    plain = Simulation(settings()).run().months()
    assert (table["mean_slack"][3:6] == 0.0).all()
    assert (table["mean_slack"][6:] > 0.0).all()
    assert table["cost_holiday"].tolist() == [0.0] * 3 + [5.0] * 3 + [0.0] * 6
    assert (table["meetings_held"][3:6] == 0.0).all()
    measures = plain.columns.drop("cost")
    pd.testing.assert_frame_equal(table[measures][:3], plain[measures][:3], check_exact=True)


class Counted(PayTime):
    """Notes the months in which it acts."""

    seen: ClassVar[list[int]] = []

    def act(self, state: State, rows: IntArray) -> float:
        self.seen.append(state.month)
        return super().act(state, rows)


class Lasting(Counted):
    """The same, marked as steady."""

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        return super().act(state, rows)


@pytest.mark.parametrize(
    ("kind", "budget", "beside", "acted"),
    [
        (Counted, None, "", [2, 3, 4, 5]),  # it overrides what is steady
        (Lasting, None, "", [2]),
        (Lasting, None, "{from: 3, until: 5}", [2, 3, 5]),
        (Lasting, 10_000.0, "", [2, 3, 4, 5]),
    ],
)
def test_what_is_steady_acts_once_as_long_as_nobody_else_begins_or_ends(
    kind: type[Counted], budget: float | None, beside: str, acted: list[int]
) -> None:
    window = [f"intervention.language_mediation.window={beside}"] if beside else []
    names = "funded_exchange_time,language_mediation" if beside else "funded_exchange_time"
    base = settings(f"intervention=[{names}]", *window, start=2, stop=6)
    levers = dict(base.interventions)
    levers["paid"] = kind(**dict(levers.pop("funded_exchange_time")))
    chosen = base.model_copy(update={"interventions": levers, "budget": budget})
    kind.seen.clear()
    simulation = Simulation(chosen).run()
    assert sorted(set(kind.seen)) == acted
    assert np.flatnonzero(simulation.months()["cost_paid"]).tolist() == [2, 3, 4, 5]


def test_a_window_beyond_the_run_is_refused() -> None:
    beyond = (
        with_holiday(3, 6)
        .interventions["holiday"]
        .model_copy(update={"window": Window.model_validate({"from": 3, "until": 99})})
    )
    data = {name: getattr(settings(), name) for name in ModelSettings.model_fields}
    with pytest.raises(ValueError, match="= 99: the window ends after the run"):
        ModelSettings(**(data | {"interventions": {"holiday": beyond}}))


@pytest.fixture(scope="module")
def logged() -> Simulation:
    return Simulation(
        settings(*LOGGED, "record.events=true", "record.history=true", months=40, stop=20)
    ).run()


def test_the_event_log_is_off_unless_asked_for() -> None:
    simulation = Simulation(settings()).run()
    assert simulation.state.events.shape[0] == 1
    with pytest.raises(DiffusionError, match=r"record\.events=true"):
        simulation.events()


def test_the_event_log_changes_nothing(logged: Simulation) -> None:
    silent = Simulation(settings(*LOGGED, months=40, stop=20)).run()
    pd.testing.assert_frame_equal(logged.months(), silent.months(), check_exact=True)


def test_the_event_log_counts_what_the_table_counts(logged: Simulation) -> None:
    events, months = logged.events(), logged.months().set_index("month")
    pairs = {
        "heard": "awareness_gained",
        "learned": "transfers",
        "left": "exits",
        "trial": "trials_started",
        "adopted": "adoptions",
        "trial_failed": "trials_failed",
        "lapsed": "lapses",
        "restarted": "restarts",
    }
    for event, column in pairs.items():
        told = Counter(events["month"][events["event"] == event].tolist())
        assert {m: n for m, n in months[column].items() if n} == told, event
        assert sum(told.values()) > 0, event


def test_the_event_log_explains_every_change_of_use(logged: Simulation) -> None:
    using = logged.history.using
    names = logged.state.names
    row = {name: i for i, name in enumerate(names.organisations)}
    bit = {name: p for p, name in enumerate(names.practices)}
    log = logged.events()
    log = log[log["event"].isin(["adopted", "lapsed", "restarted"])]
    told: dict[tuple[int, int, int], list[str]] = {}
    for month, event, who, what in log[["month", "event", "organisation", "practice"]].to_numpy():
        told.setdefault((month, row[who], bit[what]), []).append(event)
    changes = 0
    for month in range(40):
        for i in np.flatnonzero(using[month] != using[month + 1]):
            for p in range(len(bit)):
                before, after = ((int(using[m][i]) >> p) & 1 for m in (month, month + 1))
                if before != after:
                    last = told[(month, int(i), p)][-1]
                    assert last in (("adopted", "restarted") if after else ("lapsed",))
                    changes += 1
    assert changes > 5


def test_every_lapse_names_a_reason_and_every_lesson_a_teacher(logged: Simulation) -> None:
    events = logged.events()
    lapses = events[events["event"] == "lapsed"]
    assert lapses["other"].between(0, len(REASONS) - 1).all()
    lessons = events[events["event"] == "learned"]
    assert lessons["other"].between(0, logged.state.n_organisations - 1).all()
    assert (lessons["organisation"] != "").all()
    met = lessons[lessons["network"] != ""]
    assert set(met["network"]) <= set(logged.state.names.networks)


def test_a_world_of_ones_own_can_be_simulated() -> None:
    state = settings().world.build(settings().practices, 1)
    state.organisations.aware[:] = 0
    given = Simulation(settings(), world=state)
    assert given.state is state
    assert given.run().months()["share_aware"].iloc[0] < 0.05
