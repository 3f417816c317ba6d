"""Tuples of tables keep their type, and tell types apart."""

from typing import Any, NamedTuple

import numba
import numpy as np

from diffusion.base.arrays import IntArray, Table, table_of
from diffusion.base.table_type import TableType, typed_once

typeof: Any = numba.typeof


class Counts(Table):
    """One column."""

    count: IntArray


class _Parts(NamedTuple):
    counts: Counts
    weights: IntArray
    step: int


@typed_once
class Parts(_Parts):
    """A table beside plain arrays and numbers."""


@numba.njit
def _add(parts):  # type: ignore[no-untyped-def]
    total = 0
    for i in range(parts.counts.shape[0]):
        parts.counts[i].count += parts.step
        total += parts.counts[i].count * parts.weights[i]
    return total


def test_a_tuple_keeps_its_type_and_shares_it_with_its_like() -> None:
    one, other = (Parts(table_of(Counts, 2), np.ones(2, np.int64), 1) for _ in range(2))
    assert typeof(one) is typeof(one)
    assert typeof(one) is typeof(other)
    assert isinstance(typeof(one).types[0], TableType)


def test_tuples_of_other_arrays_have_another_type() -> None:
    # the same numbers in 64 bits, in 32 bits and in steps through memory: each is read as it lies
    weights = (np.array([1, 2]), np.array([1, 2], np.int32), np.array([1, 7, 2, 7])[::2])
    every = [Parts(table_of(Counts, 2, count=[3, 4]), one, 1) for one in weights]
    assert len({typeof(parts) for parts in every}) == 3
    assert [_add(parts) for parts in every] == [14, 14, 14]
    assert [parts.counts.count.tolist() for parts in every] == [[4, 5]] * 3
