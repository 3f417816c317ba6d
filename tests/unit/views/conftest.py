"""A made-up world of any size, with only what a picture needs."""

import numpy as np
import pytest

from diffusion.base.arrays import table_of
from diffusion.base.draws import Decision, uniforms
from diffusion.world.adjacency import Ties
from diffusion.world.state import Names, State
from diffusion.world.tables import (
    Funders,
    Grants,
    Members,
    Networks,
    Organisations,
    Posts,
    Practices,
    Territories,
    empty_uses,
)


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
    return State(
        seed=seed,
        practices=table_of(Practices, 2),
        organisations=table_of(
            Organisations,
            n,
            kind=(luck[2] * 8).astype(int),
            territory=home,
            aware=np.where(stage >= 3, bit, 0),
            lapsed=np.where(stage >= 6, bit, 0),
            trial=np.where(stage == 4, bit, 0),
            adopted=np.where(stage == 5, bit, 0),
            institutional=np.where(stage == 6, bit, 0),
        ),
        uses=empty_uses(n, 2),
        posts=table_of(Posts, n, organisation=np.arange(n)),
        ties=table_of(Ties, len(pairs), a=pairs[:, 0], b=pairs[:, 1], trust=0.5),
        networks=table_of(Networks, 1),
        members=Members(np.array([0, 0]), np.zeros(0, np.int64)),
        grants=table_of(Grants, 1),
        funders=table_of(Funders, 1),
        territories=table_of(Territories, territories),
        names=Names(
            [f"organisation {i}" for i in range(n)],
            ["network"],
            [f"Territory {t}" for t in range(territories)],
            ["funder"],
            ["tandem", "cafe"],
            ["Language tandem", "Repair café"],
        ),
        month=60,
    )


@pytest.fixture(scope="session")
def world() -> State:
    return picture_world(60, 5)
