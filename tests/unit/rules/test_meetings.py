"""Networks meet, partners talk: the month's contacts and their depth."""

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import table_of
from diffusion.base.draws import Decision, uniforms
from diffusion.world.state import State
from diffusion.world.traffic import ARRANGED, Arranged, Flow
from tests.simulating import (
    ARABIC,
    FIELD,
    GERMAN,
    OTHER_FIELD,
    TALKING,
    Act,
    advance,
    couples,
    group,
    link,
    quiet,
    within,
    world,
)

N = 3000
SIZE = 10


def members(n: int = N, columns: dict[str, Any] | None = None, **network: Any) -> State:
    """Groups of ten."""
    state = world(n, **(columns or {}))
    group(state, np.arange(n).reshape(-1, SIZE).tolist(), **network)
    return state


def attending(state: State, **changes: Any) -> int:
    everybody = {"attendance": 0.5, "table_size": 5}
    advance(state, quiet(meetings={**everybody, **changes}))
    return state.n_attending


@pytest.mark.parametrize(("rhythm", "coordinated"), [(6.0, 1), (12.0, 1), (6.0, 0), (12.0, 0)])
def test_networks_meet_at_their_rhythm_and_more_rarely_without_coordination(
    rhythm: float, coordinated: int
) -> None:
    state = members(n=10_000, meetings_per_year=rhythm, regular_money=coordinated, months_unpaid=9)
    attending(state, attendance=1.0, rel_rhythm_uncoordinated=0.3)
    expected = rhythm / 12.0 * (1.0 if coordinated else 0.3)
    held = int(state.networks.met.sum())
    assert held == state.flows[Flow.MEETINGS]
    assert within(held, 1000, expected) if expected < 1.0 else held == 1000


def test_dormant_networks_do_not_meet() -> None:
    # small and unpaid, it would govern itself if it were awake
    state = world(100)
    groups = np.arange(100).reshape(-1, 5).tolist()
    group(state, groups, regular_money=0, active=0, coordinated=0)
    assert attending(state, attendance=1.0) == 0
    assert state.flows[Flow.MEETINGS] == 0


@pytest.mark.parametrize(
    ("columns", "network", "chance"),
    [
        ({}, {}, 0.5),
        ({"languages": ARABIC}, {}, 0.25),
        ({"territory": 1, "languages": GERMAN}, {}, 0.35),
        ({"territory": 1}, {"online": 1}, 0.5),
        ({"territory": 1, "languages": ARABIC}, {}, 0.175),
    ],
)
def test_attendance_falls_with_distance_and_without_the_language(
    columns: dict[str, Any], network: dict[str, Any], chance: float
) -> None:
    state = world(N, territories=2, **({"territory": 0} | columns))
    group(state, np.arange(N).reshape(-1, 100).tolist(), **network)
    came = attending(state, rel_attendance_distance=0.7, rel_attendance_language=0.5)
    assert within(came, N, chance)


def test_mediation_brings_people_without_the_language() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_language_gap[:] = 0.2

    state = world(N, languages=ARABIC)
    group(state, np.arange(N).reshape(-1, 100).tolist())
    chances = {"attendance": 0.5, "rel_attendance_language": 0.5}
    advance(state, quiet(meetings=chances), act=act)
    assert within(state.n_attending, N, 0.5 * 0.9)


def test_busy_organisations_stay_away() -> None:
    state = world(N)
    group(state, np.arange(N).reshape(-1, 100).tolist())
    busy = quiet(demand={"base_load": 2.0}, meetings={"attendance": 0.5})
    advance(state, busy)
    assert within(state.n_attending, N, 0.5 * math.exp(-0.51))


def test_only_filled_posts_are_sent() -> None:
    state = world(100, posts=3)
    group(state, np.arange(100).reshape(-1, SIZE).tolist())
    state.posts.filled[::3] = 0
    state.posts.filled[:3] = 0  # organisation 0 has nobody
    parameters = quiet(turnover={"months_vacancy": 36.0}, meetings={"attendance": 1.0})
    for _ in range(5):
        empty = state.posts.filled.reshape(-1, 3).sum(axis=1) == 0
        advance(state, parameters)
        rows = state.n_attending
        sent = state.attendance.post[:rows]
        assert (state.posts.filled[sent] == 1).all()
        assert np.array_equal(state.posts.organisation[sent], state.attendance.organisation[:rows])
        still = state.posts.filled.reshape(-1, 3).sum(axis=1) == 0
        assert not np.isin(
            np.flatnonzero(empty & still), state.attendance.organisation[:rows]
        ).any()


def mixing(facilitated: int, **columns: Any) -> float:
    """Share of contacts across fields at meetings of two fields in equal parts."""
    fields = np.where(np.arange(N) % 2 == 0, FIELD, OTHER_FIELD)
    state = world(N, fields=fields, **columns)
    group(state, np.arange(N).reshape(-1, 60).tolist(), facilitated=facilitated)
    attending(state, attendance=1.0, seating_noise=0.0)
    c = state.n_contacts
    across = fields[state.contacts.a[:c]] != fields[state.contacts.b[:c]]
    return float(across.mean())


def test_facilitated_tables_mix_fields_and_plain_ones_do_not() -> None:
    # by lot a table of five out of 30 and 30 has a share of 30/59 of mixed pairs
    assert mixing(facilitated=1) == pytest.approx(30 / 59, abs=0.03)
    assert mixing(facilitated=0) < 0.02
    assert mixing(facilitated=0, siloing=0.0) == pytest.approx(30 / 59, abs=0.03)


def test_everyone_at_a_table_meets_everyone_else_at_it() -> None:
    state = members(n=100, facilitated=1)
    attending(state, attendance=1.0, table_size=5, depth_facilitated=0.6)
    c = state.n_contacts
    assert c == 20 * 10  # two tables of five in each of ten groups
    a, b = state.contacts.a[:c], state.contacts.b[:c]
    assert (a // SIZE == b // SIZE).all()
    assert (a // SIZE == state.contacts.network[:c]).all()
    assert (np.bincount(np.concatenate([a, b])) == 4).all()
    assert (state.contacts.depth[:c] == 0.6).all()


def test_whoever_sits_alike_keeps_the_order_of_members() -> None:
    fields = np.where(np.arange(SIZE) % 2 == 0, FIELD, OTHER_FIELD)
    state = members(n=SIZE, columns={"fields": fields})
    attending(state, attendance=1.0, table_size=4, seating_noise=0.0)
    first, second = ([0, 2, 4, 6, 8], [1, 3, 5, 7, 9])
    order = first + second if FIELD < OTHER_FIELD else second + first
    tables = (order[:4], order[4:8], order[8:])
    pairs = [pair for table in tables for pair in combinations(table, 2)]
    met = np.stack([state.contacts.a, state.contacts.b], axis=1)[: state.n_contacts]
    assert met.tolist() == [list(pair) for pair in pairs]


@pytest.mark.parametrize(
    ("network", "depth"),
    [({}, 0.4), ({"facilitated": 1}, 0.6), ({"online": 1, "facilitated": 1}, 0.42)],
)
def test_facilitation_deepens_contacts_and_distance_flattens_them(
    network: dict[str, Any], depth: float
) -> None:
    state = members(n=100, **network)
    attending(state, attendance=1.0)
    assert state.contacts.depth[: state.n_contacts] == pytest.approx(depth)


def test_partners_talk_as_often_as_trust_and_time_allow() -> None:
    def talks(trust: float, base_load: float = 0.0) -> int:
        state = world(2 * N)
        couples(state, trust=trust)
        frequent = {"contacts_per_month": 1.0}
        advance(state, quiet(demand={"base_load": base_load}, meetings=frequent))
        return state.n_contacts

    assert within(talks(1.0), N, 1.0 - math.exp(-1.0))
    assert within(talks(0.3), N, 1.0 - math.exp(-0.3))
    assert within(talks(1.0, base_load=2.0), N, 1.0 - math.exp(-math.exp(-0.51)))


@pytest.mark.parametrize("frequency", [1e-9, 0.01, 0.5, 1.0, 3.0, 20.0])
def test_bounds_of_the_chance_that_partners_talk_decide_as_the_chance_itself(
    frequency: float,
) -> None:
    time, trust = np.linspace(0.0, 3.0, 2 * N), np.linspace(0.001, 1.0, N)[::-1]

    def act(state: State) -> None:
        state.modifiers.rel_slack[:] = time

    state = world(2 * N)
    couples(state, trust=trust)
    advance(state, quiet(meetings={"contacts_per_month": frequency}), act=act)
    slack = np.minimum(2.0, time)
    assert np.array_equal(state.organisations.slack, slack)
    a = np.arange(0, 2 * N, 2)
    luck = uniforms(state.seed, Decision.BILATERAL, 0, a, a + 1)
    talks = frequency * trust * np.sqrt(slack[a] * slack[a + 1])
    meet = (luck < talks) & (luck < [1.0 - math.exp(-x) for x in talks])
    assert np.array_equal(state.contacts.a[: state.n_contacts], a[meet])


def test_talks_of_trusting_partners_are_deeper() -> None:
    state = world(4)
    link(state, [(0, 1)], trust=0.5)
    advance(state, quiet(meetings=TALKING | {"depth_bilateral": 0.4}))
    assert state.n_contacts == 1
    assert state.contacts.depth[0] == pytest.approx(0.4 + 0.6 * 0.5)
    assert state.contacts.trust[0] == 0.5
    assert state.contacts.network[0] == -1
    assert state.ties.contact[0] == 0


def test_a_vacant_contact_person_talks_to_nobody() -> None:
    state = world(4, posts=1)
    couples(state)
    state.posts.filled[0] = 0
    advance(state, quiet(turnover={"months_vacancy": 36.0}, meetings=TALKING))
    assert state.posts.filled[0] == 0
    assert state.n_contacts == 1
    assert state.contacts.a[0] == 2


def test_meeting_a_partner_counts_as_contact() -> None:
    state = members(n=20)
    couples(state, trust=0.7)
    attending(state, attendance=1.0, table_size=10)
    assert (state.ties.contact[:10] == 0).all()
    c = state.n_contacts
    partners = state.contacts.a[:c] // 2 == state.contacts.b[:c] // 2
    assert (state.contacts.trust[:c][partners] == 0.7).all()
    assert (state.contacts.trust[:c][~partners] == 0.2).all()


def helped(state: State, meetings: dict[str, float], **ways: float) -> State:
    """A month in which the networks are given ways of working."""

    def act(state: State) -> None:
        for name, value in ways.items():
            state.networks[name] = value

    return advance(state, quiet(meetings=meetings), act=act)


def test_networks_can_be_helped_to_meet_more_often() -> None:
    state = helped(members(n=10_000, meetings_per_year=6.0), {"attendance": 1.0}, add_rhythm=0.5)
    assert within(int(state.networks.met.sum()), 1000, 0.75)


def test_networks_can_be_helped_to_bring_more_members() -> None:
    state = helped(members(), {"attendance": 0.5}, add_turnout=0.4)
    assert within(state.n_attending, N, 0.7)
    assert state.flows[Flow.ATTENDANCES] == state.n_attending


def test_networks_can_be_helped_to_facilitate() -> None:
    fields = np.where(np.arange(N) % 2 == 0, FIELD, OTHER_FIELD)
    state = members(columns={"fields": fields})
    helped(state, {"attendance": 1.0, "seating_noise": 0.0, "depth_facilitated": 0.6}, mixed=1)
    c = state.n_contacts
    across = fields[state.contacts.a[:c]] != fields[state.contacts.b[:c]]
    assert float(across.mean()) == pytest.approx(5 / 9, abs=0.03)
    assert (state.contacts.depth[:c] == 0.6).all()


@pytest.mark.parametrize(("more", "depth"), [(0.5, 0.6), (9.0, 1.0)])
def test_networks_can_be_helped_to_talk_in_more_depth(more: float, depth: float) -> None:
    state = helped(members(n=100), {"attendance": 1.0, "depth_plain": 0.4}, add_depth=more)
    assert state.contacts.depth[: state.n_contacts] == pytest.approx(depth)


@pytest.mark.parametrize(("left", "chance"), [(1.0, 0.35), (0.5, 0.425), (0.0, 0.5)])
def test_a_portal_brings_members_from_afar(left: float, chance: float) -> None:
    def act(state: State) -> None:
        state.modifiers.rel_distance_gap[:] = left

    state = world(N, territories=2, territory=1)
    group(state, np.arange(N).reshape(-1, 100).tolist())
    parameters = quiet(meetings={"attendance": 0.5, "rel_attendance_distance": 0.7})
    advance(state, parameters, act=act)
    assert within(state.n_attending, N, chance)


def visiting(state: State, person: int = -1) -> State:
    """A month in which organisation 0 visits organisation 1."""

    def act(state: State) -> None:
        plan = {"guest": 0, "host": 1, "person": person, "depth": 0.9, "trust": 0.5}
        state.arrange(table_of(Arranged, 1, **plan))

    return advance(state, quiet(turnover={"months_vacancy": 36.0}), act=act)


def test_an_arranged_contact_takes_place_between_strangers() -> None:
    state = visiting(world(4), person=3)
    assert state.n_contacts == state.flows[Flow.CONTACTS] == 1
    contact = state.contacts[0]
    assert (contact.a, contact.b, contact.post_b) == (0, 1, 3)
    assert (contact.depth, contact.trust, contact.network) == (0.9, 0.5, ARRANGED)
    advance(state, quiet())
    assert state.n_contacts == 0, "it was arranged for one month"


def test_partners_bring_their_trust_to_an_arranged_contact() -> None:
    state = world(4)
    link(state, [(0, 1)], trust=0.8)
    visiting(state)
    assert state.contacts.trust[0] == 0.8
    assert state.ties.contact[0] == 0


@pytest.mark.parametrize(("vacant", "meets"), [([3], 1), ([2, 3], 0), ([0, 1], 0)])
def test_a_colleague_stands_in_for_whoever_has_left(vacant: list[int], meets: int) -> None:
    state = world(4)
    state.posts.filled[vacant] = 0
    visiting(state, person=3)
    if (state.posts.filled[vacant] == 0).all():  # else a newcomer started this month
        assert state.n_contacts == meets
        assert not np.isin(state.contacts.post_b[: state.n_contacts], vacant).any()


def kept_away(share: float, gap: float = 0.0, left: float = 1.0) -> Act:
    def act(state: State) -> None:
        state.networks.remote[:] = share
        state.modifiers.add_remote[:] = share
        state.modifiers.add_digital_gap[:] = gap
        state.modifiers.rel_digital_gap[:] = left

    return act


def held(act: Act, moved: float, **network: Any) -> State:
    changes = {"attendance": 1.0, "table_size": 5, "share_moved_online": moved}
    return advance(members(10_000, **network), quiet(meetings=changes), act=act)


def test_what_cannot_be_in_person_is_held_online_or_not_at_all() -> None:
    state = held(kept_away(0.8), moved=0.5)
    networks = state.networks
    assert within(networks.met_online.sum(), 1000, 0.4)
    assert within(networks.met.sum(), 1000, 0.6)


def test_networks_that_are_online_anyway_go_on() -> None:
    state = held(kept_away(1.0, gap=1.0), moved=0.0, online=1)
    assert (state.networks.met_online == 1).all()
    assert state.n_attending == 10_000


def test_coordinators_with_tools_bring_their_networks_online() -> None:
    state = held(kept_away(1.0, left=0.4), moved=0.5, coordinator=0)
    assert within(state.networks.met_online.sum(), 1000, 1.0 - 0.5 * 0.4)


@pytest.mark.parametrize("left", [1.0, 0.5, 0.0])
def test_whoever_has_no_access_stays_away_unless_helped(left: float) -> None:
    state = held(kept_away(1.0, gap=0.5, left=left), moved=1.0)
    share = 1.0 - 0.5 * left
    attends = state.n_attending
    assert within(attends, 10_000, share) if share < 1.0 else attends == 10_000


def test_contacts_that_moved_online_are_less_deep() -> None:
    state = held(kept_away(1.0), moved=1.0)
    inside = held(kept_away(0.0), moved=1.0)
    depth = [run.contacts.depth[: run.n_contacts] for run in (state, inside)]
    assert depth[0] == pytest.approx(0.7 * depth[1].mean())
    assert (inside.networks.met_online == 0).all()


def test_distance_is_no_obstacle_online() -> None:
    far = {"territory": 1, "meetings_per_year": 12.0}
    changes = {"attendance": 1.0, "rel_attendance_distance": 0.0, "share_moved_online": 1.0}
    for share, expected in ((0.0, 0), (1.0, N)):
        state = world(N, territories=2, territory=0)
        group(state, np.arange(N).reshape(-1, SIZE).tolist(), **far)
        advance(state, quiet(meetings=changes), act=kept_away(share))
        assert state.n_attending == expected


@pytest.mark.parametrize(("gap", "left"), [(0.0, 1.0), (1.0, 1.0), (1.0, 0.5)])
def test_partners_meet_less_where_they_cannot_meet_in_person(gap: float, left: float) -> None:
    state = world(2 * N)
    couples(state)
    rare = {"contacts_per_month": 0.2, "share_moved_online": 0.5}
    advance(state, quiet(meetings=rare), act=kept_away(0.8, gap, left))
    lost = 0.8 * left * (1.0 - 0.5 * (1.0 - gap))
    assert within(state.n_contacts, N, 1.0 - math.exp(-0.2 * (1.0 - lost)))
