"""What passes on contacts is what a plain loop over all ways and practices would let pass."""

import math
from typing import Any

import numpy as np
import pytest

from diffusion.base import draws
from diffusion.base.arrays import table_of
from diffusion.base.draws import Decision, uniforms
from diffusion.rules.exchange import Exchange, Parameters
from diffusion.world.state import State
from diffusion.world.traffic import ARRANGED, BILATERAL, Contacts, Event, Live, room_for_events
from tests.simulating import ARABIC, FIELD, GERMAN, OTHER_FIELD, group, quiet, world

N, LIVE, TAGS = 12, 150, 1 << 21
U64 = np.uint64
RARE: dict[str, Any] = {"p_aware_from_user": 0.1, "p_aware_from_informed": 0.013}
SURE: dict[str, Any] = {"p_aware_from_user": 1.0, "p_aware_from_informed": 1.0, "p_know_how": 1.0}
MIXED: dict[str, Any] = {"p_aware_from_user": 0.6, "p_aware_from_informed": 0.05}


@pytest.fixture(autouse=True)
def _hashes_overflow_on_purpose() -> object:
    with np.errstate(over="ignore"):
        yield


def met(n_practices: int, most: tuple[float, float] = (1.0, 1.0)) -> State:
    """Few organisations that differ in everything, after many contacts of all kinds."""
    uses = iter(range(100))

    def luck(*shape: int) -> Any:
        size = np.arange(np.prod(shape))
        return uniforms(n_practices, Decision.RESAMPLE, 0, next(uses), size).reshape(shape)

    def one_of(choice: list[Any], size: int) -> Any:
        return np.array(choice)[(luck(size) * len(choice)).astype(int)]

    def some(size: int, share: float) -> Any:
        bits = luck(size, n_practices) < share
        return [sum(1 << int(p) for p in np.flatnonzero(row)) for row in bits]

    state = world(
        N,
        practices={"complexity": luck(n_practices), "adaptability": 0.5},
        languages=one_of([GERMAN, ARABIC], N),
        fields=one_of([FIELD, OTHER_FIELD], N),
        siloing=one_of([0.0, 1.0, 1.7], N),
        own_practices=some(N, 0.4),
        related_practices=some(N, 0.3),
        aware=some(N, 0.6),
    )
    orgs, posts = state.organisations, state.posts
    orgs.adopted = orgs.aware & np.array(some(N, 0.3), np.uint64)
    posts.knows = some(len(posts), 0.4)
    group(state, [[0, 1], [2, 3]], key=[0, 7])
    state.modifiers.rel_know_how = one_of([0.0, 1.0, most[0]], N)
    state.modifiers.rel_teaching = one_of([0.3, 1.0, most[1]], N)
    state.modifiers.rel_language_gap = luck(N)
    a = one_of(list(range(N)), LIVE)
    b = (a + one_of(list(range(1, N)), LIVE)) % N
    state.contacts = table_of(
        Contacts,
        LIVE,
        a=a,
        b=b,
        post_a=orgs.first_post[a] + one_of([0, 1], LIVE),
        post_b=orgs.first_post[b] + one_of([0, 1], LIVE),
        depth=one_of([0.0, 0.2, 0.4, 0.8, 1.0], LIVE),
        trust=luck(LIVE),
        network=one_of([ARRANGED, BILATERAL, 0, 1], LIVE),
    )
    state.sizes[Live.CONTACTS] = LIVE
    state.exposure[:] = luck(N, n_practices)
    state.events = room_for_events(10_000)
    return state


def one_by_one(state: State, values: Parameters) -> list[tuple[int, ...]]:
    """The events of a month on contacts, without a shortcut; a copy of the masks is moved."""
    orgs, modifiers = state.organisations, state.modifiers
    before, aware = [[int(mask) for mask in orgs.aware] for _ in range(2)]
    knows, learned = [int(mask) for mask in state.posts.knows], [0] * len(state.posts)
    width = draws.width(state.n_practices)
    hear, learn = [
        U64(draws.stream(state.seed, int(decision), state.month))
        for decision in (Decision.AWARENESS, Decision.KNOW_HOW)
    ]
    events: list[tuple[int, ...]] = []

    def interest(j: int, p: int) -> float:
        if int(orgs.own_practices[j]) >> p & 1:
            return 1.0
        related = int(orgs.related_practices[j]) >> p & 1
        value = values.relevance_related if related else values.relevance_other
        return float(value ** (orgs.siloing[j] * modifiers.rel_siloing[j]))

    def clear(i: int, j: int) -> float:
        if orgs.languages[i] & orgs.languages[j]:
            return 1.0
        gaps = modifiers.rel_language_gap
        return float(1.0 - (1.0 - 1.0 / values.language_multiplier) * min(gaps[i], gaps[j]))

    def ways() -> Any:
        for contact in state.contacts:
            k = contact.network
            tag = int(state.networks.key[k]) + 1 if k >= 0 else (0 if k == BILATERAL else TAGS - 1)
            a, b, one, other = (
                int(getattr(contact, name)) for name in ("a", "b", "post_a", "post_b")
            )
            yield contact, tag, a, b, one, other
            yield contact, tag, b, a, other, one

    for contact, tag, i, j, _, _ in ways():
        few = U64(draws.rare(U64(draws.half(hear, j)), i * TAGS + tag, width))
        for p in range(state.n_practices):
            if not before[i] & ~aware[j] & 1 << p:
                continue
            used = int(orgs.adopted[i]) >> p & 1
            chance = values.p_aware_from_user if used else values.p_aware_from_informed
            luck = draws.among(few, p, draws.at(hear, j, (i * 64 + p) * TAGS + tag))
            if luck < chance * (contact.depth * clear(i, j) * interest(j, p)):
                aware[j] |= 1 << p
                events.append((0, int(Event.HEARD), j, p, i, int(contact.network)))
    for contact, tag, i, j, teacher, pupil in ways():
        for p in range(state.n_practices):
            if contact.depth < values.deep_contact:
                continue
            if not knows[teacher] & before[j] & ~knows[pupil] & ~learned[pupil] & 1 << p:
                continue
            strength = contact.depth * contact.trust * modifiers.rel_know_how[j]
            chance = values.p_know_how * (strength * modifiers.rel_teaching[i] * clear(i, j))
            chance *= 1.0 - values.complexity_brake * state.practices.complexity[p]
            if draws.at(learn, pupil, (i * 64 + p) * TAGS + tag) < chance * interest(j, p):
                learned[pupil] |= 1 << p
                events.append((0, int(Event.LEARNED), j, p, i, int(contact.network)))
    return events


@pytest.mark.parametrize("n_practices", [5, 20, 64])
@pytest.mark.parametrize("exchange", [RARE, SURE, MIXED])
@pytest.mark.parametrize("most", [(1.0, 1.0), (5.0, 1.0), (1.0, 5.0), (100.0, 100.0)])
def test_the_same_passes_in_the_same_order(
    n_practices: int, exchange: dict[str, Any], most: tuple[float, float]
) -> None:
    state = met(n_practices, most)
    values = quiet(exchange={"p_know_how": 0.5} | exchange).exchange
    expected = one_by_one(state, values)
    Exchange(values).step(state)
    count = state.events[0, 0]
    assert [tuple(row) for row in state.events[1 : count + 1].tolist()] == expected
    assert {event for _, event, *_ in expected} == {Event.HEARD, Event.LEARNED}


@pytest.mark.parametrize("n_practices", [5, 20, 64])
def test_contacts_with_users_add_up_in_their_order(n_practices: int) -> None:
    state = met(n_practices)
    values = quiet(exchange={"months_memory": 5.0}).exchange
    expected = state.exposure * math.exp(-1.0 / 5.0)
    for contact in state.contacts:
        for i, j in ((contact.a, contact.b), (contact.b, contact.a)):
            for p in range(n_practices):
                if int(state.organisations.adopted[i]) >> p & 1:
                    expected[j, p] += contact.depth
    Exchange(values).step(state)
    assert np.array_equal(state.exposure, expected)


@pytest.mark.parametrize("p_forget", [0.01, 1.0 / 16.0, 0.3, 1.0])
def test_what_is_forgotten_has_the_luck_of_its_practice(p_forget: float) -> None:
    n_practices = 33
    state = world(200, practices={"complexity": np.zeros(n_practices)}, aware=(1 << 33) - 1)
    state.organisations.knows[::2] = 1 << 32
    key = U64(draws.stream(state.seed, int(Decision.FORGET), 0))
    expected = []
    for i in range(200):
        few = U64(draws.rare(U64(draws.half(key, i)), 0, draws.width(n_practices)))
        luck = [draws.among(few, p, draws.at(key, i, p)) for p in range(n_practices)]
        kept = int(state.organisations.knows[i])
        expected.append(sum(1 << p for p, u in enumerate(luck) if u >= p_forget or kept >> p & 1))
    Exchange(quiet(exchange={"p_forget": p_forget}).exchange).step(state)
    assert [int(mask) for mask in state.organisations.aware] == expected


def test_the_usual_pull_of_ones_own_field_leaves_interest_as_it_is() -> None:
    # relevance skips the power then, which is only right if it gives every bit back
    interests = uniforms(1, Decision.RESAMPLE, 0, 0, np.arange(100_000))
    assert [interest**1.0 for interest in interests.tolist()] == interests.tolist()
