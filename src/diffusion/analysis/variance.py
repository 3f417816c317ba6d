"""How many times smaller pairing makes the variance of a difference."""

import math

import numpy as np

from diffusion.analysis.intervals import FloatArray, t_quantile

# of the largest value: rounding of sums over the months of a run stays below it, and one use more
# or less, in a single month of a long run of a large world, lies thousands of times above it
_ROUNDING = 64 * float(np.finfo(np.float64).eps)


def variance_ratio(a: FloatArray, b: FloatArray) -> tuple[float, float, float]:
    """Var(a) + Var(b) over Var(a - b) of pairs without NaN, with its 95 % jackknife interval.

    The ratio is infinite if pairing leaves no variance, and NaN if there was none to begin with,
    that of rounding left out; the interval is NaN with fewer than three pairs, or where all that
    differs is one of them.
    """
    ratio = _ratio(a, b)
    n = len(a)
    if n < 3 or not (math.isfinite(ratio) and ratio > 0.0):
        return ratio, math.nan, math.nan
    every = np.arange(n)
    without = np.log([_ratio(a[every != r], b[every != r]) for r in range(n)])
    if not np.isfinite(without).all():  # all that differs is one replicate
        return ratio, math.nan, math.nan
    error = math.sqrt((n - 1) / n * float(np.sum((without - without.mean()) ** 2)))
    factor = math.exp(t_quantile(n) * error)
    return ratio, ratio / factor, ratio * factor


def _ratio(a: FloatArray, b: FloatArray) -> float:
    if len(a) < 2:
        return math.nan
    rounding = _ROUNDING * max(np.abs(a).max(), np.abs(b).max())
    apart = _variance(a, rounding) + _variance(b, rounding)
    paired = _variance(a - b, 2.0 * rounding)
    if paired == 0.0:
        return math.inf if apart > 0.0 else math.nan
    return apart / paired


def _variance(values: FloatArray, rounding: float) -> float:
    """The variance, 0 where the values differ by rounding only."""
    return 0.0 if np.ptp(values) <= rounding else float(np.var(values, ddof=1))
