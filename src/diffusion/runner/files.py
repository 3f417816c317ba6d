"""Writing so that a reader never sees half a file, and saying plainly why it was impossible."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffusion.base.arrays import FloatArray
from diffusion.base.errors import ResultsError
from diffusion.base.writing import reason, write_whole
from diffusion.runner.columns import numbers

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MOST = 2 / 3
_COMPRESSION = "lz4"  # parts are a little longer than with zstd, and written faster


def write_json(path: Path, data: Any) -> None:
    """Write JSON under a temporary name, then rename.

    Raises:
        ResultsError: the disk is full, or the folder can't be written.
    """
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text under a temporary name, then rename.

    Raises:
        ResultsError: the disk is full, or the folder can't be written.
    """
    write_with(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_parquet(path: Path, table: "pa.Table") -> str:
    """Write a table as Parquet under a temporary name, then rename; returns the file's SHA-256.

    Raises:
        ResultsError: the disk is full, or the folder can't be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    split = _rarely_repeated(table)
    written = pa.BufferOutputStream()  # a file would be given every column in pieces
    pq.write_table(
        table,
        written,
        compression=_COMPRESSION,
        write_statistics=False,  # parts are small: nobody skips rows of them
        use_dictionary=[name for name in table.column_names if name not in split],
        use_byte_stream_split=split,
    )
    octets = written.getvalue()
    write_with(path, lambda temporary: temporary.write_bytes(octets))
    return hashlib.sha256(octets).hexdigest()


def _rarely_repeated(table: "pa.Table") -> list[str]:
    """Columns with a fraction in which most values differ.

    A dictionary makes them longer; split by bytes they are a quarter shorter than with one.
    """
    import pyarrow as pa

    return [
        field.name
        for field in table.schema
        if pa.types.is_float64(field.type)
        and _distinct(numbers(table[field.name])) > MOST * table.num_rows
    ]


def _distinct(values: FloatArray) -> int:
    """How many values there are, leaving out NaN; sorting finds it in a sixth of pyarrow's time."""
    ordered = np.sort(values)  # NaN comes last, and is not more than anything
    return int(np.count_nonzero(ordered[1:] > ordered[:-1]) + (~np.isnan(ordered[:1])).sum())


def write_csv(path: Path, frame: "pd.DataFrame") -> None:
    """Write a table as CSV under a temporary name, then rename.

    Raises:
        ResultsError: the disk is full, or the folder can't be written.
    """
    write_with(path, lambda temporary: frame.to_csv(temporary, index=False))


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        ResultsError: it is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} can't be read ({error}); restore it or use --fresh") from error


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_writable(folder: Path, what: str = "results folder", option: str = "--results") -> None:
    """Make sure that a folder can be made and written, and leave nothing behind.

    Args:
        what, option: the folder in words, and the option that names it.

    Raises:
        ResultsError: it can't be made or written.
    """
    folder = folder.absolute()
    made: list[Path] = []
    try:
        for path in (*reversed(folder.parents), folder):
            if not path.exists():
                path.mkdir()
                made.append(path)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ResultsError(
            f"the {what} {folder} can't be written ({reason(error)}); choose another with {option}"
        ) from error
    finally:
        for path in reversed(made):
            path.rmdir()


def write_with(path: Path, write: Callable[[Path], object], suffix: str = "") -> None:
    """Let a function write a file under a temporary name, then rename.

    Args:
        suffix: of the temporary name, for writers that look at it.

    Raises:
        ResultsError: the disk is full, or the folder can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, write, suffix)
    except OSError as error:
        raise ResultsError(
            f"{path} can't be written ({reason(error)}); finished runs are kept, so "
            f"make room and give the same command again"
        ) from error
