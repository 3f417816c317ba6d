"""The event log has room for whatever happens, however much and however long a run is."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diffusion.base.errors import DiffusionError
from diffusion.model import event_log
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.rules.policy import Policy
from diffusion.world.rule import Rule
from diffusion.world.state import State
from diffusion.world.traffic import Event, log
from tests.simulating import same_run, settings

# news spreads to everybody and is forgotten at once
TALKATIVE = (
    "world.n=50",
    "exchange.p_aware_from_informed=1",
    "exchange.p_aware_from_user=1",
    "exchange.p_forget=1",
    "meetings.contacts_per_month=20",
)
EVERYTHING = (
    *TALKATIVE,
    "shock=[arrivals_2015,funding_cut]",
    "intervention=[cop_formation,multiplier_training,online_portal]",
    "exchange.p_aware_notice=1",
    "exchange.p_know_how=1",
    "adoption.kappa=0.1",
    "adoption.start_rate=1",
    "adoption.institutionalise_rate=0.9",
    "persistence.hazard_base=0.9",
    "persistence.p_restart=1",
    "persistence.months_before_restart=0",
    "funding.p_renewal=1",
    "policy.uptake_per_year=0.9",
)


def logging(*overrides: str, months: int = 24) -> ModelSettings:
    return settings(*overrides, "record.events=true", months=months, start=2, stop=9)


def test_no_event_is_lost_where_more_happens_than_there_was_room_for() -> None:
    run = Simulation(logging(*TALKATIVE))
    run.step()
    room = run.state.events.shape[0] - 1
    run.state.events = run.state.events[: run.state.events[0, 0] + 1]
    run.run()
    events, months = run.events(), run.months()
    assert len(events) > 4 * 24 * 50
    told = Counter(events["month"][events["event"] == "heard"])
    assert [told[month] for month in range(24)] == months["awareness_gained"].tolist()
    assert run.state.events.shape[0] - 1 >= room


def test_the_log_grows_seldom_and_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    plenty = Simulation(logging(*TALKATIVE, months=60)).run()
    monkeypatch.setattr(event_log, "_AHEAD", 5000)
    grown, run = [], Simulation(logging(*TALKATIVE, months=60))
    while not run.done:
        before = run.state.events.shape[0]
        run.step()
        grown.append(run.state.events.shape[0] > before)
    assert 2 <= sum(grown) < 10
    same_run(run, plenty)
    same_run(Simulation(logging(*TALKATIVE, months=60)).run(), plenty)


def test_small_worlds_pass_many_months_at_once_and_log_the_same() -> None:
    run = Simulation(logging("world.n=50", months=60))
    run.step()
    assert event_log.months_of_room(run.state) >= 12


def test_a_month_never_logs_more_than_there_is_room_for() -> None:
    run, before = Simulation(logging(*EVERYTHING)), 0
    while not run.done:
        run.step()
        happened = int(run.state.events[0, 0])
        assert happened - before <= event_log._most_a_month(run.state)
        before = happened
    seen = set(run.events()["event"])
    assert {"heard", "learned", "left", "trial", "lapsed", "restarted", "grant_ended"} <= seen


def test_a_branch_may_run_for_longer_than_the_run_it_comes_from(tmp_path: Path) -> None:
    short, long = logging(*TALKATIVE, months=12), logging(*TALKATIVE, months=90)
    stem = Simulation(short)
    stem.run_to(11)
    stem.save(tmp_path / "run")
    expected = Simulation(long).run()
    same_run(Simulation.load(tmp_path / "run", settings=long).run(), expected)
    same_run(stem.fork(long).run(), expected)
    same_run(stem.run(), Simulation(short).run())


def test_neither_copies_nor_files_hold_room_that_is_not_taken(tmp_path: Path) -> None:
    run = Simulation(logging("world.n=50")).run()
    happened = int(run.state.events[0, 0])
    run.save(tmp_path / "run")
    assert run.fork(run.settings).state.events.shape[0] == 1 + happened
    loaded = Simulation.load(tmp_path / "run")
    assert loaded.state.events.shape[0] == 1 + happened
    pd.testing.assert_frame_equal(loaded.events(), run.events(), check_exact=True)


def test_a_log_without_events_stays_on(tmp_path: Path) -> None:
    run = Simulation(logging("world.n=50"))
    run.save(tmp_path / "run")
    assert len(run.events()) == 0
    same_run(Simulation.load(tmp_path / "run").run(), Simulation(logging("world.n=50")).run())


class Gossip(Rule):
    """Logs without end."""

    name = "gossip"
    summary = "Whoever meets whomever tells the log."

    def step(self, state: State) -> None:
        event = np.int64(Event.HEARD.value)
        for i in range(2 * state.events.shape[0]):
            log(state.events, state.month, event, i % state.n_organisations, 0, -1, -1)


def test_a_rule_of_ones_own_that_overruns_the_log_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_log, "_AHEAD", 0)
    chosen = logging("world.n=50", "practices.limit=2", months=12)
    run = Simulation(chosen, rules=[Gossip(), Policy(chosen.rules.policy)])
    with pytest.raises(DiffusionError, match="log less in rules of your own"):
        run.run()
