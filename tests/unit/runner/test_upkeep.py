"""Results folders are listed, checked, handed on and made smaller without losing a run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from diffusion.base.errors import ResultsError
from diffusion.cli import main
from diffusion.config import Experiment
from diffusion.runner import store, upkeep
from diffusion.runner.run import run_experiment
from diffusion.runner.store import Results

Make = Callable[..., Experiment]
Fake = Any


@pytest.fixture
def results(make: Make, fake: Fake, tmp_path: Path) -> Results:
    return run_experiment(make(), tmp_path / "r")


def test_an_untouched_folder_has_no_problem(results: Results) -> None:
    assert list(upkeep.problems(results)) == []
    one = upkeep.overview(results)
    assert (one.runs, one.finished, one.failed, one.left) == (6, 6, 0, 0)
    assert (one.scenarios, one.replicates) == (2, 3)


def test_a_changed_and_a_missing_part_are_named(results: Results) -> None:
    changed, missing = results.part("outcomes", 0), results.part("survival", 1)
    frame = pd.read_parquet(changed)
    frame.assign(using_end=0.5).to_parquet(changed)
    missing.unlink()
    found = list(upkeep.problems(results))
    assert f"{changed} is not what was stored" in found
    assert f"{missing} is missing" in found
    with pytest.raises(ResultsError, match=r"survival/part-00001.parquet is damaged"):
        results.table("survival")


def test_a_run_that_lost_rows_is_named(results: Results) -> None:
    part = results.part("months", 0)
    frame = pd.read_parquet(part)
    frame.iloc[1:].to_parquet(part)
    run = frame["run_id"].iloc[0]
    assert f"run {run} has 7 rows in months instead of 8" in list(upkeep.problems(results))


@pytest.mark.parametrize("text", ["", '{"part": 0,', "[]", "{}", '{"part": 0, "runs": [1]}'])
def test_a_damaged_mark_is_a_fault_like_others(
    results: Results, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged, missing = results.path / "finished" / "part-00000.json", results.part("survival", 1)
    damaged.write_text(text)
    missing.unlink()
    assert main(["results", "verify", str(results.path)]) == 1
    sentences = capsys.readouterr().err.splitlines()
    assert [line for line in sentences if str(damaged) in line and "restore it" in line]
    assert f"diffusion: {missing} is missing" in sentences
    assert sentences[-1].startswith("diffusion: 2 faults; ")


def test_a_damaged_failure_is_a_fault_too(
    make: Make, fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.broken = frozenset({2})
    results = run_experiment(make(), tmp_path / "r")
    damaged = min(results.path.glob("failures/*.json"))
    damaged.write_bytes(b"\xff")
    assert main(["results", "verify", str(results.path)]) == 1
    assert f"diffusion: {damaged} can't be read" in capsys.readouterr().err


def test_rows_without_a_mark_are_neither_read_nor_kept(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after a mended run was written and before it was marked."""
    whole = run_experiment(make(), tmp_path / "whole")
    fake.broken = frozenset({2})
    mended = run_experiment(make(), tmp_path / "mended")
    fake.broken = frozenset()

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(store, "write_json", die)
        with pytest.raises(SystemExit):
            run_experiment(make(), tmp_path / "mended")
    assert sorted(set(mended.table("months")["seed"])) == [1, 3]
    run_experiment(make(), tmp_path / "mended")
    for name in ("months", "outcomes", "groups"):
        assert_frame_equal(mended.table(name), whole.table(name))
    assert list(upkeep.problems(mended)) == []


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_exported_tables_are_the_stored_ones(results: Results, tmp_path: Path, format: str) -> None:
    paths = upkeep.export(results, tmp_path / "out", format)
    assert sorted(path.stem for path in paths) == ["groups", "months", "outcomes", "survival"]
    read: Callable[..., pd.DataFrame] = pd.read_csv if format == "csv" else pd.read_parquet
    for path in paths:
        assert_frame_equal(read(path), results.table(path.stem))


def test_a_workbook_has_a_sheet_a_table(results: Results, tmp_path: Path) -> None:
    (path,) = upkeep.export(results, tmp_path / "all.xlsx", "xlsx", ["outcomes", "survival"])
    sheets = pd.read_excel(path, sheet_name=None)
    assert list(sheets) == ["outcomes", "survival"]
    assert list(sheets["outcomes"]["using_end"]) == list(results.table("outcomes")["using_end"])


def test_a_table_that_is_too_long_for_a_sheet_leaves_no_file(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "ROWS_OF_A_SHEET", 10)
    with pytest.raises(ResultsError, match=r"months has 48 rows, a sheet of Excel holds 10"):
        upkeep.export(results, tmp_path / "all.xlsx", "xlsx")
    assert not (tmp_path / "all.xlsx").exists()


def test_an_unknown_format_or_table_is_named(results: Results, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"'cvs' is no format .*did you mean 'csv'"):
        upkeep.export(results, tmp_path, "cvs")
    with pytest.raises(ResultsError, match=r"there is no table 'month'.*did you mean 'months'"):
        upkeep.export(results, tmp_path, "csv", ["month"])
    with pytest.raises(ResultsError, match=r"'outcomes' can't be pruned"):
        upkeep.prune(results, ["outcomes"])


def test_pruning_removes_what_is_named_and_what_was_left_behind(
    make: Make, results: Results, fake: Fake
) -> None:
    torn = results.path / "months" / ".part-00000.parquet.123"
    torn.write_bytes(b"half")
    unmarked = results.path / "months" / "part-00077.parquet"
    unmarked.write_bytes(b"lost")
    before = results.table("outcomes")
    assert upkeep.prune(results, ["groups"]) > 0
    assert not torn.exists()
    assert not unmarked.exists()
    assert len(results.table("groups")) == 0
    assert_frame_equal(results.table("outcomes"), before)
    assert list(upkeep.problems(results)) == []
    fake.calls.clear()
    run_experiment(make(), results.path)
    assert fake.calls == []
    assert upkeep.unneeded(results) == []


def test_pruning_removes_half_written_files_and_no_hidden_ones_of_others(results: Results) -> None:
    ours = [
        *(f".{name}.4711" for name in ("manifest.json", "months.csv", "differences_to_a.csv")),
        ".probe-4711",
        "finished/.part-00000.json.4711",
        "failures/.0123456789abcdef.json.4711",
        "figures/.adoption.png.4711",
        "survival/.part-00001.parquet.4711",
    ]
    of_others = [
        *(".gitignore", ".DS_Store", ".notes.txt.4711", ".manifest.json.swp", ".probe-mine"),
        *(".git/config", "mine/.part-00000.json.4711", "figures/.directory"),
    ]
    for name in (*ours, *of_others):
        (results.path / name).parent.mkdir(exist_ok=True)
        (results.path / name).write_text("x")
    gone = upkeep.unneeded(results)
    assert set(gone) == {results.path / name for name in ours}
    assert upkeep.prune(results) == len(ours)
    assert not any(path.exists() for path in gone)
    assert all((results.path / name).is_file() for name in of_others)


def test_folders_are_found_and_strange_ones_told_of(results: Results) -> None:
    strange = results.path.parent / "strange"
    strange.mkdir()
    (strange / "manifest.json").write_text(json.dumps({"schema": 99}))
    found, unreadable = upkeep.folders(results.path.parent)
    assert [one.path.name for one in found] == ["r"]
    assert len(unreadable) == 1
    assert "schema 99" in unreadable[0]
