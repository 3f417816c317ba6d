"""Sweeps that grow until an outcome is known well enough."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import diffusion
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.growing import computed, half_widths, reached_in_words
from diffusion.base.draws import Decision, uniforms
from diffusion.base.errors import ResultsError, SettingError
from diffusion.cli import compare
from diffusion.config import Experiment
from diffusion.model.measures import OUTCOMES
from diffusion.model.simulation import Simulation
from diffusion.runner import stopping
from diffusion.runner.run import Progress, run_experiment
from diffusion.runner.store import Results
from diffusion.runner.upkeep import overview

Make = Callable[..., Experiment]
Fake = Any

GROW = ("until.of=using_end", "until.step=3", "until.at_most=40")


@pytest.fixture
def noisy(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """With an intervention, luck of the replicate adds 0 to 1 to the outcome."""

    def numbers(self: Any) -> Any:
        on = len(self.settings.interventions)
        months = np.arange(self.settings.timing.months)
        return months + on * uniforms(self.settings.seed, Decision.TARGET, 0, months)

    monkeypatch.setattr(fake, "_numbers", numbers)
    return fake


def experiment(make: Make, half_width: float, *overrides: str) -> Experiment:
    return make(*GROW, f"until.half_width={half_width}", *overrides, replicates=6)


def test_every_outcome_of_a_run_is_known_beforehand() -> None:
    world = ["world=synthetic", "world.n=40", "world.n_territories=2", "practices.limit=4"]
    run = Simulation(diffusion.load([*world, "timing={start: 0, stop: 1, months: 2}"])).run()
    assert set(run.outcomes()) == set(OUTCOMES)


def test_it_ends_at_the_first_number_of_replicates_that_is_enough(
    make: Make, noisy: Fake, tmp_path: Path
) -> None:
    results = computed(experiment(make, 0.1), tmp_path / "grown")
    reached = int(results.manifest["reached"]["replicates"])
    assert reached in range(9, 40, 3)
    enough = {}
    for replicates in (reached - 3, reached):
        fixed = run_experiment(make(replicates=replicates), tmp_path / str(replicates))
        difference = Comparison.of(fixed).difference("cop_formation", "using_end")
        enough[replicates] = difference.high - difference.low <= 0.2
    assert enough == {reached - 3: False, reached: True}
    assert_frame_equal(results.table("outcomes"), fixed.table("outcomes"))
    assert results.manifest["replicates"] == reached
    assert overview(results).left == 0
    (sentence,) = reached_in_words(Comparison.of(results))
    assert f"after {reached} replicates; +/- 0.1 was asked for." in sentence


def test_every_scenario_must_be_known_well_enough(make: Make, noisy: Fake, tmp_path: Path) -> None:
    both = experiment(make, 0.2, "intervention=[cop_formation,handover]")
    results = computed(both, tmp_path / "r")
    widths = half_widths(results, "using_end", results.manifest["replicates"])
    assert set(widths) == {"cop_formation", "handover", "all_together"}
    assert max(widths.values()) <= 0.2
    one = computed(experiment(make, 0.2), tmp_path / "one")
    # both together add twice the luck
    assert results.manifest["replicates"] > one.manifest["replicates"]


def test_it_ends_at_the_latest_where_it_may_have_no_more(
    make: Make, noisy: Fake, tmp_path: Path
) -> None:
    results = computed(experiment(make, 0.001, "until.at_most=13"), tmp_path / "r")
    assert results.manifest["replicates"] == 13, "the last step is cut"
    assert len(results.finished()) == 26
    (sentence,) = reached_in_words(Comparison.of(results))
    assert "after 13 replicates; +/- 0.001 was asked for and takes more" in sentence


def test_a_stopped_sweep_ends_with_the_same_runs(make: Make, noisy: Fake, tmp_path: Path) -> None:
    whole = computed(experiment(make, 0.09), tmp_path / "whole")
    total = len(whole.finished())
    for stop_at in (4, 14, total - 2):
        folder = tmp_path / str(stop_at)

        def stop(now: Progress, at: int = stop_at) -> None:
            if now.done >= at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            computed(experiment(make, 0.09), folder, progress=stop)
        assert len(Results(folder).finished()) < total
        resumed = computed(experiment(make, 0.09), folder)
        assert resumed.finished() == whole.finished()
        assert_frame_equal(resumed.table("outcomes"), whole.table("outcomes"))
        for name in ("until", "reached", "replicates", "runs", "design"):
            assert resumed.manifest[name] == whole.manifest[name]


def test_finished_runs_are_not_computed_again(make: Make, noisy: Fake, tmp_path: Path) -> None:
    computed(experiment(make, 0.1), tmp_path / "r")
    noisy.calls.clear()
    computed(experiment(make, 0.1), tmp_path / "r")
    assert noisy.calls == []


def test_a_narrower_interval_goes_on_from_what_is_there(
    make: Make, noisy: Fake, tmp_path: Path
) -> None:
    first = computed(experiment(make, 0.1), tmp_path / "r").manifest["replicates"]
    noisy.calls.clear()
    results = computed(experiment(make, 0.09), tmp_path / "r")
    assert results.manifest["replicates"] > first
    assert sorted(set(noisy.calls)) == list(range(first + 1, results.manifest["replicates"] + 1))
    assert results.manifest["until"]["half_width"] == 0.09


def test_a_wider_interval_tells_how_many_replicates_are_compared(
    make: Make, noisy: Fake, tmp_path: Path
) -> None:
    (narrow,) = reached_in_words(Comparison.of(computed(experiment(make, 0.1), tmp_path / "r")))
    assert narrow.endswith("+/- 0.1 was asked for.")
    noisy.calls.clear()
    results = computed(experiment(make, 0.5), tmp_path / "r")
    assert noisy.calls == []
    comparison = Comparison.of(results)
    there = comparison.outcomes["replicate"].nunique()
    assert there > results.manifest["reached"]["replicates"] == 6
    (sentence,) = reached_in_words(comparison)
    assert "after 6 replicates; +/- 0.5 was asked for." in sentence
    assert sentence.endswith(f" Compared are all {there} that are here.")


def test_what_a_stopped_sweep_left_of_a_round_is_not_missed_by_a_wider_interval(
    make: Make, noisy: Fake, tmp_path: Path
) -> None:
    def stop(now: Progress) -> None:
        if now.done > 12:  # in the second round
            stopping.ask(tmp_path / "r")

    stopped = computed(experiment(make, 0.001), tmp_path / "r", progress=stop)
    assert stopped.manifest["reached"] is None
    assert reached_in_words(Comparison.of(stopped).complete()) == []
    assert compare._left(stopped) > 0
    noisy.calls.clear()
    results = computed(experiment(make, 0.5), tmp_path / "r")
    assert noisy.calls == []
    assert results.manifest["reached"]["replicates"] == 6
    assert compare._left(results) == 0


def test_another_design_is_told_by_what_differs(make: Make, noisy: Fake, tmp_path: Path) -> None:
    computed(experiment(make, 0.1), tmp_path / "r")
    with pytest.raises(ResultsError, match=r"share_ngo: .* there, 0.33 now"):
        computed(experiment(make, 0.1, "turnover.share_ngo=0.33"), tmp_path / "r")


def test_failed_runs_are_left_out_of_the_interval(make: Make, noisy: Fake, tmp_path: Path) -> None:
    noisy.broken = frozenset({3})
    results = computed(experiment(make, 0.1), tmp_path / "r")
    assert "reached" in results.manifest
    assert {failure["seed"] for failure in results.failures()} == {3}


def test_progress_counts_all_rounds(make: Make, noisy: Fake, tmp_path: Path) -> None:
    told: list[Progress] = []
    said: list[str] = []
    results = computed(
        experiment(make, 0.1), tmp_path / "r", progress=told.append, notice=said.append
    )
    done = [now.done for now in told]
    assert done == sorted(done)
    assert told[-1] == Progress(len(results.finished()), 0, 0, len(results.finished()))
    assert said[0].startswith("using_end is known to +/- ")
    assert said[0].endswith("after 6 replicates: 3 more")


def test_an_outcome_without_values_is_refused(make: Make, noisy: Fake, tmp_path: Path) -> None:
    known = noisy.tables

    def tables(self: Any) -> Any:
        found = known(self)
        return found | {"outcomes": found["outcomes"] | {"months_to_50": np.array([np.nan])}}

    noisy.tables = tables
    with pytest.raises(SettingError, match="'months_to_50' has no value in these runs"):
        computed(experiment(make, 0.1, "until.of=months_to_50"), tmp_path / "r")


def test_without_until_the_stated_number_is_computed(
    make: Make, noisy: Fake, tmp_path: Path
) -> None:
    results = computed(make(replicates=4), tmp_path / "r")
    assert len(results.finished()) == 8
    assert not {"until", "reached"} & set(results.manifest)
    assert reached_in_words(Comparison.of(results)) == []
