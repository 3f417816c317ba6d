"""Whole-number tables with given margins: proportional fitting, controlled rounding, quotas."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.errors import WorldError

_TOLERANCE = 1e-9
_ROUNDS = 2000
_WHOLE = 1e-6  # so near to a whole number a cell is one
Cell = tuple[int, int]


def fitted(
    seed: FloatArray, rows: npt.ArrayLike, columns: npt.ArrayLike, fixed: IntArray | None = None
) -> FloatArray:
    """Iterative proportional fitting of a table to its margins.

    Args:
        seed: starting table, shape (r, c); zeros are structural and stay.
        rows: margin of each row.
        columns: margin of each column.
        fixed: cells known in advance, -1 where unknown; they are taken out of the fit.

    Raises:
        WorldError: no table with these zeros and margins exists.
    """
    known = np.zeros(seed.shape) if fixed is None else np.maximum(fixed, 0).astype(np.float64)
    free = np.asarray(seed, np.float64) * (1.0 if fixed is None else fixed < 0)
    rows, columns = np.asarray(rows, np.float64), np.asarray(columns, np.float64)
    _settle_forced(free, known, rows, columns)
    want_rows, want_columns = rows - known.sum(axis=1), columns - known.sum(axis=0)
    table = free
    for _ in range(_ROUNDS):
        table = table * _ratio(want_rows, table.sum(axis=1))[:, None]
        table = table * _ratio(want_columns, table.sum(axis=0))[None, :]
        off_rows = np.abs(table.sum(axis=1) - want_rows).max()
        if off_rows < _TOLERANCE and np.abs(table.sum(axis=0) - want_columns).max() < _TOLERANCE:
            return table + known
    raise WorldError("no table of networks agrees with the survey's margins and cross-tabs")


def _settle_forced(
    free: FloatArray, known: FloatArray, rows: FloatArray, columns: FloatArray
) -> None:
    """Take cells without a choice out of the fit, which would only creep towards them."""
    while True:
        free[rows - known.sum(axis=1) <= 0.0, :] = 0.0
        free[:, columns - known.sum(axis=0) <= 0.0] = 0.0
        single_row = np.flatnonzero((free > 0.0).sum(axis=1) == 1)
        if single_row.shape[0] == 0:
            return
        row = single_row[0]
        column = np.flatnonzero(free[row])[0]
        known[row, column] += rows[row] - known[row].sum()
        free[row, column] = 0.0


def rounded(table: FloatArray, luck: Sequence[float]) -> IntArray:
    """Random whole-number table with the same (whole) margins; unbiased in every cell.

    Cells move up and down along closed alternating paths of fractional cells until none is left
    (Cox's controlled rounding).
    """
    # lists, because a table has some dozen cells, and a call to numpy costs as much as all of them
    cells = [[_settled(value) for value in row] for row in table.tolist()]
    fractional = [(r, c) for r, row in enumerate(cells) for c in range(len(row))]
    for u in luck:
        fractional = [(r, c) for r, c in fractional if not cells[r][c].is_integer()]
        if not fractional:
            return np.array(cells).astype(np.int64)
        path = _closed_path(fractional)
        ups = [math.ceil(cells[r][c]) - cells[r][c] for r, c in path]
        downs = [cells[r][c] % 1.0 for r, c in path]
        up = min(*ups[::2], *downs[1::2])
        down = min(*downs[::2], *ups[1::2])
        amount = up if u * (up + down) < down else -down
        for turn, (r, c) in enumerate(path):
            cells[r][c] = _settled(cells[r][c] + (-amount if turn % 2 else amount))
    raise WorldError("rounding the table of networks needed more draws than it was given")


def _settled(value: float) -> float:
    """The whole number nearest to a value, if they differ by no more than errors of rounding."""
    whole = round(value)
    return float(whole) if abs(value - whole) < _WHOLE else value


def _closed_path(fractional: list[Cell]) -> list[Cell]:
    """A closed path of fractional cells that turns at every cell: row, column, row, ...

    A row or column with one fractional cell has another, because margins are whole.
    """
    row, column = fractional[0]
    path: list[Cell] = [(row, column)]
    rows, columns = {row: 0}, {column: 0}
    while True:
        column = next(c for r, c in fractional if r == row and c != column)
        path.append((row, column))
        if column in columns:
            return path[columns[column] :]
        columns[column] = len(path)
        row = next(r for r, c in fractional if c == column and r != row)
        path.append((row, column))
        if row in rows:
            return path[rows[row] + 1 :]
        rows[row] = len(path) - 1


def counts_within(low: Sequence[int], high: Sequence[int], total: int, u: float) -> tuple[int, ...]:
    """One of the whole-number vectors inside the bounds with that total, all equally likely.

    Raises:
        WorldError: there is none.
    """
    found = _vectors(tuple(low), tuple(high), total)
    if not found:
        raise WorldError(f"no counts within the survey's bounds add up to {total}")
    return found[int(u * len(found))]


@lru_cache(maxsize=64)
def _vectors(low: tuple[int, ...], high: tuple[int, ...], total: int) -> list[tuple[int, ...]]:
    ranges = [range(a, b + 1) for a, b in zip(low, high, strict=True)]
    return [vector for vector in product(*ranges) if sum(vector) == total]


def _ratio(wanted: FloatArray, present: FloatArray) -> FloatArray:
    return np.where(present > 0.0, wanted / np.where(present > 0.0, present, 1.0), 0.0)
