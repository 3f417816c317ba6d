"""Array types and bit masks that every layer uses.

Masks are uint64: bit p stands for practice p (or field, or language p). numba mixes uint64 with
int64 into float64, hence the explicit casts here and nowhere else.
"""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from diffusion.base.compiled import compiled

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
MaskArray = npt.NDArray[np.uint64]

Table = TypeVar("Table", bound=tuple[Any, ...])  # a NamedTuple of arrays

NEVER = -10_000  # a month long before the run: "has not happened"
NOTHING = np.uint64(0)

_ONE = np.uint64(1)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_S58 = np.uint64(58)


def _positions() -> IntArray:
    table = np.zeros(64, np.int64)
    for i in range(64):
        table[((int(_DE_BRUIJN) << i) & (2**64 - 1)) >> 58] = i
    return table


_POSITION = _positions()


@compiled
def bit(p):  # type: ignore[no-untyped-def]
    """The mask with only bit p set."""
    return _ONE << np.uint64(p)


@compiled
def has(mask, p):  # type: ignore[no-untyped-def]
    """Whether bit p of the mask is set."""
    return (mask >> np.uint64(p)) & _ONE != NOTHING


@compiled
def lowest(mask):  # type: ignore[no-untyped-def]
    """Position of the lowest set bit; the mask must not be 0."""
    return _POSITION[np.int64(((mask & (~mask + _ONE)) * _DE_BRUIJN) >> _S58)]


@compiled
def without_lowest(mask):  # type: ignore[no-untyped-def]
    """The mask without its lowest set bit."""
    return mask & (mask - _ONE)


@compiled
def count(mask):  # type: ignore[no-untyped-def]
    """How many bits are set."""
    n = 0
    while mask != NOTHING:
        mask = mask & (mask - _ONE)
        n += 1
    return n


def counts(masks: MaskArray) -> IntArray:
    """How many bits are set, for an array of masks."""
    return np.bitwise_count(masks).astype(np.int64)


def table_of(cls: type[Table], n: int, **columns: npt.ArrayLike) -> Table:
    """A NamedTuple of n-row arrays: given columns are cast to their declared type, others zero.

    A column may be a scalar (repeated) or n values.
    """
    unknown = set(columns) - set(cls._fields)  # type: ignore[attr-defined]
    if unknown:
        raise TypeError(f"{cls.__name__} has no column {sorted(unknown)}")
    types = {FloatArray: np.float64, IntArray: np.int64, MaskArray: np.uint64}
    arrays = {}
    for name, annotation in cls.__annotations__.items():
        dtype = types[annotation]
        array = np.zeros(n, dtype)
        if name in columns:
            array[:] = np.asarray(columns[name]).astype(dtype)
        arrays[name] = array
    return cls(**arrays)
