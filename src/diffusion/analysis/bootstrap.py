"""Intervals from resampled replicates.

A replicate is drawn as a whole: one value a replicate and column goes in, after the design points
of a replicate were averaged, so whatever shares a replicate's luck stays together (a bootstrap
clustered by replicate). Resamples are keyed draws of a fixed seed: the same table always gives the
same interval, and columns that are resampled together see the same replicates.

**One interval** is BCa (bias-corrected and accelerated; Efron 1987, J Am Stat Assoc 82:171). It is
preferred to the percentile interval because paired differences are often skewed, or zero in most
replicates. Either is too short for few replicates, by about the factor by which the normal and the
t interval differ, so nominal tails are made smaller as Hesterberg (2015, Am Stat 69:371) proposes
for percentile intervals. In simulations with 20 replicates it held 95 % of normal means, as t does,
and 94 % of exponential ones, where t holds 92 %. With fewer than six replicates no resample
reaches far enough, and t is to be preferred.

**Many intervals** that are to hold together use |t| of all columns within a resample: as many
standard errors on either side as no column exceeds in 95 % of resamples, at the same tail for each
column (studentised and balanced; Beran 1988, J Am Stat Assoc 83:679; Romano and Wolf 2005,
Econometrica 73:1237). Unlike Bonferroni's factor this uses what scenarios share, above all the luck
of one baseline. A scenario that differs in a few replicates only, whose resamples are lumpy, does
not widen the others.
"""

import math
from functools import lru_cache

import numpy as np

from diffusion.analysis.intervals import LEVEL, FloatArray
from diffusion.base.draws import Decision, uniforms

RESAMPLES = 9_999
SEED = 0  # of the resamples; no run's luck depends on it
_TIE = 1e-12  # of the largest value: means that differ by less are the same


@lru_cache(maxsize=4)
def times_drawn(n: int) -> FloatArray:
    """How often each of n replicates is in each resample, shape (RESAMPLES, n); rows sum to n."""
    resample = np.arange(RESAMPLES)[:, None]
    luck = uniforms(SEED, Decision.RESAMPLE, 0, resample, np.arange(n))
    cells = resample * n + (luck * n).astype(np.int64)
    counts = np.bincount(cells.ravel(), minlength=RESAMPLES * n).astype(np.float64)
    counts.setflags(write=False)
    return counts.reshape(RESAMPLES, n)


def ends(values: FloatArray, t: float) -> tuple[float, float]:
    """Both ends of the 95 % BCa interval of the mean of n >= 2 numbers.

    Args:
        t: Student's quantile for n numbers.
    """
    from scipy.special import ndtr, ndtri  # slow to import

    n = len(values)
    if np.all(values == values[0]):
        return float(values[0]), float(values[0])
    mean = values.mean()
    means = np.sort(times_drawn(n) @ values / n)
    tied = np.abs(means - mean) <= _TIE * np.abs(values).max()
    bias = ndtri(float(np.mean(np.where(tied, 0.5, means < mean))))
    off = values - mean
    acceleration = float((off**3).sum() / (6.0 * (off**2).sum() ** 1.5))
    reach = math.sqrt(n / (n - 1)) * t
    low, high = (
        float(ndtr(bias + (bias + z) / (1.0 - acceleration * (bias + z)))) for z in (-reach, reach)
    )
    places = (RESAMPLES + 1) * np.array([low, high])
    first, last = np.clip([math.floor(places[0]), math.ceil(places[1])], 1, RESAMPLES) - 1
    return float(means[first]), float(means[last])


def factors_for_all(values: FloatArray) -> FloatArray:
    """Standard errors on either side of each column's mean that hold for all columns with 95 %.

    Args:
        values: one row a replicate, one column a scenario; rows with a NaN are left out.

    Returns:
        One factor a column, shape (columns,): 0 where it is constant; all NaN with fewer than
        three rows.
    """
    kept = values[~np.isnan(values).any(axis=1)]
    n, columns = kept.shape
    if n < 3:
        return np.full(columns, np.nan)
    found = np.zeros(columns)
    varies = np.flatnonzero(np.ptp(kept, axis=0) > 0.0)
    every = [_sizes_of_t(kept[:, column]) for column in varies]
    in_order = [np.sort(sizes) for sizes in every]
    place = np.zeros(RESAMPLES, dtype=np.int64)
    for sizes, ordered in zip(every, in_order, strict=True):
        place = np.maximum(place, np.searchsorted(ordered, sizes))
    needed = int(np.sort(place)[math.ceil(LEVEL * (RESAMPLES + 1)) - 1])
    found[varies] = [ordered[needed] for ordered in in_order]
    return found


def _sizes_of_t(values: FloatArray) -> FloatArray:
    """|t| of each resample against the mean of n >= 2 numbers, shape (RESAMPLES,)."""
    n = len(values)
    off = values - values.mean()
    spread = float(off.std(ddof=1))
    means = times_drawn(n) @ off / n
    variances = (times_drawn(n) @ off**2 / n - means**2) * n / (n - 1)
    # a resample may consist of one value: then the spread of the whole stands for its own
    known = variances > _TIE * spread**2
    spreads = np.where(known, np.sqrt(np.where(known, variances, 1.0)), spread)
    sizes: FloatArray = np.abs(means) * math.sqrt(n) / spreads
    return sizes
