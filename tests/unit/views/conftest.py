"""A made-up world of any size, with only what a picture needs."""

import numpy as np
import pytest

from diffusion.base.draws import Decision, uniforms
from diffusion.world.state import State
from tests import simulating


def picture_world(n: int, territories: int, degree: int = 6, seed: int = 3) -> State:
    """n organisations in territories of uneven size; ties mostly within a territory."""
    luck = [uniforms(seed, Decision.TARGET, k, np.arange(n)) for k in range(8)]
    home = (territories * luck[0] ** 2).astype(np.int64)
    order = np.argsort(home, kind="stable")
    near = np.repeat(np.arange(n), degree // 2)
    step = 1 + (uniforms(seed, Decision.TARGET, 20, np.arange(len(near))) * 12).astype(int)
    a, b = order[near], order[(near + step) % n]
    far = uniforms(seed, Decision.TARGET, 21, np.arange(len(near))) < 0.1
    b[far] = (uniforms(seed, Decision.TARGET, 22, np.flatnonzero(far)) * n).astype(int)
    keep = a != b
    pairs = np.unique(np.sort(np.column_stack((a[keep], b[keep])), axis=1), axis=0)
    stage = (luck[1] * 8).astype(int)
    bit = np.uint64(1)
    state = simulating.world(
        n,
        posts=1,
        territories=territories,
        practices={"fields": [simulating.FIELD] * 2},
        seed=seed,
        kind=(luck[2] * 8).astype(int),
        territory=home,
        aware=np.where(stage >= 3, bit, 0),
        lapsed=np.where(stage >= 6, bit, 0),
        trial=np.where(stage == 4, bit, 0),
        adopted=np.where(stage == 5, bit, 0),
        institutional=np.where(stage == 6, bit, 0),
    )
    simulating.link(state, pairs.tolist(), trust=0.5)
    state.names.practice_titles[:] = ["Language tandem", "Repair café"]
    state.month = 60
    return state


@pytest.fixture(scope="session")
def world() -> State:
    return picture_world(60, 5)
