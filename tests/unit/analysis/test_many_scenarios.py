"""Rankings, groups and pairs: what is read out of experiments with many scenarios."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from diffusion.analysis import by_group, pairs, ranking
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import difference_interval, t_quantile
from diffusion.base.errors import SettingError

Make = Callable[..., Any]


def rows(values: list[float], cost: float = 0.0) -> list[dict[str, float]]:
    return [{"x": value, "cost_total": cost} for value in values]


def with_levers(results: Any, levers: dict[str, list[str]]) -> Any:
    for name, switched_on in levers.items():
        results.manifest["scenarios"][name]["interventions"] = switched_on
    return results


def test_the_largest_difference_comes_first_and_the_unknown_last(tiny: Make) -> None:
    results = tiny(
        {
            "baseline": rows([1.0, 2.0, 3.0]),
            "unseen": rows([math.nan] * 3),
            "worse": rows([0.5, 1.0, 2.5]),
            "best": rows([4.0, 4.5, 6.0], cost=7.0),
            "good": rows([2.0, 3.0, 4.5]),
        }
    )
    order = ranking.ranked(Comparison.of(results), "x")
    assert [row.scenario for row in order] == ["best", "good", "worse", "unseen"]
    assert [row.cost for row in order] == [7.0, 0.0, 0.0, 0.0]


def test_intervals_for_all_are_as_wide_as_bonferroni_says(tiny: Make) -> None:
    results = tiny(
        {
            "baseline": rows([1.0, 2.0, 3.0]),
            "one": rows([2.0, 2.5, 5.0]),
            "other": rows([1.0, 2.0, 4.0]),
        }
    )
    (first, _) = ranking.ranked(Comparison.of(results), "x")
    alone = first.difference.high - first.difference.mean
    together = first.together.high - first.together.mean
    # t(2, 1 - 0.025 / 2) = 6.2053, t(2, 0.975) = 4.3027
    assert together / alone == pytest.approx(6.205346816570709 / 4.302652729911275)
    assert t_quantile(3, comparisons=2) == pytest.approx(6.205346816570709)


def test_a_scenario_may_be_compared_with_another_than_the_baseline(tiny: Make) -> None:
    results = tiny(
        {
            "baseline": rows([1.0, 2.0]),
            "crisis": rows([0.0, 0.5]),
            "crisis_helped": rows([0.5, 1.5]),
        }
    )
    results.manifest["scenarios"]["crisis_helped"]["against"] = "crisis"
    comparison = Comparison.of(results)
    assert comparison.difference("crisis", "x").mean == -1.25
    assert comparison.difference("crisis_helped", "x").mean == 0.75
    table = comparison.differences().set_index(["scenario", "outcome"])
    assert table.loc[("crisis_helped", "x"), "against"] == "crisis"
    assert table.loc[("crisis", "x"), "against"] == "baseline"


def test_what_two_do_beyond_their_sum(tiny: Make) -> None:
    results = with_levers(
        tiny(
            {
                "baseline": rows([1.0, 2.0, 4.0]),
                "a": rows([2.0, 3.0, 5.5]),  # + 1, 1, 1.5
                "b": rows([1.5, 2.0, 4.0]),  # + 0.5, 0, 0
                "both": rows([3.5, 3.0, 6.0]),  # + 2.5, 1, 2: beyond the sum 1, 0, 0.5
                "a_and_c": rows([9.0, 9.0, 9.0]),
            }
        ),
        {"a": ["a"], "b": ["b"], "both": ["b", "a"], "a_and_c": ["a", "c"]},
    )
    (pair,) = pairs.pairs(Comparison.of(results), "x")
    assert {pair.first, pair.second} == {"a", "b"}
    wanted = difference_interval([1.0, 0.0, 0.5], [0.0, 0.0, 0.0])
    assert pair.extra.mean == pytest.approx(wanted.mean)
    assert pair.extra.high == pytest.approx(wanted.high)
    assert pair.together.mean == pytest.approx((2.5 + 1.0 + 2.0) / 3)
    frame = pairs.frame(Comparison.of(results), "x")
    assert frame.loc[0, "extra"] == pytest.approx(0.5)


def test_a_replicate_that_one_of_four_lacks_counts_in_none(tiny: Make) -> None:
    results = with_levers(
        tiny(
            {
                "baseline": rows([1.0, 1.0, 1.0]),
                "a": rows([2.0, 2.0, 2.0]),
                "b": rows([2.0, 2.0]),
                "both": rows([3.0, 4.0, 99.0]),
            }
        ),
        {"a": ["a"], "b": ["b"], "both": ["a", "b"]},
    )
    (pair,) = pairs.pairs(Comparison.of(results), "x")
    assert (pair.extra.mean, pair.extra.n) == (0.5, 2)


def grouped(shares: dict[str, dict[str, list[float]]]) -> pd.DataFrame:
    """Shares in use by scenario, kind and replicate; an earlier month says something else."""
    return pd.DataFrame(
        {
            "scenario": scenario,
            "replicate": r,
            "month": month,
            "dimension": "kind",
            "value": value,
            "using": share if month == 12 else 0.0,
        }
        for scenario, groups in shares.items()
        for value, every in groups.items()
        for r, share in enumerate(every)
        for month in (0, 12)
    )


def test_differences_within_groups_are_of_the_last_month(tiny: Make) -> None:
    results = tiny({"baseline": rows([1.0, 1.0]), "more": rows([2.0, 2.0])})
    results.tables["groups"] = grouped(
        {
            "baseline": {"ngo": [0.1, 0.2], "company": [0.5, 0.5]},
            "more": {"ngo": [0.3, 0.5], "company": [0.5, 0.5]},
        }
    )
    comparison = Comparison.of(results)
    assert by_group.groups_of(comparison, "kind") == ["ngo", "company"]
    assert by_group.difference(comparison, "more", "kind", "ngo").mean == pytest.approx(0.25)
    assert by_group.difference(comparison, "more", "kind", "company").identical
    assert len(by_group.frame(comparison, "kind")) == 2


def test_a_grouping_that_was_not_recorded_is_named(tiny: Make) -> None:
    results = tiny({"baseline": rows([1.0, 1.0]), "more": rows([2.0, 2.0])})
    results.tables["groups"] = grouped({"baseline": {"ngo": [0.1, 0.2]}})
    with pytest.raises(SettingError, match=r"'kinds' is no grouping .*did you mean 'kind'"):
        by_group.groups_of(Comparison.of(results), "kinds")
