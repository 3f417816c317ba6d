"""People leave with what they know; newcomers learn what is left."""

from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import NEVER
from diffusion.world import vocabulary
from diffusion.world.state import State
from diffusion.world.traffic import Flow
from tests.simulating import (
    FIXED_TERM,
    VOLUNTEER,
    advance,
    couples,
    know,
    moving,
    number_with,
    quiet,
    use,
    within,
    world,
)

N = 3000
LEAVE = {"rel_turnover": 10.0, "share_ngo": 0.999, "rel_first_year": 1.0}  # certain to leave


def staff(n: int = N, **columns: Any) -> State:
    """One person each, in post for long."""
    return world(n, posts=1, **columns)


def exits(state: State, months: int = 1, **turnover: float) -> int:
    total = 0
    parameters = quiet(turnover={"rel_turnover": 1.0, "rel_first_year": 1.0, **turnover})
    for _ in range(months):
        advance(state, parameters)
        total += int(state.flows[Flow.EXITS])
    return total


def monthly(share: float) -> float:
    return float(1.0 - (1.0 - share) ** (1.0 / 12.0))


@pytest.mark.parametrize("kind", vocabulary.KINDS)
def test_the_hazard_follows_the_share_a_year_of_the_kind(kind: str) -> None:
    shares: dict[str, Any] = {f"share_{other}": 0.0 for other in vocabulary.KINDS} | {
        f"share_{kind}": 0.3
    }
    state = staff(kind=vocabulary.KINDS.index(kind))
    assert within(exits(state, **shares), N, monthly(0.3))


def test_volunteers_have_a_share_of_their_own() -> None:
    state = staff()
    state.posts.contract[:] = VOLUNTEER
    assert within(exits(state, share_ngo=0.0, share_volunteer=0.6), N, monthly(0.6))


def test_support_keeps_volunteers_and_nobody_else() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_volunteer_turnover[:] = 0.5

    state = staff()
    state.posts.contract[: N // 2] = VOLUNTEER
    shares = {"rel_turnover": 1.0, "rel_first_year": 1.0, "share_ngo": 0.6, "share_volunteer": 0.6}
    advance(state, quiet(turnover=shares), act=act)
    gone = state.posts.filled == 0
    assert within(gone[: N // 2].sum(), N // 2, 0.5 * monthly(0.6))
    assert within(gone[N // 2 :].sum(), N // 2, monthly(0.6))


def test_more_leave_in_the_first_year() -> None:
    state = staff()
    state.posts.hired[:] = -5
    assert within(exits(state, share_ngo=0.5, rel_first_year=2.0), N, 2.0 * monthly(0.5))


def test_more_leave_under_overload() -> None:
    parameters = quiet(
        demand={"base_load": 2.0},  # overload 1
        turnover={"rel_turnover": 1.0, "share_ngo": 0.5, "overload_slope": 0.5},
    )
    state = advance(staff(), parameters)
    assert (state.organisations.overload == 1.0).all()
    assert within(state.flows[Flow.EXITS], N, 1.5 * monthly(0.5))


def test_better_conditions_keep_people() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_turnover[:] = 0.5

    parameters = quiet(turnover={"rel_turnover": 1.0, "share_ngo": 0.5})
    state = advance(staff(), parameters, act=act)
    assert within(state.flows[Flow.EXITS], N, 0.5 * monthly(0.5))


@pytest.mark.parametrize(("renewed", "left"), [(0, 0.5), (1, 0.0)])
def test_half_of_project_staff_leave_at_the_end_of_a_lost_grant(renewed: int, left: float) -> None:
    state = staff(lines=1)
    state.posts.contract[:] = FIXED_TERM
    state.posts.grant[:] = np.arange(N)
    state.grants.active[:] = 1
    state.grants.ends[:] = 4
    state.grants.renewed[:] = renewed
    advance(state, quiet(turnover={"share_leaving_at_grant_end": 0.5}), months=6)
    gone = ((state.posts.filled == 0) | (state.posts.person > 0)).sum()
    assert within(gone, N, left) if left else gone == 0


def test_project_posts_stay_vacant_without_their_money() -> None:
    state = staff(100, lines=1)
    state.posts.contract[:] = FIXED_TERM
    state.posts.grant[:] = np.arange(100)
    state.posts.filled[:] = 0
    state.grants.active[:50] = 1
    state.grants.ends[:50] = 100
    advance(state, quiet(turnover={"months_vacancy": 1.0}))
    assert state.posts.filled.tolist() == [1] * 50 + [0] * 50


def test_vacancies_last_as_long_on_average_as_asked() -> None:
    state = staff()
    state.posts.filled[:] = 0
    for months in range(1, 13):
        advance(state, quiet(turnover={"months_vacancy": 2.9}))
        assert within(state.posts.filled.sum(), N, 1.0 - (1.0 - 1.0 / 2.9) ** months)


def test_nobody_comes_in_the_month_in_which_somebody_left() -> None:
    state = staff(200)
    parameters = quiet(turnover={**LEAVE, "months_vacancy": 1.0})
    advance(state, parameters)
    gone = state.posts.left == 0
    assert gone.mean() > 0.9
    assert (state.posts.filled[gone] == 0).all()
    advance(state, parameters)
    assert (state.posts.filled[gone] == 1).all()


def test_a_new_person_starts_without_knowledge_and_with_own_luck() -> None:
    state = staff(50)
    know(state, slice(None))
    before = state.posts.person.copy()
    advance(state, quiet(turnover=LEAVE))
    assert (state.posts.filled == 0).all()
    advance(state, quiet(turnover={"months_vacancy": 1.0}))
    assert (state.posts.filled == 1).all()
    assert (state.posts.person == before + 1).all()
    assert (state.posts.hired == 1).all()
    assert (state.posts.knows == 0).all()


def test_a_leaver_takes_what_only_this_person_knew() -> None:
    state = staff(50)
    use(state, slice(None))
    advance(state, quiet(turnover=LEAVE))
    assert (state.posts.knows == 0).all()
    assert (state.organisations.knows == 0).all()
    assert (state.organisations.aware == 1).all()
    assert state.flows[Flow.KNOWLEDGE_LOST] == 50
    assert state.flows[Flow.KNOWLEDGE_SAVED] == 0
    assert (state.uses.champion == -1).all()
    assert (state.uses.champion_left == 0).all()


def test_handover_writes_down_a_share_of_what_leavers_know() -> None:
    state = staff(handover=np.arange(N) % 2)
    know(state, slice(None))
    advance(state, quiet(turnover=LEAVE | {"handover_effect": 0.35, "p_memory_loss": 0.0}))
    written = state.organisations.written
    assert number_with(written[::2]) == 0
    assert within(number_with(written[1::2]), N / 2, 0.35)
    assert state.flows[Flow.KNOWLEDGE_SAVED] == number_with(written)


def test_introduced_handover_saves_knowledge_too() -> None:
    def act(state: State) -> None:
        state.modifiers.add_handover[:] = 1.0

    state = staff()
    know(state, slice(None))
    advance(state, quiet(turnover=LEAVE | {"handover_effect": 0.35}), act=act)
    assert within(state.flows[Flow.KNOWLEDGE_SAVED], N, 0.35)


@pytest.mark.parametrize(("handover", "kept"), [(0, 0.7), (1, 1.0 - 0.3 * 0.65)])
def test_ties_of_leavers_lapse_as_often_as_asked(handover: int, kept: float) -> None:
    leaving = np.where(np.arange(2 * N) % 2 == 0, 2, 0)  # one of the two: NGO, the other not
    state = staff(2 * N, kind=leaving, handover=handover)
    couples(state)
    chances = {"share_state_agency": 0.0, "p_tie_loss": 0.3, "handover_effect": 0.35}
    advance(state, quiet(turnover=LEAVE | chances))
    assert state.flows[Flow.EXITS] == N
    assert within(state.n_ties, N, kept)
    assert state.flows[Flow.TIES_LOST] == N - state.n_ties


def test_a_colleague_takes_over_the_ties_that_hold() -> None:
    state = world(40, posts=3)
    couples(state)
    state.posts.filled[state.ties.post_a] = 0
    state.posts.left[state.ties.post_a] = state.month
    advance(state, quiet(turnover={"p_tie_loss": 0.0}))
    assert state.n_ties == 20
    holders = state.ties.post_a[:20]
    assert (state.posts.filled[holders] == 1).all()
    assert (state.posts.organisation[holders] == state.ties.a[:20]).all()


def test_ties_are_handed_over_at_both_ends_at_once() -> None:
    state = world(40, posts=3)
    couples(state)
    for end in ("post_a", "post_b"):
        state.posts.filled[state.ties[end][:20]] = 0
        state.posts.left[state.ties[end][:20]] = state.month
    advance(state, quiet(turnover={"p_tie_loss": 0.0}))
    for end in ("a", "b"):
        holders = state.ties[f"post_{end}"][:20]
        assert (state.posts.filled[holders] == 1).all()
        assert (state.posts.organisation[holders] == state.ties[end][:20]).all()


def test_colleagues_teach_what_runs() -> None:
    state = world(N, posts=2, practices={"complexity": [0.0, 1.0]})
    for practice in (0, 1):
        use(state, slice(None), practice)
    state.posts.knows[1::2] = 0
    parameters = quiet(turnover={"p_learn_colleague": 0.1, "complexity_brake": 0.6})
    advance(state, parameters, months=6)
    learned = state.posts.knows[1::2]
    assert within(number_with(learned, 0), N, 1.0 - 0.9**6)
    assert within(number_with(learned, 1), N, 1.0 - 0.96**6)


def test_what_is_written_down_can_be_learned_when_nobody_knows() -> None:
    state = staff()
    use(state, slice(None))
    state.posts.knows[:] = state.organisations.knows[:] = 0
    state.organisations.written[: N // 2] = 1
    advance(state, quiet(turnover={"p_learn_written": 0.1, "complexity_brake": 0.0}))
    assert within(number_with(state.posts.knows[: N // 2]), N / 2, 0.1)
    assert number_with(state.posts.knows[N // 2 :]) == 0
    assert np.array_equal(state.organisations.knows, state.posts.knows)


def test_what_does_not_run_is_not_taught_and_is_unlearned() -> None:
    state = world(N, posts=2)
    know(state, slice(None))
    state.posts.knows[1::2] = 0
    parameters = quiet(turnover={"p_learn_colleague": 0.5, "p_skill_decay": 0.05})
    advance(state, parameters, months=6)
    assert number_with(state.posts.knows[1::2]) == 0
    assert within(number_with(state.posts.knows[::2]), N, 0.95**6)


def test_unused_memory_fades_and_used_memory_stays() -> None:
    state = staff()
    use(state, slice(N // 2))
    state.organisations.written[:] = 1
    advance(state, quiet(turnover={"p_memory_loss": 0.05}), months=6)
    written = state.organisations.written
    assert number_with(written[: N // 2]) == N // 2
    assert within(number_with(written[N // 2 :]), N / 2, 0.95**6)


def test_the_longest_serving_person_who_knows_is_the_champion() -> None:
    state = world(20, posts=3)
    use(state, slice(None))
    state.uses.champion[:] = -1
    state.organisations.led[:] = 0
    state.posts.hired[:] = np.tile([-5, -50, -20], 20)
    advance(state, quiet())
    assert (state.uses.champion[:, 0] == state.organisations.first_post + 1).all()
    assert (state.uses.champion_left == NEVER).all()


def test_whoever_unlearns_a_practice_is_no_longer_its_champion() -> None:
    state = world(20, lapsed=1, aware=1)
    know(state, slice(None))
    state.uses.champion[:, 0] = state.organisations.first_post
    advance(state, quiet(turnover={"p_skill_decay": 1.0}))
    assert not state.posts.knows.any()
    assert (state.uses.champion == -1).all()


def test_more_turnover_leaves_fewer_who_know() -> None:
    def knowing(rel: float) -> int:
        state = world(300, posts=3)
        use(state, slice(None))
        learning = {"p_learn_colleague": 0.015, "rel_turnover": rel, "share_ngo": 0.2}
        advance(state, quiet(turnover=learning), months=36)
        return int(number_with(state.posts.knows))

    assert knowing(0.0) > knowing(1.0) > knowing(3.0)


def test_a_blow_adds_to_every_exit_hazard() -> None:
    parameters = quiet(turnover={"rel_turnover": 1.0, "share_ngo": 0.5})
    state = advance(staff(), parameters, act=moving("add_exit", 0.2))
    assert within(state.flows[Flow.EXITS], N, 0.2 + monthly(0.5))
    assert (advance(staff(), parameters, act=moving("add_exit", 1.0)).posts.filled == 0).all()


def test_nobody_leaves_a_post_that_is_vacant() -> None:
    state = staff(100)
    state.posts.filled[::2] = 0
    advance(state, quiet(turnover={"months_vacancy": 36.0}), act=moving("add_exit", 5.0))
    assert state.flows[Flow.EXITS] == 50
    assert (state.posts.left[::2] < state.month - 1).all()


def test_volunteers_can_be_driven_away_alone() -> None:
    parameters = quiet(turnover={"rel_turnover": 1.0, "share_ngo": 0.5, "share_volunteer": 0.5})
    state = staff()
    state.posts.contract[: N // 2] = VOLUNTEER
    advance(state, parameters, act=moving("rel_volunteer_turnover", 3.0))
    gone = state.posts.filled == 0
    assert within(gone[: N // 2].sum(), N // 2, 3.0 * monthly(0.5))
    assert within(gone[N // 2 :].sum(), N // 2, monthly(0.5))


def test_posts_are_refilled_more_rarely_where_money_is_short() -> None:
    state = staff()
    state.posts.filled[:] = 0
    parameters = quiet(turnover={"months_vacancy": 2.0})
    advance(state, parameters, act=moving("rel_refill", 0.4))
    assert within((state.posts.filled == 1).sum(), N, 0.5 * 0.4)


@pytest.mark.parametrize("posts", [3, 40])
def test_who_leaves_does_not_depend_on_how_many_chance_looks_at(posts: int) -> None:
    def filled(share_volunteer: float) -> Any:
        shares = {"rel_turnover": 1.0, "share_ngo": 0.3, "share_volunteer": share_volunteer}
        state = advance(world(400, posts=posts), quiet(turnover=shares))
        assert within(state.flows[Flow.EXITS], 400 * posts, monthly(0.3))
        return state.posts.filled

    # nobody is a volunteer, but with the second share the bound no longer leaves anybody out
    assert np.array_equal(filled(0.0), filled(0.999))


def test_one_grant_that_ends_changes_nobody_elses_luck() -> None:
    def filled(ends: int) -> Any:
        state = world(400, posts=3, lines=1)
        state.grants.active[:] = 1
        state.grants.ends[:] = ends
        state.grants.renewed[:] = 0
        advance(state, quiet(turnover={"rel_turnover": 1.0, "share_ngo": 0.3}))
        return state.posts.filled

    assert np.array_equal(filled(1), filled(100))


def test_who_learns_does_not_depend_on_how_many_chance_looks_at() -> None:
    def known(p_written: float, p_decay: float) -> Any:
        state = world(N, posts=2)
        use(state, slice(None))
        state.posts.knows[1::2] = 0
        chances = {"p_learn_colleague": 0.05, "p_learn_written": p_written}
        advance(state, quiet(turnover=chances | {"p_skill_decay": p_decay}))
        return state.posts.knows

    # nothing is written down, and nothing is idle
    assert np.array_equal(known(0.0, 0.0), known(1.0, 1.0))


def test_whoever_comes_into_an_empty_organisation_takes_over_its_ties() -> None:
    state = world(400, posts=3)
    couples(state)
    state.posts.filled[state.posts.organisation % 2 == 0] = 0
    before = state.ties.post_a[:200].copy()
    advance(state, quiet(turnover={"months_vacancy": 6.0}))
    holder = state.ties.post_a[:200]
    filled = state.posts.filled.reshape(-1, 3)[::2].any(axis=1)
    assert 0 < filled.sum() < 200
    assert (state.posts.filled[holder] == filled).all()
    assert np.array_equal(holder[~filled], before[~filled])
