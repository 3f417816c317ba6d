"""Practices end when money, people or fidelity go; some come back."""

from typing import Any

import numpy as np
import pytest

from diffusion.base import draws
from diffusion.base.arrays import masks_of
from diffusion.base.draws import Decision, uniforms
from diffusion.rules.persistence import REASONS
from diffusion.world.state import State
from diffusion.world.traffic import Event, Flow, room_for_events
from tests.simulating import TALKING, advance, couples, number_with, quiet, use, within, world

N = 3000
UNFUNDED: dict[str, Any] = {
    "hazard_unfunded_first": 0.033,
    "hazard_unfunded_later": 0.006,
    "months_unfunded_first": 12,
}


def running(institutional: bool = False, **columns: Any) -> State:
    state = world(N, **columns)
    use(state, slice(None), institutional=institutional)
    return state


def kept(state: State, months: int = 1, **changes: Any) -> int:
    """How many still run it after some months."""
    advance(state, quiet(persistence=changes), months=months)
    orgs = state.organisations
    left = number_with(orgs.adopted | orgs.institutional)
    assert number_with(orgs.lapsed) == N - left
    return left


def test_some_give_up_without_any_reason() -> None:
    assert kept(running(), months=24) == N
    assert within(kept(running(), months=24, hazard_base=0.003), N, 0.997**24)


def test_lapses_after_the_grant_are_frequent_for_a_year_and_rare_later() -> None:
    state = running()
    state.uses.unfunded[:] = 0
    assert within(kept(state, months=12, **UNFUNDED), N, 0.967**12)
    assert within(kept(state, months=24, **UNFUNDED), N, 0.967**12 * 0.994**24)


def test_the_first_phase_after_the_grant_lasts_its_months() -> None:
    state = running()
    state.uses.unfunded[:] = 0
    phases: dict[str, Any] = {"hazard_unfunded_later": 1.0, "months_unfunded_first": 12}
    assert kept(state, months=12, **phases) == N
    assert kept(state, **phases) == 0


def test_what_is_still_paid_does_not_lapse_with_grants() -> None:
    assert kept(running(), months=24, **UNFUNDED) == N


def test_institutionalised_practices_persist_longer() -> None:
    state = running(institutional=True)
    state.uses.unfunded[:] = 0
    rel = {"rel_institutionalised": 0.15}
    assert within(kept(state, months=12, **UNFUNDED, **rel), N, (1.0 - 0.15 * 0.033) ** 12)


def test_cheap_practices_may_feel_the_loss_less() -> None:
    state = running(practices={"cost": 0})
    state.uses.unfunded[:] = 0
    rel = {"rel_unfunded_low_cost": 0.5}
    assert within(kept(state, months=12, **UNFUNDED, **rel), N, (1.0 - 0.0165) ** 12)


@pytest.mark.parametrize(("months_ago", "hazard"), [(0, 0.02), (11, 0.02), (12, 0.01)])
def test_the_loss_of_the_champion_is_felt_for_a_year(months_ago: int, hazard: float) -> None:
    state = running()
    state.uses.champion_left[:] = -months_ago
    champion: dict[str, Any] = {
        "hazard_base": 0.01,
        "rel_champion_left": 2.0,
        "months_champion": 12,
    }
    assert within(kept(state, **champion), N, 1.0 - hazard)


@pytest.mark.parametrize(("written", "hazard"), [(0, 0.08), (1, 0.016)])
def test_what_nobody_knows_is_lost_unless_written_down(written: int, hazard: float) -> None:
    state = running(written=written)
    state.posts.knows[:] = state.organisations.knows[:] = 0
    left = kept(state, months=6, hazard_nobody_knows=0.08, rel_written=0.2)
    assert within(left, N, (1.0 - hazard) ** 6)


def test_overload_crowds_out_what_takes_time() -> None:
    def left(base_load: float, load: float) -> int:
        state = running(practices={"load": load})
        crowding = {"overload_slope": 0.05}
        parameters = quiet(
            demand={"base_load": base_load, "load_weight": 0.0}, persistence=crowding
        )
        return number_with(advance(state, parameters).organisations.adopted)

    assert left(0.9, load=1.0) == N
    assert within(left(2.0, load=1.0), N, 0.95)
    assert within(left(2.0, load=0.4), N, 0.98)


def test_fidelity_erodes_without_other_users_and_recovers_with_them() -> None:
    lonely, paired = running(), running()
    couples(paired)
    care = {"fidelity_erosion": 0.01, "fidelity_support": 0.1, "exposure_enough": 0.5}
    for state in (lonely, paired):
        state.uses.fidelity[:] = 0.8
    advance(lonely, quiet(persistence=care), months=5)
    advance(paired, quiet(meetings=TALKING, persistence=care), months=5)
    assert lonely.uses.fidelity == pytest.approx(0.75)
    assert paired.uses.fidelity == pytest.approx(1.0 - 0.2 * 0.9**5)


def test_practices_without_fidelity_are_dropped() -> None:
    state = running()
    state.uses.fidelity[: N // 2] = 0.2
    kept(state, months=6, hazard_low_fidelity=0.03, fidelity_floor=0.3)
    adopted = state.organisations.adopted
    assert within(number_with(adopted[: N // 2]), N / 2, 0.97**6)
    assert number_with(adopted[N // 2 :]) == N // 2


def test_support_for_persistence_lowers_every_hazard() -> None:
    def act(state: State) -> None:
        state.modifiers.rel_lapse[:] = 0.5

    state = advance(running(), quiet(persistence={"hazard_base": 0.1}), act=act)
    assert within(number_with(state.organisations.adopted), N, 0.95)


def test_competing_risks_add_up_and_each_lapse_names_its_reason() -> None:
    state = running()
    state.events = room_for_events(N)
    state.uses.unfunded[:] = 0
    state.uses.champion_left[:] = 0
    hazards: dict[str, Any] = {
        "hazard_base": 0.05,
        "rel_champion_left": 2.0,
        "hazard_unfunded_first": 0.1,
    }
    left = kept(state, **hazards)
    assert within(left, N, 0.8)
    log = state.events[1 : state.events[0, 0] + 1]
    assert (log[:, 1] == Event.LAPSED).all()
    named = np.bincount(log[:, 4], minlength=len(REASONS))
    assert named.sum() == N - left == state.flows[Flow.LAPSES]
    for reason, chance in (("choice", 0.05), ("champion left", 0.05), ("money gone", 0.1)):
        assert within(named[REASONS.index(reason)], N, chance)
    assert np.count_nonzero(named) == 3


def lapsed(memory: bool, written: int = 0) -> State:
    state = world(N, lapsed=1, written=written, aware=1)
    if memory:
        state.posts.knows[:] = state.organisations.knows[:] = 1
    state.uses.since[:] = -12
    return state


BACK: dict[str, Any] = {
    "p_restart_memory": 0.05,
    "p_restart": 0.005,
    "months_before_restart": 6,
    "fidelity_floor": 0.3,
}


@pytest.mark.parametrize(
    ("memory", "written", "chance"), [(True, 0, 0.05), (False, 1, 0.05), (False, 0, 0.005)]
)
def test_restarts_need_memory_mostly(memory: bool, written: int, chance: float) -> None:
    state = lapsed(memory, written)
    advance(state, quiet(persistence=BACK), months=6)
    restarted = number_with(state.organisations.adopted)
    assert within(restarted, N, 1.0 - (1.0 - chance) ** 6)
    assert number_with(state.organisations.lapsed) == N - restarted


def test_restarts_wait_and_come_without_grant() -> None:
    state = lapsed(memory=True)
    state.uses.since[:] = 0
    state.uses.unfunded[:] = 0
    certain = quiet(persistence=BACK | {"p_restart_memory": 1.0})
    advance(state, certain, months=6)
    assert not state.organisations.adopted.any()
    advance(state, certain)
    assert number_with(state.organisations.adopted) == N
    assert (state.uses.unfunded < 0).all()
    assert (state.uses.grant < 0).all()
    assert (state.uses.fidelity == 0.3).all()


def test_busy_organisations_restart_less() -> None:
    state = lapsed(memory=True)
    parameters = quiet(demand={"base_load": 3.0}, persistence=BACK | {"p_restart_memory": 0.5})
    advance(state, parameters)
    slack = float(state.organisations.slack[0])
    assert slack < 0.5
    assert within(number_with(state.organisations.adopted), N, 0.5 * slack)


def test_losing_grants_makes_use_lapse_faster() -> None:
    def left(ends: int) -> int:
        state = running(lines=1)
        state.grants.active[:] = 1
        state.grants.ends[:] = ends
        state.uses.grant[:, 0] = np.arange(N)
        return kept(state, months=24, hazard_base=0.003, **UNFUNDED)

    assert within(left(ends=100), N, 0.997**24)
    # the month of the end counts as the first of twelve
    assert within(left(ends=3), N, 0.997**3 * 0.964**12 * 0.991**9)


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("institutional", [False, True])
def test_whoever_lapses_is_whom_luck_and_hazard_say(scale: float, institutional: bool) -> None:
    state = running(institutional, practices={"load": 0.5})
    who, luck = np.arange(N), np.empty(N)
    state.uses.fidelity[:, 0] = np.where(who % 3 == 0, 0.2, 1.0)
    state.posts.knows[np.repeat(who % 2 == 0, 2)] = 0
    state.organisations.knows[who % 2 == 0] = 0
    state.uses.unfunded[who % 5 == 0, 0] = 0
    rel = 1.0 + (who % 7) * 0.1
    hazards: dict[str, Any] = {
        "hazard_base": 0.01,
        "hazard_nobody_knows": 0.1,
        "hazard_low_fidelity": 0.05,
        "hazard_unfunded_first": 0.03,
        "rel_institutionalised": 0.4,
        "fidelity_floor": 0.3,
        "months_unfunded_first": 12,
    }

    def act(state: State) -> None:
        state.modifiers.rel_lapse[:] = scale * rel

    advance(state, quiet(persistence=hazards), act=act)
    hazard = 0.01 + 0.1 * (who % 2 == 0) + 0.05 * (who % 3 == 0) + 0.03 * (who % 5 == 0)
    hazard = hazard * scale * rel * (0.4 if institutional else 1.0)
    key = np.uint64(draws.stream(state.seed, int(Decision.LAPSE), 0))
    for i in range(N):
        own = np.uint64(draws.half(key, i))
        few = np.uint64(draws.rare(own, 0, 16))
        luck[i] = draws.among(few, 0, draws.rest(own, 0))
    assert np.array_equal(state.organisations.lapsed == 1, luck < hazard)


def test_the_fidelity_of_each_of_many_practices_moves_by_its_own_exposure() -> None:
    state = world(200, practices={"complexity": [0.0] * 20})
    luck = [
        uniforms(3, Decision.TARGET, which, np.arange(200)[:, None], np.arange(20))
        for which in range(3)
    ]
    runs = luck[0] < np.linspace(0.0, 1.0, 200)[:, None]  # of some nothing, of some all
    state.organisations.adopted[:] = masks_of(runs)
    state.uses.fidelity[:], state.exposure[:] = luck[1], luck[2]
    care = {"fidelity_erosion": 0.1, "fidelity_support": 0.25, "exposure_enough": 0.5}
    advance(state, quiet(persistence={**care, "fidelity_floor": 0.0}))
    eroded, kept = np.maximum(0.0, luck[1] - 0.1), luck[1] + 0.25 * (1.0 - luck[1])
    moved = np.where(state.exposure < 0.5, eroded, kept)
    assert np.array_equal(state.uses.fidelity, np.where(runs, moved, luck[1]))
