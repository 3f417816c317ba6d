"""News of a practice passes easily, know-how only in deep contacts between people."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from diffusion.world.state import State
from diffusion.world.traffic import Flow
from tests.simulating import (
    ARABIC,
    FIELD,
    GERMAN,
    OTHER_FIELD,
    TALKING,
    advance,
    couples,
    group,
    know,
    link,
    number_with,
    quiet,
    settings,
    use,
    within,
    world,
)

N = 3000
PAIRS = N // 2
NEWS = {"p_aware_from_user": 0.1, "p_aware_from_informed": 0.013}
EVERY_OTHER = slice(0, N, 2)


def pairs(**columns: Any) -> State:
    """Organisations 0 and 1, 2 and 3 ... are in touch; the others of each pair know nothing."""
    state = world(N, **columns)
    couples(state)
    return state


def hearing(state: State, **exchange: float) -> int:
    """How many of the second ones have heard after a month of one contact."""
    parameters = quiet(meetings=TALKING, exchange={**NEWS, **exchange})
    advance(state, parameters)
    return number_with(state.organisations.aware[1::2])


def informed(**columns: Any) -> State:
    state = pairs(**columns)
    state.organisations.aware[EVERY_OTHER] = 1
    return state


def using(**columns: Any) -> State:
    state = pairs(**columns)
    use(state, EVERY_OTHER)
    return state


def test_users_pass_news_on_one_contact_in_ten() -> None:
    state = using()
    heard = hearing(state)
    assert within(heard, PAIRS, 0.1)
    assert state.flows[Flow.AWARENESS] == heard


def test_the_merely_informed_pass_it_far_more_rarely() -> None:
    assert within(hearing(informed()), PAIRS, 0.013)


def test_news_needs_a_contact() -> None:
    state = world(N)
    use(state, EVERY_OTHER)
    assert hearing(state, **{"p_aware_from_user": 1.0, "p_aware_from_informed": 1.0}) == 0


@pytest.mark.parametrize(
    ("related", "parameter", "value"),
    [(OTHER_FIELD, "relevance_related", 0.7), (0, "relevance_other", 0.4)],
)
@pytest.mark.parametrize("siloing", [0.0, 1.0, 2.0])
def test_other_fields_interest_less_and_siloing_deepens_that(
    related: int, parameter: str, value: float, siloing: float
) -> None:
    state = using(fields=FIELD, related=related, siloing=siloing, practices={"fields": OTHER_FIELD})
    heard = hearing(state, **{"p_aware_from_user": 0.5, parameter: value})
    assert within(heard, PAIRS, 0.5 * value**siloing)


def languages() -> Any:
    return np.where(np.arange(N) % 2 == 0, GERMAN, ARABIC)


def test_a_language_gap_lowers_what_passes() -> None:
    state = using(languages=languages())
    assert within(hearing(state, p_aware_from_user=0.5), PAIRS, 0.5 / 1.44)


def test_mediation_on_one_side_closes_most_of_the_gap() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_language_gap[1::2] = 0.2

    state = using(languages=languages())
    parameters = quiet(meetings=TALKING, exchange={**NEWS, "p_aware_from_user": 0.5})
    advance(state, parameters, act=act)
    expected = 0.5 * (1.0 - 0.2 * (1.0 - 1.0 / 1.44))
    heard = number_with(state.organisations.aware[1::2])
    assert within(heard, PAIRS, expected)
    assert heard > hearing(using(languages=languages()), p_aware_from_user=0.5)


def teaching(state: State, rel: float = 1.0, **exchange: float) -> int:
    """How many of the second ones have somebody who knows how after one contact."""

    def act(state: State) -> None:
        state.modifiers.rel_know_how[:] = rel

    state.organisations.aware[:] = 1
    advance(state, quiet(meetings=TALKING, exchange=exchange), act=act)
    return number_with(state.organisations.knows[1::2])


def knowing(**columns: Any) -> State:
    state = pairs(**columns)
    know(state, EVERY_OTHER)
    return state


def test_know_how_passes_between_people() -> None:
    state = knowing()
    learned = teaching(state, p_know_how=0.5)
    assert within(learned, PAIRS, 0.5)
    assert state.flows[Flow.TRANSFERS] == learned
    pupils = state.posts.knows[state.ties.post_b[:PAIRS]]
    assert number_with(pupils) == learned, "the person who met is the one who knows"
    assert not state.posts.knows[3::4].any(), "the colleagues of pupils were not there"


def test_know_how_needs_somebody_who_knows() -> None:
    state = using()
    state.posts.knows[:] = 0
    state.organisations.knows[:] = 0
    assert teaching(state, p_know_how=1.0) == 0
    assert state.flows[Flow.TRANSFERS] == 0


def test_know_how_needs_awareness_first() -> None:
    state = knowing()
    advance(state, quiet(meetings=TALKING, exchange={"p_know_how": 1.0}))
    assert number_with(state.organisations.knows[1::2]) == 0


@pytest.mark.parametrize(("depth", "chance"), [(0.3, 0.0), (0.4, 0.4), (0.6, 0.6)])
def test_know_how_needs_a_deep_contact(depth: float, chance: float) -> None:
    state = world(N)
    group(state, np.arange(N).reshape(-1, 2).tolist())
    know(state, EVERY_OTHER)
    state.organisations.aware[:] = 1
    meeting = {"attendance": 1.0, "depth_plain": depth, "trust_stranger": 1.0, "table_size": 2}
    # the person who is sent must be the one who knows: all do in the first of each pair
    advance(state, quiet(meetings=meeting, exchange={"p_know_how": 1.0, "deep_contact": 0.35}))
    learned = number_with(state.organisations.knows[1::2])
    assert within(learned, PAIRS, chance) if chance else learned == 0
    assert state.flows[Flow.TRANSFERS_BY_MEETING] == learned


def test_complex_practices_are_harder_to_pass_on() -> None:
    state = knowing(practices={"complexity": 1.0})
    assert within(teaching(state, p_know_how=0.5, complexity_brake=0.6), PAIRS, 0.2)


def test_trust_carries_know_how() -> None:
    state = knowing()
    state.ties.trust[:] = 0.5
    state.organisations.aware[:] = 1
    advance(state, quiet(meetings=TALKING, exchange={"p_know_how": 1.0}))
    assert within(number_with(state.organisations.knows[1::2]), PAIRS, 0.5)


def test_training_raises_the_transfer_of_know_how() -> None:
    assert within(teaching(knowing(), rel=0.5, p_know_how=0.5), PAIRS, 0.25)


@pytest.mark.parametrize(
    ("kinds", "adaptability", "fit"), [((2, 2), 0.0, 1.0), ((2, 3), 0.0, 0.7), ((2, 3), 0.5, 0.85)]
)
def test_what_comes_from_a_like_place_fits_better(
    kinds: tuple[int, int], adaptability: float, fit: float
) -> None:
    state = knowing(
        kind=np.where(np.arange(N) % 2 == 0, *kinds), practices={"adaptability": adaptability}
    )
    teaching(state, p_know_how=1.0)
    assert state.uses.fit[1::2, 0] == pytest.approx(fit)


def test_transfers_across_fields_are_counted() -> None:
    fields = np.where(np.arange(N) % 2 == 0, FIELD, OTHER_FIELD)
    state = knowing(fields=fields, practices={"fields": FIELD | OTHER_FIELD})
    teaching(state, p_know_how=0.5)
    assert state.flows[Flow.CROSS_TRANSFERS] == state.flows[Flow.TRANSFERS] > 0


def test_a_community_spreads_what_is_presented() -> None:
    state = world(N)
    groups = np.arange(N).reshape(-1, 100).tolist()
    group(state, groups, is_cop=1)
    use(state, slice(0, N, 100))
    meeting = {"attendance": 1.0, "depth_plain": 0.0}
    advance(state, quiet(meetings=meeting, exchange={"p_aware_presented": 0.7}))
    others = N - N // 100
    assert within(number_with(state.organisations.aware) - N // 100, others, 0.7)


def test_plain_networks_have_no_presentations() -> None:
    state = world(100)
    group(state, [list(range(100))], is_cop=0)
    use(state, 0)
    meeting = {"attendance": 1.0, "depth_plain": 0.0}
    advance(state, quiet(meetings=meeting, exchange={"p_aware_presented": 1.0}))
    assert number_with(state.organisations.aware) == 1


def test_notices_of_a_platform_raise_awareness_but_no_know_how_and_no_use() -> None:
    def act(state: State) -> None:
        state.modifiers.add_notices[:] = 1.0

    rules = settings().rules
    exchange = {"p_aware_notice": 0.04, "p_know_how": rules.exchange.p_know_how}
    adoption = {"start_rate": rules.adoption.start_rate}
    parameters = quiet(exchange=exchange, adoption=adoption)
    state = advance(world(N), parameters, months=12, act=act)
    assert within(number_with(state.organisations.aware), N, 1.0 - 0.96**12)
    assert not state.organisations.knows.any()
    assert not (state.organisations.trial | state.organisations.adopted).any()
    silent = advance(world(N), parameters, months=12)
    assert not silent.organisations.aware.any()


def test_what_nobody_needs_is_forgotten() -> None:
    state = world(N)
    state.organisations.aware[:] = 1
    know(state, slice(0, 100))
    use(state, slice(100, 200))
    state.organisations.lapsed[200:300] = 1
    advance(state, quiet(exchange={"p_forget": 0.05}), months=6)
    aware = state.organisations.aware
    assert number_with(aware[:300]) == 300
    assert within(number_with(aware[300:]), N - 300, 0.95**6)


def test_contacts_with_users_are_remembered_and_fade() -> None:
    state = using()
    parameters = quiet(meetings=TALKING, exchange={"months_memory": 12.0})
    advance(state, parameters)
    assert (state.exposure[1::2, 0] == 1.0).all()
    assert (state.exposure[::2, 0] == 0.0).all()
    assert (state.organisations.contacts == 1.0).all()
    advance(state, quiet(exchange={"months_memory": 12.0}), months=12)
    assert state.exposure[1::2, 0] == pytest.approx(math.exp(-1.0))
    assert state.organisations.contacts == pytest.approx(math.exp(-1.0))


def test_the_order_of_contacts_is_irrelevant() -> None:
    # 0 tells 1, and 1 can't pass on in the same month what it has just heard
    state = world(3)
    link(state, [(0, 1), (1, 2)])
    use(state, 0)
    certain = quiet(meetings=TALKING, exchange=dict.fromkeys(NEWS, 1.0))
    advance(state, certain)
    assert state.organisations.aware.tolist() == [1, 1, 0]
    advance(state, certain)
    assert state.organisations.aware.tolist() == [1, 1, 1]


def test_whoever_learns_a_practice_has_heard_of_it() -> None:
    # what nobody needs is forgotten first, what is taught in the same month is known again
    state = knowing()
    state.organisations.aware[:] = 1
    advance(state, quiet(meetings=TALKING, exchange={"p_know_how": 1.0, "p_forget": 1.0}))
    assert number_with(state.organisations.knows[1::2]) == PAIRS
    assert number_with(state.organisations.aware[1::2]) == PAIRS


def test_multipliers_pass_on_more() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_teaching[EVERY_OTHER] = 1.5
        state.modifiers.rel_teaching[1::2] = 0.0  # pupils' own gift is of no account

    state = knowing()
    state.organisations.aware[:] = 1
    advance(state, quiet(meetings=TALKING, exchange={"p_know_how": 0.5}), act=act)
    assert within(number_with(state.organisations.knows[1::2]), PAIRS, 0.75)


def pushed(state: State, told: Sequence[tuple[int, float]] = (), **columns: Any) -> State:
    """A month in which interventions push practices at everybody."""

    def act(state: State) -> None:
        for name, value in columns.items():
            state.pushes[name] = value
        for practices, p_told in told:
            state.promote(np.arange(state.n_organisations), np.uint64(practices), p_told, 1.0)

    return advance(state, quiet(exchange={"complexity_brake": 0.6}), act=act)


def test_organisations_hear_of_what_they_are_told() -> None:
    state = pushed(world(N, practices={"fields": [FIELD, FIELD, 0]}), told=[(0b101, 0.3)])
    heard = [number_with(state.organisations.aware, p) for p in range(3)]
    assert within(heard[0], N, 0.3)
    assert heard[1] == 0, "nobody was told of it"
    assert 0 < heard[2] < heard[0], "it is of no interest to their field"
    assert state.flows[Flow.AWARENESS] == sum(heard)


def test_of_what_two_tell_one_hears_from_at_least_one_of_them() -> None:
    state = pushed(world(N, practices={"fields": [FIELD] * 3}), told=[(0b011, 0.3), (0b110, 0.5)])
    for practice, chance in enumerate((0.3, 0.65, 0.5)):
        assert within(number_with(state.organisations.aware, practice), N, chance)


@pytest.mark.parametrize(("complexity", "chance"), [(0.0, 0.5), (1.0, 0.2)])
def test_one_person_learns_at_a_course(complexity: float, chance: float) -> None:
    practice: dict[str, Any] = {"complexity": [complexity] * 2, "adaptability": 0.75}
    state = pushed(world(N, practices=practice), taught=0b10, p_taught=0.5)
    learned = number_with(state.posts.knows, 1)
    assert within(learned, N, chance)
    assert number_with(state.organisations.knows, 1) == learned
    assert number_with(state.organisations.aware, 1) == learned
    assert not number_with(state.posts.knows, 0)
    knows = (state.organisations.knows & 0b10) != 0
    assert (state.uses.fit[knows, 1] == 0.75).all()
    assert (state.uses.fit[~knows, 1] == 0.0).all()


def test_only_those_who_are_there_and_do_not_know_learn_at_a_course() -> None:
    state = world(50, posts=3)
    state.posts.knows[::3] = 1
    state.posts.filled[2::3] = 0
    parameters = quiet(turnover={"months_vacancy": 36.0})

    def act(state: State) -> None:
        state.pushes.taught[:] = 1
        state.pushes.p_taught[:] = 1.0

    advance(state, parameters, act=act)
    filled = state.posts.filled == 1
    assert ((state.posts.knows == 1)[1::3]).all()
    assert not state.posts.knows[~filled].any()
