"""Bits of many masks in turns are the bits of each mask."""

import numpy as np
import numpy.typing as npt
import pytest

from diffusion.base.arrays import bit
from diffusion.base.compiled import compiled
from diffusion.base.turns import occupied, take_lowest, unfinished

Masks = npt.NDArray[np.uint64]


@compiled
def collected(masks, seen):  # type: ignore[no-untyped-def]
    """Puts together again what the turns take apart; returns how many turns there are."""
    n = masks.shape[0]
    places, left, taken = np.empty(n, np.uint32), np.empty(n, np.uint64), np.empty(n, np.int64)
    turns, n = 0, occupied(masks, places, left)
    while n > 0:
        take_lowest(left, n, taken)
        for x in range(n):
            seen[places[x]] += bit(taken[x])
        turns += 1
        n = unfinished(places, left, n)
    return turns


@compiled
def listed(masks, places, left):  # type: ignore[no-untyped-def]
    """`occupied`, with an entry from Python."""
    return occupied(masks, places, left)


ALL = np.uint64(2**64 - 1)
MIXED = np.tile(np.array([0, 1, 2**63, 0, 0, ALL, 2**63 + 1, 0b1011, 0], np.uint64), 4)


@pytest.mark.parametrize(
    "masks", [MIXED, MIXED[:0], np.zeros(5, np.uint64), np.full(3, ALL), MIXED[::-1].copy()]
)
def test_each_bit_comes_up_once(masks: Masks) -> None:
    seen = np.zeros_like(masks)
    assert collected(masks, seen) == max(map(int, np.bitwise_count(masks)), default=0)
    assert np.array_equal(seen, masks)


def test_occupied_places_stand_in_order() -> None:
    places, left = np.empty(MIXED.shape[0], np.uint32), np.empty_like(MIXED)
    n = listed(MIXED, places, left)
    assert places[:n].tolist() == np.flatnonzero(MIXED).tolist()
    assert np.array_equal(left[:n], MIXED[MIXED > 0])
