"""`diffusion compare RESULTS` shows what is stored, computes nothing, and says what is missing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from diffusion.cli import main

SMALL = [
    "world=synthetic",
    "world.n=40",
    "world.n_territories=2",
    "timing={start: 2, stop: 5, months: 8}",
    "executor=serial",
]


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored") / "sweep"
    words = ["compare", *SMALL, "intervention=[cop_formation,handover]", "replicates=3"]
    assert main([*words, "--results", str(folder), "--no-figures"]) == 0
    return folder


@pytest.fixture
def folder(computed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from diffusion.model.simulation import Simulation

    def no_run(*_: Any) -> None:
        raise AssertionError("nothing may be computed")

    monkeypatch.setattr(Simulation, "__init__", no_run)
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(computed, Path("results") / "sweep"))


def without_last_replicate_of(folder: Path, scenario: str) -> None:
    """Takes the mark of one run away, as if it had not been computed."""
    outcomes = pd.read_parquet(folder / "outcomes")
    gone = outcomes[(outcomes["scenario"] == scenario) & (outcomes["replicate"] == 2)]["run_id"]
    for path in folder.glob("finished/*.json"):
        mark = json.loads(path.read_text())
        mark["runs"] = [run for run in mark["runs"] if run["run_id"] not in set(gone)]
        path.write_text(json.dumps(mark))


def test_it_shows_and_draws_what_was_computed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = pd.read_csv(folder / "differences.csv")
    for path in folder.glob("*.csv"):
        path.unlink()
    assert main(["compare", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "What remains when the money stops (3 runs of each scenario)" in shown
    assert "missing" not in shown
    pd.testing.assert_frame_equal(pd.read_csv(folder / "differences.csv"), before)
    assert (folder / "acceptability.csv").is_file()
    drawn = {path.name for path in folder.glob("figures/*.png")}
    assert {"differences.png", "cost_effectiveness.png", "acceptability.png"} <= drawn
    assert "network_map.png" not in drawn  # its run would have to be computed


def test_bootstrap_intervals_where_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--no-figures", str(folder), "--interval", "bootstrap"]) == 0
    assert "resampled replicates" in " ".join(capsys.readouterr().out.split())
    assert set(pd.read_csv(folder / "differences.csv")["interval"]) == {"bootstrap"}


def test_missing_runs_are_counted_and_their_replicates_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without_last_replicate_of(folder, "handover")
    assert main(["compare", str(folder), "--no-figures"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "1 of 12 runs are missing, 0 of them failed" in said
    assert "compared are the 2 replicates in which every scenario has finished" in said
    assert set(pd.read_csv(folder / "differences.csv")["n"].dropna()) <= {0, 2}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["results/sweeep"], "there is no folder results/sweeep; did you mean 'results/sweep'?"),
        (["results"], "results is no results folder (it has no manifest.json)"),
        (["results/sweep", "seed=2"], "'seed=2' can't go with the results folder results/sweep"),
        (["results/sweep", "results"], "'results' can't go with the results folder"),
        (["results/sweep", "--fresh"], "'--fresh' can't go with the results folder"),
        (["results/sweep", "--results", "x"], "'--results' can't go with the results folder"),
        (["results/sweep", "--interval", "boot"], "--interval = 'boot': choose from t, bootstrap"),
        (["seed=1", "--interval", "boot"], "--interval = 'boot': choose from t, bootstrap"),
        (["seed"], "write key=value"),
    ],
)
def test_mistakes_are_one_sentence(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert main(["compare", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_folder_whose_baseline_has_not_finished(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["baseline"] = "nothing"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert main(["compare", str(folder)]) == 2
    assert "no run of the baseline 'nothing' has finished" in capsys.readouterr().err


def test_tables_and_pictures_are_put_into_a_page(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Path("found") / "page.md"
    words = ["compare", str(folder), "--write", str(page)]
    assert main([*words, "--no-figures"]) == 0
    assert f"Written\n  {page}\n" in capsys.readouterr().out
    title, _, block = page.read_text("utf-8").partition("\n\n<!-- measured -->\n\n3 replicates of")
    assert title == "# cop_formation+handover"
    assert "| Handover | " in block
    page.write_text("![Use](adoption.png)\n<!-- measured --><!-- /measured -->\nThe end.\n")
    assert main(words) == 0
    assert "| Handover | " in page.read_text("utf-8")
    assert page.read_text("utf-8").endswith("<!-- /measured -->\nThe end.\n")
    drawn = folder / "figures" / "adoption.png"
    assert (page.parent / "adoption.png").read_bytes() == drawn.read_bytes()


def test_a_page_without_marks_is_refused_before_anything_is_computed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Path("page.md")
    page.write_text("mine")
    for words in ([str(folder)], ["experiment=what_remains"]):
        assert main(["compare", *words, "--write", str(page)]) == 2
        assert "page.md must hold the marks <!-- measured -->" in capsys.readouterr().err
    assert page.read_text() == "mine"
