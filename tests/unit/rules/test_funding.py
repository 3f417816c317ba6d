"""Grants end, are followed up or won; coordinators are paid or not."""

from typing import Any

import numpy as np
import pytest

from diffusion.base import draws
from diffusion.base.arrays import NEVER
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.state import State
from diffusion.world.traffic import Flow
from tests.simulating import Act, advance, group, quiet, use, within, world

N = 2000
STATE = vocabulary.COORDINATORS.index("state")


def funded(n: int = N, ends: int = 3, **columns: Any) -> State:
    state = world(n, lines=1, **columns)
    state.grants.active[:] = 1
    state.grants.ends[:] = ends
    return state


def applying(n: int = N, rate: float = 0.4, **columns: Any) -> State:
    """Lines without money; their funder's call is in the first month."""
    state = world(n, lines=1, **columns)
    state.funders.success_rate[:] = rate
    return state


def calls(**changes: float) -> Any:
    return quiet(funding={"application_slack": 0.2, **changes})


def won(state: State) -> int:
    return int((state.grants.starts > 0).sum())


def test_a_grant_ends_in_its_month() -> None:
    state = advance(funded(10), quiet(), months=3)
    assert (state.grants.active == 1).all()
    advance(state, quiet())
    assert (state.grants.active == 0).all()


def test_the_follow_up_is_decided_two_months_before() -> None:
    state = advance(funded(10, ends=5), quiet(), months=3)
    assert (state.grants.renewed == -1).all()
    advance(state, quiet())
    assert (state.grants.renewed == 0).all()


@pytest.mark.parametrize("institutional", [False, True])
def test_follow_ups_are_as_frequent_as_asked(institutional: bool) -> None:
    state = funded()
    if institutional:
        use(state, slice(None), institutional=True)
    chances = {"p_renewal": 0.4, "p_renewal_institutionalised": 0.6, "p_no_gap": 1.0}
    advance(state, quiet(funding=chances), months=4)
    assert within(state.grants.active.sum(), N, 0.6 if institutional else 0.4)


def test_better_follow_up_keeps_more_money_flowing() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_renewal[:] = 2.0

    chances = quiet(funding={"p_renewal": 0.4, "p_no_gap": 1.0})
    plain = advance(funded(), chances, months=4)
    lifted = advance(funded(), chances, months=4, act=act)
    assert (lifted.grants.active >= plain.grants.active).all()
    assert within(lifted.grants.active.sum(), N, 0.8)


def test_gaps_have_the_mean_asked_for() -> None:
    state = funded(ends=2)
    parameters = quiet(funding={"p_renewal": 1.0, "p_no_gap": 0.3, "months_gap": 5.0})
    advance(state, parameters, months=3)
    assert within(state.grants.active.sum(), N, 0.3)
    waiting = state.grants.active == 0
    for months in range(1, 13):
        advance(state, parameters)
        back = state.grants.active[waiting].sum()
        assert within(back, waiting.sum(), 1.0 - 0.8**months)


def test_what_a_lost_grant_paid_is_marked_until_money_comes_back() -> None:
    state = funded(10)
    use(state, slice(None))
    state.uses.grant[:5, 0] = np.arange(5)
    state.uses.grant[5:, 0] = -1
    advance(state, quiet(), months=4)
    assert (state.uses.unfunded[:5] == 3).all()
    assert (state.uses.unfunded[5:] == NEVER).all()
    state.grants.starts[:] = 6
    advance(state, quiet(), months=3)
    assert (state.grants.active == 1).all()
    assert (state.uses.unfunded == NEVER).all()


def test_a_grant_runs_for_the_usual_length_of_its_funder() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_grant_length[:10] = 1.5

    state = advance(applying(20, rate=1.0, posts=4), calls(), months=4, act=act)
    assert (state.grants.ends == np.repeat([39, 27], 10)).all()
    assert state.flows[Flow.GRANTS_WON] == 20


def test_success_at_a_call_is_as_frequent_as_asked() -> None:
    state = advance(applying(posts=4), calls())
    assert within(won(state), N, 0.4)
    assert set(state.grants.starts.tolist()) == {NEVER, 3}


def test_there_is_one_call_a_year() -> None:
    state = applying(rate=1.0, posts=4)
    state.funders.call_month[:] = 7
    advance(state, calls(), months=7)
    assert won(state) == 0
    advance(state, calls())
    assert won(state) == N


@pytest.mark.parametrize(
    ("posts", "columns", "chance"),
    [(4, {}, 0.4), (3, {}, 0.24), (4, {"migrant_led": 1}, 0.28), (3, {"migrant_led": 1}, 0.168)],
)
def test_small_and_migrant_led_applicants_win_less(
    posts: int, columns: dict[str, int], chance: float
) -> None:
    state = advance(applying(posts=posts, **columns), calls())
    assert within(won(state), N, chance)


def test_guidelines_reward_those_who_run_what_they_ask_for() -> None:
    state = applying(posts=4, rate=0.6)
    use(state, slice(None))
    state.funders.guidelines[:] = 1
    assert within(won(advance(state, calls())), N, 0.78)


def test_easier_access_wins_more_grants() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_grant_success[:] = 1.5

    plain, easier = advance(applying(), calls()), advance(applying(), calls(), act=act)
    assert won(easier) > won(plain)
    assert set(np.flatnonzero(plain.grants.starts > 0)) <= set(
        np.flatnonzero(easier.grants.starts > 0)
    )


@pytest.mark.parametrize("budget", [0, 7, 100])
def test_a_call_never_promises_more_than_its_budget(budget: int) -> None:
    state = applying(rate=0.9)
    state.funders.budget[:] = budget * state.funders.grant_eur
    assert won(advance(state, calls())) == budget


def test_a_scarce_budget_goes_to_the_first_in_a_line_that_begins_anywhere() -> None:
    def act(state: State) -> None:
        state.grants.shut[::5] = 1
        state.modifiers.rel_grant_success[:] = 100.0

    n, grants, begins = 50, 20, set()
    for seed in range(8):
        state = applying(n, seed=seed)
        state.funders.budget[:] = grants * 24_000
        key = np.uint64(draws.stream(seed, int(Decision.CALL_RANK), 0))
        first = draws.below(key, 0, 0, n)
        queue = [g for k in range(n) if (g := (first + k) % n) % 5]
        advance(state, calls(), act=act)
        assert sorted(queue[:grants]) == np.flatnonzero(state.grants.starts > 0).tolist()
        begins.add(queue[0] > queue[grants - 1])
    assert begins == {False, True}  # some go on at the first line after the last


def test_who_is_too_small_or_too_busy_does_not_apply() -> None:
    small = applying(rate=1.0)
    small.funders.min_staff[:] = 3.0
    assert won(advance(small, calls(rel_success_small=1.0))) == 0
    busy = applying(rate=1.0, posts=4, practices={"load": 10.0})
    use(busy, 0)
    parameters = calls().model_copy(update={"demand": quiet(demand={"load_weight": 1.0}).demand})
    assert won(advance(busy, parameters)) == N - 1


def sponsoring(rows: slice) -> Act:
    def act(state: State) -> None:
        state.networks.sponsored[rows] = 1

    return act


def networks(count: int = 500, size: int = 10, **columns: Any) -> State:
    state = world(count * size, posts=1)
    members = np.arange(count * size).reshape(count, size).tolist()
    group(state, members, **({"coordinator_kind": STATE, "regular_money": 0} | columns))
    return state


def test_a_network_feels_the_loss_of_its_coordinator_after_three_months() -> None:
    state = networks(count=4, paid_until=2)
    working = []
    for _ in range(8):
        advance(state, quiet(funding={"coordinator_lag": 3}))
        working.append(int(state.networks.coordinated.sum()))
    assert working == [4, 4, 4, 4, 4, 0, 0, 0]


def test_small_networks_govern_themselves() -> None:
    state = advance(networks(count=4, size=8), quiet(), months=24)
    assert (state.networks.paid == 0).all()
    assert (state.networks.coordinated == 1).all()


def test_a_sponsor_keeps_coordination_going_while_it_pays() -> None:
    state = networks(count=4)
    advance(state, quiet(), months=12, act=sponsoring(slice(2)))
    assert state.networks.coordinated.tolist() == [1, 1, 0, 0]
    advance(state, quiet(), months=3)
    assert state.networks.coordinated.tolist() == [1, 1, 0, 0]
    advance(state, quiet())
    assert state.networks.coordinated.tolist() == [0, 0, 0, 0]


def test_members_who_share_the_tasks_keep_coordination_going_without_pay() -> None:
    def act(state: State) -> None:
        state.networks.shared[:2] = 1

    state = networks(count=4)
    advance(state, quiet(), months=12, act=act)
    assert state.networks.coordinated.tolist() == [1, 1, 0, 0]
    assert (state.networks.paid == 0).all()
    advance(state, quiet())
    assert state.networks.coordinated.tolist() == [0, 0, 0, 0]


def test_coordination_money_is_followed_up_and_found_again_as_asked() -> None:
    state = networks(paid_until=1)
    chances = {"p_coordinator_renewal": 0.4, "coordinator_months": 24}
    advance(state, quiet(funding=chances), months=2)
    assert within(state.networks.paid.sum(), 500, 0.4)
    refund = quiet(funding={"p_coordinator_refund": 0.05})
    state = advance(networks(), refund, months=12)
    assert within(state.networks.paid.sum(), 500, 1.0 - 0.95**12)


def test_networks_without_coordination_fall_dormant_and_wake_when_paid() -> None:
    parameters = quiet(funding={"p_network_dormant": 0.1, "coordinator_lag": 0})
    state = advance(networks(), parameters, months=10)
    assert within(state.networks.active.sum(), 500, 0.9**10)
    advance(state, parameters, act=sponsoring(slice(None)))
    assert (state.networks.active == 1).all()
    assert (state.networks.coordinated == 1).all()


@pytest.mark.parametrize(("regular", "life"), [(1, 36.0), (0, 18.0)])
def test_communities_live_shorter_without_pay(regular: int, life: float) -> None:
    state = networks(is_cop=1, regular_money=regular, size=2, count=2000)
    advance(state, quiet(funding={"months_cop_life": 36.0, "rel_cop_life_unpaid": 0.5}))
    assert within(state.networks.active.sum(), 2000, 1.0 - 1.0 / life)


def test_a_closed_programme_takes_no_applications() -> None:
    def shut(state: State) -> None:
        state.grants.shut[::2] = 1

    state, plain = (
        advance(applying(rate=0.9), calls(), act=shut),
        advance(applying(rate=0.9), calls()),
    )
    assert (state.grants.starts[::2] == NEVER).all()
    assert np.array_equal(state.grants.starts[1::2], plain.grants.starts[1::2])


def test_cut_coordination_money_flows_on_afterwards() -> None:
    def cut(state: State) -> None:
        state.networks.cut[:] = 1

    state = networks(count=4, paid_until=5)
    paid = []
    for month in range(6):
        advance(state, quiet(), act=cut if month in (1, 2) else None)
        paid.append(int(state.networks.paid.sum()))
    assert paid == [4, 0, 0, 4, 4, 0]
