import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diffusion.analysis.comparison import Comparison
from diffusion.base.errors import ResultsError, SettingError

Make = Callable[..., Any]


def rows(column: str, values: list[float]) -> list[dict[str, float]]:
    return [{column: value, "seconds": 0.1 * k} for k, value in enumerate(values)]


def test_differences_are_taken_within_replicates(tiny: Make) -> None:
    results = tiny({"baseline": rows("x", [1, 10, 100]), "more": rows("x", [2, 12, 103])})
    difference = Comparison.of(results).difference("more", "x")
    assert difference.mean == 2.0
    # differences 1, 2, 3: standard error 1/sqrt(3), t(2, 0.975) = 4.3027
    assert difference.high - 2.0 == pytest.approx(4.302652729911275 / math.sqrt(3))
    assert difference.n == 3


def test_order_of_rows_does_not_matter(tiny: Make) -> None:
    results = tiny({"baseline": rows("x", [1, 10, 100]), "more": rows("x", [2, 12, 103])})
    straight = Comparison.of(results).differences()
    results.tables = {name: table[::-1] for name, table in results.tables.items()}
    assert straight.equals(Comparison.of(results).differences())


def test_a_replicate_that_one_side_lacks_is_left_out(tiny: Make) -> None:
    results = tiny({"baseline": rows("x", [1, 10, 100]), "more": rows("x", [2, 12])})
    difference = Comparison.of(results).difference("more", "x")
    assert (difference.mean, difference.n) == (1.5, 2)


def test_nothing_switched_on_is_exactly_zero_everywhere(tiny: Make) -> None:
    values = rows("x", [0.1, 0.7, math.nan])
    comparison = Comparison.of(tiny({"baseline": values, "same": values}))
    table = comparison.differences()
    assert table["identical"].all()
    assert table["mean"].eq(0.0).all()
    assert table["low"].eq(0.0).all()
    assert table["high"].eq(0.0).all()
    assert comparison.identical_months("same") == 4


def test_wall_time_is_no_outcome(tiny: Make) -> None:
    comparison = Comparison.of(tiny({"baseline": rows("x", [1, 2])}))
    assert comparison.outcome_names() == ["x"]


def test_a_scenario_without_an_intervention_pays_nothing_for_it(tiny: Make) -> None:
    results = tiny(
        {"baseline": [{"cost_total": 0.0}], "more": [{"cost_total": 5.0, "cost_help": 5.0}]}
    )
    difference = Comparison.of(results).difference("more", "cost_help")
    assert (difference.mean, difference.n) == (5.0, 1)


def test_monthly_differences_say_when_trajectories_part(story_results: Any) -> None:
    comparison = Comparison.of(story_results)
    table = comparison.monthly_difference("all", "share_using")
    before = table[table["month"] <= comparison.start]
    assert (before[["mean", "low", "high"]] == 0.0).all(axis=None)
    at_stop = table[table["month"] == comparison.stop].iloc[0]
    assert at_stop["low"] > 0.05
    assert comparison.identical_months("all") == comparison.start
    assert list(table["month"]) == list(range(120))


def test_monthly_level_is_the_mean_over_replicates(tiny: Make) -> None:
    comparison = Comparison.of(tiny({"baseline": rows("y", [1, 2, 3])}))
    table = comparison.monthly("baseline", "x")  # x is the replicate's number
    assert list(table["mean"]) == [1.0] * 4


def test_columns_recorded_now_and_then_stay_empty_between(story_results: Any) -> None:
    table = Comparison.of(story_results).monthly_difference("all", "clustering")
    assert table["mean"].notna().sum() == 10
    assert table["mean"].dropna().eq(0.0).all()


def test_variance_reduction_is_the_ratio_of_variances(tiny: Make) -> None:
    a, b = np.array([1.0, 2.0, 4.0, 9.0]), np.array([1.5, 1.0, 4.5, 8.0])
    comparison = Comparison.of(tiny({"baseline": rows("x", list(b)), "more": rows("x", list(a))}))
    row = comparison.variance_reduction("x").iloc[0]
    expected = (np.var(a, ddof=1) + np.var(b, ddof=1)) / np.var(a - b, ddof=1)
    assert row["ratio"] == pytest.approx(expected)
    assert row["low"] < row["ratio"] < row["high"]
    assert row["n"] == 4


def test_independent_pairs_average_to_the_numerator(tiny: Make) -> None:
    """Var(a) + Var(b) is the variance of a[r] - b[s] over pairs with independent luck."""
    a, b = np.array([1.0, 2.0, 4.0, 9.0]), np.array([1.5, 1.0, 4.5, 8.0])
    everyone = (a[:, None] - b[None, :]).ravel()
    population = np.var(everyone)  # all r, s: exactly the sum of the two population variances
    assert population == pytest.approx(np.var(a) + np.var(b))
    comparison = Comparison.of(tiny({"baseline": rows("x", list(b)), "more": rows("x", list(a))}))
    ratio = comparison.variance_reduction("x")["ratio"].iloc[0]
    assert ratio == pytest.approx(population / np.var(a - b))


def test_variance_reduction_that_rests_on_one_replicate_has_no_interval(tiny: Make) -> None:
    results = tiny({"baseline": rows("x", [1, 2, 3]), "more": rows("x", [1, 2, 4])})
    row = Comparison.of(results).variance_reduction("x").iloc[0]
    assert row["ratio"] == pytest.approx((1.0 + 7.0 / 3.0) / (1.0 / 3.0))
    assert math.isnan(row["low"])
    assert math.isnan(row["high"])


def test_variance_reduction_without_variance(tiny: Make) -> None:
    results = tiny({"baseline": rows("x", [1, 2, 3]), "same": rows("x", [1, 2, 3])})
    assert Comparison.of(results).variance_reduction("x")["ratio"].iloc[0] == math.inf
    results = tiny({"baseline": rows("x", [1, 1, 1]), "same": rows("x", [1, 1, 1])})
    assert math.isnan(Comparison.of(results).variance_reduction("x")["ratio"].iloc[0])


@pytest.mark.parametrize("n", [2, 3, 30])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e9])
def test_a_variance_of_rounding_is_none(tiny: Make, n: int, size: float) -> None:
    """Each difference is the same number, but for the last digits of what it is taken from."""
    a = size * (1.0 + np.arange(n) / 7)
    b = (a - size / 3) * (1.0 + 1e-15 * (np.arange(n) % 2))
    assert len(set(a - b)) > 1
    results = tiny({"baseline": rows("x", list(b)), "more": rows("x", list(a))})
    row = Comparison.of(results).variance_reduction("x").iloc[0]
    assert row["ratio"] == math.inf
    assert math.isnan(row["low"])
    still = [0.1 * size, 0.1 * size * (1.0 + 1e-15), 0.1 * size]
    results = tiny({"baseline": rows("x", still), "more": rows("x", still[::-1])})
    assert math.isnan(Comparison.of(results).variance_reduction("x")["ratio"].iloc[0])


def test_a_variance_just_above_rounding_is_one(tiny: Make) -> None:
    a = 0.3 + np.arange(4) / 7
    b = a - 0.1 + 1e-12 * np.array([0.0, 1.0, 0.0, 2.0])
    results = tiny({"baseline": rows("x", list(b)), "more": rows("x", list(a))})
    ratio = Comparison.of(results).variance_reduction("x")["ratio"].iloc[0]
    assert ratio == pytest.approx((np.var(a) + np.var(b)) / np.var(a - b))


def test_missing_baseline_is_a_sentence(tiny: Make) -> None:
    results = tiny({"more": rows("x", [1, 2])})
    with pytest.raises(ResultsError, match="no run of the baseline 'baseline'"):
        Comparison.of(results)


def test_no_finished_run_is_a_sentence(tiny: Make) -> None:
    results = tiny({"baseline": rows("x", [1])})
    results.tables["outcomes"] = results.tables["outcomes"].iloc[:0]
    with pytest.raises(ResultsError, match="no finished run"):
        Comparison.of(results)


def test_unknown_outcome_names_the_nearest(story_results: Any) -> None:
    with pytest.raises(SettingError, match="did you mean 'using_stop'"):
        Comparison.of(story_results).difference("all", "using_stopp")
