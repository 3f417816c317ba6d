"""Masks: bit p stands for practice p."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.base import arrays
from diffusion.world.tables import Networks

MASKS = st.integers(0, 2**64 - 1)


def positions(mask: int) -> list[int]:
    return [p for p in range(64) if mask >> p & 1]


@given(st.integers(0, 63))
def test_bit_sets_one_position(p: int) -> None:
    assert int(arrays.bit(p)) == 2**p


@given(MASKS, st.integers(0, 63))
def test_has_reads_one_position(mask: int, p: int) -> None:
    assert bool(arrays.has(np.uint64(mask), p)) == (p in positions(mask))


@given(MASKS.filter(bool))
def test_walking_a_mask_visits_every_position_in_order(mask: int) -> None:
    left, seen = np.uint64(mask), []
    while left:
        seen.append(int(arrays.lowest(left)))
        left = np.uint64(arrays.without_lowest(left))
    assert seen == positions(mask)


def test_copied_tables_share_nothing_and_agree_in_every_byte() -> None:
    table = arrays.table_of(Networks, 3, key=[1, 2, 3], meetings_per_year=0.1)
    twin = arrays.copied(table)
    assert isinstance(twin, np.recarray)
    assert twin.dtype is table.dtype
    assert twin.tobytes() == table.tobytes()
    twin.key[:] = 0
    assert table.key.tolist() == [1, 2, 3]
    part = arrays.copied(arrays.part_of(table, slice(1, 3)))
    assert part.key.tolist() == [2, 3]


@given(st.lists(MASKS, min_size=1))
def test_counts_agree_with_python(masks: list[int]) -> None:
    expected = [mask.bit_count() for mask in masks]
    assert arrays.counts(np.array(masks, np.uint64)).tolist() == expected
    assert [int(arrays.count(np.uint64(mask))) for mask in masks] == expected


@given(st.lists(MASKS, min_size=1), st.integers(1, 64))
def test_masks_of_a_matrix_are_its_rows(masks: list[int], width: int) -> None:
    rows = [mask % 2**width for mask in masks]
    matrix = np.array([[bool(row >> p & 1) for p in range(width)] for row in rows])
    assert arrays.masks_of(matrix).tolist() == rows


@given(st.lists(MASKS, max_size=5))
def test_unions_hold_every_set_of_positions(masks: list[int]) -> None:
    table = arrays.unions(np.array(masks, np.uint64)).tolist()
    assert len(table) == 2 ** len(masks)
    for chosen, union in enumerate(table):
        expected = 0
        for p in positions(chosen):
            expected |= masks[p]
        assert union == expected


class Levels(arrays.Table):
    """A table of two columns."""

    level: arrays.IntArray
    share: arrays.FloatArray


def test_a_table_casts_repeats_and_fills() -> None:
    table = arrays.table_of(Levels, 3, level=[1, 2, 3])
    assert table.level.dtype == np.int32
    assert table.level.tolist() == [1, 2, 3]
    assert table.share.tolist() == [0.0, 0.0, 0.0]
    assert arrays.table_of(Levels, 2, share=0.5).share.tolist() == [0.5, 0.5]


def test_a_plain_table_is_the_same_memory() -> None:
    table = arrays.table_of(Levels, 3)
    arrays.bare(table)["share"][1] = 0.5
    assert table.share.tolist() == [0.0, 0.5, 0.0]


def test_a_table_refuses_a_column_that_it_has_not() -> None:
    with pytest.raises(TypeError, match=r"Levels has no column \['levels'\]"):
        arrays.table_of(Levels, 3, levels=1)
