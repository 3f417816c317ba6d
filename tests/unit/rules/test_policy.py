"""What works is drafted and passed, and policy rewards it."""

import math
from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import NEVER, table_of
from diffusion.base.months import monthly_hazard
from diffusion.config import load
from diffusion.evidence.register import Register
from diffusion.model.simulation import Simulation
from diffusion.world.state import State
from diffusion.world.tables import Funders
from diffusion.world.traffic import Flow
from diffusion.world.vocabulary import COSTS, FUNDER_KINDS
from tests.simulating import Act, advance, group, number_with, quiet, use, within, world

PLACES = 2000


def places(share: float = 1.0, **columns: Any) -> State:
    """Ten organisations in each place; `share` of them run the practice."""
    state = world(10 * PLACES, posts=1, territories=PLACES, **columns)
    state.national_rows[:] = -1  # no country around, so that places do not add to each other
    users = np.flatnonzero(np.arange(10 * PLACES) % 10 < 10 * share)
    state.organisations.adopted[users] = 1
    state.organisations.aware[users] = 1
    return state


# The base chance alone: neither evidence nor will nor neighbours nor networks matter.
PLAIN: dict[str, float] = {
    "uptake_per_year": 0.3,
    "neighbour_odds": 1.0,
    "rel_policy_link": 1.0,
    "evidence_slope": 0.0,
    "will_slope": 0.0,
}
MONTHLY = monthly_hazard(0.3)


def taken_up(state: State, months: int = 1, act: Act | None = None, **changes: Any) -> int:
    """Places that have drafted the practice, whether or not it is policy by then."""
    advance(state, quiet(policy={**PLAIN, **changes}), months=months, act=act)
    territories = state.territories
    return number_with((territories.policy | territories.drafts)[:PLACES])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_drafting_follows_the_share_that_runs_it(share: float) -> None:
    found = taken_up(places(share), months=12)
    expected = 1.0 - (1.0 - share * MONTHLY) ** 12
    assert within(found, PLACES, expected) if share else found == 0


@pytest.mark.parametrize(("strength", "factor"), [(0.0, 0.5), (0.5, 1.0), (1.0, 1.5)])
def test_strong_evidence_helps(strength: float, factor: float) -> None:
    state = places(practices={"strength": strength})
    assert within(taken_up(state, evidence_slope=1.0), PLACES, factor * MONTHLY)


@pytest.mark.parametrize(("will", "factor"), [(0.0, 0.4), (0.4, 1.0), (0.9, 1.75)])
def test_will_helps(will: float, factor: float) -> None:
    state = places()
    state.territories.will[:] = will
    found = taken_up(state, will_slope=1.5, will_mean=0.4)
    assert within(found, PLACES, factor * MONTHLY)


def test_levers_on_will_are_shown_to_policy_makers() -> None:
    def commit(state: State) -> None:
        state.modifiers.add_will[::2] = 0.8  # every second organisation of each place

    state = places()
    found = taken_up(state, act=commit, will_slope=1.0, will_mean=0.5)
    assert state.territories.shown[:PLACES] == pytest.approx(0.9)
    assert within(found, PLACES, 1.4 * MONTHLY)


def test_what_organisations_add_reaches_their_own_place_wherever_they_stand() -> None:
    n, moves = 12, np.linspace(-0.2, 0.3, 12)
    state = world(n, territories=3)
    state.organisations.territory[:] = [0, 2, 2, 1, 0, 1, 2, 0, 0, 1, 2, 2]
    state.national_rows[:] = -1

    def act(state: State) -> None:
        state.modifiers.add_will[:] = moves

    advance(state, quiet(), act=act)
    for place in range(3):
        moved = moves[state.organisations.territory == place].mean()
        assert state.territories.shown[place] == pytest.approx(0.5 + moved)


def test_what_networks_have_told_is_drafted_sooner() -> None:
    state = places()
    state.territories.heard[:] = 1
    assert within(taken_up(state, rel_policy_link=3.0), PLACES, 3.0 * MONTHLY)


def test_policy_elsewhere_in_the_country_spreads() -> None:
    state = places()
    state.national_rows[0] = PLACES
    state.territories.policy[: PLACES // 2] = 1
    advance(state, quiet(policy={**PLAIN, "neighbour_odds": 1.5}))
    drafts = number_with(state.territories.drafts[PLACES // 2 : PLACES])
    assert within(drafts, PLACES // 2, MONTHLY * 1.5)


def test_the_country_takes_up_what_its_places_run() -> None:
    state = places()
    state.national_rows[0] = PLACES
    taken_up(state, months=240)
    assert state.territories.policy[PLACES] == 1


def drafting(will: float = 0.5) -> State:
    """Places in which nobody runs the practice any more and all have a draft."""
    state = places(0.0)
    state.territories.will[:] = will
    state.territories.shown[:] = will
    state.territories.drafts[:PLACES] = 1
    state.territories.heard[:PLACES] = 1
    return state


def test_drafts_pass_after_some_months() -> None:
    state = drafting()
    passed = 0
    for month in range(1, 7):
        taken_up(state, months_draft=5.0)
        passed += int(state.flows[Flow.POLICIES])
        in_force = number_with(state.territories.policy[:PLACES])
        assert in_force == passed
        assert within(in_force, PLACES, 1.0 - 0.8**month)
        assert number_with(state.territories.drafts[:PLACES]) == PLACES - in_force


def test_drafts_are_dropped_when_will_falls() -> None:
    slow: dict[str, Any] = {"months_draft": 100.0, "loss_of_drafts": 2.0}
    state = drafting()
    state.territories.will[:PLACES] = 0.2
    left = taken_up(state, **slow)
    assert within(left, PLACES, 1.0 - 2.0 * (0.5 - 0.2))
    heard = state.territories.heard[:PLACES]
    known = (state.territories.drafts | state.territories.policy)[:PLACES]
    assert not (heard & ~known).any()  # what was dropped has to be brought forward again
    assert heard.any()
    assert taken_up(state, **slow) == left  # low will alone drops nothing
    state.territories.will[:] = 0.9
    assert taken_up(state, **slow) == left


def test_a_commitment_that_ends_drops_drafts() -> None:
    def commit(state: State) -> None:
        state.modifiers.add_will[:] = 0.3

    slow: dict[str, Any] = {"months_draft": 120.0, "loss_of_drafts": 1.0}
    state = drafting()
    assert taken_up(state, act=commit, **slow) == PLACES
    assert within(taken_up(state, **slow), PLACES, 1.0 - 0.3)


def test_guidelines_follow_after_some_months() -> None:
    state = places(0.0)
    funders = table_of(Funders, PLACES, kind=FUNDER_KINDS.index("municipal"))
    funders.territory[:] = np.arange(PLACES)
    state.funders = funders
    state.territories.policy[: PLACES // 2] = 1
    for month in range(1, 4):
        advance(state, quiet(policy={**PLAIN, "months_guidelines": 4.0}))
        assert within(number_with(state.funders.guidelines), PLACES // 2, 1.0 - 0.75**month)
    assert not state.funders.guidelines[PLACES // 2 :].any()


def test_national_funders_follow_national_policy() -> None:
    state = places(0.0)
    state.national_rows[0] = PLACES
    state.territories.policy[:PLACES] = 1
    state.funders.kind[:] = FUNDER_KINDS.index("national")
    state.funders.territory[:] = -1
    advance(state, quiet(policy={**PLAIN, "months_guidelines": 1.0}))
    assert state.funders.guidelines.tolist() == [0]
    state.territories.policy[PLACES] = 1
    advance(state, quiet(policy={**PLAIN, "months_guidelines": 1.0}))
    assert state.funders.guidelines.tolist() == [1]


@pytest.mark.parametrize("level", ["place", "country"])
@pytest.mark.parametrize(("cost", "regular"), [("low", -2), ("high", -1)])
def test_regular_money_takes_over_what_is_policy(level: str, cost: str, regular: int) -> None:
    state = places(lines=1, practices={"cost": COSTS.index(cost)})
    state.uses.grant[:, 0] = np.arange(10 * PLACES)
    state.uses.unfunded[:, 0] = 0  # the grant has ended
    row = PLACES if level == "country" else slice(PLACES)
    advance(state, quiet(policy={"p_regular_money": 0.2}))
    assert (state.uses.grant >= 0).all()  # no policy, no money
    state.national_rows[0] = PLACES
    state.territories.policy[row] = 1
    advance(state, quiet(policy={"p_regular_money": 0.2}))
    moved_over = state.uses.grant[:, 0] == regular
    assert within(int(moved_over.sum()), 10 * PLACES, 0.2)
    assert np.array_equal(state.uses.unfunded[:, 0] == NEVER, moved_over)


def test_anchored_networks_get_regular_money_for_good() -> None:
    def anchor(state: State) -> None:
        state.networks.anchoring[: PLACES // 2] = 0.3

    state = places(0.0)
    members = np.arange(10 * PLACES).reshape(-1, 10).tolist()
    group(state, members, regular_money=0, paid_until=NEVER)
    advance(state, quiet(), act=anchor)
    taken = state.networks.regular_money.copy()
    assert within(int(taken.sum()), PLACES // 2, 0.3)
    assert not taken[PLACES // 2 :].any()
    advance(state, quiet(), months=2)
    assert np.array_equal(state.networks.regular_money, taken)


def moved(state: State, months: int = 1, act: Act | None = None, **changes: Any) -> Any:
    drift = {"will_mean": 0.4, "will_persistence": 0.9, "will_sd": 0.0, "inspiration": 0.0}
    advance(state, quiet(policy={**drift, **changes}), months=months, act=act)
    return state.territories.will[:PLACES]


def test_will_returns_to_its_mean() -> None:
    state = places(0.0)
    state.territories.will[:] = 0.9
    assert moved(state, months=10) == pytest.approx(0.4 + 0.5 * 0.9**10)


def test_little_practices_that_work_inspire() -> None:
    state = places(0.5)
    assert moved(state, months=200, inspiration=0.2) == pytest.approx(0.5)
    programme = places(0.5, practices={"scale": 2})
    assert moved(programme, months=200, inspiration=0.2) == pytest.approx(0.4)


def test_showing_them_inspires_more() -> None:
    def show(state: State) -> None:
        state.modifiers.rel_inspiration[:] = 2.0

    state = places(0.5)
    assert moved(state, months=200, inspiration=0.2, act=show) == pytest.approx(0.6)


def test_will_drifts_with_the_spread_asked_for() -> None:
    state = places(0.0)
    will = moved(state, months=60, will_mean=0.5, will_sd=0.1)
    assert will.std() == pytest.approx(0.1, rel=3.5 / math.sqrt(2 * PLACES))
    assert will.mean() == pytest.approx(0.5, abs=3.5 * 0.1 / math.sqrt(PLACES))
    wild = moved(state, months=60, will_sd=1.0)
    assert wild.min() >= 0.0
    assert wild.max() <= 1.0


def test_policy_makes_adoption_easier() -> None:
    def started(policy: int) -> int:
        state = world(2000, practices={"needs_will": 1})
        use(state, slice(0, 1))
        state.organisations.aware[:] = 1
        state.organisations.knows[:] = 1
        state.posts.knows[:] = 1
        state.organisations.contacts[:] = 1.0
        state.exposure[:] = 1.0
        state.uses.fit[:] = 1.0
        state.territories.policy[:] = policy
        return number_with(advance(state, quiet(adoption={"start_rate": 0.3})).organisations.trial)

    assert started(1) > 1.5 * started(0)


def test_places_take_up_practices_as_often_as_the_register_says() -> None:
    """New policies a year, per pair of a place and a practice in use there (D16)."""
    passed, years = 0, 0.0
    for seed in range(1, 5):
        run = Simulation(load([f"seed={seed}", "record.groups=[]"]))
        orgs, territories = run.state.organisations, run.state.territories
        places = territories.is_national == 0
        first = territories.policy.copy()
        while not run.done:
            run.step()
            running = np.zeros(len(territories), np.uint64)
            np.bitwise_or.at(running, orgs.territory, orgs.adopted | orgs.institutional)
            years += np.bitwise_count(running & ~territories.policy)[places].sum() / 12
        passed += int(np.bitwise_count(territories.policy & ~first)[places].sum())
    assert Register.load()["policy.uptake_per_year"].holds(passed / years)
