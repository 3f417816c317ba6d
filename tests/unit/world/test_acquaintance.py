"""Pairs of organisations that think of each other."""

import numpy as np
import pytest

from diffusion.base.compiled import compiled
from diffusion.base.draws import Decision, uniforms
from diffusion.world.acquaintance import put_in_order

N = 30


@compiled
def ordered(wanted, taken, n):  # type: ignore[no-untyped-def]
    pairs = np.empty(taken, np.int64)
    put_in_order(wanted, n, pairs)
    return pairs


@pytest.mark.parametrize("spread", [1, 3, N])
@pytest.mark.parametrize("taken", [0, 1, 2, 200])
def test_pairs_come_in_order_whoever_is_in_many(taken: int, spread: int) -> None:
    a = (uniforms(1, Decision.RESAMPLE, 0, np.arange(taken + 3)) * spread).astype(np.int64)
    b = (uniforms(1, Decision.RESAMPLE, 1, np.arange(taken + 3)) * N).astype(np.int64)
    wanted = a * N + b
    assert np.array_equal(ordered(wanted, taken, N), np.sort(wanted[:taken]))
