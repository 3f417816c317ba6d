"""Means over replicates with their 95 % intervals; every number shown to users comes from here.

The interval is Student's t interval of the mean: mean -/+ t(0.975, n - 1) * sd / sqrt(n), where n
counts replicates. It says how well n replicates pin down the model's mean, not how far single
runs scatter and not how sure we are of the model. With the method `bootstrap` the ends come from
resampled replicates instead (`bootstrap`), which follows skewed outcomes; the mean is the same.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
METHODS = ("t", "bootstrap")

Method = Literal["t", "bootstrap"]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A mean over replicates with its 95 % interval; NaN where it can't be computed.

    `n` counts the replicates used; `identical` is true if every difference is exactly zero.
    """

    mean: float
    low: float
    high: float
    n: int
    identical: bool = False

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of zero (never, if it is not defined)."""
        return self.low > 0.0 or self.high < 0.0

    def reaching(self, other: "Interval") -> "Interval":
        """The same, as wide as the other on each side at least."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Interval(self.mean, low, high, self.n, self.identical)

    def scaled(self, factor: float) -> "Interval":
        """The same in another unit, for example percentage points (factor 100)."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Interval(self.mean * factor, low, high, self.n, self.identical)


def t_quantile(n: int, comparisons: int = 1) -> float:
    """The factor of the standard error for a 95 % interval from n values, n >= 2.

    Args:
        comparisons: intervals that are all to hold together with 95 % (Bonferroni).
    """
    return float(_t_quantiles(np.asarray(n), comparisons))


def mean_interval(
    values: npt.ArrayLike,
    comparisons: int = 1,
    method: Method = "t",
    factor: float | None = None,
) -> Interval:
    """Mean and interval of the values that are numbers.

    With one value the interval is not defined (NaN); with none, neither is the mean.

    Args:
        comparisons: t intervals that are all to hold together with 95 % (Bonferroni).
        method: t, or bootstrap.
        factor: standard errors on either side, if they are known from elsewhere.
    """
    kept = np.asarray(values, dtype=np.float64)
    kept = kept[~np.isnan(kept)]
    n = len(kept)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    # equal values: summation must not turn an exact number into a nearly exact one
    mean = float(kept[0]) if np.all(kept == kept[0]) else float(kept.mean())
    if n == 1:
        return Interval(mean, math.nan, math.nan, 1)
    if method == "bootstrap" and factor is None:
        return Interval(mean, *_bootstrap_ends(kept), n)
    errors = t_quantile(n, comparisons) if factor is None else factor
    half = 0.0 if np.all(kept == kept[0]) else errors * _standard_error(kept)
    return Interval(mean, mean - half, mean + half, n)


def difference_interval(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    comparisons: int = 1,
    method: Method = "t",
    factor: float | None = None,
) -> Interval:
    """Mean and interval of the paired differences a[r] - b[r]; arguments as in `mean_interval`.

    A pair in which either side is NaN is left out. Two series that agree in every value (NaN
    in both counts as agreement) are `identical`: difference 0, interval [0, 0], whatever n.
    """
    first = np.asarray(a, dtype=np.float64)
    second = np.asarray(b, dtype=np.float64)
    interval = mean_interval(first - second, comparisons, method, factor)
    if len(first) and np.array_equal(first, second, equal_nan=True):
        zero = 0.0 if interval.n else math.nan
        return Interval(zero, zero, zero, interval.n, identical=True)
    return interval


def band(
    values: npt.NDArray[np.float64], method: Method = "t"
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """`mean_interval` column by column: (replicates, months) -> mean, low, high, each (months,)."""
    if method == "bootstrap":
        columns = [mean_interval(column, method=method) for column in values.T]
        return (
            np.array([one.mean for one in columns]),
            np.array([one.low for one in columns]),
            np.array([one.high for one in columns]),
        )
    n = np.sum(~np.isnan(values), axis=0)
    width = values.shape[1]
    mean, half = np.full(width, np.nan), np.full(width, np.nan)
    some = n > 0
    mean[some] = np.nanmean(values[:, some], axis=0)
    several = n > 1
    if several.any():
        kept = values[:, several]
        half[several] = (
            _t_quantiles(n[several]) * np.nanstd(kept, axis=0, ddof=1) / np.sqrt(n[several])
        )
        constant = np.nanmin(kept, axis=0) == np.nanmax(kept, axis=0)
        mean[several] = np.where(constant, np.nanmin(kept, axis=0), mean[several])
        half[several] = np.where(constant, 0.0, half[several])
    return mean, mean - half, mean + half


def fieller(above: FloatArray, below: FloatArray) -> tuple[float, float, float]:
    """Ratio of means with Fieller's 95 % interval from paired values, n >= 2.

    The interval is all r for which the mean of above - r * below is not told apart from zero; it
    is bounded only if the interval of the mean of `below` excludes zero, which callers check.
    Source: Fieller 1954, J R Stat Soc B 16:175.
    """
    n = len(above)
    t2 = t_quantile(n) ** 2 / n
    (aa, ab), (_, bb) = np.cov(above, below, ddof=1)
    mean_above, mean_below = float(above.mean()), float(below.mean())
    a = mean_below**2 - t2 * bb
    b = mean_above * mean_below - t2 * ab
    c = mean_above**2 - t2 * aa
    root = math.sqrt(max(b * b - a * c, 0.0))
    return mean_above / mean_below, float((b - root) / a), float((b + root) / a)


def _bootstrap_ends(values: FloatArray) -> tuple[float, float]:
    from diffusion.analysis.bootstrap import ends  # t intervals need no resamples

    return ends(values, t_quantile(len(values)))


def _t_quantiles(n: npt.NDArray[np.int64], comparisons: int = 1) -> FloatArray:
    from scipy.special import stdtrit  # slow to import, and a single run has no intervals

    return np.asarray(stdtrit(n - 1, 1.0 - (1.0 - LEVEL) / 2 / comparisons), dtype=np.float64)


def _standard_error(values: FloatArray) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values)))
