"""Lists of what may happen hold each place and bit once, in order."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from diffusion.base.compiled import compiled
from diffusion.base.pairs import pairs

Masks = npt.NDArray[np.uint64]


@compiled
def listed(masks):  # type: ignore[no-untyped-def]
    """`pairs`, with an entry from Python."""
    return pairs(masks)


ALL = np.uint64(2**64 - 1)
COUNTS = np.array([2**k - 1 for k in range(10)], np.uint64)  # of bits, around those taken at once
MIXED = np.array([0, 1, 2**63, 0, 0, ALL, 2**63 + 1, 0b1011, 0], np.uint64)


@pytest.mark.parametrize(
    "masks",
    [MIXED, MIXED[:0], np.zeros(5, np.uint64), np.full(3, ALL), MIXED[::-1].copy(), COUNTS],
)
def test_each_bit_is_listed_once_in_order(masks: Masks) -> None:
    place, position, n = listed(masks)
    expected: list[Any] = [
        (x, p) for x, mask in enumerate(masks) for p in range(64) if int(mask) >> p & 1
    ]
    assert n == len(expected)
    assert list(zip(place.tolist(), position.tolist(), strict=True)) == expected
