"""How many times smaller pairing makes the variance of a difference."""

import math

import numpy as np

from diffusion.analysis.intervals import FloatArray, t_quantile


def variance_ratio(a: FloatArray, b: FloatArray) -> tuple[float, float, float]:
    """Var(a) + Var(b) over Var(a - b) of pairs without NaN, with its 95 % jackknife interval.

    The ratio is infinite if pairing leaves no variance, and NaN if there was none to begin with;
    the interval is NaN with fewer than three pairs, or where all that differs is one of them.
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
    apart = float(np.var(a, ddof=1) + np.var(b, ddof=1))
    paired = float(np.var(a - b, ddof=1))
    if paired == 0.0:
        return math.inf if apart > 0.0 else math.nan
    return apart / paired
