"""Organisations try what their peers run; trials succeed, fail, settle."""

from typing import Any

import numpy as np
import pytest

from diffusion.base.arrays import NEVER
from diffusion.world import vocabulary
from diffusion.world.state import State
from diffusion.world.traffic import Flow
from tests.simulating import (
    TALKING,
    advance,
    defaults,
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
LOW, MEDIUM, HIGH = range(3)


def ready(share: float = 0.5, practices: dict[str, Any] | None = None, **columns: Any) -> State:
    """Organisations that know how; `share` of their remembered contacts were with users."""
    state = world(N, practices=practices, **columns)
    know(state, slice(None))
    state.organisations.contacts[:] = 10.0
    state.exposure[:, 0] = 10.0 * share
    state.uses.fit[:, 0] = 1.0
    return state


def adoption(**changes: float) -> Any:
    """Parameters of a month in which memory stands almost still and trials may start."""
    return quiet(
        exchange={"months_memory": 120.0}, adoption={"start_rate": 0.5, "p_adapted": 0.0, **changes}
    )


def trials(state: State, **changes: float) -> int:
    advance(state, adoption(**changes))
    started = number_with(state.organisations.trial)
    assert state.flows[Flow.TRIALS] == started
    return started


def hill(share: float, threshold: float, kappa: float) -> float:
    return float(share**kappa / (share**kappa + threshold**kappa))


@pytest.mark.parametrize("kappa", [1.0, 2.0, 50.0])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.9])
def test_the_response_to_exposure_is_a_hill_function(share: float, kappa: float) -> None:
    started = trials(ready(share), kappa=kappa)
    expected = 0.5 * hill(share, 0.4, kappa)
    assert within(started, N, expected) if expected > 1e-3 else started <= 3


def test_the_response_rises_with_exposure_and_steepens_with_kappa() -> None:
    shares = (0.1, 0.3, 0.5, 0.8, 1.0)
    simple = [trials(ready(share), kappa=1.0) for share in shares]
    steep = [trials(ready(share), kappa=8.0) for share in shares]
    assert simple == sorted(simple)
    assert steep == sorted(steep)
    assert steep[0] < simple[0]
    assert steep[-1] > simple[-1]


def test_nobody_starts_without_exposure() -> None:
    assert trials(ready(0.0), start_rate=1.0) == 0
    alone = ready(0.0)
    alone.organisations.contacts[:] = 0.0
    assert trials(alone, start_rate=1.0) == 0


def test_nobody_starts_without_news_or_know_how() -> None:
    unaware = ready(1.0)
    unaware.organisations.aware[:] = 0
    assert trials(unaware, start_rate=1.0) == 0
    unskilled = ready(1.0)
    unskilled.posts.knows[:] = unskilled.organisations.knows[:] = 0
    assert trials(unskilled, start_rate=1.0) == 0


def test_without_a_first_user_nobody_ever_adopts() -> None:
    state = settings().world.build(settings().practices, 4)
    orgs = state.organisations
    for stage in (orgs.adopted, orgs.institutional, orgs.trial, orgs.lapsed):
        stage[:] = 0
    state.exposure[:] = 0.0
    state.uses.champion[:] = -1
    rounds = 0
    for _ in range(24):
        advance(state, defaults())
        rounds += int(state.flows[Flow.TRIALS] + state.flows[Flow.RESTARTS])
    assert rounds == 0
    assert not (orgs.trial | orgs.adopted | orgs.institutional).any()


@pytest.mark.parametrize("will", [0.0, 0.5, 1.0])
def test_programmes_need_political_will(will: float) -> None:
    programme = ready(practices={"needs_will": 1})
    programme.territories.will[:] = will
    expected = 0.5 * hill(0.5, 0.4, 2.0) * (0.15 + 0.85 * will)
    assert within(trials(programme, will_floor=0.15), N, expected)
    little = ready(practices={"needs_will": 0})
    little.territories.will[:] = will
    assert within(trials(little), N, 0.5 * hill(0.5, 0.4, 2.0))


def test_policy_stands_in_for_will_and_rewards() -> None:
    state = ready(practices={"needs_will": 1})
    state.territories.will[:] = 0.0
    state.territories.policy[:] = 1
    assert within(trials(state, rel_guideline=1.5), N, 0.75 * hill(0.5, 0.4, 2.0))


def test_guidelines_of_ones_funders_pull() -> None:
    state = ready(lines=1)
    state.funders.guidelines[:] = 1
    assert within(trials(state, rel_guideline=1.5), N, 0.75 * hill(0.5, 0.4, 2.0))


@pytest.mark.parametrize(("cost", "rel"), [(LOW, 1.0), (MEDIUM, 0.5), (HIGH, 0.2)])
@pytest.mark.parametrize("money", [False, True])
def test_costly_practices_need_money(cost: int, rel: float, money: bool) -> None:
    state = ready(practices={"cost": cost}, lines=1)
    state.grants.active[:] = int(money)
    state.grants.ends[:] = 99
    expected = 0.5 * hill(0.5, 0.4, 2.0) * (1.0 if money else rel)
    assert within(trials(state, money_medium=0.5, money_high=0.2), N, expected)


def test_capacity_and_fit_favour_a_start() -> None:
    able = ready(absorptive=0.49)
    assert within(trials(able, capacity_elasticity=0.5), N, 0.35 * hill(0.5, 0.4, 2.0))
    fitting = ready()
    fitting.uses.fit[:, 0] = 0.6
    assert within(trials(fitting, fit_exponent=2.0), N, 0.18 * hill(0.5, 0.4, 2.0))


def test_a_push_raises_the_hazard() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_adoption[:] = 1.5

    state = advance(ready(), adoption(), act=act)
    assert within(number_with(state.organisations.trial), N, 0.75 * hill(0.5, 0.4, 2.0))


@pytest.mark.parametrize("rel", [1.0, 1.5])
def test_what_is_eased_starts_more_readily_and_nothing_else(rel: float) -> None:
    def act(state: State) -> None:
        state.promote(np.arange(N), np.uint64(0b01), 0.0, rel)

    state = ready(practices={"complexity": [0.0, 0.0]})
    know(state, slice(None), 1)
    state.exposure[:, 1], state.uses.fit[:, 1] = state.exposure[:, 0], 1.0
    advance(state, adoption(max_parallel=2), act=act)
    for practice, factor in enumerate((rel, 1.0)):
        started = number_with(state.organisations.trial, practice)
        assert within(started, N, 0.5 * factor * hill(0.5, 0.4, 2.0))


def test_what_two_promote_is_eased_by_both_and_the_rest_by_one() -> None:
    def act(state: State) -> None:
        state.promote(np.arange(N), np.uint64(0b011), 0.0, 1.2)
        state.promote(np.arange(N), np.uint64(0b110), 0.0, 1.5)

    state = ready(practices={"complexity": [0.0] * 3})
    for practice in (1, 2):
        know(state, slice(None), practice)
        state.exposure[:, practice] = state.exposure[:, 0]
        state.uses.fit[:, practice] = 1.0
    advance(state, adoption(max_parallel=3), act=act)
    for practice, factor in enumerate((1.2, 1.8, 1.5)):
        started = number_with(state.organisations.trial, practice)
        assert within(started, N, 0.5 * factor * hill(0.5, 0.4, 2.0))


def test_organisations_try_only_so_much_at_a_time() -> None:
    state = world(50, practices={"complexity": [0.0] * 6})
    for practice in range(6):
        know(state, slice(None), practice)
    state.organisations.contacts[:] = 1.0
    state.exposure[:] = 1.0
    state.uses.fit[:] = 1.0
    advance(state, adoption(start_rate=1.0, kappa=50.0, max_parallel=3), months=3)
    assert np.bitwise_count(state.organisations.trial).max() == 3


def trying(fidelity: float = 1.0, fit: float = 1.0, **columns: Any) -> State:
    """Organisations in a trial since month 0, of the length that the catalogue gives."""
    state = world(N, **columns)
    know(state, slice(None))
    state.organisations.trial[:] = 1
    state.uses.since[:] = 0
    state.uses.fidelity[:] = fidelity
    state.uses.fit[:] = fit
    state.month = 1
    return state


def test_trials_last_longer_the_more_complex_a_practice_is() -> None:
    state = trying(practices={"trial_months": [3, 12]})
    know(state, slice(None), 1)
    state.organisations.trial[:] = 3
    ended = []
    for _ in range(13):
        advance(state, quiet())
        ended.append([number_with(state.organisations.trial, p) for p in (0, 1)])
    assert [row[0] for row in ended].index(0) + 1 == 3
    assert [row[1] for row in ended].index(0) + 1 == 12


def test_the_catalogue_gives_complex_practices_longer_trials() -> None:
    practices = (
        settings("practices.limit=50")
        .world.build(settings("practices.limit=50").practices, 1)
        .practices
    )
    order = np.argsort(practices.complexity, kind="stable")
    assert (np.diff(practices.trial_months[order]) >= 0).all()
    assert practices.trial_months.min() < practices.trial_months.max()


@pytest.mark.parametrize(
    ("fidelity", "fit", "chance"),
    [(0.2, 1.0, 0.0), (0.3, 1.0, 0.0), (0.5, 1.0, 0.5), (0.9, 1.0, None), (0.9, 0.6, 0.6)],
)
def test_trials_fail_without_fidelity_or_fit(
    fidelity: float, fit: float, chance: float | None
) -> None:
    state = trying(fidelity, fit)
    advance(state, quiet(adoption={"fidelity_zero": 0.3, "fidelity_full": 0.7}), months=3)
    adopted = number_with(state.organisations.adopted)
    assert not state.organisations.trial.any()
    assert state.flows[Flow.ADOPTIONS] == adopted
    assert state.flows[Flow.TRIALS_FAILED] == N - adopted
    if chance is None or chance == 0.0:
        assert adopted == (0 if chance == 0.0 else N)
    else:
        assert within(adopted, N, chance)


def test_trials_fail_when_nobody_knows_how_any_more() -> None:
    state = trying()
    state.posts.knows[:] = state.organisations.knows[:] = 0
    advance(state, quiet(), months=3)
    assert not state.organisations.adopted.any()


def test_after_a_failure_there_is_a_pause() -> None:
    state = trying(fidelity=0.0)
    state.organisations.contacts[:] = 10.0
    state.exposure[:] = 10.0
    parameters = adoption(months_cooldown=12, start_rate=1.0, kappa=50.0)
    advance(state, parameters, months=3)
    failed = state.month - 1
    assert state.flows[Flow.TRIALS_FAILED] == N
    assert not state.organisations.trial.any()
    advance(state, parameters, months=11)
    assert not state.organisations.trial.any()
    advance(state, parameters)
    assert state.month - 1 == failed + 12
    assert number_with(state.organisations.trial) == N


def test_adaptation_raises_fit_and_costs_fidelity() -> None:
    def started(p_adapted: float) -> State:
        state = ready(1.0)
        state.uses.fit[:, 0] = 0.5
        changes = {"p_adapted": p_adapted, "fit_gain": 0.4, "fidelity_cost": 0.15}
        trials(state, fit_exponent=0.0, **changes)
        return state

    plain, adapted = started(0.0), started(1.0)
    assert np.array_equal(plain.organisations.trial, adapted.organisations.trial)
    on = plain.organisations.trial == 1
    assert adapted.uses.fit[on, 0] == pytest.approx(0.7)
    assert plain.uses.fidelity[on] - adapted.uses.fidelity[on] == pytest.approx(0.15)
    mixed = started(0.74)
    changed = int((mixed.uses.fit[on, 0] > 0.6).sum())
    assert within(changed, on.sum(), 0.74)


@pytest.mark.parametrize(("cost", "share"), [(LOW, 0.4), (MEDIUM, 0.8), (HIGH, 1.0)])
def test_what_hangs_on_a_grant_follows_the_cost(cost: int, share: float) -> None:
    state = ready(1.0, practices={"cost": cost}, lines=1, project_share=1.0)
    state.grants.active[:] = 1
    state.grants.ends[:] = 99
    started = trials(state, p_grant_low=0.4, p_grant_medium=0.8, p_grant_high=1.0)
    on = state.organisations.trial == 1
    lines = state.uses.grant[on, 0]
    assert within((lines >= 0).sum(), started, share) if share < 1.0 else (lines >= 0).all()
    assert np.array_equal(lines[lines >= 0], np.flatnonzero(on)[lines >= 0])
    assert (lines[lines < 0] == (-2 if cost == LOW else -1)).all()


def test_some_write_down_what_they_adopt() -> None:
    state = advance(trying(), quiet(adoption={"p_written": 0.3}), months=3)
    assert within(number_with(state.organisations.written), N, 0.3)


def settling(**columns: Any) -> State:
    state = world(N, **columns)
    use(state, slice(None))
    state.uses.grant[:] = -1
    return state


def settled(state: State, **changes: float) -> int:
    rates = {"institutionalise_rate": 0.2, **changes}
    advance(state, quiet(adoption=rates))
    institutional = number_with(state.organisations.institutional)
    assert number_with(state.organisations.adopted) == N - institutional
    return institutional


def test_use_becomes_routine_with_support_and_regular_money() -> None:
    assert within(settled(settling()), N, 0.2)
    assert within(settled(settling(support=1.0)), N, 0.3)
    on_project = settling(lines=1)
    on_project.uses.grant[:, 0] = np.arange(N)
    assert within(settled(on_project, rel_institutionalise_grant=0.4), N, 0.08)


def test_formal_networks_and_will_speed_it_up() -> None:
    formal = settling()
    groups = np.arange(N).reshape(-1, 100).tolist()
    group(formal, groups, formalisation=vocabulary.FORMALISATIONS.index("formal"))
    assert within(settled(formal, rel_institutionalise_formal=1.5), N, 0.3)
    soft = settling()
    group(soft, groups, formalisation=vocabulary.FORMALISATIONS.index("mixed"))
    assert within(settled(soft, rel_institutionalise_formal=1.5), N, 0.2)
    for will, rel in ((0.0, 0.5), (1.0, 1.5)):
        programme = settling(practices={"needs_will": 1})
        programme.territories.will[:] = will
        assert within(settled(programme), N, 0.2 * rel)


def test_routine_no_longer_hangs_on_a_grant() -> None:
    state = settling(lines=1)
    state.uses.grant[:, 0] = np.arange(N)
    state.uses.unfunded[:] = 0
    settled(state)
    routine = state.organisations.institutional == 1
    assert (state.uses.grant[routine] == -2).all()
    assert (state.uses.unfunded[routine] == NEVER).all()
    assert (state.uses.unfunded[~routine] == 0).all()


def test_exposure_to_users_leads_to_adoption() -> None:
    def adopters(start_rate: float) -> int:
        state = world(200)
        link(state, [(0, i) for i in range(1, 200)])
        use(state, 0)
        exchange = {"p_aware_from_user": 0.5, "p_know_how": 0.5}
        parameters = quiet(meetings=TALKING, exchange=exchange, adoption={"start_rate": start_rate})
        advance(state, parameters, months=24)
        return number_with(state.organisations.adopted)

    assert adopters(0.0) == 1
    assert adopters(0.25) > 100


@pytest.mark.parametrize(("more", "fit"), [(0.0, 0.7), (0.2, 0.8), (0.9, 1.0)])
def test_advice_makes_adaptation_fit_better_at_less_loss(more: float, fit: float) -> None:
    def started(cost: float) -> State:
        def act(state: State) -> None:
            state.modifiers.add_fit_gain[:] = more
            state.modifiers.rel_fidelity_cost[:] = cost

        state = ready(1.0)
        state.uses.fit[:, 0] = 0.5
        changes = {"p_adapted": 1.0, "fit_gain": 0.4, "fidelity_cost": 0.15}
        return advance(state, adoption(fit_exponent=0.0, **changes), act=act)

    advised, alone = started(cost=0.4), started(cost=1.0)
    on = advised.organisations.trial == 1
    assert advised.uses.fit[on, 0] == pytest.approx(fit)
    gained = advised.uses.fidelity[on, 0] - alone.uses.fidelity[on, 0]
    assert gained == pytest.approx(0.6 * 0.15)
