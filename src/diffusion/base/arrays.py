"""Array types, tables and bit masks that every layer uses.

A table is a numpy record array: one row is one thing, and all that is known of it lies together in
memory, so a loop that visits a thing touches one or two cache lines. `table.column` is a view of
a whole column, `table[i].column` one cell; compiled loops take a row once (`org = orgs[i]`) and
read its cells. Whole numbers in tables are 32 bits wide, sums of money and all else 64.

Masks are uint64: bit p stands for practice p (or field, or language p). numba mixes uint64 with
int64 into float64, hence the explicit casts here and nowhere else.
"""

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from diffusion.base.compiled import compiled, one_instruction, typed

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.signedinteger[Any]]
MaskArray = npt.NDArray[np.uint64]
EuroArray = npt.NDArray[np.int64]  # whole EUR, so that sums of money are exact

if TYPE_CHECKING:
    _Records = np.recarray[Any, Any]
else:
    _Records = object


class Table(_Records):
    """Base of all tables: annotations declare the columns, instances are `numpy.recarray`s."""


AnyTable = TypeVar("AnyTable", bound=Table)
AnyArray = TypeVar("AnyArray", bound=npt.NDArray[Any])

_RECORD_TYPES: "dict[type[Table], np.dtype[Any]]" = {}

NEVER = -10_000  # a month long before the run: "has not happened"
NOTHING = np.uint64(0)
BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)  # the mask with only bit p set
BITS.setflags(write=False)

_ONE = np.uint64(1)


@typed("uint64(int64)")
def bit(p):  # type: ignore[no-untyped-def]
    """The mask with only bit p set."""
    return _ONE << np.uint64(p)


@compiled
def has(mask, p):  # type: ignore[no-untyped-def]
    """Whether bit p of the mask is set."""
    return (mask >> np.uint64(p)) & _ONE != NOTHING


def lowest(mask: Any) -> int:
    """Position of the lowest set bit; the mask must not be 0."""
    return (int(mask) & -int(mask)).bit_length() - 1


@compiled
def without_lowest(mask):  # type: ignore[no-untyped-def]
    """The mask without its lowest set bit."""
    return mask & (mask - _ONE)


def count(mask: Any) -> int:
    """How many bits are set."""
    return int(mask).bit_count()


# one instruction of the processor each, which loops in numba's Python would not become
one_instruction(lowest, "cttz")
one_instruction(count, "ctpop")


def counts(masks: MaskArray) -> IntArray:
    """How many bits are set, for an array of masks."""
    return np.bitwise_count(masks).astype(np.int64)


def masks_of(matrix: npt.NDArray[np.bool_]) -> MaskArray:
    """The mask of each row of a matrix: bit p = column p, at most 64 columns."""
    packed = np.packbits(matrix, axis=1, bitorder="little")
    octets = np.zeros((matrix.shape[0], 8), np.uint8)
    octets[:, : packed.shape[1]] = packed
    masks: MaskArray = octets.view("<u8")[:, 0].astype(np.uint64, copy=False)
    return masks


def unions(masks: MaskArray) -> MaskArray:
    """For every set of positions, as a mask, the union of the masks at these positions."""
    table = np.zeros(1, np.uint64)
    for mask in masks:
        table = np.concatenate((table, table | mask))
    return table


def record_type(cls: type[Table]) -> "np.dtype[Any]":
    """What a row of the table holds, from the declared columns; one object a table."""
    if cls not in _RECORD_TYPES:
        widths = {
            FloatArray: np.float64,
            IntArray: np.int32,
            MaskArray: np.uint64,
            EuroArray: np.int64,
        }
        columns = [(name, widths[kind]) for name, kind in cls.__annotations__.items()]
        _RECORD_TYPES[cls] = _records(columns, (np.record, np.recarray))
    return _RECORD_TYPES[cls]


def _records(columns: list[Any], shown_as: tuple[type, ...]) -> "np.dtype[Any]":
    taken = [name for name, *_ in columns if any(hasattr(kind, name) for kind in shown_as)]
    if taken:
        raise TypeError(f"numpy's arrays have attributes {taken}; give these columns other names")
    return np.dtype((np.record, np.dtype(columns, align=True)))


def columns_of(cls: type[Table]) -> tuple[str, ...]:
    """Names of the columns that a table declares."""
    return tuple(cls.__annotations__)


def table_of(
    cls: type[AnyTable], shape: int | tuple[int, ...], **columns: npt.ArrayLike
) -> AnyTable:
    """A table of that many rows: given columns are cast to their declared type, others zero.

    A column may be a scalar (repeated) or as many values as there are rows.

    Raises:
        TypeError: a column that the table does not have.
    """
    known = cls.__annotations__
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise TypeError(f"{cls.__name__} has no column {sorted(unknown)}")
    records = np.zeros(shape, record_type(cls))
    for name, values in columns.items():
        records[name] = np.asarray(values)
    table: Any = records.view(np.recarray)
    return table  # type: ignore[no-any-return]


def row_of(values: Any) -> npt.NDArray[Any]:
    """A table of one row with the fields of a named tuple of numbers or arrays of numbers.

    Compiled loops take one array at the price that they would pay for each number.
    """
    cells = {name: np.asarray(value) for name, value in values._asdict().items()}
    columns = [(name, cell.dtype, cell.shape) for name, cell in cells.items()]
    row = np.zeros(1, _records(columns, (np.record,)))
    for name, cell in cells.items():
        row[name] = cell
    return row


def part_of(table: AnyTable, rows: slice) -> AnyTable:
    """A view of some rows."""
    return table[rows]  # type: ignore[return-value]


def bare(table: Any) -> Any:
    """A table without the attribute access of `recarray`, which costs more than a loop's call."""
    return table.view(np.ndarray) if isinstance(table, np.recarray) else table


def resized(table: AnyTable, capacity: int) -> AnyTable:
    """The table with room for more rows: its own first, then empty ones."""
    grown: Any = np.zeros(capacity, table.dtype).view(np.recarray)
    _whole_rows(grown)[: table.shape[0]] = _whole_rows(table)
    return grown  # type: ignore[no-any-return]


def copied(array: AnyArray) -> AnyArray:
    """A copy of a table or a plain array.

    numpy's own `copy` goes through the records of a table column by column, which takes nine times
    as long as going through their bytes.
    """
    twin: Any = np.empty_like(array)
    if array.dtype.names is None:
        twin[...] = array
        return twin  # type: ignore[no-any-return]
    _whole_rows(twin)[...] = _whole_rows(array)
    return twin  # type: ignore[no-any-return]


def _whole_rows(table: npt.NDArray[Any]) -> npt.NDArray[np.void]:
    """A view in which a row is nothing but bytes."""
    rows = table.view(np.ndarray)
    return rows.view(np.dtype((np.void, rows.dtype.itemsize)))
