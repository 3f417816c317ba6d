"""What sorts out practices cheaply changes nobody's trial."""

import numpy as np
import numpy.typing as npt
import pytest

from diffusion.base import draws
from diffusion.base.draws import Decision, uniforms
from diffusion.world.state import State
from tests.simulating import advance, know, quiet, use, world

N, PRACTICES = 600, 20
Floats = npt.NDArray[np.float64]


def luck(which: int) -> Floats:
    """Made-up numbers, one an organisation and practice."""
    return uniforms(9, Decision.TARGET, which, np.arange(N)[:, None], np.arange(PRACTICES))


def varied() -> State:
    """Organisations that differ in all that a trial depends on."""
    state = world(N, practices={"complexity": [0.0] * PRACTICES}, lines=1)
    for practice in range(PRACTICES):
        know(state, slice(None), practice)
    orgs = state.organisations
    orgs.absorptive[:] = 0.3 + 1.7 * luck(0)[:, 0]
    orgs.threshold[:] = luck(1)[:, 0]
    orgs.contacts[:] = 0.1 + 20.0 * luck(2)[:, 0]
    state.exposure[:] = orgs.contacts[:, None] * np.where(luck(3) < 0.2, 0.0, luck(4) ** 2)
    state.uses.fit[:] = luck(5)
    return state


@pytest.mark.parametrize("kappa", [0.1, 1.0, 1.5, 2.0, 5.0, 50.0])
@pytest.mark.parametrize(("elasticity", "fit_exponent"), [(0.0, 0.0), (0.5, 1.0), (2.0, 5.0)])
@pytest.mark.parametrize("rewards", [1.0, 10.0])
def test_whoever_starts_is_whom_luck_and_hazard_say(
    kappa: float, elasticity: float, fit_exponent: float, rewards: float
) -> None:
    state, rel = varied(), 1.0 + luck(6)[:, 0]
    state.funders.guidelines[:] = np.uint64(0b1111)
    state.grants.active[:], state.grants.ends[:], state.grants.idea[:] = 1, 99, 3

    def act(state: State) -> None:
        state.modifiers.rel_adoption[:] = rel
        state.promote(np.arange(0, N, 2), np.uint64(0b10101), 0.0, 1.5)

    adoption = {
        "start_rate": 0.1,
        "kappa": kappa,
        "capacity_elasticity": elasticity,
        "fit_exponent": fit_exponent,
        "rel_guideline": rewards,
        "rel_proposal": rewards,
        "p_adapted": 0.0,
        "max_parallel": 64,
    }
    advance(state, quiet(adoption=adoption), act=act)
    orgs = state.organisations
    share = (state.exposure / orgs.contacts[:, None]) ** kappa
    hazard = 0.1 * share / (share + orgs.threshold[:, None] ** kappa)
    hazard *= (orgs.absorptive**elasticity * np.minimum(1.0, orgs.slack) * rel)[:, None]
    hazard *= state.uses.fit**fit_exponent
    hazard[:, :4] *= rewards
    hazard[:, 3] *= rewards
    hazard[::2, [0, 2, 4]] *= 1.5
    draw = uniforms(state.seed, Decision.TRIAL, 0, np.arange(N)[:, None], np.arange(PRACTICES))
    started = (orgs.trial[:, None] >> np.arange(PRACTICES, dtype=np.uint64)) & np.uint64(1) == 1
    assert np.array_equal(started, draw < hazard)
    assert 0 < started.sum() < started.size


@pytest.mark.parametrize("rate", [0.01, 0.03, 0.05, 0.9])
def test_whoever_settles_is_whom_luck_and_hazard_say(rate: float) -> None:
    state = world(N, support=luck(0)[:, 0])
    use(state, slice(None))
    state.uses.grant[:] = -1
    advance(state, quiet(adoption={"institutionalise_rate": rate}))
    key = np.uint64(draws.stream(state.seed, int(Decision.INSTITUTIONALISE), 0))
    lucks = np.empty(N)
    for i in range(N):
        own = np.uint64(draws.half(key, i))
        few = np.uint64(draws.rare(own, 0, 16))
        lucks[i] = draws.among(few, 0, draws.rest(own, 0))
    hazard = rate * (0.5 + state.organisations.support)
    assert np.array_equal(state.organisations.institutional == 1, lucks < hazard)
