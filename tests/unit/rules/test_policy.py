"""What works is carried to policy makers, and policy rewards it."""

import math
from typing import Any

import numpy as np
import pytest

from diffusion.base.months import monthly_hazard
from diffusion.world.state import State
from diffusion.world.traffic import Flow
from tests.simulating import advance, group, number_with, quiet, use, within, world

PLACES = 2000


def places(share: float = 1.0, **columns: Any) -> State:
    """Ten organisations in each place; `share` of them run the practice."""
    state = world(10 * PLACES, posts=1, territories=PLACES, **columns)
    state.national_rows[:] = -1  # no country around, so that places do not add to each other
    users = np.flatnonzero(np.arange(10 * PLACES) % 10 < 10 * share)
    state.organisations.adopted[users] = 1
    state.organisations.aware[users] = 1
    return state


def taken_up(state: State, months: int = 1, **changes: Any) -> int:
    rates = {"uptake_per_year": 0.3, "neighbour_odds": 1.0, "rel_policy_link": 1.0, **changes}
    advance(state, quiet(policy=rates), months=months)
    return number_with(state.territories.policy[:PLACES])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_uptake_follows_the_share_that_runs_it(share: float) -> None:
    state = places(share)
    found = taken_up(state, months=12)
    expected = 1.0 - (1.0 - share * monthly_hazard(0.3)) ** 12
    assert within(found, PLACES, expected) if share else found == 0


def test_uptake_is_counted_once() -> None:
    state = places()
    total = 0
    for _ in range(12):
        taken_up(state)
        total += int(state.flows[Flow.POLICIES])
    assert total == number_with(state.territories.policy)


@pytest.mark.parametrize(("linked", "coordinated"), [(1, 1), (0, 1), (1, 0)])
def test_linked_networks_carry_practice_into_policy(linked: int, coordinated: int) -> None:
    state = places()
    members = np.arange(10 * PLACES).reshape(-1, 10).tolist()
    group(
        state,
        members,
        territory=np.arange(PLACES),
        policy_link=linked,
        regular_money=coordinated,
        months_unpaid=50,
    )
    chance = monthly_hazard(0.3) * (3.0 if linked and coordinated else 1.0)
    assert within(taken_up(state, rel_policy_link=3.0), PLACES, chance)


def test_use_elsewhere_in_the_country_spreads_to_policy() -> None:
    state = places()
    state.national_rows[0] = PLACES
    # all of the country runs it: the odds for a half, twice
    chance = monthly_hazard(0.3) * 1.5**2
    assert within(taken_up(state, neighbour_odds=1.5), PLACES, chance)


def test_the_country_takes_up_what_its_places_run() -> None:
    state = places()
    state.national_rows[0] = PLACES
    for _ in range(240):
        taken_up(state)
    assert state.territories.policy[PLACES] == 1


def moved(state: State, months: int = 1, **changes: Any) -> Any:
    drift = {"will_mean": 0.4, "will_persistence": 0.9, "will_sd": 0.0, "inspiration": 0.0}
    advance(state, quiet(policy={**drift, **changes}), months=months)
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
