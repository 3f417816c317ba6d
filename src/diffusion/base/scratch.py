"""Arrays that a compiled loop needs for a moment.

A month takes many of them, and in a small world numba's allocator is a good part of what a month
costs. Small ones lie on the stack here, where making them takes a few instructions.

What the stack holds is gone when the function that made it ends. So an array made here is never
returned and never kept in anything; whatever the function calls may read and write it. In a loop
every turn gets the cells of the turn before. `tests/unit/base/test_scratch.py` reads the sources
for both.
"""

from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_new_ref
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import make_array, populate_array

ON_STACK = 8192  # octets at most
_LINE = 64  # octets that the cache takes at once

Shape = SupportsIndex | tuple[SupportsIndex, SupportsIndex]


def scratch(shape: Shape, kind: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """An array with anything in its cells, for the function that makes it."""
    return np.empty(shape, kind)


def cleared(shape: Shape, kind: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """`scratch` with 0 in every cell."""
    return np.zeros(shape, kind)


@type_callable(scratch)
@type_callable(cleared)
def _type_of_scratch(_: Any) -> Any:
    def typer(shape: Any, kind: Any = None) -> Any:
        axes = len(shape) if isinstance(shape, types.BaseTuple) else 1
        return types.Array(types.float64 if kind is None else kind.dtype, axes, "C")

    return typer


def _make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Cells on the stack, or by the allocator where these are too many."""
    kind, (given, *_) = signature.return_type, signature.args
    cell, word = context.get_data_type(kind.dtype), context.get_value_type(types.intp)
    one_axis = not isinstance(given, types.BaseTuple)
    sizes = arguments[:1] if one_axis else cgutils.unpack_tuple(builder, arguments[0])
    kinds = (given,) if one_axis else given.types
    shape = [context.cast(builder, *size, types.intp) for size in zip(sizes, kinds, strict=True)]
    size = context.get_abi_sizeof(cell)
    strides = [word(size)]
    for cells in reversed(shape):
        strides.insert(0, builder.mul(strides[0], cells))
    octets, *strides = strides
    with builder.goto_entry_block():  # room that a loop takes once, not in each turn
        stack = builder.alloca(ir.ArrayType(ir.IntType(8), ON_STACK))
        stack.align = _LINE
        near = builder.bitcast(stack, cgutils.voidptr_t)
    before = builder.basic_block
    with builder.if_then(builder.icmp_unsigned(">", octets, word(ON_STACK)), likely=False):
        owner = context.nrt.meminfo_alloc_aligned(builder, octets, ir.IntType(32)(_LINE))
        far = context.nrt.meminfo_data(builder, owner)
        after = builder.basic_block
    data, owners = builder.phi(near.type), builder.phi(owner.type)
    for place, owned, block in ((near, owner.type(None), before), (far, owner, after)):
        data.add_incoming(place, block)
        owners.add_incoming(owned, block)
    array = make_array(kind)(context, builder)
    cells = builder.bitcast(data, cell.as_pointer())
    populate_array(array, cells, shape=shape, strides=strides, itemsize=size, meminfo=owners)
    return data, octets, impl_ret_new_ref(context, builder, kind, array._getvalue())


@lower_builtin(scratch, types.Any)
@lower_builtin(scratch, types.Any, types.Any)
def _make_scratch(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    _, _, array = _make(context, builder, signature, arguments)
    return array


@lower_builtin(cleared, types.Any)
@lower_builtin(cleared, types.Any, types.Any)
def _make_cleared(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    data, octets, array = _make(context, builder, signature, arguments)
    cgutils.memset(builder, data, octets, 0)
    return array
