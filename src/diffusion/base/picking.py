"""Which places of an array are flagged: the step between asking all and looking at a few.

Written as a loop, it takes one place at a time, for where the next one is written depends on all
before it. Processors that press sixteen numbers together in one instruction (AVX-512) take sixteen.
"""

from typing import Any

import numpy as np
from llvmlite import binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import make_array

from diffusion.base.arrays import NOTHING
from diffusion.base.compiled import config, inner
from diffusion.base.scratch import scratch

_LANES = 16


def _presses() -> bool:
    """Whether the processor that is compiled for presses numbers together.

    numba tells machine code of one processor from that of another, on disk too.
    """
    chosen = config.CPU_FEATURES
    if chosen is None:
        chosen = llvm.get_host_cpu_features().flatten()
    return bool(config.ENABLE_AVX) and "+avx512f" in chosen


_CAN_PRESS = _presses()


@inner
def picked(flags, places):  # type: ignore[no-untyped-def]
    """Fill in the places at which flags are set, in order; returns how many.

    Args:
        flags: truth values.
        places: 32-bit whole numbers, as many as there are flags; what is in the rest afterwards
            means nothing.
    """
    size, first, n = flags.shape[0], np.int64(0), np.int64(0)
    while _CAN_PRESS and first + _LANES <= size:
        n += _press(flags, first, places, n)
        first += _LANES
    for x in range(first, size):
        places[n] = x
        n += 1 if flags[x] else 0  # else the next one takes its place
    return n


@inner
def some(masks, places):  # type: ignore[no-untyped-def]
    """Fill in the places at which masks are not empty, in order; returns how many."""
    flags = scratch(masks.shape[0], np.bool_)
    for x in range(masks.shape[0]):
        flags[x] = masks[x] != NOTHING
    return picked(flags, places)


@inner
def below(luck, bound, places):  # type: ignore[no-untyped-def]
    """Fill in the places at which luck is below its bound, in order; returns how many."""
    flags = scratch(luck.shape[0], np.bool_)
    for x in range(luck.shape[0]):
        flags[x] = luck[x] < bound[x]
    return picked(flags, places)


def _press(flags: Any, x: Any, places: Any, n: Any) -> int:
    """Write those of sixteen places from x on that are flagged from place n on; how many.

    Sixteen places are written whatever there is: `places` has room for them.
    """
    found = [x + lane for lane in range(_LANES) if flags[x + lane]]
    places[n : n + len(found)] = found
    return len(found)


@type_callable(_press)
def _type_of_press(_: Any) -> Any:
    """Cells of another kind would be taken for what they are not, hence no type for these."""

    def typer(flags: Any, x: Any, places: Any, n: Any) -> Any:
        kinds = places.dtype in (types.int32, types.uint32) and flags.dtype == types.boolean
        return types.int64 if kinds and flags.layout == places.layout == "C" else None

    return typer


@lower_builtin(_press, types.Array, types.Integer, types.Array, types.Integer)
def _lower_press(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    word, octet, bit = ir.IntType(32), ir.IntType(8), ir.IntType(1)
    words, octets, bits = (ir.VectorType(kind, _LANES) for kind in (word, octet, bit))
    any_words = ir.Constant(words, ir.Undefined)

    def start(array: int, at: Any, cell: Any, vector: Any) -> Any:
        cells = make_array(signature.args[array])(context, builder, arguments[array]).data
        place = builder.gep(builder.bitcast(cells, cell.as_pointer()), [at])
        return builder.bitcast(place, vector.as_pointer())

    x, n = (context.cast(builder, arguments[k], signature.args[k], types.int64) for k in (1, 3))
    lanes = ir.Constant(words, [word(lane) for lane in range(_LANES)])
    flags = builder.load(start(0, x, octet, octets), align=1)
    chosen = builder.icmp_unsigned("!=", flags, ir.Constant(octets, None))
    kind = ir.FunctionType(words, [words, bits, words])
    name = f"llvm.experimental.vector.compress.v{_LANES}i32"
    press = cgutils.get_or_insert_function(builder.module, kind, name)
    first = builder.insert_element(any_words, builder.trunc(x, word), word(0))
    first = builder.shuffle_vector(first, any_words, ir.Constant(words, None))
    pressed = builder.call(press, [builder.add(lanes, first), chosen, any_words])
    builder.store(pressed, start(2, n, word, words), align=4)
    marks = builder.bitcast(chosen, ir.IntType(_LANES))
    return builder.zext(builder.ctpop(marks), ir.IntType(64))
