"""A sweep that Hydra launches: one folder, the numbers of single runs, nothing computed twice."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from diffusion.base.errors import ResultsError, RoomError, SettingError
from diffusion.config import load
from diffusion.runner.multirun import run_sweep
from diffusion.runner.run import Progress
from diffusion.runner.single import run_once
from diffusion.runner.store import TABLES, Results
from diffusion.runner.upkeep import overview, problems
from tests.unit.runner.conftest import SMALL, FakeSimulation

SWEEP = [*SMALL, "intervention=[],[cop_formation]", "world.n=60,90", "seed=5,3"]


@pytest.fixture
def faked(fake: type[FakeSimulation], monkeypatch: pytest.MonkeyPatch) -> type[FakeSimulation]:
    monkeypatch.setattr("diffusion.runner.multirun.compile_model", lambda *_: None)
    monkeypatch.setattr("diffusion.runner.multirun.check_worlds", lambda _: None)
    return fake


def test_a_sweep_is_one_folder_whose_rows_say_where_they_stand(
    faked: type[FakeSimulation], tmp_path: Path
) -> None:
    results = run_sweep(SWEEP, folder=tmp_path / "r")
    rows = results.table("outcomes")
    keys = ["scenario", "point", "replicate", "seed", "world.n"]
    assert [tuple(row) for row in rows[keys].itertuples(index=False)] == [
        (scenario, point, seed - 3, seed, n)
        for point, n in enumerate((60, 90))
        for scenario in ("baseline", "cop_formation")
        for seed in (5, 3)
    ]
    assert rows["run_id"].nunique() == 8
    about = results.manifest
    assert about["varied"] == ["world.n"]
    assert (about["baseline"], about["replicates"], about["seed"]) == ("baseline", 2, 3)
    assert about["scenarios"]["cop_formation"]["interventions"] == ["cop_formation"]
    assert list(problems(results)) == []
    assert (overview(results).runs, overview(results).left) == (8, 0)


def test_every_run_of_a_sweep_is_the_single_run_of_its_settings(tmp_path: Path) -> None:
    typed = ["intervention=[],[cop_formation]", "turnover.rel_turnover=1,3", "seed=4"]
    rows = run_sweep([*SMALL, *typed], folder=tmp_path / "r").table("months")
    (row,) = rows[(rows["point"] == 1) & (rows["scenario"] == "cop_formation")].groupby("run_id")
    alone = load([*SMALL, "intervention=[cop_formation]", "turnover.rel_turnover=3", "seed=4"])
    months = run_once(alone, tmp_path / "one").simulation.months()
    given = row[1][list(months)].reset_index(drop=True)
    pd.testing.assert_frame_equal(given, months, check_exact=True)


def test_a_second_call_computes_only_what_is_missing(
    faked: type[FakeSimulation], tmp_path: Path
) -> None:
    whole = run_sweep(SWEEP, folder=tmp_path / "r").table("months")
    (tmp_path / "r" / "finished" / "part-00002.json").unlink()
    faked.calls.clear()
    told: list[Progress] = []
    again = run_sweep(SWEEP, folder=tmp_path / "r", progress=told.append)
    assert faked.calls == [5]
    assert (told[0].skipped, told[-1].done, told[-1].total) == (7, 1, 8)
    pd.testing.assert_frame_equal(again.table("months"), whole)


def test_the_same_sweep_has_the_same_folder_and_another_one_is_refused(
    faked: type[FakeSimulation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_sweep(SWEEP).path == run_sweep(SWEEP).path
    assert len(list((tmp_path / "results").iterdir())) == 1
    run_sweep([*SWEEP, "seed=5,3,4"])
    assert len(list((tmp_path / "results").iterdir())) == 2
    with pytest.raises(ResultsError, match="holds results of another design"):
        run_sweep([*SWEEP, "seed=1"], folder=run_sweep(SWEEP).path)


def test_a_run_that_fails_costs_no_other(faked: type[FakeSimulation], tmp_path: Path) -> None:
    faked.broken = frozenset([3])
    results = run_sweep(SWEEP, folder=tmp_path / "r")
    assert set(results.table("outcomes")["seed"]) == {5}
    assert {one["world.n"] for one in results.failures()} == {60, 90}
    faked.broken = frozenset()
    assert len(run_sweep(SWEEP, folder=tmp_path / "r").table("outcomes")) == 8


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("turnover.rel_turnover=1,-1", "turnover.rel_turnover = -1: allowed"),
        ("world=erasmi,sinthetic", "did you mean 'synthetic'?"),
        ("measures=default,other", "there is no measures 'other'"),
        ("hydra/launcher=none", "no launcher 'none' is installed"),
    ],
)
def test_a_mistake_in_any_job_is_found_before_anything_is_written(
    typed: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingError) as caught:
        run_sweep(["seed=1,2", typed], folder=tmp_path / "r")
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_a_job_cannot_write_is_told_once(
    faked: type[FakeSimulation],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: Any) -> None:
        raise ResultsError("the disk is full")

    monkeypatch.setattr("diffusion.runner.store.write_parquet", full)
    with pytest.raises(ResultsError, match="the disk is full"):
        run_sweep(SWEEP, folder=tmp_path / "r")
    assert faked.calls == [5]
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_the_joblib_launcher_writes_what_the_basic_one_writes(tmp_path: Path) -> None:
    folders: dict[str, Results] = {}
    launchers: dict[str, list[str]] = {"basic": [], "joblib": ["hydra.launcher.n_jobs=2"]}
    for name, more in launchers.items():
        given = [*SWEEP, f"hydra/launcher={name}", *more]
        folders[name] = run_sweep(given, folder=tmp_path / name)
    for table in TABLES:
        one, other = (results.table(table) for results in folders.values())
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert len(list((tmp_path / "joblib" / "finished").iterdir())) == 8
    assert list(problems(folders["joblib"])) == []


def test_processes_of_a_launcher_for_which_there_is_no_room_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    monkeypatch.setattr("diffusion.base.processes.has_room", lambda *_: False)
    typed = [*SWEEP, "hydra/launcher=joblib", "hydra.launcher.n_jobs=3"]
    said = "^3 workers take more .*; without hydra/launcher=joblib none need start, or raise"
    with pytest.raises(RoomError, match=said):
        run_sweep(typed, folder=tmp_path / "r")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("jobs", [0, 1025])
def test_a_number_of_processes_that_no_launcher_can_have_is_refused(
    jobs: int, tmp_path: Path
) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    typed = [*SWEEP, "hydra/launcher=joblib", f"hydra.launcher.n_jobs={jobs}"]
    said = f"^hydra.launcher.n_jobs = {jobs}: allowed 1 to 1024, or -1 for one on each processor$"
    with pytest.raises(SettingError, match=said):
        run_sweep(typed, folder=tmp_path / "r")
    assert not (tmp_path / "r").exists()
