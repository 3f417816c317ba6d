"""A results folder: what was computed, by what, and the tables.

    manifest.json                  the experiment, its settings, versions, machine, design
    months/part-00000.parquet      likewise outcomes/, survival/, groups/, events/
    finished/part-00000.json       marks the runs whose rows stand in that part, with seconds
                                   and the SHA-256 of the part of each table
    failures/<run_id>.json         traceback of a run that failed; it has no rows

Rows are only read when their run is marked, and a mark is only set when all tables are in place:
so whatever stops a sweep at whatever moment, no run is there twice and none by half.
What depends on the clock stands in the marks, so that tables are the same bytes whenever and
on however many workers they are computed.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffusion.base.errors import ResultsError, nearest
from diffusion.model.measures import Columns
from diffusion.runner import columns
from diffusion.runner.design import Chunk, Run
from diffusion.runner.files import check_writable, read_json, write_json, write_parquet
from diffusion.runner.stopping import STOPPING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SCHEMA_VERSION = 2
KEYS = ("scenario", "replicate", "seed", "run_id")  # with points further ones, see `Run.keys`
TABLES = ("months", "outcomes", "survival", "groups", "events")
_OF_COMMANDS = (
    "figures",
    "months.csv",
    "summary.csv",
    "summary.md",
    "differences.csv",
    "ranking.csv",
    "by_group.csv",
    "pairs.csv",
    "survival_curves.csv",
    "cost_effectiveness.csv",
    "acceptability.csv",
    "effects.csv",
)
_MAY_CHANGE = ("until", "shows", "question")  # of the manifest; no run depends on them
_OWN = ("manifest.json", STOPPING, "finished", "failures", *TABLES, *_OF_COMMANDS)

Tables = Mapping[str, Columns]  # of one run, by name


class Results:
    """Reads a results folder.

    Raises:
        ResultsError: there is none, or it was written by another version of the store.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not (self.path / "manifest.json").is_file():
            raise ResultsError(
                f"{self.path} is no results folder (it has no manifest.json); "
                f"`diffusion compare` makes one"
            )
        self._manifest: dict[str, Any] = read_json(self.path / "manifest.json")
        schema = self._manifest.get("schema")
        if schema != SCHEMA_VERSION:
            raise ResultsError(
                f"{self.path} has schema {schema}, this version reads {SCHEMA_VERSION}; "
                f"run it again with --fresh"
            )

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What was computed and by what."""
        return self._manifest

    def table(self, name: str) -> "pd.DataFrame":
        """All rows of a table in the order of the runs; empty where nothing was stored.

        Args:
            name: one of `TABLES`.

        Raises:
            ResultsError: no such table, or a part of it is damaged.
        """
        import pandas as pd
        import pyarrow as pa

        if name not in TABLES:
            raise ResultsError(
                f"there is no table '{name}'; tables: {', '.join(TABLES)}{nearest(name, TABLES)}"
            )
        tables = [
            _marked_rows(self.part(name, number), mark)
            for number, mark in self.marks().items()
            if name in mark["sha256"]
        ]
        if not tables:
            return pd.DataFrame(columns=list(KEYS))
        frame: pd.DataFrame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
        return frame

    def failures(self) -> list[dict[str, Any]]:
        """The runs that failed, each with its error and traceback."""
        return [read_json(path) for path in sorted(self.path.glob("failures/*.json"))]

    def finished(self) -> frozenset[str]:
        """Ids of the runs whose rows are stored."""
        return frozenset(run["run_id"] for mark in self.marks().values() for run in mark["runs"])

    def timings(self) -> "pd.DataFrame":
        """Seconds of computing by run: columns run_id and seconds."""
        import pandas as pd

        rows = [run for mark in self.marks().values() for run in mark["runs"]]
        return pd.DataFrame(rows, columns=["run_id", "seconds"])

    def marks(self) -> dict[int, dict[str, Any]]:
        """By part: its runs with their seconds (`runs`), and the hash of each table (`sha256`)."""
        marks = [read_json(path) for path in sorted(self.path.glob("finished/part-*.json"))]
        return {mark["part"]: mark for mark in marks}

    def part(self, table: str, number: int) -> Path:
        """Where a part of a table is stored."""
        return self.path / table / f"part-{number:05d}.parquet"


class Store(Results):
    """Writes a results folder; each part is written by the worker that computed it."""

    @classmethod
    def open(cls, folder: Path, manifest: Mapping[str, Any], fresh: bool = False) -> "Store":
        """Start a results folder, or continue one of the same design.

        Args:
            fresh: remove what an earlier experiment left there first.

        Raises:
            ResultsError: it can't be written, or holds another design or files of others.
        """
        check_folder(folder, manifest, fresh)
        if fresh:
            _clear(folder)
        if not (folder / "manifest.json").is_file():
            write_json(folder / "manifest.json", manifest)
        store = cls(folder)
        further = manifest["replicates"] > store.manifest["replicates"]
        grown = {name: manifest[name] for name in ("replicates", "runs") if further}
        for name in _MAY_CHANGE:
            if manifest.get(name) != store.manifest.get(name):
                grown[name] = manifest.get(name)
        if grown:
            store.note(grown)
        return store

    def note(self, entries: Mapping[str, Any]) -> None:
        """Add entries to the manifest, or replace them.

        Raises:
            ResultsError: the disk is full, or the folder can't be written.
        """
        self._manifest |= entries
        write_json(self.path / "manifest.json", self._manifest)

    def stored(self, chunk: Chunk) -> frozenset[str]:
        """Ids of the runs of a chunk whose rows are stored."""
        return frozenset(run["run_id"] for run in self._mark(chunk.number)["runs"])

    def write(
        self, chunk: Chunk, tables: Mapping[str, Tables], seconds: Mapping[str, float]
    ) -> None:
        """Store the tables of finished runs of a chunk beside those stored earlier, and mark them.

        Args:
            chunk: as it was designed, which gives the order of rows.
            tables: run id -> table name -> columns.
            seconds: run id -> wall time.

        Raises:
            ResultsError: the disk is full, or the folder can't be written.
        """
        if not tables:
            return
        mark = self._mark(chunk.number)
        hashes = dict(mark["sha256"])
        for name in dict.fromkeys(name for every in tables.values() for name in every):
            part = self.part(name, chunk.number)
            with_rows = [run for run in chunk.runs if name in tables.get(run.run_id, ())]
            whole = _united(with_rows, [tables[run.run_id][name] for run in with_rows])
            if name in mark["sha256"]:
                whole = _in_order([_marked_rows(part, mark), whole], chunk.runs)
            hashes[name] = write_parquet(part, whole)
        runs = [*mark["runs"], *({"run_id": one, "seconds": seconds[one]} for one in tables)]
        write_json(
            self._mark_path(chunk.number), {"part": chunk.number, "runs": runs, "sha256": hashes}
        )
        for run_id in tables:
            self._failure(run_id).unlink(missing_ok=True)

    def write_failure(self, run: Run, error: str, traceback: str) -> None:
        """Keep what went wrong in a run; it never has rows in a table."""
        write_json(
            self._failure(run.run_id), {**run.keys(), "error": error, "traceback": traceback}
        )

    def _mark(self, number: int) -> dict[str, Any]:
        path = self._mark_path(number)
        return read_json(path) if path.is_file() else {"runs": [], "sha256": {}}

    def _mark_path(self, number: int) -> Path:
        return self.path / "finished" / f"part-{number:05d}.json"

    def _failure(self, run_id: str) -> Path:
        return self.path / "failures" / f"{run_id}.json"


def check_folder(folder: Path, manifest: Mapping[str, Any], fresh: bool) -> None:
    """Refuse a folder that can't be written or holds something else; changes nothing.

    Raises:
        ResultsError: it can't be written, holds another design, or files that are none of ours.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise ResultsError(f"{folder} is a file, not a folder; choose another with --results")
    except OSError as error:  # a name that is too long, say
        raise ResultsError(
            f"the results folder {folder} can't be made ({error.strerror}); choose another with "
            f"--results"
        ) from error
    foreign = sorted(path.name for path in folder.glob("*") if path.name not in _OWN)
    if not (folder / "manifest.json").is_file() and foreign:
        raise ResultsError(
            f"{folder} holds files that are no results ({foreign[0]}); "
            f"choose a new folder with --results"
        )
    check_writable(folder)
    if fresh or not (folder / "manifest.json").is_file():
        return
    there = read_json(folder / "manifest.json")
    if not isinstance(there, Mapping):
        raise ResultsError(
            f"{folder / 'manifest.json'} is no manifest; restore it or use --fresh to replace it"
        )
    if there.get("design") != manifest["design"]:
        raise ResultsError(
            f"{folder} holds results of another design ({_difference(there, manifest)}); "
            f"use --fresh to replace them, or another folder with --results"
        )


def _difference(there: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first entry in which two manifests differ, in words."""
    old, new = dict(_flat(there)), dict(_flat(now))
    for key in ("schema", "experiment", "seed", "replicates", *old, *new):
        if key.startswith(("created", "machine", "design", "versions.", "reached")):
            continue
        if "until.of" in new and key in ("replicates", "runs"):  # as far as it has grown
            continue
        if old.get(key) != new.get(key):
            return f"{key}: {old.get(key, 'nothing')} there, {new.get(key, 'nothing')} now"
    return "another version of the model"


def _flat(data: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _flat(value, f"{prefix}{name}.")
    else:
        yield prefix[:-1], data


def _clear(folder: Path) -> None:
    for name in _OWN:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _united(runs: Sequence[Run], every: Sequence[Columns]) -> "pa.Table":
    """One table of the same table of several runs, each row with the keys of its run."""
    import pyarrow as pa

    rows = [len(next(iter(table.values()))) for table in every]
    of_runs = [run.keys() for run in runs]
    whole = {name: columns.repeated([of[name] for of in of_runs], rows) for name in of_runs[0]}
    # a column that some of the runs don't have is empty in their rows, as NaN is
    for name in dict.fromkeys(name for table in every for name in table):
        whole[name] = columns.united(
            [
                table[name] if name in table else np.full(length, np.nan)
                for table, length in zip(every, rows, strict=True)
            ]
        )
    return pa.Table.from_arrays(list(whole.values()), names=list(whole))


def _in_order(tables: Sequence["pa.Table"], runs: Sequence[Run]) -> "pa.Table":
    """Rows in the order of the runs, whichever was stored first."""
    import pyarrow as pa

    whole = pa.concat_tables(tables, promote_options="permissive")
    position = {run.run_id: i for i, run in enumerate(runs)}
    places = np.array([position[one] for one in whole["run_id"].to_pylist()])
    return whole.take(places.argsort(kind="stable")).combine_chunks()


def _marked_rows(part: Path, mark: Mapping[str, Any]) -> "pa.Table":
    """The rows of a part whose runs are marked; others were written when something stopped it."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    runs = pa.array([run["run_id"] for run in mark["runs"]])
    try:
        with pq.ParquetFile(part) as file:  # parts are small: half the time of `read_table`
            table = file.read(use_threads=False)
        marked = pc.is_in(table["run_id"], value_set=runs)
        return table if pc.all(marked).as_py() else table.filter(marked)
    except (OSError, pa.ArrowException) as error:
        raise ResultsError(
            f"{part} is damaged ({error}); run the experiment again with --fresh"
        ) from error
