"""Ties strengthen with contact, fade without, and form between people."""

import math
from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import table_of
from diffusion.world.state import State
from diffusion.world.traffic import Arranged, Flow
from tests.simulating import (
    ARABIC,
    FIELD,
    GERMAN,
    OTHER_FIELD,
    TALKING,
    advance,
    couples,
    group,
    link,
    quiet,
    settings,
    within,
    world,
)

N = 3000
DECAY = {"p_lapse_embedded": 0.024, "p_lapse_bridging": 0.06, "rel_lapse_coordinated": 0.65}
HOMOPHILY = {
    "homophily_field": 0.0,
    "homophily_kind": 0.0,
    "homophily_level": 0.0,
    "homophily_territory": 0.0,
    "homophily_country": 0.0,
    "homophily_language": 0.0,
}


def triangles(n: int = N) -> State:
    state = world(n)
    link(state, [(i + x, i + y) for i in range(0, n, 3) for x, y in ((0, 1), (0, 2), (1, 2))])
    return state


def test_ties_without_contact_lapse_as_often_as_asked() -> None:
    state = world(2 * N)
    couples(state)
    advance(state, quiet(ties=DECAY), months=6)
    assert within(state.n_ties, N, 0.94**6)


def test_ties_with_a_common_partner_last_longer() -> None:
    state = advance(triangles(), quiet(ties=DECAY))
    assert within(state.n_ties, N, 1.0 - 0.024)
    assert state.flows[Flow.TIES_LOST] == N - state.n_ties


@pytest.mark.parametrize("coordinated", [0, 1])
def test_coordination_slows_decay(coordinated: int) -> None:
    state = world(2 * N)
    couples(state)
    # more members than govern themselves, so that coordination hangs on money
    groups = np.arange(2 * N).reshape(-1, 10).tolist()
    group(state, groups, regular_money=coordinated, months_unpaid=50)
    advance(state, quiet(ties=DECAY))
    assert within(state.n_ties, N, 1.0 - 0.06 * (0.65 if coordinated else 1.0))


def test_contact_keeps_ties() -> None:
    state = world(200)
    couples(state, contact=-1)
    advance(state, quiet(ties={"p_lapse_bridging": 1.0}, meetings=TALKING), months=24)
    assert state.n_ties == 100
    advance(state, quiet(ties={"p_lapse_bridging": 1.0}), months=2)
    assert state.n_ties == 0


def test_trust_grows_with_contact_and_fades_without() -> None:
    state = world(40)
    couples(state, trust=0.5, contact=-1)
    trusting = quiet(ties={"trust_gain": 0.05, "trust_loss": 0.02}, meetings=TALKING)
    advance(state, trusting)
    assert state.ties.trust[:20] == pytest.approx(0.5 + 0.05 * 0.5)
    silent = quiet(ties={"trust_gain": 0.05, "trust_loss": 0.02})
    advance(state, silent)  # the contact of last month still counts
    grown = 1.0 - 0.5 * 0.95**2
    assert state.ties.trust[:20] == pytest.approx(grown)
    advance(state, silent, months=3)
    assert state.ties.trust[:20] == pytest.approx(grown * 0.98**3)


def test_room_for_personal_contact_lets_trust_grow_faster() -> None:
    def grown(one: float, other: float) -> float:
        def act(state: State) -> None:
            state.modifiers.rel_trust_gain[::2] = one
            state.modifiers.rel_trust_gain[1::2] = other

        state = world(40)
        couples(state, trust=0.5, contact=-1)
        advance(state, quiet(ties={"trust_gain": 0.2}), act=act)
        return float(state.ties.trust[0])

    assert grown(1.0, 1.0) == 0.5 + 0.2 * 0.5
    assert grown(2.0, 1.0) == pytest.approx(0.5 + 0.3 * 0.5)
    assert grown(9.0, 9.0) == 1.0, "trust ends at 1"


def test_care_for_ties_slows_their_decay() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_tie_decay[:] = 0.5

    state = world(2 * N)
    couples(state)
    advance(state, quiet(ties=DECAY), act=act)
    assert within(state.n_ties, N, 1.0 - 0.03)


def searching(state: State, months: int = 6, **changes: Any) -> State:
    # nobody has partners or networks at first, so all think of anybody
    way = {"p_search": 0.2, "share_friends": 0.0, "share_neighbourhood": 0.0}
    return advance(state, quiet(ties={**HOMOPHILY, **way, **changes}), months=months)


def across(state: State, column: str) -> float:
    n = state.n_ties
    values = getattr(state.organisations, column)
    return float((values[state.ties.a[:n]] != values[state.ties.b[:n]]).mean())


@pytest.mark.parametrize(
    ("column", "values", "parameter"),
    [
        ("fields", (FIELD, OTHER_FIELD), "homophily_field"),
        ("kind", (2, 3), "homophily_kind"),
        ("level", (0, 1), "homophily_level"),
        ("territory", (0, 1), "homophily_territory"),
        ("country", (0, 1), "homophily_country"),
        ("languages", (GERMAN, ARABIC), "homophily_language"),
    ],
)
def test_unlikeness_stands_in_the_way_of_ties(
    column: str, values: tuple[int, int], parameter: str
) -> None:
    def mixed() -> State:
        columns: dict[str, Any] = {column: np.where(np.arange(N) % 2 == 0, *values)}
        return world(N, territories=2, **columns)

    neutral = across(searching(mixed()), column)
    parted = across(searching(mixed(), 6, **{parameter: math.log(3.0)}), column)
    assert neutral == pytest.approx(0.5, abs=0.04)
    assert parted == pytest.approx(0.25, abs=0.04)  # odds of 1 to 3


@pytest.mark.parametrize(("siloing", "expected"), [(0.0, 0.5), (1.0, 0.25), (2.0, 0.1)])
def test_siloing_scales_the_pull_of_ones_own_field(siloing: float, expected: float) -> None:
    fields = np.where(np.arange(N) % 2 == 0, FIELD, OTHER_FIELD)
    state = world(N, fields=fields, siloing=siloing)
    searching(state, homophily_field=math.log(3.0))
    assert across(state, "fields") == pytest.approx(expected, abs=0.04)


def test_lower_siloing_means_more_ties_across_fields() -> None:
    shares = []
    for rel in (0.0, 1.0, 3.0):

        def act(state: State, rel: float = rel) -> None:
            state.modifiers.rel_siloing[:] = rel

        state = settings().world.build(settings().practices, 2)
        advance(state, settings().rules, months=24, act=act)
        n, fields = state.n_ties, state.organisations.fields
        shares.append(float((fields[state.ties.a[:n]] & fields[state.ties.b[:n]] == 0).mean()))
    assert shares[0] > shares[1] > shares[2]


def test_mediation_opens_ties_across_languages() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_language_gap[:] = 0.0

    languages = np.where(np.arange(N) % 2 == 0, GERMAN, ARABIC)
    way = {"p_search": 0.2, "share_friends": 0.0, "share_neighbourhood": 0.0}
    parameters = quiet(ties={**HOMOPHILY, **way, "homophily_language": math.log(3.0)})
    state = advance(world(N, languages=languages), parameters, months=6, act=act)
    assert across(state, "languages") == pytest.approx(0.5, abs=0.04)


def meeting(**columns: Any) -> State:
    """Groups of six that all meet; their members have no ties."""
    state = world(N)
    group(state, np.arange(N).reshape(-1, 6).tolist(), **columns)
    return state


def met(state: State, p: float, rel: float) -> int:
    """Ties that one meeting of everybody makes."""
    parameters = quiet(
        meetings={"attendance": 1.0, "table_size": 6, "depth_plain": 1.0},
        ties={"p_from_meeting": p, "rel_formation_coordinated": rel},
    )
    advance(state, parameters)
    assert state.n_contacts == N // 6 * 15
    state.networks.meetings_per_year[:] = 0.0
    advance(state, parameters)
    return state.n_ties


def test_meetings_make_ties_and_coordination_doubles_them() -> None:
    assert met(meeting(), 0.0, 1.0) == 0
    # two searching partners wish for more with chance 1 each: the chance counts for both sides
    assert within(met(meeting(), 0.1, 1.0), N // 6 * 15, 0.2)
    assert within(met(meeting(), 0.1, 2.0), N // 6 * 15, 0.4)


def test_arranged_contacts_make_ties_of_strangers() -> None:
    def act(state: State) -> None:
        guests = np.arange(0, N, 2)
        visits = table_of(
            Arranged, guests.size, guest=guests, host=guests + 1, person=-1, depth=0.5
        )
        if state.month == 0:
            state.arrange(visits)

    state = advance(world(N), quiet(ties={"p_from_meeting": 0.5}), months=2, act=act)
    # nobody has a partner yet, so that the two wishes add up to 2
    assert within(state.n_ties, N // 2, 2.0 * 0.5 * 0.5)
    assert (state.ties.b[: state.n_ties] - state.ties.a[: state.n_ties] == 1).all()


def test_new_ties_have_a_person_at_each_end_and_little_trust() -> None:
    state = searching(world(N, posts=3), trust_new=0.2)
    n = state.n_ties
    assert n > 100
    assert (state.ties.a[:n] < state.ties.b[:n]).all()
    assert np.unique(state.ties.a[:n] * N + state.ties.b[:n]).size == n
    assert np.array_equal(state.posts.organisation[state.ties.post_a[:n]], state.ties.a[:n])
    assert np.array_equal(state.posts.organisation[state.ties.post_b[:n]], state.ties.b[:n])
    assert (state.ties.trust[:n] == 0.2).all()


def test_the_wish_for_partners_falls_with_those_one_has() -> None:
    few = searching(world(N), months=24, p_search=0.5, degree_scale=1.0)
    many = searching(world(N), months=24, p_search=0.5, degree_scale=20.0)
    assert few.n_ties < many.n_ties


def test_friends_of_friends_close_triangles() -> None:
    def shared(share: float) -> float:
        state = world(300)
        link(state, [(i, (i + 1) % 300) for i in range(300)])
        searching(state, months=12, share_friends=share, transitivity=1.3)
        graph = np.zeros((300, 300))
        n = state.n_ties
        graph[state.ties.a[:n], state.ties.b[:n]] = 1
        graph += graph.T
        return float(np.trace(graph @ graph @ graph) / (graph @ graph).sum())

    assert shared(1.0) > 3.0 * shared(0.0)


def test_shared_partners_make_a_tie_likelier() -> None:
    def closed(transitivity: float) -> int:
        state = world(5 * 200)
        # 0 and 1 share the partners 2, 3 and 4
        link(state, [(i + x, i + y) for i in range(0, 1000, 5) for x in (0, 1) for y in (2, 3, 4)])
        before = state.n_ties
        searching(state, months=1, p_search=1.0, share_friends=1.0, transitivity=transitivity)
        return state.n_ties - before

    assert closed(2.0) > closed(1.0) > 0


def test_fellow_members_are_thought_of() -> None:
    state = world(N)
    members = np.arange(N).reshape(-1, 10).tolist()
    group(state, members)
    searching(state, share_neighbourhood=1.0)
    n = state.n_ties
    assert n > 100
    assert (state.ties.a[:n] // 10 == state.ties.b[:n] // 10).all()


def test_more_effort_makes_more_ties() -> None:
    def formed(rel: float) -> int:
        def act(state: State) -> None:
            state.modifiers.rel_tie_formation[:] = rel

        way = {"p_search": 0.2, "share_friends": 0.0, "share_neighbourhood": 0.0}
        state = advance(world(N), quiet(ties={**HOMOPHILY, **way}), act=act)
        return state.n_ties

    assert formed(0.0) == 0
    assert formed(2.0) > 1.5 * formed(1.0)
