"""Fetching ahead what lies anywhere in memory.

In a large world most of what is looked up by number lies in no cache. The processor waits for few
cells at once, and for one after the other where a branch depends on them; it fetches far more at
once if it is only told to. So loops over many rows take `TOGETHER` of them at a time: first they
name the cells that these will ask for, then they do their work. In a small world that would be
work for nothing: `is_far` tells.
"""

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import make_array

from diffusion.base.compiled import inner
from diffusion.base.table_type import TableType, cell_at

TOGETHER = 1024  # rows; what is fetched for them stays in a near cache until they are looked at
_FAR = 1 << 15  # rows of a table or an array that the near caches don't hold, with others like it


@inner
def is_far(rows):  # type: ignore[no-untyped-def]
    """Whether it pays to fetch ahead from arrays and columns of so many rows."""
    return rows > _FAR


def soon(cells: Any, i: Any, column: str = "") -> None:
    """Have the processor fetch a cell that will be read soon.

    Args:
        cells: an array of one axis, or a table.
        i: the number of the cell or row. One beyond the end does no harm.
        column: of a table.
    """


@type_callable(soon)
def _type_of_soon(_: Any) -> Any:
    def typer(cells: Any, i: Any, column: Any = None) -> Any:
        if isinstance(cells, types.Array):
            return numba.void(cells, numba.intp) if column is None else None
        known = isinstance(cells, TableType) and isinstance(column, types.StringLiteral)
        if not known or column.literal_value not in cells.kinds:
            return None
        return numba.void(cells, numba.intp, column)

    return typer


@lower_builtin(soon, types.Array, types.Integer)
def _fetch_cell(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    cells = make_array(signature.args[0])(context, builder, arguments[0]).data
    return _fetch(context, builder, builder.gep(cells, [arguments[1]]))


@lower_builtin(soon, TableType, types.Integer, types.StringLiteral)
def _fetch_from_table(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    of, _, column = signature.args
    table, row, _ = arguments
    return _fetch(context, builder, cell_at(context, builder, of, table, row, column.literal_value))


def _fetch(context: Any, builder: Any, cell: Any) -> Any:
    octets, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [octets, number, number, number])
    instruction = builder.module.declare_intrinsic("llvm.prefetch", (octets,), kind)
    read, kept, data = number(0), number(3), number(1)
    builder.call(instruction, [builder.bitcast(cell, octets), read, kept, data])
    return context.get_dummy_value()
