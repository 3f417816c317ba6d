"""Experiments computed and stored: resumed, failing, refused."""

import json
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

from diffusion.base.errors import ResultsError, SettingError
from diffusion.config import Experiment, design
from diffusion.model import spending
from diffusion.runner.design import chunks_of, runs_of
from diffusion.runner.files import write_json, write_with
from diffusion.runner.manifest import manifest_of, versions
from diffusion.runner.run import Progress, check_worlds, compute, run_experiment
from diffusion.runner.store import TABLES, Results, Store

Make = Callable[..., Experiment]
Fake = Any


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_every_run_is_stored_once_with_its_keys(make: Make, fake: Fake, tmp_path: Path) -> None:
    results = run_experiment(make(), tmp_path / "r")
    outcomes = results.table("outcomes")
    assert list(outcomes.columns) == ["scenario", "replicate", "seed", "run_id", "using_end"]
    assert list(outcomes["scenario"]) == ["baseline", "cop_formation"] * 3
    assert list(outcomes["seed"]) == [1, 1, 2, 2, 3, 3]
    assert set(outcomes["run_id"]) == results.finished()
    assert len(results.table("months")) == 6 * 8
    assert results.failures() == []
    assert len(results.table("events")) == 0


def test_the_manifest_says_what_was_computed(make: Make, fake: Fake, tmp_path: Path) -> None:
    manifest = run_experiment(make(), tmp_path / "r").manifest
    assert manifest["experiment"] == "cop_formation"
    assert manifest["baseline"] == "baseline"
    assert manifest["timing"] == {"months": 8, "start": 2, "stop": 5}
    assert (manifest["replicates"], manifest["seed"], manifest["runs"]) == (3, 1, 6)
    scenario = manifest["scenarios"]["cop_formation"]
    assert scenario["interventions"] == ["cop_formation"]
    assert "from month 2 to month 5" in scenario["explain"][0]
    assert {"diffusion", "python", "numpy", "numba", "llvmlite"} <= set(manifest["versions"])
    assert manifest["config"]["baseline"]["world"]["n"] == 60


def test_a_folder_goes_on_with_the_code_that_began_it(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run_experiment(make(), tmp_path / "r").finished()
    for module in ("design", "manifest"):
        monkeypatch.setattr(f"diffusion.runner.{module}.code_digest", lambda: "other")
    with pytest.raises(ResultsError, match=r"another design \(code: [0-9a-f]+ there, other now\)"):
        run_experiment(make(), tmp_path / "r")
    assert Results(tmp_path / "r").finished() == before


def test_a_folder_goes_on_with_the_libraries_that_began_it(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_experiment(make(), tmp_path / "r")
    for module in ("design", "manifest"):
        monkeypatch.setattr(f"diffusion.runner.{module}.code_digest", lambda: "other")
    now = versions()
    monkeypatch.setattr("diffusion.runner.manifest.versions", lambda: now | {"numba": "0.99"})
    said = rf"another design \(versions.numba: {re.escape(now['numba'])} there, 0.99 now\)"
    with pytest.raises(ResultsError, match=said):
        run_experiment(make(), tmp_path / "r")
    store = Results(tmp_path / "r")
    earlier = {name: of for name, of in now.items() if name != "llvmlite"}  # named none of it
    write_json(tmp_path / "r" / "manifest.json", {**store.manifest, "versions": earlier})
    monkeypatch.setattr("diffusion.runner.manifest.versions", lambda: now)
    with pytest.raises(ResultsError, match=r"another design \(code: [0-9a-f]+ there, other now\)"):
        run_experiment(make(), tmp_path / "r")


def test_a_folder_goes_on_with_the_python_that_began_it(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = versions()
    monkeypatch.setattr("diffusion.runner.manifest.versions", lambda: now | {"python": "3.11.7"})
    run_experiment(make(), tmp_path / "r")
    for module in ("design", "manifest"):
        monkeypatch.setattr(f"diffusion.runner.{module}.code_digest", lambda: "other")
    for python, said in (
        ("3.12.1", r"another design \(versions.python: 3.11 there, 3.12 now\)"),
        ("3.11.8", r"another design \(code: [0-9a-f]+ there, other now\)"),
    ):
        other = now | {"python": python}
        monkeypatch.setattr("diffusion.runner.manifest.versions", other.copy)
        with pytest.raises(ResultsError, match=said):
            run_experiment(make(), tmp_path / "r")


def test_versions_of_what_decides_no_number_may_change(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_experiment(make(), tmp_path / "r")
    fake.calls.clear()
    now = versions()
    monkeypatch.setattr("diffusion.runner.manifest.versions", lambda: now | {"pandas": "9.9"})
    assert len(run_experiment(make(), tmp_path / "r").finished()) == 6
    assert fake.calls == []


def test_a_worker_imports_only_what_it_needs(make: Make, tmp_path: Path) -> None:
    experiment = make(replicates=1)
    runs = runs_of(experiment)
    Store.open(tmp_path / "r", manifest_of(experiment, runs))
    task = tmp_path / "task"
    task.write_bytes(pickle.dumps((partial(compute, tmp_path / "r"), chunks_of(runs)[0])))
    code = (
        "import pickle, sys; task, chunk = pickle.load(open(sys.argv[1], 'rb'));"
        "unneeded = {'pandas', 'hydra', 'omegaconf', 'mesa', 'networkx', 'rich'};"
        "print(task(chunk).done, unneeded.intersection(sys.modules))"
    )
    words = [sys.executable, "-c", code, str(task)]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["2", "set()"]


def test_what_is_shown_may_change_without_new_runs(make: Make, fake: Fake, tmp_path: Path) -> None:
    run_experiment(make(), tmp_path / "r")
    fake.calls.clear()
    again = run_experiment(make("shows.rank_by=using_end"), tmp_path / "r")
    assert fake.calls == []
    assert again.manifest["shows"]["rank_by"] == "using_end"


def test_progress_is_told_from_nothing_to_all(make: Make, fake: Fake, tmp_path: Path) -> None:
    told: list[Progress] = []
    run_experiment(make(), tmp_path / "r", progress=told.append)
    assert told[0] == Progress(0, 0, 0, 6)
    assert told[-1] == Progress(6, 0, 0, 6)


def test_finished_runs_are_not_computed_again(make: Make, fake: Fake, tmp_path: Path) -> None:
    run_experiment(make(), tmp_path / "r")
    before = _bytes(tmp_path / "r")
    fake.calls.clear()
    told: list[Progress] = []
    run_experiment(make(), tmp_path / "r", progress=told.append)
    assert fake.calls == []
    assert told == [Progress(0, 0, 6, 6)]
    assert _bytes(tmp_path / "r") == before


def test_a_stopped_sweep_goes_on_to_the_same_bytes(make: Make, fake: Fake, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    run_experiment(make(replicates=40), whole)

    def stop(now: Progress) -> None:
        if now.done >= 30:
            raise KeyboardInterrupt

    stopped = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        run_experiment(make(replicates=40), stopped, progress=stop)
    assert 0 < len(Results(stopped).finished()) < 80
    run_experiment(make(replicates=40), stopped)
    assert _bytes(stopped) == _bytes(whole)


def test_a_part_without_its_mark_is_not_read(make: Make, fake: Fake, tmp_path: Path) -> None:
    results = run_experiment(make(), tmp_path / "r")
    before = results.table("months")
    (tmp_path / "r" / "finished" / "part-00002.json").unlink()
    assert len(results.table("months")) == 4 * 8
    run_experiment(make(), tmp_path / "r")
    assert_frame_equal(results.table("months"), before)


def test_a_run_that_fails_stops_nothing_and_has_no_numbers(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    fake.broken = frozenset({2})
    told: list[Progress] = []
    results = run_experiment(make(), tmp_path / "r", progress=told.append)
    assert told[-1] == Progress(4, 2, 0, 6)
    assert sorted(set(results.table("months")["seed"])) == [1, 3]
    failures = results.failures()
    assert [failure["seed"] for failure in failures] == [2, 2]
    assert failures[0]["error"] == "ArithmeticError: seed 2 breaks"
    assert "Traceback" in failures[0]["traceback"]


def test_failed_runs_are_tried_again_and_fall_into_place(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    run_experiment(make(replicates=50), whole)
    fake.broken = frozenset({2, 7, 30})
    mended = tmp_path / "mended"
    assert len(run_experiment(make(replicates=50), mended).failures()) == 6
    fake.broken = frozenset()
    fake.calls.clear()
    assert run_experiment(make(replicates=50), mended).failures() == []
    assert sorted(fake.calls) == [2, 2, 7, 7, 30, 30]
    assert _bytes(mended) == _bytes(whole)


def test_a_chunk_of_which_some_runs_failed_is_completed(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    run_experiment(make(replicates=150), whole)  # 3 replicates a chunk
    fake.broken = frozenset({2, 4})
    mended = tmp_path / "mended"
    assert len(run_experiment(make(replicates=150), mended).failures()) == 4
    fake.broken = frozenset()
    fake.calls.clear()
    assert run_experiment(make(replicates=150), mended).failures() == []
    assert sorted(fake.calls) == [2, 2, 4, 4]
    assert _bytes(mended) == _bytes(whole)


def test_another_design_is_refused_and_fresh_replaces_it(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    run_experiment(make(), tmp_path / "r")
    before = _bytes(tmp_path / "r")
    with pytest.raises(ResultsError, match=r"replicates: 3 there, 2 now.*--fresh"):
        run_experiment(make(replicates=2), tmp_path / "r")
    with pytest.raises(ResultsError, match=r"share_ngo: .* there, 0.33 now"):
        run_experiment(make("turnover.share_ngo=0.33"), tmp_path / "r")
    assert _bytes(tmp_path / "r") == before
    fresh = run_experiment(make(replicates=2), tmp_path / "r", fresh=True)
    assert len(fresh.table("outcomes")) == 4


def test_fresh_never_removes_files_of_others(make: Make, fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(ResultsError, match=r"no results \(diary.txt\)"):
        run_experiment(make(), tmp_path, fresh=True)
    run_experiment(make(), tmp_path / "r")
    (tmp_path / "r" / "notes.txt").write_text("mine")
    run_experiment(make(replicates=1), tmp_path / "r", fresh=True)
    assert (tmp_path / "r" / "notes.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="is a file"):
        run_experiment(make(), tmp_path / "file")
    with pytest.raises(ResultsError, match="can't be written"):
        run_experiment(make(), tmp_path / "file" / "inside" / "it")
    assert fake.calls == []
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_wrong_executor_leaves_nothing_behind(make: Make, fake: Fake, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="workers = 0: allowed 1 to"):
        run_experiment(make("executor=local", "executor.workers=0"), tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_events_are_stored_when_they_are_asked_for(make: Make, fake: Fake, tmp_path: Path) -> None:
    results = run_experiment(make("record.events=true", replicates=1), tmp_path / "r")
    assert list(results.table("events")["scenario"]) == ["baseline", "cop_formation"]


def test_times_stand_apart_from_the_tables(make: Make, fake: Fake, tmp_path: Path) -> None:
    results = run_experiment(make(), tmp_path / "r")
    timings = results.timings()
    assert set(timings["run_id"]) == results.finished()
    assert (timings["seconds"] >= 0).all()
    assert all("seconds" not in results.table(name).columns for name in TABLES)


def test_no_table_of_that_name(make: Make, fake: Fake, tmp_path: Path) -> None:
    results = run_experiment(make(replicates=1), tmp_path / "r")
    with pytest.raises(ResultsError, match="did you mean 'months'"):
        results.table("month")


def test_what_is_no_results_folder(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results folder"):
        Results(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"schema": 99}))
    with pytest.raises(ResultsError, match="schema 99"):
        Results(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ResultsError, match="can't be read"):
        Results(tmp_path)


def test_an_interrupted_write_leaves_no_file(tmp_path: Path) -> None:
    def stopped(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_with(tmp_path / "part.json", stopped)
    assert list(tmp_path.iterdir()) == []


def test_each_lever_is_tried_in_the_world_as_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    begin = spending.begin

    def noted(lever: Any, state: Any, name: str, share: float | None) -> Any:
        seen.append(state.n_networks)
        return begin(lever, state, name, share)

    monkeypatch.setattr(spending, "begin", noted)
    small = ["world=synthetic", "world.n=100", "world.n_territories=3"]
    check_worlds(design([*small, "intervention=[cop_formation,informal_spaces]"]))
    assert len(seen) == 2
    assert len(set(seen)) == 1, "what the first founds is not there for the second"
