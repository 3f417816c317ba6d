"""Networks open to further members, and keep them."""

from typing import Any

import numpy as np
import pytest

from diffusion.interventions.admit_members import AdmitMembers
from diffusion.model.simulation import Simulation
from diffusion.world.state import State
from diffusion.world.vocabulary import LEVELS
from tests.simulating import FIELD, OTHER_FIELD, group, settings, world

BASE: dict[str, Any] = {
    "window": {"from": 0, "until": 5},
    "coverage": 1.0,
    "target": "random",
    "evidence": (),
    "growth": 0.5,
    "unlike": False,
    "min_members": 3,
    "summary": "Opens networks",
    "eur_per_year": 1200,
}
LOCAL, NATIONAL, EUROPE = (LEVELS.index(level) for level in ("local", "national", "europe"))


def admit(state: State, **settings: Any) -> AdmitMembers:
    lever = AdmitMembers.model_validate(BASE | settings)
    lever.begin(state, "open")
    return lever


def members(state: State, k: int = 0) -> list[int]:
    start = state.members.start
    inside: list[int] = state.members.organisation[start[k] : start[k + 1]].tolist()
    return inside


def places(level: int) -> State:
    """Three places of twenty, two countries; a network of ten in the first place."""
    state = world(60, territories=3, country=np.repeat([0, 0, 1], 20), posts=1)
    state.territories.country[:3] = [0, 0, 1]
    group(state, [list(range(10)), [20, 21]], level=level)
    return state


@pytest.mark.parametrize(
    ("level", "nearest", "furthest"), [(LOCAL, 10, 19), (NATIONAL, 10, 39), (EUROPE, 10, 59)]
)
def test_new_members_come_from_where_the_network_works(
    level: int, nearest: int, furthest: int
) -> None:
    state = places(level)
    admit(state, growth=5.0)
    inside = members(state)
    assert inside[:10] == list(range(10)), "nobody leaves"
    new = inside[10:]
    assert len(set(new)) == len(new) == min(50, furthest - nearest + 1)
    assert nearest <= min(new) <= max(new) <= furthest
    assert members(state, 1) == [20, 21], "too small to open up"


def test_growth_says_how_many_and_memberships_follow() -> None:
    state = places(LOCAL)
    admit(state, growth=0.5)
    new = members(state)[10:]
    assert len(new) == 5
    joined = state.memberships
    for i in new:
        assert joined.network[joined.start[i] : joined.start[i + 1]].tolist() == [0]


def test_the_target_says_whom_it_invites() -> None:
    state = places(EUROPE)
    state.organisations.migrant_led[[15, 55]] = 1
    admit(state, target="migrant_led", growth=5.0)
    assert members(state)[10:] == [15, 55]


def test_those_unlike_the_members_are_invited_first() -> None:
    fields = np.where(np.arange(60) < 15, FIELD, OTHER_FIELD)
    kind = np.where(np.arange(60) < 17, 2, 1)
    state = world(60, posts=1, fields=fields, kind=kind)
    group(state, [list(range(10))], level=NATIONAL)
    admit(state, unlike=True, growth=4.3)
    new = members(state)[10:]
    assert set(range(17, 60)) == set(new), "another field and kind before those of one alone"


def test_members_stay_and_nobody_else_is_touched() -> None:
    chosen = settings("intervention=[low_membership_barriers]", months=8, start=2, stop=5)
    simulation = Simulation(chosen)
    table = simulation.run().months()
    memberships = table["memberships"]
    assert memberships[:2].nunique() == 1
    assert memberships[2] > memberships[1]
    assert memberships[2:].nunique() == 1
    assert (table["cost"] > 0).tolist() == [2 <= month < 5 for month in range(8)]
