"""Budgets, evaluation, barriers and ideas: who gets money, what for, and where every EUR goes."""

from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import NEVER, resized
from diffusion.world import vocabulary
from diffusion.world.state import State
from tests.simulating import FIELD, Act, advance, know, number_with, quiet, use, within, world
from tests.unit.world.invariants import assert_ledger

N = 2000
EUR = 24_000
YEAR_ROUND = {"application_slack": 0.2}
OWN = {name: row for row, name in enumerate(vocabulary.OWN_SOURCES)}


def applying(n: int = N, rate: float = 0.4, posts: int = 4, **columns: Any) -> State:
    state = world(n, lines=1, posts=posts, **columns)
    state.funders.success_rate[:] = rate
    return state


def calls(**changes: float) -> Any:
    return quiet(funding={**YEAR_ROUND, **changes})


def won(state: State) -> np.ndarray:
    return np.asarray(state.grants.starts > state.month - 1)


def changing(**terms: float) -> Act:
    def act(state: State) -> None:
        for name, value in terms.items():
            getattr(state.funder_modifiers, name)[:] = value

    return act


def test_a_grant_is_spent_evenly_and_to_the_last_euro() -> None:
    state = applying(1, rate=1.0)
    state.funders.months_to_start[:] = 1
    state.funders.grant_eur[:] = EUR + 7
    held = []
    for _ in range(27):
        advance(state, calls())
        assert_ledger(state)
        held.append(int(state.grants.purse[0]))
    assert held[0] == 0
    even = [(EUR + 7) * (24 - month) / 24 for month in range(1, 24)]
    assert held[1:24] == pytest.approx(even, abs=24.0)  # whole EUR are spent each month
    assert held[24] == 0
    assert state.accounts.spent[0] == EUR + 7
    assert state.accounts.returned[0] == 0


def test_what_vacant_posts_could_not_spend_goes_back() -> None:
    state = applying(1, rate=1.0)
    state.funders.months_to_start[:] = 1
    advance(state, calls(), months=2)

    def nobody_else(state: State) -> None:
        state.posts.filled[1:] = 0

    advance(state, calls(), months=24, act=nobody_else)
    assert state.grants.active[0] == 0
    assert state.accounts.returned[0] > 0
    assert state.accounts.spent[0] + state.accounts.returned[0] == EUR
    assert state.funders.returned[0] == state.accounts.returned[0]
    assert_ledger(state)


def test_no_follow_up_is_promised_beyond_the_budget() -> None:
    state = world(100, lines=1)
    state.grants.active[:] = 1
    state.grants.ends[:] = 3
    state.funders.budget[:] = 7 * EUR + EUR // 2
    advance(state, quiet(funding={"p_renewal": 1.0, "p_no_gap": 1.0}), months=4)
    assert state.grants.active.sum() == 7
    assert state.funders.purse[0] == EUR // 2
    assert_ledger(state)


def test_what_nobody_got_lapses_when_the_next_budget_year_begins() -> None:
    state = applying(3, rate=1.0)
    state.funders.budget[:] = 10 * EUR
    advance(state, calls(), months=12)
    assert (state.funders.purse[0], state.funders.lapsed[0]) == (7 * EUR, 0)
    advance(state, calls())
    assert state.funders.lapsed[0] == 7 * EUR
    assert state.funders.received[0] == 20 * EUR
    assert_ledger(state)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.3, 30), (1.0, 100)])
def test_a_set_aside_is_kept_for_small_applicants(share: float, expected: int) -> None:
    small = np.arange(N) < N // 2
    state = world(N, lines=1, posts=4, n_posts=np.where(small, 2, 4))
    state.posts.filled.reshape(N, 4)[:, 2:][small] = 0  # posts that the small ones don't have
    state.funders.success_rate[:] = 1.0
    state.funders.budget[:] = 100 * EUR
    state.funders.min_staff[:] = 3.0
    state.funders.set_aside[:] = share
    advance(state, calls(rel_success_small=0.5))
    assert won(state).sum() == 100
    # they are too small for the rest of the call, and are not judged beside the large
    assert won(state)[small].sum() == expected
    assert_ledger(state)


def test_an_unused_set_aside_is_not_given_to_others_at_the_call() -> None:
    state = applying(rate=1.0)
    state.funders.budget[:] = 100 * EUR
    advance(state, calls(), act=changing(add_set_aside=0.4))
    assert won(state).sum() == 60
    assert state.funders.purse[0] == 40 * EUR


@pytest.mark.parametrize(
    ("terms", "chance"),
    [({"rel_barrier": 0.0}, 0.4), ({"rel_barrier": 0.5}, 0.32), ({"rel_success": 2.0}, 0.48)],
)
def test_terms_change_the_success_of_small_applicants(
    terms: dict[str, float], chance: float
) -> None:
    state = advance(applying(posts=3), calls(rel_success_small=0.6), act=changing(**terms))
    assert within(won(state).sum(), N, chance)


def test_nobody_applies_who_can_not_bear_the_own_share() -> None:
    state = applying(3, rate=1.0)
    state.funders.own_share[:] = 0.2  # 250 EUR a month beside the funder's 1000
    state.accounts.donations[:] = [249, 250, 0]
    state.accounts.fees[2] = 12 * 251
    advance(state, calls())
    assert won(state).tolist() == [False, True, True]
    poor = applying(3, rate=1.0)
    poor.funders.own_share[:] = 0.2
    advance(poor, calls(), act=changing(rel_own_share=0.0))
    assert won(poor).all()


def test_own_shares_of_all_lines_must_be_borne() -> None:
    state = world(1, lines=2, posts=4)
    state.funders.success_rate[:] = 1.0
    state.funders.own_share[:] = 0.2
    state.accounts.income[:] = 499
    advance(state, calls())
    assert won(state).sum() == 1
    enough = world(1, lines=2, posts=4)
    enough.funders.success_rate[:] = 1.0
    enough.funders.own_share[:] = 0.2
    enough.accounts.income[:] = 500
    assert won(advance(enough, calls())).all()


def test_writing_takes_time_whether_it_wins_or_not() -> None:
    def slack(**terms: float) -> float:
        state = applying(1, rate=0.0)
        state.funders.application_days[:] = 20.0
        advance(state, calls(working_days=20.0), act=changing(**terms))
        return float(state.organisations.slack[0])

    assert slack() == pytest.approx(0.75)
    assert slack(rel_effort=0.5) == pytest.approx(0.875)
    helped = applying(1, rate=0.0)
    helped.funders.application_days[:] = 20.0

    def act(state: State) -> None:
        state.modifiers.rel_application_effort[:] = 0.0

    advance(helped, calls(working_days=20.0), act=act)
    assert helped.organisations.slack[0] == 1.0


@pytest.mark.parametrize(
    ("quality", "scale", "fidelity", "chance"),
    [
        (0.0, "little", 1.0, 0.28),  # hard targets: little practices have little to show
        (0.0, "programme", 0.0, 0.52),
        (1.0, "little", 1.0, 0.52),  # quality: what is run well, whatever its scale
        (1.0, "programme", 0.0, 0.28),
        (0.5, "little", 1.0, 0.4),
    ],
)
def test_evaluation_decides_who_wins(
    quality: float, scale: str, fidelity: float, chance: float
) -> None:
    state = applying(practices={"scale": vocabulary.SCALES.index(scale)})
    use(state, slice(None))
    state.uses.fidelity[:] = fidelity
    state.funders.quality[:] = quality
    assert within(won(advance(state, calls(evaluation_tilt=0.3))).sum(), N, chance)


def test_evaluation_decides_who_is_followed_up() -> None:
    def renewed(**terms: float) -> int:
        state = world(N, lines=1)
        state.grants.active[:] = 1
        state.grants.ends[:] = 2
        use(state, slice(None))
        parameters = quiet(funding={"p_renewal": 0.4, "evaluation_tilt": 0.5})
        advance(state, parameters, act=changing(**terms))
        return int((state.grants.renewed == 1).sum())

    assert within(renewed(), N, 0.2)
    assert within(renewed(add_quality=1.0), N, 0.6)
    assert within(renewed(add_quality=1.0, rel_renewal=0.5), N, 0.3)


def test_longer_grants_are_larger_at_the_same_rate_a_month() -> None:
    state = applying(rate=1.0)
    state.funders.budget[:] = 100 * EUR
    advance(state, calls(), months=4, act=changing(rel_length=2.0))
    running = state.grants.active == 1
    assert running.sum() == 50
    assert (state.grants.ends[running] == 3 + 48).all()
    assert (state.grants.purse[running] == 2 * EUR - EUR // 24).all()


def demanding(kind: str, response: float, log_pressure: float = 0.4) -> State:
    state = world(100, lines=1, posts=4)
    state.funders.kind[:] = vocabulary.FUNDER_KINDS.index(kind)
    state.funders.budget[:] = 1_000_000
    state.funders.call_month[:] = 11
    state.territories.log_pressure[:] = log_pressure
    advance(state, quiet(funding={"budget_response": response, "budget_lag": 4}), months=12)
    return state


@pytest.mark.parametrize("kind", ["municipal", "national"])
def test_public_budgets_follow_demand_with_a_lag(kind: str) -> None:
    felt = 0.4 * (1.0 - 0.75**12)
    state = demanding(kind, response=0.5)
    assert state.funders.level[0] == pytest.approx(np.exp(0.5 * felt))
    assert state.funders.purse[0] == int(1_000_000 * np.exp(0.5 * felt))
    assert demanding(kind, response=0.0).funders.purse[0] == 1_000_000


@pytest.mark.parametrize("kind", ["eu", "foundation"])
def test_other_budgets_do_not(kind: str) -> None:
    assert demanding(kind, response=0.5).funders.purse[0] == 1_000_000


def test_more_money_lets_more_applications_win() -> None:
    state = applying()
    state.funders.budget[:] = 2 * N * EUR
    advance(state, calls(), act=changing(rel_budget=1.5))
    assert within(won(state).sum(), N, 0.6)
    added = applying()
    added.funders.budget[:] = 2 * N * EUR
    advance(added, calls(), act=changing(add_eur=float(N * EUR)))
    assert within(won(added).sum(), N, 0.6)
    assert added.funders.received[0] == 3 * N * EUR


def knowing() -> State:
    """Everybody knows of four practices; the first three are of their own field."""
    state = applying(rate=1.0, practices={"fields": [FIELD, FIELD, FIELD, 0]})
    state.funders.months_to_start[:] = 1
    for practice in range(4):
        know(state, slice(None), practice)
    return state


def test_what_guidelines_reward_is_proposed() -> None:
    plain = advance(knowing(), calls())
    assert all(within((plain.grants.idea == p).sum(), N, 1 / 3) for p in range(3))
    rewarding = knowing()
    rewarding.funders.guidelines[:] = 0b1010
    advance(rewarding, calls())
    assert (rewarding.grants.idea == 1).all()


def test_what_runs_already_is_no_idea() -> None:
    state = knowing()
    for practice in range(3):
        use(state, slice(None), practice)
    assert (advance(state, calls()).grants.idea == -1).all()


def test_a_proposal_leads_to_trials_on_its_grant() -> None:
    def trials(rel: float) -> State:
        state = knowing()
        state.exposure[:] = 1.0
        state.organisations.contacts[:] = 1.0
        state.uses.fit[:] = 1.0
        adoption = {"start_rate": 0.02, "rel_proposal": rel, "p_grant_low": 1.0}
        parameters = quiet(funding=YEAR_ROUND, adoption=adoption)
        act = rewards(2)
        return advance(state, parameters, months=3, act=act)

    def rewards(practice: int) -> Act:
        def act(state: State) -> None:
            state.funder_modifiers.rewards[:] = np.uint64(1 << practice)

        return act

    one, four = trials(1.0), trials(4.0)
    proposed = np.uint64(0b100)
    tried = [number_with(state.organisations.trial, 2) for state in (one, four)]
    assert tried[1] > 2 * tried[0] > 0
    on_trial = (four.organisations.trial & proposed) != 0
    began = four.uses.since[:, 2] >= 1
    lines = four.organisations.first_grant[on_trial & began]
    assert (four.uses.grant[on_trial & began, 2] == lines).all()


def with_own_sources(state: State) -> State:
    """The same world with members, donors, givers in kind and customers."""
    kinds = [0, *(len(vocabulary.GRANT_MAKERS) + row for row in OWN.values())]
    many = resized(state.funders, len(kinds))
    many.kind[:], many.call_month[1:] = kinds, -1
    return State(
        **{
            name: getattr(state, name)
            for name in (
                "seed", "practices", "organisations", "uses", "posts", "ties", "networks",
                "members", "grants", "territories", "names",
            )
        },
        funders=many,
    )  # fmt: skip


def test_members_pay_once_a_year_and_others_monthly() -> None:
    state = with_own_sources(world(2))
    accounts = state.accounts
    accounts.fees[:], accounts.donations[:] = 1205, 10
    accounts.in_kind[:], accounts.income[:] = [5, 0], [0, 7]
    for month in range(24):
        advance(state, quiet())
        assert_ledger(state)
        assert state.flows.sum() > 0
        year, so_far = divmod(month, 12)
        assert accounts.received.tolist() == [
            1205 * (year + 1) + 15 * (month + 1),
            1205 * (year + 1) + 17 * (month + 1),
        ]
        assert accounts.purse == pytest.approx(1205 * (11 - so_far) / 12, abs=12.0)
        assert so_far < 11 or (accounts.purse == 0).all()
    assert state.funders.granted[1:].tolist() == [4 * 1205, 480, 120, 168]


@pytest.mark.parametrize("month", range(12))
def test_savings_are_spent_to_the_whole_euro_however_large_they_are(month: int) -> None:
    state = with_own_sources(world(200))
    state.month = month
    parts = np.arange(200) % 12 + 1
    saved = (np.int64(2) ** (np.arange(200) % 49)) * parts - np.arange(200) % 3
    state.accounts.purse[:] = saved
    advance(state, quiet())
    assert np.array_equal(state.accounts.spent, saved // (12 - month))


def test_less_given_is_less_to_live_on() -> None:
    state = with_own_sources(world(2))
    state.accounts.donations[:] = 10

    def act(state: State) -> None:
        state.funder_modifiers.rel_budget[1 + OWN["donations"]] = 0.5

    advance(state, quiet(), months=3, act=act)
    assert state.accounts.spent.tolist() == [15, 15]
    assert_ledger(state)


def test_a_promise_waits_in_the_books_until_the_grant_starts() -> None:
    state = applying(5, rate=1.0)
    advance(state, calls())
    assert state.funders.committed[0] == 5 * EUR
    assert (state.grants.starts > NEVER).all()
    advance(state, calls(), months=3)
    assert (state.funders.committed[0], state.funders.granted[0]) == (0, 5 * EUR)
