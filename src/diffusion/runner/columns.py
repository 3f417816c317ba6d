"""Arrow columns from plain numpy ones, and back, without a copy where that is possible.

Arrow's own converters import pandas, which would take longer in every worker of a sweep than its
first runs.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from diffusion.base.arrays import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

Cells = npt.NDArray[Any]
_BITS: Final = "little"  # the order of Arrow's bits of what is not missing


def united(parts: Sequence[Cells]) -> "pa.Array":
    """Parts of a column one after the other; NaN is missing."""
    if all(part.dtype == object for part in parts):
        found = _texts(parts)
        if found is not None:
            return found
    return _stored(np.concatenate(parts))


def repeated(values: Sequence[Any], rows: Sequence[int]) -> "pa.Array":
    """A column in which each value stands in so many rows; NaN is missing."""
    plain = np.array(values)
    if plain.dtype.kind != "U":
        return _stored(plain.repeat(rows))
    encoded = [value.encode() for value in values]
    lengths = np.array([len(value) for value in encoded], np.int64).repeat(rows)
    cells = b"".join(value * times for value, times in zip(encoded, rows, strict=True))
    return _strings(lengths, cells)


def numbers(column: "pa.ChunkedArray") -> FloatArray:
    """The numbers of a column of floats that are not missing."""
    known = [np.zeros(0)]
    for chunk in column.chunks:
        validity, cells = chunk.buffers()
        rows = slice(chunk.offset, chunk.offset + len(chunk))
        values = np.frombuffer(cells, np.float64)[rows] if len(chunk) else np.zeros(0)
        if chunk.null_count:
            bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder=_BITS)
            values = values[bits[rows] == 1]
        known.append(values)
    return np.concatenate(known)


def _stored(column: Cells) -> "pa.Array":
    import pyarrow as pa

    if column.dtype.kind not in "iuf":
        return pa.array(column, from_pandas=True) if column.shape[0] else pa.nulls(0)
    validity = None
    if column.dtype.kind == "f":
        missing = np.isnan(column)
        if missing.any():
            validity = pa.py_buffer(np.packbits(~missing, bitorder=_BITS))
    kind = pa.from_numpy_dtype(column.dtype)
    return pa.Array.from_buffers(kind, column.shape[0], [validity, pa.py_buffer(column)])


def _texts(parts: Sequence[Cells]) -> "pa.Array | None":
    """A column of texts; None where there are none, or something else among them."""
    texts = [text for part in parts for text in part.tolist()]
    distinct = set(texts)
    if not texts or not all(isinstance(text, str) for text in distinct):
        return None
    encoded = {text: text.encode() for text in distinct}
    cells = list(map(encoded.__getitem__, texts))
    return _strings(np.fromiter(map(len, cells), np.int64, len(cells)), b"".join(cells))


def _strings(lengths: npt.NDArray[np.int64], cells: bytes) -> "pa.Array":
    """Texts of these lengths, cut from their bytes; a part is far from the 2 GB that may be."""
    import pyarrow as pa

    starts = np.zeros(lengths.shape[0] + 1, np.int32)
    lengths.cumsum(out=starts[1:])
    buffers = [None, pa.py_buffer(starts), pa.py_buffer(cells)]
    return pa.Array.from_buffers(pa.string(), lengths.shape[0], buffers)
