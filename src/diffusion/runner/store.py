"""A results folder: what was computed, by what, and the tables.

    manifest.json                  the experiment, its settings, versions, machine, design
    months/part-00000.parquet      likewise outcomes/, survival/, groups/, events/
    finished/part-00000.json       marks the runs whose rows stand in that part, with seconds,
                                   their design and the SHA-256 of the part of each table
    failures/<run_id>.json         traceback of a run that failed; it has no rows

Rows are only read when their run is marked, and a mark is only set when all tables are in place:
so whatever stops a sweep at whatever moment, no run is there twice and none by half. One command
at a time computes there (`lock`). A worker that outlived its own stores nothing that is marked by
then, nor anything where another design has begun; a mark of another design is not read.
What depends on the clock stands in the marks, so that tables are the same bytes whenever and
on however many workers they are computed.
"""

import shutil
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffusion.base.errors import ResultsError, nearest
from diffusion.base.writing import reason
from diffusion.model.code_digest import LIBRARIES, PYTHON, series
from diffusion.model.measures import Columns
from diffusion.runner.design import Chunk, Run
from diffusion.runner.files import check_writable, read_json, write_json, write_parquet
from diffusion.runner.lock import LOCK
from diffusion.runner.rows import in_order, in_pandas, marked, united
from diffusion.runner.stopping import STOPPING

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 2
KEYS = ("scenario", "replicate", "seed", "run_id")  # with points further ones, see `Run.keys`
TABLES = ("months", "outcomes", "survival", "groups", "events")
OF_COMMANDS = (  # names of files and folders, in which * stands for a scenario
    "figures",
    "months.csv",
    "summary.csv",
    "summary.md",
    "differences.csv",
    "differences_to_*.csv",
    "ranking.csv",
    "by_group.csv",
    "pairs.csv",
    "survival_curves.csv",
    "cost_effectiveness.csv",
    "acceptability.csv",
    "effects.csv",
)
_MAY_CHANGE = ("until", "shows", "question")  # of the manifest; no run depends on them
# In the order in which they go: rows are nothing without marks, and a folder that is cleared by
# half still says of which design it is. Marks go once more, for a late worker may have set some.
_CLEARED = ("finished", "failures", *TABLES, *OF_COMMANDS, STOPPING, "manifest.json", "finished")
_OWN = (*_CLEARED, LOCK)
_TEMPORARY = (*(f".{name}.*" for name in _OWN), ".probe-*")  # while they are written

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
            RoomError: the system lets no thread start, without which nothing can be read.
        """
        import pandas as pd

        if name not in TABLES:
            raise ResultsError(
                f"there is no table '{name}'; tables: {', '.join(TABLES)}{nearest(name, TABLES)}"
            )
        tables = [
            marked(self.part(name, number), mark)
            for number, mark in self.marks().items()
            if name in mark["sha256"]
        ]
        if not tables:
            return pd.DataFrame(columns=list(KEYS))
        return in_pandas(tables)

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
        marks = [read_json(path) for path in self._mark_paths()]
        return {mark["part"]: mark for mark in marks if self._is_own(mark)}

    def foreign(self) -> dict[Path, int]:
        """Marks of another design, and how many runs they name; such runs are never read."""
        marks = [(path, read_json(path)) for path in self._mark_paths()]
        return {path: len(mark["runs"]) for path, mark in marks if not self._is_own(mark)}

    def part(self, table: str, number: int) -> Path:
        """Where a part of a table is stored."""
        return self.path / table / f"part-{number:05d}.parquet"

    def _mark_paths(self) -> list[Path]:
        return sorted(self.path.glob("finished/part-*.json"))

    def _is_own(self, mark: Mapping[str, Any]) -> bool:
        design = self._manifest.get("design")
        return bool(mark.get("design", design) == design)  # marks of before name none


class Store(Results):
    """Writes a results folder; each part is written by the worker that computed it.

    Args:
        design: hash of the design whose runs are to be stored; None for that of the folder.

    Raises:
        ResultsError: as `Results`, or the folder holds another design by now.
    """

    def __init__(self, path: Path | str, design: str | None = None) -> None:
        self._read = _stamp(Path(path))
        super().__init__(path)
        self._design = self._manifest.get("design") if design is None else design
        self._check_design(self._manifest)

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
        return _ids(self._mark(chunk))

    def write(
        self, chunk: Chunk, tables: Mapping[str, Tables], seconds: Mapping[str, float]
    ) -> None:
        """Store the tables of finished runs of a chunk beside those stored earlier, and mark them.

        Runs that are marked by now, by whomever, stay as they are.

        Args:
            chunk: as it was designed, which gives the order of rows.
            tables: run id -> table name -> columns.
            seconds: run id -> wall time.

        Raises:
            ResultsError: the disk is full, the folder can't be written, or holds another design.
        """
        self._check_still()
        mark = self._mark(chunk)
        tables = {run_id: tables[run_id] for run_id in tables if run_id not in _ids(mark)}
        if not tables:
            return
        hashes = dict(mark["sha256"])
        for name in dict.fromkeys(name for every in tables.values() for name in every):
            part = self.part(name, chunk.number)
            with_rows = [run for run in chunk.runs if name in tables.get(run.run_id, ())]
            whole = united(with_rows, [tables[run.run_id][name] for run in with_rows])
            if name in mark["sha256"]:
                whole = in_order([marked(part, mark), whole], chunk.runs)
            hashes[name] = write_parquet(part, whole)
        runs = [*mark["runs"], *({"run_id": one, "seconds": seconds[one]} for one in tables)]
        self._check_still()
        whole_mark = {"part": chunk.number, "design": self._design, "runs": runs, "sha256": hashes}
        write_json(self._mark_path(chunk.number), whole_mark)
        for run_id in tables:
            self._failure(run_id).unlink(missing_ok=True)

    def write_failure(self, run: Run, error: str, traceback: str) -> None:
        """Keep what went wrong in a run; it never has rows in a table."""
        self._check_still()
        write_json(
            self._failure(run.run_id), {**run.keys(), "error": error, "traceback": traceback}
        )

    def _check_still(self) -> None:
        """Refuse to store once another design has begun here; whoever grows the same may go on."""
        now = _stamp(self.path)
        if now is None or now != self._read:
            self._check_design(Results(self.path).manifest)
            self._read = now

    def _check_design(self, manifest: Mapping[str, Any]) -> None:
        if manifest.get("design") != self._design:
            raise ResultsError(
                f"another command has begun another design in {self.path}; nothing more of this "
                f"one is stored there, so give it another folder with --results"
            )

    def _mark(self, chunk: Chunk) -> dict[str, Any]:
        """What is marked of the runs of a chunk."""
        path = self._mark_path(chunk.number)
        mark = read_json(path) if path.is_file() else None
        if mark is None or not self._is_own(mark):
            return {"runs": [], "sha256": {}}
        ids = {run.run_id for run in chunk.runs}
        return {**mark, "runs": [run for run in mark["runs"] if run["run_id"] in ids]}

    def _mark_path(self, number: int) -> Path:
        return self.path / "finished" / f"part-{number:05d}.json"

    def _failure(self, run_id: str) -> Path:
        return self.path / "failures" / f"{run_id}.json"


def check_folder(folder: Path, manifest: Mapping[str, Any], fresh: bool) -> None:
    """Refuse a folder that can't be written or holds something else; changes nothing.

    Raises:
        ResultsError: it can't be written, holds another design, results of which nobody knows the
            design, or files that are none of ours.
    """
    check_place(folder)
    if fresh:
        return
    if not (folder / "manifest.json").is_file():
        if any(folder.glob("finished/part-*.json")) or any(folder.glob("failures/*.json")):
            raise ResultsError(
                f"{folder} holds runs but no manifest.json that says of which design they are; "
                f"restore it, use --fresh to replace them, or choose another folder with --results"
            )
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


def check_place(folder: Path) -> None:
    """Refuse a folder in which no results can be; changes nothing.

    Raises:
        ResultsError: it can't be written, or holds files that are none of ours.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise ResultsError(f"{folder} is a file, not a folder; choose another with --results")
    except OSError as error:  # a name that is too long, say
        raise ResultsError(
            f"the results folder {folder} can't be made ({error.strerror}); choose another with "
            f"--results"
        ) from error
    names = sorted(path.name for path in folder.glob("*"))
    foreign = [one for one in names if not is_own(one)]
    if not (folder / "manifest.json").is_file() and foreign:
        raise ResultsError(
            f"{folder} holds files that are no results ({foreign[0]}); "
            f"choose a new folder with --results"
        )
    check_writable(folder)


def is_own(name: str) -> bool:
    """Whether commands give this name to what they put into a results folder."""
    return any(fnmatchcase(name, own) for own in (*_OWN, *_TEMPORARY))


def _difference(there: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first entry in which two manifests differ, in words."""
    old, new = dict(_flat(there)), dict(_flat(now))
    for one in (old, new):
        if (python := f"versions.{PYTHON}") in one:
            one[python] = series(str(one[python]))
    # what the digest called `code` covers, before the digest itself; older folders lack some
    deciding = [f"versions.{name}" for name in (PYTHON, *LIBRARIES) if f"versions.{name}" in old]
    for key in ("schema", "experiment", "seed", "replicates", *deciding, *old, *new):
        if key.startswith(("created", "machine", "design", "reached")):
            continue
        if key.startswith("versions.") and key not in deciding:
            continue
        if "until.of" in new and key in ("replicates", "runs"):  # as far as it has grown
            continue
        if old.get(key) != new.get(key):
            return f"{key}: {old.get(key, 'nothing')} there, {new.get(key, 'nothing')} now"
    return "whether its runs are the same"


def _flat(data: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _flat(value, f"{prefix}{name}.")
    else:
        yield prefix[:-1], data


def _clear(folder: Path) -> None:
    """Remove results, in an order that leaves no mark without a manifest; of links only these.

    Raises:
        ResultsError: something can't be removed.
    """
    for path in (path for name in _CLEARED for path in _called(folder, name)):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise ResultsError(
                f"{path} can't be removed ({reason(error)}); remove {folder} yourself, or choose "
                f"another folder with --results"
            ) from error


def _called(folder: Path, name: str) -> list[Path]:
    """What may have this name; the one of that name itself, there or not, where it has no *."""
    return sorted(folder.glob(name)) if "*" in name else [folder / name]


def _stamp(folder: Path) -> tuple[int, ...] | None:
    """What tells whether a manifest was written anew, without reading it; None if there is none."""
    try:
        about = (folder / "manifest.json").stat()
    except OSError:
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns


def _ids(mark: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(run["run_id"] for run in mark["runs"])
