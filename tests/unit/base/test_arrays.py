"""Masks: bit p stands for practice p."""

import pickle

import numba
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
    assert type(twin) is Networks
    assert arrays.records_of(twin).tobytes() == arrays.records_of(table).tobytes()
    twin.key[:] = 0
    assert table.key.tolist() == [1, 2, 3]
    part = arrays.copied(table[1:3])
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


def test_rows_and_columns_are_the_same_memory() -> None:
    table = arrays.table_of(Levels, 3, level=[1, 2, 3])
    table[1].share = 0.5
    table["level"] = 7
    table["level"][2] = 8
    assert table.share.tolist() == [0.0, 0.5, 0.0]
    assert [int(row.level) for row in table] == [7, 7, 8]
    table[1:].share[0] = 0.25
    assert table[1].share == 0.25
    table[np.array([0, 2])].share[:] = 1.0  # a copy, as of any array of numpy
    assert table.share.tolist() == [0.0, 0.25, 0.0]


def test_rows_are_written_from_rows_tables_and_values() -> None:
    table, other = arrays.table_of(Levels, 3), arrays.table_of(Levels, 2, level=[5, 6], share=0.5)
    table[0] = (4, 1.0)
    table[1:] = other
    assert table.level.tolist() == [4, 5, 6]
    table[1] = table[0]
    assert arrays.records_of(table).tolist() == [(4, 1.0), (4, 1.0), (6, 0.5)]


class Wide(arrays.Table):
    """Columns of both widths, so that some lie at odd places if nobody takes care."""

    small: arrays.IntArray
    mask: arrays.MaskArray
    other: arrays.IntArray


@numba.njit
def _shift(table, wide):  # type: ignore[no-untyped-def]
    for i in range(table.shape[0]):
        row = table[i]
        row.other = row.small + 1
        row.mask = np.uint64(1) << np.uint64(row.small)
    table[0] = table[2]
    for i in range(wide.shape[0]):
        for p in range(wide.shape[1]):
            wide[i, p].small = 10 * i + p
    return table[1].mask


def test_compiled_loops_read_and_write_the_same_rows() -> None:
    table, wide = arrays.table_of(Wide, 3, small=[1, 2, 3]), arrays.table_of(Wide, (2, 3))
    assert _shift(table, wide) == 4
    assert arrays.records_of(table).tolist() == [(3, 8, 4), (2, 4, 3), (3, 8, 4)]
    assert wide.small.tolist() == [[0, 1, 2], [10, 11, 12]]
    by_hand = arrays.table_of(Wide, 3, small=[1, 2, 3]), arrays.table_of(Wide, (2, 3))
    _shift.py_func(*by_hand)
    for one, other in zip(by_hand, (table, wide), strict=True):
        assert np.array_equal(arrays.records_of(one), arrays.records_of(other))


def test_compiled_loops_refuse_a_part_of_a_table() -> None:
    table = arrays.table_of(Wide, 4, small=[1, 2, 3, 4])
    with pytest.raises(TypeError, match="some rows of Wide are no table; copy them first"):
        _shift(table[1:], arrays.table_of(Wide, (1, 1)))
    assert _shift(arrays.copied(table[1:]), arrays.table_of(Wide, (1, 1))) == 8


def test_tables_survive_pickling_and_files() -> None:
    table = arrays.table_of(Wide, (2, 3), small=[[1, 2, 3], [4, 5, 6]])
    for twin in (
        pickle.loads(pickle.dumps(table)),
        pickle.loads(pickle.dumps(table[:])),
        arrays.from_records(Wide, arrays.records_of(table)),
    ):
        assert type(twin) is Wide
        assert np.array_equal(arrays.records_of(twin), arrays.records_of(table))
        assert _shift(arrays.table_of(Wide, 3), twin) == 1


def test_a_column_with_a_name_that_tables_use_is_refused() -> None:
    with pytest.raises(TypeError, match=r"tables have attributes \['layout'\]"):

        class Clash(arrays.Table):
            layout: arrays.IntArray  # type: ignore[assignment, misc]


def test_a_table_refuses_a_column_that_it_has_not() -> None:
    with pytest.raises(TypeError, match=r"Levels has no column \['levels'\]"):
        arrays.table_of(Levels, 3, levels=1)


def test_some_cells_of_two_axes_are_a_part() -> None:
    table = arrays.table_of(Wide, (2, 3), small=[[1, 2, 3], [4, 5, 6]])
    who, which = np.array([0, 1, 1]), np.array([2, 0, 1])
    assert table[who, which].small.tolist() == [3, 4, 5]
    assert table[:, 1].small.tolist() == [2, 5]
    assert table[1, 2].small == 6


@pytest.mark.parametrize("at", [-1, (0, -1), (-1, 0)])
def test_rows_are_not_numbered_from_the_end(at: int | tuple[int, int]) -> None:
    table = arrays.table_of(Wide, (2, 3) if isinstance(at, tuple) else 3)
    row = table[at]  # a loop may name a row that it then leaves alone
    with pytest.raises(IndexError, match="Wide has no row"):
        row.small  # noqa: B018
    with pytest.raises(IndexError, match="rows are numbered from 0"):
        row.small = 1
    with pytest.raises(IndexError, match="Wide has no row"):
        table[at] = (1, 2, 3)
