import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from diffusion.analysis import survival
from diffusion.analysis.comparison import Comparison


def stored(unbroken: dict[int, list[int]], at_risk: int) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "scenario": "baseline",
                "replicate": r,
                "since_stop": m,
                "at_risk": at_risk,
                "unbroken": k,
                "in_use": k,
            }
            for r, counts in unbroken.items()
            for m, k in enumerate(counts)
        ]
    )


def with_survival(results: Any, table: pd.DataFrame) -> Comparison:
    return Comparison.of(type(results)(results.manifest, {**results.tables, "survival": table}))


def test_curve_is_the_kaplan_meier_estimate(story_results: Any) -> None:
    counts = [20, 17, 17, 12, 9]
    comparison = with_survival(story_results, stored({0: counts}, 20))
    lasted = [1] * 3 + [3] * 5 + [4] * 3
    data = stats.CensoredData(uncensored=lasted, right=[4.0] * 9)
    estimate = stats.ecdf(data).sf
    curve = survival.curve(comparison, "baseline")
    assert curve.runs[0] == pytest.approx(estimate.evaluate(np.arange(5)))


def test_band_is_over_replicates(story_results: Any) -> None:
    comparison = with_survival(story_results, stored({0: [10, 6], 1: [10, 8], 2: [10, 7]}, 10))
    curve = survival.curve(comparison, "baseline")
    assert list(curve.mean) == [1.0, pytest.approx(0.7)]
    assert curve.low[0] == curve.high[0] == 1.0
    assert curve.high[1] - 0.7 == pytest.approx(4.302652729911275 * 0.1 / math.sqrt(3))


def test_runs_with_nothing_in_use_are_left_out(story_results: Any) -> None:
    table = pd.concat([stored({0: [10, 6]}, 10), stored({1: [0, 0]}, 0)])
    curve = survival.curve(with_survival(story_results, table), "baseline")
    assert curve.runs.shape == (1, 2)


def test_half_life_is_interpolated() -> None:
    since = np.arange(4)
    assert survival.half_life(since, np.array([1.0, 0.7, 0.3, 0.2])) == pytest.approx(1.5)
    assert survival.half_life(since, np.array([1.0, 0.7, 0.5, 0.2])) == 2.0
    assert math.isnan(survival.half_life(since, np.array([1.0, 0.9, 0.8, 0.7])))


def test_half_lives_count_only_replicates_that_reach_it(story_results: Any) -> None:
    comparison = with_survival(story_results, stored({0: [10, 5], 1: [10, 9], 2: [10, 0]}, 10))
    lives = survival.curve(comparison, "baseline").half_lives()
    assert lives.n == 2
    assert lives.mean == pytest.approx(0.75)
