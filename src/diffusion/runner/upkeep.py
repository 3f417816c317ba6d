"""Looking after results folders: list them, check them, hand them on, make them smaller."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffusion.base.errors import ResultsError, nearest
from diffusion.base.writing import written_as
from diffusion.runner.files import (
    read_json,
    sha256,
    write_csv,
    write_json,
    write_parquet,
    write_with,
)
from diffusion.runner.lock import held
from diffusion.runner.store import TABLES, Results, is_own

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "parquet", "xlsx")
_WRITTEN_INTO = ("finished", "failures", "figures", *TABLES)
_PROBE = re.compile(r"\.probe-[0-9]+")  # of `check_writable`
ROWS_OF_A_SHEET = 1_048_575  # Excel's limit without the head


@dataclass(frozen=True)
class Overview:
    """What stands in a results folder, in numbers."""

    path: Path
    experiment: str
    created: str
    version: str
    scenarios: int
    points: int  # of the design; 1 if it has none
    replicates: int
    runs: int
    finished: int
    failed: int
    size: int  # bytes

    @property
    def left(self) -> int:
        """Runs that are neither finished nor failed."""
        return self.runs - self.finished - self.failed


def overview(results: Results) -> Overview:
    """A results folder in numbers.

    Raises:
        ResultsError: a mark or a failure in it can't be read.
    """
    about = results.manifest
    return Overview(
        path=results.path,
        experiment=str(about["experiment"]),
        created=str(about["created"]),
        version=str(about["versions"]["diffusion"]),
        scenarios=len(about["scenarios"]),
        points=int(about.get("layout", {}).get("points", 1)),
        replicates=int(about["replicates"]),
        runs=int(about["runs"]),
        finished=len(results.finished()),
        failed=len(results.failures()),
        size=sum(path.stat().st_size for path in results.path.rglob("*") if path.is_file()),
    )


def folders(within: Path) -> tuple[list[Results], list[str]]:
    """The results folders directly inside a folder, and why others could not be read."""
    found, unreadable = [], []
    for manifest in sorted(within.glob("*/manifest.json")):
        try:
            found.append(Results(manifest.parent))
        except ResultsError as error:
            unreadable.append(str(error))
    return found, unreadable


class _Undamaged(Results):
    """A results folder as if its damaged marks were not there."""

    def _mark_paths(self) -> list[Path]:
        return [path for path in super()._mark_paths() if _fault(path, _is_mark) is None]


def problems(results: Results) -> Iterator[str]:
    """What is wrong with a folder, one sentence each; nothing if all is as it was stored."""
    for pattern, is_right in (("finished/part-*.json", _is_mark), ("failures/*.json", _is_failure)):
        for path in sorted(results.path.glob(pattern)):
            fault = _fault(path, is_right)
            if fault is not None:
                yield fault
    yield from _wrong_parts(_Undamaged(results.path))


def _fault(path: Path, is_right: Callable[[Any], bool]) -> str | None:
    """Why what a run left in JSON can't be used; None if it can."""
    try:
        data = read_json(path)
    except ResultsError as error:
        return str(error)
    if is_right(data):
        return None
    return f"{path} is not what was stored; restore it or use --fresh"


def _is_mark(data: Any) -> bool:
    return (
        isinstance(data, Mapping)
        and isinstance(data.get("part"), int)
        and isinstance(data.get("sha256"), Mapping)
        and isinstance(data.get("runs"), list)
        and all(isinstance(run, Mapping) and "run_id" in run for run in data["runs"])
    )


def _is_failure(data: Any) -> bool:
    return isinstance(data, Mapping) and "run_id" in data and "error" in data


def _wrong_parts(results: Results) -> Iterator[str]:
    """What is wrong with the tables of a folder, by its marks."""
    for path, runs in results.foreign().items():
        yield f"{path} marks {runs} runs of another design"
    marks = results.marks()
    for number, mark in marks.items():
        for table, stored in mark["sha256"].items():
            part = results.part(table, number)
            if not part.is_file():
                yield f"{part} is missing"
            elif sha256(part) != stored:
                yield f"{part} is not what was stored"
    known = Counter(run["run_id"] for mark in marks.values() for run in mark["runs"])
    for run_id, times in known.items():
        if times > 1:
            yield f"run {run_id} is marked {times} times"
    expected = {"outcomes": 1, "months": int(results.manifest["timing"]["months"])}
    for table, rows in expected.items():
        yield from _wrong_rows(results, table, rows, set(known))


def _wrong_rows(results: Results, table: str, expected: int, finished: set[str]) -> Iterator[str]:
    try:
        found = Counter(results.table(table)["run_id"])
    except ResultsError as error:
        yield str(error)
        return
    for run_id in sorted(finished):
        if found[run_id] != expected:
            yield f"run {run_id} has {found[run_id]} rows in {table} instead of {expected}"


def export(
    results: Results, target: Path, format: str = "csv", tables: Sequence[str] = ()
) -> list[Path]:
    """Write tables as single files for other programs; returns the files.

    Args:
        target: a folder, or for xlsx the file.
        format: csv, parquet or xlsx.
        tables: all that hold rows, if none are named.

    Raises:
        ResultsError: an unknown table or format, a file that can't be written, a table too long
            for a sheet, or no library for Excel files.
    """
    if format not in FORMATS:
        raise ResultsError(
            f"'{format}' is no format for tables; allowed: {', '.join(FORMATS)}"
            f"{nearest(format, FORMATS)}"
        )
    frames = {name: results.table(name) for name in tables or TABLES}
    frames = {name: frame for name, frame in frames.items() if tables or len(frame)}
    if format == "xlsx":
        return [_write_workbook(target, frames)]
    paths = [target / f"{name}.{format}" for name in frames]
    for path, frame in zip(paths, frames.values(), strict=True):
        _WRITERS[format](path, frame)
    return paths


def _write_parquet(path: Path, frame: "pd.DataFrame") -> None:
    import pyarrow as pa

    write_parquet(path, pa.Table.from_pandas(frame, preserve_index=False))


_WRITERS: dict[str, Callable[[Path, "pd.DataFrame"], None]] = {
    "csv": write_csv,
    "parquet": _write_parquet,
}


def _write_workbook(path: Path, frames: "dict[str, pd.DataFrame]") -> Path:
    import pandas as pd

    for name, frame in frames.items():
        if len(frame) > ROWS_OF_A_SHEET:
            raise ResultsError(
                f"the table {name} has {len(frame):,} rows, a sheet of Excel holds "
                f"{ROWS_OF_A_SHEET:,}; name other tables, or use csv or parquet"
            )

    def write(temporary: Path) -> None:
        with pd.ExcelWriter(temporary, engine="openpyxl") as book:
            for name, frame in frames.items():
                frame.to_excel(book, sheet_name=name, index=False)

    try:
        write_with(path, write, suffix=".xlsx")
    except ModuleNotFoundError as error:
        raise ResultsError(
            f"Excel files need the library {error.name}: pip install 'diffusion[excel]', or use csv"
        ) from error
    return path


def unneeded(results: Results, tables: Sequence[str] = ()) -> list[Path]:
    """Files that can go: whole tables that are named, and what interrupted runs left behind.

    That is half-written files, marks of another design, parts without a mark, and failures of runs
    that finished later.

    Raises:
        ResultsError: an unknown table, or `outcomes`, without which nothing could be compared.
    """
    for name in tables:
        if name not in TABLES or name == "outcomes":
            allowed = [table for table in TABLES if table != "outcomes"]
            raise ResultsError(
                f"the table '{name}' can't be pruned; allowed: {', '.join(allowed)}"
                f"{nearest(name, allowed)}"
            )
    finished, marks = results.finished(), results.marks()
    found = [*_half_written(results.path), *results.foreign()]
    for table in TABLES:
        for part in sorted(results.path.glob(f"{table}/part-*.parquet")):
            number = int(part.stem.removeprefix("part-"))
            if table in tables or table not in marks.get(number, {"sha256": {}})["sha256"]:
                found.append(part)
    for failure in sorted(results.path.glob("failures/*.json")):
        if read_json(failure)["run_id"] in finished:
            found.append(failure)
    return found


def _half_written(folder: Path) -> Iterator[Path]:
    """What commands that were killed left under a temporary name; no hidden file of others."""
    for name in _WRITTEN_INTO:
        for path in sorted(folder.glob(f"{name}/.*")):
            if written_as(path.name) is not None and path.is_file():
                yield path
    for path in sorted(folder.glob(".*")):
        name = written_as(path.name) or ""
        if (is_own(name) or _PROBE.fullmatch(path.name)) and path.is_file():
            yield path


def prune(results: Results, tables: Sequence[str] = ()) -> int:
    """Remove what is `unneeded`; returns the bytes gained. The runs stay finished.

    Raises:
        ResultsError: as `unneeded`, a file that can't be removed, or the folder is in use.
    """
    with held(results.path):
        gone = unneeded(results, tables)
        size = sum(path.stat().st_size for path in gone)
        if tables:
            _unmark(results, tables)
        for path in gone:
            try:
                path.unlink()
            except OSError as error:
                raise ResultsError(f"{path} can't be removed ({error.strerror})") from error
    return size


def _unmark(results: Results, tables: Sequence[str]) -> None:
    """Let the marks forget tables."""
    for number, mark in results.marks().items():
        kept = {name: of for name, of in mark["sha256"].items() if name not in tables}
        write_json(results.path / "finished" / f"part-{number:05d}.json", mark | {"sha256": kept})
