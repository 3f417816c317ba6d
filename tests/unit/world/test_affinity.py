"""What pairs of organisations share, looked up for many at once, as sets say it."""

import numpy as np
import pytest

from diffusion.base.arrays import AT_ONCE, table_of
from diffusion.base.compiled import compiled
from diffusion.base.draws import Decision, uniforms
from diffusion.world import affinity
from diffusion.world.adjacency import Ties, empty_adjacency, rebuild_adjacency

N = 120
HUBS = (0, 1)  # partners of nearly everybody: too many to compare one by one
ALONE = N - 1


@compiled
def asked(ties, start, partner, tie, losing, one, other, embedded, shared, linked, found):  # type: ignore[no-untyped-def]
    affinity.share_a_partner(ties, start, partner, tie, losing, one, other, one.shape[0], embedded)
    affinity.share_partners(start, partner, one, other, one.shape[0], shared, linked)
    return affinity.strangers_of(start, partner, one, other, one.shape[0], found)


def linked_pairs() -> list[tuple[int, int]]:
    """Pairs of hubs with all but one, and few of others."""
    ends = (uniforms(5, Decision.RESAMPLE, 0, np.arange(300)) * (ALONE - 1)).astype(np.int64)
    pairs = {(min(i, j), max(i, j)) for i, j in zip(ends[:150], ends[150:], strict=True) if i != j}
    pairs |= {(hub, j) for hub in HUBS for j in range(2, ALONE)}
    return [(int(i), int(j)) for i, j in sorted(pairs)]


@pytest.mark.parametrize("fading", [0.0, 0.1, 0.9])
def test_pairs_share_what_sets_share(fading: float) -> None:
    pairs = linked_pairs()
    gone = uniforms(5, Decision.RESAMPLE, 1, np.arange(len(pairs))) < fading
    a, b = np.array(pairs).T
    ties = table_of(Ties, len(pairs), a=a, b=b, trust=np.where(gone, -1.0, 0.5))
    adjacency = empty_adjacency(N, len(pairs))
    rebuild_adjacency(ties, len(pairs), *adjacency)
    losing = np.zeros(N, np.bool_)
    losing[a[gone]] = losing[b[gone]] = True
    ends = np.array([(i, j) for i in range(N) for j in range(N) if i != j], np.int32)
    one, other = np.ascontiguousarray(ends.T)
    n = len(one)
    assert n > AT_ONCE
    embedded, linked = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    shared, found = np.zeros(n, np.int32), np.zeros(n + 1, np.int32)
    with np.errstate(over="ignore"):
        strangers = asked(ties, *adjacency, losing, one, other, embedded, shared, linked, found)
    near: list[set[int]] = [set() for _ in range(N)]
    kept: list[set[int]] = [set() for _ in range(N)]
    for (i, j), lapsed in zip(pairs, gone, strict=True):
        for sets in (near,) if lapsed else (near, kept):
            sets[i].add(j)
            sets[j].add(i)
    assert shared.tolist() == [len(near[i] & near[j]) for i, j in ends]
    assert linked.tolist() == [j in near[i] for i, j in ends]
    assert embedded.tolist() == [bool(kept[i] & kept[j]) for i, j in ends]
    assert found[:strangers].tolist() == [x for x, (i, j) in enumerate(ends) if j not in near[i]]
