"""What an experiment would do, checked and estimated without a trace."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diffusion.base.errors import ResultsError, SettingError
from diffusion.config import Experiment, design
from diffusion.runner import outlook
from diffusion.runner.design import chunks_of, runs_of
from diffusion.runner.outlook import look_ahead
from diffusion.runner.run import run_experiment
from diffusion.runner.store import TABLES

Make = Callable[..., Experiment]
Fake = Any


def test_nothing_is_left_behind_and_all_is_still_to_do(make: Make, tmp_path: Path) -> None:
    found = look_ahead(make(), tmp_path / "inside" / "r")
    assert list(tmp_path.iterdir()) == []
    assert (len(found.runs), found.finished, found.failed, found.left) == (6, 0, 0, 6)
    assert found.estimate.seconds > 0
    assert "2 runs of the baseline over 8 months" in found.estimate.how
    # 2 of the 8 months come before the intervention begins
    assert "14 are simulated instead of 16" in found.estimate.how


def test_the_estimate_of_the_size_is_near_what_is_stored(make: Make, tmp_path: Path) -> None:
    experiment = make(replicates=150)
    estimated = look_ahead(experiment, tmp_path / "r").estimate.bytes
    results = run_experiment(experiment, tmp_path / "r")
    files = [path for name in TABLES for path in (results.path / name).glob("*")]
    stored = sum(path.stat().st_size for path in files)
    assert 0.7 < estimated / stored < 1.4


def test_a_run_that_takes_long_is_estimated_from_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["world=synthetic", "world.n=60", "world.n_territories=3", "executor=serial"]
    experiment = design([*words, "intervention=[handover]", "replicates=2"])
    whole = look_ahead(experiment, tmp_path / "r").estimate
    monkeypatch.setattr(outlook, "PATIENCE", 0.0)
    short = look_ahead(experiment, tmp_path / "r").estimate
    assert "over 120 months" in whole.how
    assert "over 12 months" in short.how
    assert 0.5 < short.bytes / whole.bytes < 8  # heads of small files weigh more


def test_what_is_finished_is_what_is_estimated_from(make: Make, fake: Fake, tmp_path: Path) -> None:
    experiment, folder = make(), tmp_path / "r"
    fake.broken = frozenset({3})
    results = run_experiment(experiment, folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    found = look_ahead(experiment, folder)
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert (found.finished, found.failed, found.left) == (4, 2, 2)
    assert found.estimate.seconds == pytest.approx(results.timings()["seconds"].mean() * 2)
    assert "the 4 runs that are finished there" in found.estimate.how
    fake.broken = frozenset()
    run_experiment(experiment, folder)
    assert look_ahead(experiment, folder).estimate.seconds == 0


def test_what_a_sweep_is_refused_for_its_outlook_is_too(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    run_experiment(make(), tmp_path / "r")
    with pytest.raises(ResultsError, match="replicates: 3 there, 2 now"):
        look_ahead(make(replicates=2), tmp_path / "r")
    with pytest.raises(SettingError, match="workers = 0"):
        look_ahead(make("executor=local", "executor.workers=0"), tmp_path / "r")


def test_months_in_common_are_counted_once(make: Make) -> None:
    experiment = make()
    every = [scenario.settings for scenario in experiment.scenarios.values()]
    assert outlook._distinct(every) == (1, 8 + 6)
    assert outlook._distinct([*every, *every]) == (1, 8 + 6)
    assert outlook._distinct([every[0], every[0].with_seed(77)]) == (2, 16)
    assert len(chunks_of(runs_of(experiment))) == 3
