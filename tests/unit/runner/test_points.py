"""Designs with points: order, ids, columns, pairs, resuming."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from diffusion.analysis.comparison import Comparison
from diffusion.config import Experiment
from diffusion.model.code_digest import code_digest
from diffusion.runner.design import LARGEST_CHUNK, chunks_of, runs_of
from diffusion.runner.run import Progress, _outer, run_experiment
from diffusion.runner.store import KEYS, Results
from diffusion.runner.upkeep import overview

Make = Callable[..., Experiment]
Fake = Any

RATE = "turnover.rel_turnover"
SAMPLE = ("design=latin_hypercube", "design.size=4", f"design.parameters=[{RATE}]")


@pytest.fixture
def telling(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """A stand-in whose outcome is the rate, one more with an intervention, and luck."""

    def numbers(self: Any) -> Any:
        luck = self.settings.seed * 100.0
        on = len(self.settings.interventions)
        months = np.arange(self.settings.timing.months)
        return months + self.settings.rules.turnover.rel_turnover + on + luck

    monkeypatch.setattr(fake, "_numbers", numbers)
    return fake


def test_scenarios_alternate_within_points_and_points_within_replicates(make: Make) -> None:
    runs = runs_of(make(*SAMPLE, replicates=2))
    assert [(run.replicate, run.point, run.scenario) for run in runs] == [
        (replicate, point, scenario)
        for replicate in range(2)
        for point in range(4)
        for scenario in ("baseline", "cop_formation")
    ]
    assert [run.seed for run in runs] == [1] * 8 + [2] * 8
    for run in runs:
        assert run.settings.rules.turnover.rel_turnover == run.varied[RATE]
        assert run.settings.seed == run.seed


def test_ids_are_apart_even_where_a_scenario_lacks_what_varies(make: Make) -> None:
    coverage = "design.parameters=[intervention.cop_formation.coverage]"
    runs = runs_of(make("design=sobol", "design.size=8", coverage))
    assert len({run.run_id for run in runs}) == len(runs) == 3 * 8 * 2
    baseline = [run.settings for run in runs if run.scenario == "baseline" and run.seed == 1]
    assert all(settings == baseline[0] for settings in baseline)


def test_without_points_an_id_is_the_hash_that_it_always_was(make: Make) -> None:
    run = runs_of(make())[3]
    about = {
        "scenario": run.scenario,
        "settings": run.settings.plain(),
        "model": code_digest(),
    }
    text = json.dumps(about, sort_keys=True, separators=(",", ":"))
    assert run.run_id == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert tuple(run.keys()) == KEYS


def test_scenarios_of_a_point_are_computed_together(make: Make) -> None:
    runs = runs_of(make(*SAMPLE, "design.size=150", replicates=2))
    chunks = chunks_of(runs)
    assert [run for chunk in chunks for run in chunk.runs] == runs
    for chunk in chunks:
        assert len(chunk.runs) <= LARGEST_CHUNK
        assert len({(run.replicate, run.point) for run in chunk.runs}) * 2 == len(chunk.runs)


def test_rows_say_what_was_varied(make: Make, telling: Fake, tmp_path: Path) -> None:
    experiment = make(*SAMPLE, replicates=2)
    results = run_experiment(experiment, tmp_path / "r")
    assert experiment.layout is not None
    for name in ("months", "outcomes", "survival", "groups"):
        table = results.table(name)
        assert list(table.columns)[:6] == ["scenario", "point", *KEYS[1:], RATE]
        for point, rate in zip(table["point"], table[RATE], strict=True):
            assert rate == experiment.layout.point(point)[RATE]
    layout = results.manifest["layout"]
    assert layout["points"] == 4
    assert list(layout["varied"]) == [RATE]
    assert results.manifest["runs"] == 16
    assert (overview(results).points, overview(results).left) == (4, 0)


def test_a_level_without_a_fraction_is_a_number_in_every_part(
    make: Make, telling: Fake, tmp_path: Path
) -> None:
    levels = f"design.parameters=[{{key: {RATE}, levels: [1, 2]}}]"
    results = run_experiment(make("design=factorial", levels, replicates=40), tmp_path / "r")
    assert len(results.marks()) > 20
    assert results.table("outcomes")[RATE].dtype == np.float64


def test_a_failure_says_at_which_point(make: Make, telling: Fake, tmp_path: Path) -> None:
    telling.broken = frozenset({2})
    failures = run_experiment(make(*SAMPLE, replicates=2), tmp_path / "r").failures()
    assert sorted(failure["point"] for failure in failures) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert all(RATE in failure for failure in failures)


def test_pairs_are_made_within_point_and_replicate(
    make: Make, telling: Fake, tmp_path: Path
) -> None:
    comparison = Comparison.of(run_experiment(make(*SAMPLE, replicates=3), tmp_path / "r"))
    difference = comparison.difference("cop_formation", "using_end")
    assert difference.mean == pytest.approx(1.0)
    assert difference.high - difference.low < 1e-9, "luck and rate are the same in each pair"
    assert difference.n == 3, "the points of a replicate share their luck: one value"
    assert comparison.outcome_names() == ["using_end"]
    assert comparison.month_names() == ["share_using"]
    assert comparison.varied() == [RATE]
    monthly = comparison.monthly_difference("cop_formation", "share_using")
    assert monthly["mean"].to_numpy() == pytest.approx(1.0)
    assert comparison.identical_months("cop_formation") == 0


def test_a_stopped_sweep_over_points_goes_on_to_the_same_tables(
    make: Make, telling: Fake, tmp_path: Path
) -> None:
    experiment = make(*SAMPLE, replicates=30)
    whole = run_experiment(experiment, tmp_path / "whole")

    def stop(now: Progress) -> None:
        if now.done >= 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment, tmp_path / "stopped", progress=stop)
    assert 0 < len(Results(tmp_path / "stopped").finished()) < 240
    stopped = run_experiment(experiment, tmp_path / "stopped")
    assert_frame_equal(stopped.table("outcomes"), whole.table("outcomes"))


def test_worlds_are_tried_at_the_outer_points_only(make: Make) -> None:
    parameters = f"design.parameters=[{RATE},{{key: world.n, low: 50, high: 80}}]"
    experiment = make("design=sobol", "design.size=64", parameters)
    tried = list(_outer(experiment))
    assert len(tried) == 2 * 4
    sizes = [settings.plain()["world"]["n"] for settings in tried]
    every = [settings.plain()["world"]["n"] for settings in experiment.scenarios["baseline"].points]
    assert {min(every), max(every)} <= set(sizes)
