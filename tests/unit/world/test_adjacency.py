"""The adjacency follows ties that come and go as if it were built anew."""

import numpy as np
import pytest

from diffusion.base.arrays import table_of
from diffusion.base.compiled import compiled
from diffusion.base.draws import Decision, uniforms
from diffusion.world.adjacency import (
    Adjacency,
    Ties,
    drop_lapsed,
    empty_adjacency,
    lapse,
    rebuild_adjacency,
    with_ties,
)
from diffusion.world.traffic import Live

N = 40


@compiled
def take_out(ties, sizes, gone, near, start, partner, tie):  # type: ignore[no-untyped-def]
    for x in range(gone.shape[0]):
        lapse(ties, sizes, gone[x])
    drop_lapsed(ties, sizes, start, partner, tie, near)


@compiled
def add(ties, first, live, start, partner, tie):  # type: ignore[no-untyped-def]
    with_ties(ties, first, live, start, partner, tie)


def ties_of(pairs: list[tuple[int, int]]) -> Ties:
    ab = np.array(pairs, np.int64).reshape(-1, 2)
    return table_of(Ties, len(ab), a=ab[:, 0], b=ab[:, 1], post_a=np.arange(len(ab)), trust=0.5)


def all_pairs(seed: int) -> list[tuple[int, int]]:
    pairs = [(i, j) for i in range(N) for j in range(i + 1, N)]
    luck = uniforms(seed, Decision.RESAMPLE, 0, np.arange(len(pairs)))
    return [pairs[x] for x in np.argsort(luck)[:150]]


def built(ties: Ties, live: int) -> Adjacency:
    adjacency = empty_adjacency(N, len(ties))
    if live:
        rebuild_adjacency(ties, live, *adjacency)
    return adjacency


def same(one: Adjacency, other: Adjacency, live: int) -> bool:
    ends = [None, 2 * live, 2 * live]
    return all(np.array_equal(a[:end], b[:end]) for a, b, end in zip(one, other, ends, strict=True))


@pytest.mark.parametrize("near", [150, 149], ids=["few ties", "many ties"])
@pytest.mark.parametrize("gone", [[], [0], [149], [0, 1, 2, 77, 148, 149], list(range(150))])
def test_lapsed_ties_leave_table_and_adjacency(gone: list[int], near: int) -> None:
    ties = ties_of(all_pairs(1))
    adjacency, sizes = built(ties, 150), np.zeros(len(Live), np.int64)
    sizes[Live.TIES] = 150
    kept = np.delete(ties.post_a, gone)
    take_out(ties, sizes, np.array(gone, np.int64), near, *adjacency)
    assert sizes[Live.TIES] == 150 - len(gone)
    assert sizes[Live.LAPSED] == 0
    assert np.array_equal(ties.post_a[: len(kept)], kept)
    assert same(adjacency, built(ties, len(kept)), len(kept))


@pytest.mark.parametrize("first", [0, 1, 100, 149, 150])
@pytest.mark.parametrize("seed", range(3))
def test_new_ties_come_last_among_those_of_an_organisation(first: int, seed: int) -> None:
    ties = ties_of(all_pairs(seed))
    adjacency = built(ties, first)
    add(ties, first, 150, *adjacency)
    assert same(adjacency, built(ties, 150), 150)
