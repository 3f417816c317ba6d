"""Array types, tables and bit masks that every layer uses.

A table holds its columns one after the other in one block of memory: `table.column` is a whole
column, `table[i]` a row, whose cells are read and written as `row.column`; compiled loops see the
same (`base/table_type.py`). A loop that goes through a table fetches the columns that it reads and
nothing else, and where it decides nothing on the way the processor takes several rows at once.
Whole numbers in tables are 32 bits wide, sums of money and all else 64.

Masks are uint64: bit p stands for practice p (or field, or language p). numba mixes uint64 with
int64 into float64, hence the explicit casts here and nowhere else.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

import numpy as np
import numpy.typing as npt

from diffusion.base.compiled import compiled, one_instruction, typed
from diffusion.base.table_type import Place, TableType

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.signedinteger[Any]]
MaskArray = npt.NDArray[np.uint64]
EuroArray = npt.NDArray[np.int64]  # whole EUR, so that sums of money are exact
OctetArray = npt.NDArray[np.uint8]

NEVER = -10_000  # a month long before the run: "has not happened"
AT_ONCE = 4096  # rows that a loop takes together: what it notes of them stays in a near cache
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


class Layout(NamedTuple):
    """How the rows of a table are laid out."""

    width: int  # bytes of a row
    places: Mapping[str, Place]
    types: tuple[TableType, ...]  # under which compiled loops know it, by its axes less one


_WIDTHS: Mapping[Any, "np.dtype[Any]"] = {
    FloatArray: np.dtype(np.float64),
    IntArray: np.dtype(np.int32),
    MaskArray: np.dtype(np.uint64),
    EuroArray: np.dtype(np.int64),
}


def _laid_out(name: str, columns: Mapping[str, Any]) -> Layout:
    """Wide columns come first, so that all lie aligned."""
    kinds = {column: _WIDTHS[kind] for column, kind in columns.items()}
    places, width = {}, 0
    for column in sorted(kinds, key=lambda column: -kinds[column].itemsize):
        places[column] = Place(kinds[column], width)
        width += kinds[column].itemsize
    types = tuple(TableType(name, tuple(places.items()), axes) for axes in (1, 2))
    return Layout(width, places, types)


class Row:
    """A row of a table: its cells are read and written as attributes.

    Rows are not numbered from the end, for in compiled loops such a number would lead out of the
    table: `table[-1]` is a row that can't be read.
    """

    __slots__ = ("_at", "_table")

    def __init__(self, table: "Table", at: Any) -> None:
        object.__setattr__(self, "_table", table)
        object.__setattr__(self, "_at", at)

    def __getattr__(self, column: str) -> Any:
        return getattr(self._table, column)[self._place()]

    def __setattr__(self, column: str, value: object) -> None:
        getattr(self._table, column)[self._place()] = value

    def _place(self) -> Any:
        at = self._at
        if min(at) < 0 if isinstance(at, tuple) else at < 0:
            name, size = type(self._table).__name__, self._table.shape
            raise IndexError(f"{name} has no row {at}; rows are numbered from 0, of {size}")
        return at


class Table:
    """Base of all tables: annotations declare the columns, an instance holds that many rows.

    `table.column` or `table["column"]` is a view of a whole column, and assigning to it fills the
    column. `table[i]` is a row. `table[first:last]` is a view of some rows, and `table[numbers]` or
    `table[mask]` a copy of some; neither can be given to a compiled loop before it is `copied`.

    Args:
        shape: rows, or (things, rows a thing).
        block: the memory of another table of the same class and shape, to be taken over; all cells
            are 0 without it.
    """

    layout: ClassVar[Layout]
    shape: tuple[int, ...]

    def __init_subclass__(cls) -> None:
        taken = sorted(_TAKEN.intersection(cls.__annotations__))
        if taken:
            raise TypeError(f"tables have attributes {taken}; give these columns other names")
        cls.layout = _laid_out(cls.__name__, cls.__annotations__)

    def __init__(self, shape: int | tuple[int, ...], block: OctetArray | None = None) -> None:
        shape = shape if isinstance(shape, tuple) else (shape,)
        rows = math.prod(shape)
        if block is None:
            block = np.zeros(self.layout.width * rows, np.uint8)
        # the last three are what compiled loops ask for: where the block begins, all rows, rows a
        # thing
        self.__dict__.update(
            shape=shape,
            _block=block,
            _cells=block.__array_interface__["data"][0],
            _rows=rows,
            _wide=shape[-1],
        )

    @property
    def _numba_type_(self) -> TableType:
        if self._block is None:
            raise TypeError(f"some rows of {type(self).__name__} are no table; copy them first")
        return self.layout.types[len(self.shape) - 1]

    def __getattr__(self, column: str) -> Any:
        place = self.layout.places.get(column)
        if place is None:
            raise AttributeError(f"{type(self).__name__} has no column '{column}'")
        view = np.ndarray(self.shape, place.kind, self._block, place.offset * self._rows)
        self.__dict__[column] = view
        return view

    def __setattr__(self, column: str, value: npt.ArrayLike) -> None:
        getattr(self, column)[...] = value

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        if isinstance(rows, str):
            return getattr(self, rows)
        return self._some(rows) if _are_several(rows) else Row(self, rows)

    def __setitem__(self, rows: Any, values: Any) -> None:
        """Write a column, or rows: from rows of the same columns, or from a value a column."""
        if isinstance(rows, str):
            setattr(self, rows, values)
            return
        if not _are_several(rows):
            rows = Row(self, rows)._place()
        for number, column in enumerate(columns_of(type(self))):
            given = isinstance(values, Row | Table)
            value = getattr(values, column) if given else values[number]
            getattr(self, column)[rows] = value

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(len(self)))

    def __reduce__(self) -> Any:
        whole = copied(self) if self._block is None else self
        return type(self), (whole.shape, whole._block)

    def _some(self, rows: Any) -> Self:
        part = type(self).__new__(type(self))
        part.__dict__.update({column: self[column][rows] for column in columns_of(type(self))})
        first = part.__dict__[columns_of(type(self))[0]]
        part.__dict__.update(_block=None, shape=first.shape)
        return part


def _are_several(rows: Any) -> bool:
    """Whether an index means several rows, rather than one."""
    places = rows if isinstance(rows, tuple) else (rows,)
    return any(isinstance(place, slice | np.ndarray | list) for place in places)


_TAKEN = frozenset({*vars(Table), *Table.__annotations__})

AnyTable = TypeVar("AnyTable", bound=Table)
AnyCopied = TypeVar("AnyCopied", bound=Table | npt.NDArray[Any])


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
    unknown = [name for name in columns if name not in cls.__annotations__]
    if unknown:
        raise TypeError(f"{cls.__name__} has no column {sorted(unknown)}")
    table = cls(shape)
    for name, values in columns.items():
        getattr(table, name)[...] = values
    return table


def set_all(table: AnyTable, like: AnyTable) -> None:
    """Set every row to the cells of a table of one row, in place; all columns are a word wide."""
    words = len(columns_of(type(table)))
    table._block.view(np.uint64).reshape(words, -1)[:] = like._block.view(np.uint64)[:, None]


def row_of(values: Any) -> npt.NDArray[Any]:
    """A record of the fields of a named tuple of numbers or arrays of numbers, as an array of one.

    Compiled loops take one array at the price that they would pay for each number.
    """
    cells = {name: np.asarray(value) for name, value in values._asdict().items()}
    columns = [(name, cell.dtype, cell.shape) for name, cell in cells.items()]
    taken = [name for name, *_ in columns if hasattr(np.record, name)]
    if taken:
        raise TypeError(f"numpy's records have attributes {taken}; give these fields other names")
    row = np.zeros(1, np.dtype((np.record, np.dtype(columns, align=True))))
    for name, cell in cells.items():
        row[name] = cell
    return row


def records_of(table: Table) -> npt.NDArray[np.void]:
    """The rows of a table as plain numpy records, which files can hold."""
    kinds = table.layout.places
    records = np.zeros(table.shape, [(name, kinds[name].kind) for name in columns_of(type(table))])
    for name in kinds:
        records[name] = getattr(table, name)
    return records


def from_records(cls: type[AnyTable], records: npt.NDArray[np.void]) -> AnyTable:
    """The table whose `records_of` these are."""
    return table_of(cls, records.shape, **{name: records[name] for name in columns_of(cls)})


def resized(table: AnyTable, capacity: int) -> AnyTable:
    """The table with room for more rows: its own first, then empty ones."""
    grown = type(table)(capacity)
    for column in columns_of(type(table)):
        getattr(grown, column)[: len(table)] = getattr(table, column)
    return grown


def copied(array: AnyCopied) -> AnyCopied:
    """A copy of a table or of a plain array."""
    if not isinstance(array, Table):
        return array.copy()
    if array._block is not None:
        return type(array)(array.shape, array._block.copy())
    columns = {column: array[column] for column in columns_of(type(array))}
    return table_of(type(array), array.shape, **columns)
