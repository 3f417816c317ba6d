"""Workers that outlived their sweep, and folders that were cleared by half: nothing is mixed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

from diffusion.base.errors import ResultsError
from diffusion.config import Experiment
from diffusion.runner import store, upkeep
from diffusion.runner.design import Chunk, chunks_of, design_hash, runs_of
from diffusion.runner.files import write_parquet
from diffusion.runner.run import compute, run_experiment
from diffusion.runner.store import TABLES, Results, Store

Make = Callable[..., Experiment]
Fake = Any


def first_chunk(experiment: Experiment) -> Chunk:
    return chunks_of(runs_of(experiment))[0]


def computed_meanwhile(
    meanwhile: Callable[[], object], monkeypatch: pytest.MonkeyPatch, fake: Fake
) -> None:
    """Let something happen once, at the end of the next run."""
    tables = fake.tables

    def finished(self: Any) -> Any:
        monkeypatch.setattr(fake, "tables", tables)
        meanwhile()
        return tables(self)

    monkeypatch.setattr(fake, "tables", finished)


def assert_as_if_alone(results: Results, whole: Results) -> None:
    assert list(upkeep.problems(results)) == []
    for name in TABLES:
        assert_frame_equal(results.table(name), whole.table(name))


@pytest.mark.parametrize("some", [1, 2])
def test_runs_that_another_worker_stored_meanwhile_are_not_stored_twice(
    some: int, make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_experiment(make(), tmp_path / "whole")
    results = run_experiment(make(), tmp_path / "r")
    chunk = first_chunk(make())
    (results.path / "finished" / "part-00000.json").unlink()
    ids = [run.run_id for run in chunk.runs]

    def another() -> None:
        later = frozenset(ids[some:])
        compute(results.path, Chunk(chunk.number, chunk.runs, later=later))

    computed_meanwhile(another, monkeypatch, fake)
    assert compute(results.path, chunk).done == len(ids)
    assert [run["run_id"] for run in results.marks()[0]["runs"]] == ids
    assert_as_if_alone(results, whole)


def test_a_worker_of_another_design_stores_nothing(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make(replicates=2), make("turnover.share_ngo=0.33")
    whole = run_experiment(new, tmp_path / "whole")
    folder = tmp_path / "r"
    results = run_experiment(old, folder)
    (folder / "finished" / "part-00000.json").unlink()
    design = results.manifest["design"]
    computed_meanwhile(lambda: run_experiment(new, folder, fresh=True), monkeypatch, fake)
    with pytest.raises(ResultsError, match="begun another design in"):
        compute(folder, first_chunk(old), design)  # it began before the other
    fake.calls.clear()
    with pytest.raises(ResultsError, match="begun another design in"):
        compute(folder, first_chunk(old), design)  # it was queued
    assert fake.calls == []
    assert_as_if_alone(Results(folder), whole)


def test_a_failure_of_another_design_is_not_kept(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, folder = make(replicates=2), tmp_path / "r"
    of_old = Store.open(folder, run_experiment(old, folder).manifest)
    run_experiment(make(), folder, fresh=True)
    with pytest.raises(ResultsError, match="begun another design in"):
        of_old.write_failure(runs_of(old)[0], "error", "traceback")
    assert Results(folder).failures() == []


def test_a_design_that_begins_while_rows_are_written_gets_no_mark(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, folder = make(replicates=2), make("turnover.share_ngo=0.33"), tmp_path / "r"
    (Path(run_experiment(old, folder).path) / "finished" / "part-00000.json").unlink()

    def written(*args: Any) -> str:
        monkeypatch.setattr("diffusion.runner.store.write_parquet", write_parquet)
        run_experiment(new, folder, fresh=True)
        return write_parquet(*args)

    monkeypatch.setattr("diffusion.runner.store.write_parquet", written)
    with pytest.raises(ResultsError, match="begun another design in"):
        compute(folder, first_chunk(old), design_hash(runs_of(old)))
    assert Results(folder).foreign() == {}
    assert "is not what was stored" in next(upkeep.problems(Results(folder)))


def test_a_mark_of_another_design_is_told_of_and_not_read(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    whole = run_experiment(make(), tmp_path / "whole")
    other = run_experiment(make("turnover.share_ngo=0.33", replicates=9), tmp_path / "other")
    results = run_experiment(make(), tmp_path / "r")
    for name in (*TABLES, "finished"):
        for path in (other.path / name).glob("part-*"):
            if path.stem in ("part-00001", "part-00007"):
                shutil.copy(path, results.path / name)
    wrong = [results.path / "finished" / f"part-0000{number}.json" for number in (1, 7)]
    assert list(upkeep.problems(results)) == [
        f"{one} marks 2 runs of another design" for one in wrong
    ]
    assert results.finished() == whole.finished() - {
        run.run_id for run in chunks_of(runs_of(make()))[1].runs
    }
    run_experiment(make(), results.path)
    assert list(upkeep.problems(results)) == [f"{wrong[1]} marks 2 runs of another design"]
    upkeep.prune(results)
    assert_as_if_alone(results, whole)


def test_marks_that_name_no_design_are_those_of_the_folder(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    """Folders of before."""
    results = run_experiment(make(), tmp_path / "r")
    stranger = {"run_id": "of another design", "seconds": 0.1}
    for path in results.path.glob("finished/*.json"):
        mark = json.loads(path.read_text())
        del mark["design"]
        path.write_text(json.dumps(mark | {"runs": [*mark["runs"][:1], stranger]}))
    assert len(results.finished() - {"of another design"}) == 3
    run_experiment(make(), results.path)
    assert_as_if_alone(results, run_experiment(make(), tmp_path / "whole"))


@pytest.mark.parametrize("moment", range(7))
def test_a_fresh_start_that_is_killed_never_mixes_designs(
    moment: int, make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed after so many files and folders have gone."""
    old, new, folder = make(replicates=2), make("turnover.share_ngo=0.33"), tmp_path / "r"
    fake.broken = frozenset({2})
    run_experiment(old, folder)
    fake.broken = frozenset()
    left = moment

    def counted(remove: Callable[..., None]) -> Callable[..., None]:
        def until_then(path: Path, **options: Any) -> None:
            nonlocal left
            if path.name in store._CLEARED and path.exists():
                left -= 1
                if left < 0:
                    raise SystemExit
            remove(path, **options)

        return until_then

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", counted(shutil.rmtree))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        with pytest.raises(SystemExit):
            run_experiment(new, folder, fresh=True)
    assert Results(folder).manifest["design"] == design_hash(runs_of(old))
    with pytest.raises(ResultsError, match="another design"):
        run_experiment(new, folder)
    whole = run_experiment(new, tmp_path / "whole")
    assert_as_if_alone(run_experiment(new, folder, fresh=True), whole)


@pytest.mark.parametrize("left", ["finished/part-00000.json", "failures/0123.json"])
def test_runs_without_a_manifest_are_refused_and_fresh_replaces_them(
    left: str, make: Make, fake: Fake, tmp_path: Path
) -> None:
    folder = tmp_path / "r"
    run_experiment(make(replicates=2), folder)
    (folder / "manifest.json").unlink()
    if left.startswith("failures"):
        shutil.rmtree(folder / "finished")
        (folder / "failures").mkdir()
        (folder / left).write_text("{}")
    before = sorted(folder.rglob("*"))
    with pytest.raises(ResultsError, match=r"holds runs but no manifest.json .*--fresh"):
        run_experiment(make(), folder)
    assert sorted(folder.rglob("*")) == before
    results = run_experiment(make(), folder, fresh=True)
    assert_as_if_alone(results, run_experiment(make(), tmp_path / "whole"))


def test_a_manifest_half_written_by_a_killed_process_is_nobody_elses(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / ".manifest.json.123").write_text("{")
    assert len(run_experiment(make(), folder).finished()) == 6


def test_what_cannot_be_cleared_is_named(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_experiment(make(), tmp_path / "r")

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", refused)
    with pytest.raises(ResultsError, match=r"finished can't be removed \(Permission denied\)"):
        run_experiment(make(), tmp_path / "r", fresh=True)
