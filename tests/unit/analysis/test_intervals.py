import math

import numpy as np
import pytest
from scipy import stats

from diffusion.analysis.intervals import band, difference_interval, mean_interval

VALUES = [1.0, 2.0, 4.0, 7.0, 11.0]


def test_interval_of_a_mean_is_scipys_t_interval() -> None:
    interval = mean_interval(VALUES)
    low, high = stats.t.interval(0.95, 4, loc=np.mean(VALUES), scale=stats.sem(VALUES))
    assert interval.mean == 5.0
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-12)
    assert interval.n == 5


def test_missing_values_are_left_out_and_counted() -> None:
    assert mean_interval([math.nan, *VALUES]) == mean_interval(VALUES)
    nothing = mean_interval([math.nan, math.nan])
    assert math.isnan(nothing.mean)
    assert nothing.n == 0


def test_one_value_has_a_mean_but_no_interval() -> None:
    interval = mean_interval([3.0])
    assert interval.mean == 3.0
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert not interval.excludes_zero


def test_identical_series_differ_by_exactly_zero() -> None:
    interval = difference_interval([0.1, 0.2, math.nan], [0.1, 0.2, math.nan])
    assert (interval.mean, interval.low, interval.high) == (0.0, 0.0, 0.0)
    assert interval.identical
    assert interval.n == 2
    assert not interval.excludes_zero


def test_a_single_identical_pair_is_exactly_zero_too() -> None:
    interval = difference_interval([0.1], [0.1])
    assert (interval.low, interval.high, interval.identical) == (0.0, 0.0, True)


def test_nearly_identical_is_not_identical() -> None:
    interval = difference_interval([0.1, 0.2], [0.1, 0.2 + 1e-16])
    assert interval.identical == (0.2 == 0.2 + 1e-16)
    assert not difference_interval([0.1, 0.2], [0.1, np.nextafter(0.2, 1.0)]).identical


def test_missing_on_one_side_only_is_not_identical() -> None:
    interval = difference_interval([0.1, math.nan], [0.1, 0.3])
    assert not interval.identical
    assert interval.n == 1


def test_constant_difference_has_no_width() -> None:
    interval = difference_interval([1.5, 2.5, 3.5], [1.0, 2.0, 3.0])
    assert (interval.mean, interval.low, interval.high) == (0.5, 0.5, 0.5)
    assert interval.excludes_zero


def test_band_agrees_with_the_interval_of_each_column() -> None:
    table = np.array([[1.0, 5.0, math.nan, 2.0], [2.0, 5.0, math.nan, math.nan], [4.0, 5.0, 1, 3]])
    mean, low, high = band(table)
    for k in range(table.shape[1]):
        one = mean_interval(table[:, k])
        assert (mean[k], low[k], high[k]) == pytest.approx(
            (one.mean, one.low, one.high), nan_ok=True
        )
    assert (low[1], high[1]) == (5.0, 5.0)


def test_scaling_keeps_low_below_high() -> None:
    interval = mean_interval(VALUES).scaled(-100.0)
    assert interval.low < interval.mean == -500.0 < interval.high
