"""How compiled loops see a table (`base/arrays.py`): column after column in one block of memory.

`table[i]` is a row, which is no more than the block and a number: reading `row.slack` is one load
from the column `slack`, and a loop over rows that reads some columns touches nothing else. Neither
a table nor a row is counted by reference, for whoever calls a loop holds its tables.

Numbers of rows are 0 or more: they are not looked up from the end.
"""

import operator
from typing import Any, NamedTuple, TypeVar

import numpy as np
from llvmlite import ir
from numba import typeof, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_builtin,
    lower_getattr,
    lower_getattr_generic,
    lower_setattr_generic,
    register_model,
    type_callable,
    typeof_impl,
    unbox,
)
from numba.np import numpy_support

_Type: Any = types.Type
_Struct: Any = models.StructModel
_Attributes: Any = AttributeTemplate
_Tuple = TypeVar("_Tuple", bound=tuple[Any, ...])


class Place(NamedTuple):
    """Where a column lies in a row, and so, times the number of rows, in the block."""

    kind: "np.dtype[Any]"
    offset: int  # bytes


class TableType(_Type):  # type: ignore[misc]
    """A table with certain columns, one row or a row of rows (`uses`) a thing."""

    def __init__(self, name: str, places: tuple[tuple[str, Place], ...], axes: int) -> None:
        self.places = places
        self.axes = axes
        # hashed at each call from Python, hence a string, whose hash is kept
        self._described = repr(places)
        self.kinds = {column: numpy_support.from_dtype(place.kind) for column, place in places}
        self.offsets = {column: place.offset for column, place in places}
        super().__init__(name=f"{name}{axes}")

    @property
    def key(self) -> Any:
        return self.name, self._described

    @property
    def index(self) -> Any:
        """What numbers a row."""
        return types.intp if self.axes == 1 else types.UniTuple(types.intp, self.axes)


class RowType(_Type):  # type: ignore[misc]
    """A row of a table."""

    def __init__(self, table: TableType) -> None:
        self.table = table
        super().__init__(name=f"{table.name}Row")

    @property
    def key(self) -> Any:
        return self.table


def typed_once(cls: type[_Tuple]) -> type[_Tuple]:
    """Keep the type of tuples of a class, which numba would otherwise make anew at each call.

    Args:
        cls: subclass of a named tuple; what differs in type but not in `_traits` must not differ
            among its tuples.
    """
    known: dict[Any, Any] = {}

    def of(parts: Any, _: Any) -> Any:
        kept = parts.__dict__.get("kind")
        if kept is None:
            traits = tuple(map(_traits, parts))
            if traits not in known:
                known[traits] = types.BaseTuple.from_types(tuple(map(typeof, parts)), cls)
            kept = parts.__dict__["kind"] = known[traits]
        return kept

    typeof_impl.register(cls)(of)
    return cls


def _traits(part: Any) -> Any:
    """What decides the type of a part of a tuple."""
    if isinstance(part, np.ndarray):
        return part.dtype, part.ndim, part.flags.c_contiguous, part.flags.writeable
    if isinstance(part, tuple):
        return tuple(map(_traits, part))
    return getattr(part, "_numba_type_", type(part))


@register_model(TableType)
class _TableModel(_Struct):  # type: ignore[misc]
    def __init__(self, manager: Any, of: TableType) -> None:
        sizes = [("rows", types.intp), ("wide", types.intp)]  # all rows; rows a thing
        super().__init__(manager, of, [("cells", types.voidptr), *sizes])


@register_model(RowType)
class _RowModel(_Struct):  # type: ignore[misc]
    def __init__(self, manager: Any, of: RowType) -> None:
        sizes = [("rows", types.intp), ("at", types.intp)]
        super().__init__(manager, of, [("cells", types.voidptr), *sizes])


@unbox(TableType)
def _unboxed(of: TableType, table: Any, c: Any) -> NativeValue:
    parts = {}
    for name in ("cells", "rows", "wide"):
        number = c.pyapi.object_getattr_string(table, f"_{name}")
        parts[name] = c.pyapi.long_as_longlong(number)
        c.pyapi.decref(number)
    parts["cells"] = c.builder.inttoptr(parts["cells"], cgutils.voidptr_t)
    return NativeValue(_made(c.context, c.builder, of, **parts))


def _made(context: Any, builder: Any, of: Any, **parts: Any) -> Any:
    """A structure from its parts, without a place in memory: LLVM has less to read."""
    model = context.data_model_manager[of]
    value = ir.Constant(model.get_value_type(), ir.Undefined)
    for name, part in parts.items():
        value = model.set(builder, value, part, name)
    return value


def _part(context: Any, builder: Any, of: Any, value: Any, name: str) -> Any:
    return context.data_model_manager[of].get(builder, value, name)


@type_callable(operator.getitem)
def _type_of_row(_: Any) -> Any:
    def typed(table: Any, index: Any) -> Any:
        return RowType(table) if _is_row(table, index) else None

    return typed


def _is_row(table: Any, index: Any) -> bool:
    if not isinstance(table, TableType):
        return False
    if table.axes == 1:
        return isinstance(index, types.Integer)
    return isinstance(index, types.BaseTuple) and len(index) == table.axes


@lower_builtin(operator.getitem, TableType, types.Integer)
def _row_at(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    table, index = arguments
    of = signature.args[0]
    at = context.cast(builder, index, signature.args[1], types.intp)
    return _row(context, builder, of, table, at)


@lower_builtin(operator.getitem, TableType, types.BaseTuple)
def _row_at_two(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    table, index = arguments
    of, given = signature.args
    thing, place = (
        context.cast(builder, one, kind, types.intp)
        for one, kind in zip(cgutils.unpack_tuple(builder, index), given, strict=True)
    )
    wide = _part(context, builder, of, table, "wide")
    return _row(context, builder, of, table, builder.add(builder.mul(thing, wide), place))


def _row(context: Any, builder: Any, of: TableType, table: Any, at: Any) -> Any:
    cells, rows = (_part(context, builder, of, table, name) for name in ("cells", "rows"))
    return _made(context, builder, RowType(of), cells=cells, rows=rows, at=at)


def _cell(context: Any, builder: Any, of: RowType, row: Any, column: str) -> Any:
    """Where a cell lies."""
    kind, offset = of.table.kinds[column], of.table.offsets[column]
    cells, rows, at = (_part(context, builder, of, row, name) for name in ("cells", "rows", "at"))
    if offset > 0:
        cells = builder.gep(cells, [builder.mul(rows, ir.Constant(rows.type, offset))], True)
    first = builder.bitcast(cells, context.get_data_type(kind).as_pointer())
    return builder.gep(first, [at], True)


def cell_at(context: Any, builder: Any, of: TableType, table: Any, at: Any, column: str) -> Any:
    """Where the cell of a column lies, in the row of that number."""
    return _cell(context, builder, RowType(of), _row(context, builder, of, table, at), column)


@infer_getattr
class _RowAttributes(_Attributes):  # type: ignore[misc]
    key = RowType

    def generic_resolve(self, row: RowType, column: str) -> Any:
        return row.table.kinds.get(column)


@lower_getattr_generic(RowType)
def _read(context: Any, builder: Any, of: RowType, row: Any, column: str) -> Any:
    return builder.load(_cell(context, builder, of, row, column))


@lower_setattr_generic(RowType)
def _write(context: Any, builder: Any, signature: Any, arguments: Any, column: str) -> None:
    of, given = signature.args
    row, value = arguments
    value = context.cast(builder, value, given, of.table.kinds[column])
    builder.store(value, _cell(context, builder, of, row, column))


@infer_getattr
class _TableAttributes(_Attributes):  # type: ignore[misc]
    key = TableType

    def resolve_shape(self, table: TableType) -> Any:
        return types.UniTuple(types.intp, table.axes)


@lower_getattr(TableType, "shape")
def _shape(context: Any, builder: Any, of: TableType, table: Any) -> Any:
    rows, wide = (_part(context, builder, of, table, name) for name in ("rows", "wide"))
    sizes = [rows] if of.axes == 1 else [builder.sdiv(rows, wide), wide]
    return context.make_tuple(builder, types.UniTuple(types.intp, of.axes), sizes)


@type_callable(operator.setitem)
def _type_of_copying(_: Any) -> Any:
    def typed(table: Any, index: Any, row: Any) -> Any:
        copies = _is_row(table, index) and row == RowType(table)
        return types.void if copies else None

    return typed


@lower_builtin(operator.setitem, TableType, types.Integer, RowType)
def _copy_row(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    of, kind, row_type = signature.args
    table, index, row = arguments
    target = _row(context, builder, of, table, context.cast(builder, index, kind, types.intp))
    for column in of.kinds:
        value = builder.load(_cell(context, builder, row_type, row, column))
        builder.store(value, _cell(context, builder, row_type, target, column))
    return context.get_dummy_value()
