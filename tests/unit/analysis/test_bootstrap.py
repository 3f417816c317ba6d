"""Intervals from resampled replicates hold what they promise, and are the same each time."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from diffusion.analysis.bootstrap import RESAMPLES, ends, factors_for_all, times_drawn
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import band, difference_interval, mean_interval, t_quantile
from diffusion.base.draws import Decision, normals
from diffusion.base.errors import SettingError

Make = Callable[..., Any]
FloatArray = npt.NDArray[np.float64]


def samples(times: int, *shape: int) -> FloatArray:
    """Standard normal numbers, shape (times, *shape)."""
    size = int(np.prod(shape))
    every = normals(11, Decision.RESAMPLE, 5, np.arange(times)[:, None], np.arange(size))
    return every.reshape(times, *shape)


def tolerance(times: int) -> float:
    """Three standard errors of a share of 95 %."""
    return 3.0 * math.sqrt(0.95 * 0.05 / times)


def test_every_resample_draws_as_many_replicates_as_there_are() -> None:
    counts = times_drawn(7)
    assert counts.shape == (RESAMPLES, 7)
    assert (counts.sum(axis=1) == 7).all()
    # a replicate is drawn Binomial(7, 1/7) times
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=4 * math.sqrt(6 / 7 / RESAMPLES))
    assert (counts == 0).mean() == pytest.approx((6 / 7) ** 7, abs=0.01)


def test_resamples_are_the_same_each_time() -> None:
    once = times_drawn(9).copy()
    times_drawn.cache_clear()
    assert (times_drawn(9) == once).all()


@pytest.mark.parametrize(("name", "mean"), [("normal", 0.0), ("chi_square", 1.0)])
def test_coverage_is_that_of_a_95_percent_interval(name: str, mean: float) -> None:
    times, n = 400, 40
    values = samples(times, n) if name == "normal" else samples(times, n) ** 2
    t = t_quantile(n)
    held = [low <= mean <= high for low, high in (ends(one, t) for one in values)]
    assert np.mean(held) == pytest.approx(0.95, abs=tolerance(times))


def test_a_skewed_sample_gets_a_longer_arm_on_its_long_side() -> None:
    values = samples(1, 30)[0] ** 2
    low, high = ends(values, t_quantile(30))
    assert high - values.mean() > 1.2 * (values.mean() - low)


def test_of_normal_values_the_interval_is_about_that_of_t() -> None:
    values = samples(1, 25)[0]
    one, other = mean_interval(values, method="bootstrap"), mean_interval(values)
    assert one.mean == other.mean
    assert one.high - one.low == pytest.approx(other.high - other.low, rel=0.15)


def test_what_needs_no_resamples_is_as_with_t() -> None:
    same = difference_interval([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], method="bootstrap")
    assert (same.low, same.high, same.identical) == (0.0, 0.0, True)
    constant = mean_interval([2.5, 2.5, 2.5], method="bootstrap")
    assert (constant.low, constant.high) == (2.5, 2.5)
    assert math.isnan(mean_interval([1.0], method="bootstrap").low)
    table = np.array([[1.0, math.nan], [2.0, 5.0], [4.0, 7.0]])
    mean, low, high = band(table, "bootstrap")
    second = mean_interval([5.0, 7.0], method="bootstrap")
    assert (mean[1], low[1], high[1]) == (second.mean, second.low, second.high)


@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_intervals_of_several_scenarios_hold_together(shared: float) -> None:
    times, n, k = 150, 25, 6
    every = samples(times, n, k + 1)
    held = []
    for one in every:
        values = math.sqrt(1 - shared) * one[:, :k] + math.sqrt(shared) * one[:, k:]
        errors = values.std(axis=0, ddof=1) / math.sqrt(n)
        held.append(bool(np.all(np.abs(values.mean(axis=0)) <= factors_for_all(values) * errors)))
    assert np.mean(held) == pytest.approx(0.95, abs=tolerance(times))


def test_what_scenarios_share_makes_the_factor_smaller_than_bonferronis() -> None:
    values = samples(1, 30, 9)[0]
    alike = values[:, :8] * 0.1 + values[:, 8:]
    assert (factors_for_all(alike) < t_quantile(30, 8)).all()
    assert factors_for_all(np.repeat(values[:, :1], 8, axis=1)) == pytest.approx(
        np.repeat(factors_for_all(values[:, :1]), 8)
    )


def test_a_scenario_that_seldom_differs_does_not_widen_the_others() -> None:
    values = samples(1, 20, 3)[0]
    rare = np.zeros((20, 1))
    rare[[4, 9, 15], 0] = 1.0, 1.1, 0.9
    alone, beside = factors_for_all(values), factors_for_all(np.hstack((values, rare)))
    assert beside[:3] == pytest.approx(alone, rel=0.25)


def test_constant_and_missing_values_have_no_factor() -> None:
    values = samples(1, 10, 2)[0]
    assert factors_for_all(np.hstack((values, np.ones((10, 1)))))[2] == 0.0
    assert np.isnan(factors_for_all(np.full((10, 2), math.nan))).all()


def test_a_comparison_shows_bootstrap_intervals_where_asked(tiny: Make) -> None:
    luck = samples(1, 12)[0]
    rows = {
        "baseline": [{"x": float(v)} for v in luck],
        "a": [{"x": float(v + 1 + v * v)} for v in luck],
        "b": [{"x": float(v + 0.5 * v * v)} for v in luck],
    }
    comparison = Comparison.of(tiny(rows), interval="bootstrap")
    low, high = ends(1 + luck**2, t_quantile(12))
    found = comparison.difference("a", "x")
    assert [found.low, found.high] == pytest.approx([low, high])
    together = comparison.together("x")
    factors = factors_for_all(np.column_stack((1 + luck**2, 0.5 * luck**2)))
    error = (luck**2).std(ddof=1) / math.sqrt(12)
    assert together["a"].mean - together["a"].low == pytest.approx(factors[0] * error)
    table = comparison.differences()
    assert set(table["interval"]) == {"bootstrap"}
    assert (table["high_together"] >= table["high"]).all()
    assert (table["low_together"] < table["low"]).all()


def test_an_interval_that_there_is_not(tiny: Make) -> None:
    with pytest.raises(SettingError, match=r"no interval 'bootstrp'.*did you mean 'bootstrap'"):
        Comparison.of(tiny({"baseline": [{"x": 1.0}]}), interval="bootstrp")  # type: ignore[arg-type]


def with_points(tiny: Make) -> Any:
    """Two points and four replicates; the luck of a replicate counts at both points."""
    results = tiny(
        {
            "baseline": [{"x": 10.0 * r + p} for r in range(4) for p in range(2)],
            "more": [{"x": 10.0 * r + p + 1 + r + 4 * p} for r in range(4) for p in range(2)],
        }
    )
    for name, table in results.tables.items():
        row = table["replicate"]
        results.tables[name] = table.assign(
            point=row % 2, replicate=row // 2, **{"turnover.share_ngo": row % 2}
        )
    results.manifest["layout"] = {"varied": {"turnover.share_ngo": "from 0 to 1"}}
    return results


def test_points_of_a_replicate_are_one_value_of_an_interval(tiny: Make) -> None:
    comparison = Comparison.of(with_points(tiny))
    wanted = mean_interval([3.0, 4.0, 5.0, 6.0])  # 1 + r, and 4 more at the second point
    found = comparison.difference("more", "x")
    assert (found.mean, found.low, found.n) == (wanted.mean, wanted.low, 4)
    assert comparison.outcome_names() == ["x"]
    assert comparison.n_replicates("more") == 4
    assert comparison.level("baseline", "x").mean == 15.5


def test_a_pair_is_made_within_its_point(tiny: Make) -> None:
    results = with_points(tiny)
    table = results.tables["outcomes"]
    gone = (table["scenario"] == "more") & (table["replicate"] == 2) & (table["point"] == 1)
    results.tables["outcomes"] = table[~gone]
    comparison = Comparison.of(results)
    assert list(np.subtract(*comparison.pairs("more", "x"))) == [3.0, 4.0, 3.0, 6.0]
    assert not comparison.is_complete
    assert list(comparison.complete().by_replicate("more", "x").index) == [0, 1, 3]
    assert comparison.complete().is_complete


def test_curves_are_paired_by_replicate_not_by_place(tiny: Make) -> None:
    from diffusion.analysis import survival

    results = tiny({name: [{"x": 1.0}] * 3 for name in ("baseline", "more")})
    rows = results.tables["survival"]
    rows["in_use"] = 8 - rows["replicate"] * rows["since_stop"] - (rows["scenario"] == "more")
    lacks = {"baseline": 0, "more": 2}
    results.tables["survival"] = pd.concat(
        [rows[(rows["scenario"] == name) & (rows["replicate"] != r)] for name, r in lacks.items()]
    )
    comparison = Comparison.of(results)
    frame = survival.frame(comparison)
    gained = frame[(frame["scenario"] == "more") & (frame["kind"] == "in_use")]["difference"]
    assert list(gained) == [-1 / 8] * 4  # only replicate 1 is there in both
