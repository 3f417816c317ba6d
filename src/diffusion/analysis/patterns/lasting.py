"""What happens to practices whose grant has ended: one year later (P3), six years later (P2)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from diffusion.analysis.intervals import FloatArray, Interval, mean_interval
from diffusion.analysis.patterns.pattern import Pattern, within
from diffusion.analysis.patterns.runs import Run, Runs

YEAR, SIX_YEARS = 12, 72


@dataclass(frozen=True)
class Cohort:
    """Uses whose grant ended, followed for `months`: shares, and how many uses are behind them."""

    n: int
    unbroken: FloatArray  # after 0, 1 .. months
    in_use: float  # at the end, restarts included


def after_the_grant(runs: Runs) -> list[Pattern]:
    """P3 and P2: survival of use by the time since its grant ended."""
    short = [follow(run, YEAR) for run in runs.of("default")]
    long = [follow(run, SIX_YEARS) for run in runs.of("default")]
    years = (SIX_YEARS - YEAR) / 12
    later = [
        -math.log(c.unbroken[SIX_YEARS] / c.unbroken[YEAR]) / (years * 12)
        for c in long
        if c.n and c.unbroken[SIX_YEARS] > 0
    ]
    counted = mean_interval([c.n for c in long])
    how = f"uses whose grant ended, about {counted.mean:.0f} a run, default world"
    # bands of the targets: parameter rows S07 and S08, and the binomial interval of 49 sites
    return [
        within("P3", "a year after the grant", (0.49, 0.89), _mean(short, _year), how, 0.67),
        within("P3", "later hazard a month", (0.003, 0.012), mean_interval(later), how, 0.006),
        within("P2", "six years later: unbroken", (0.33, 0.61), _mean(long, _unbroken), how, 0.47),
        within("P2", "restarted", (0.06, 0.26), _mean(long, _restarted), how, 0.16),
        within("P2", "stopped", (0.23, 0.51), _mean(long, _stopped), how, 0.37),
    ]


def follow(run: Run, months: int) -> Cohort:
    """Every use that lost its grant at least `months` before the end of the run.

    A use counts in the first month in which it runs without its grant; what was without one
    when the run began is left out, because nobody knows since when.
    """
    last = run.using.shape[0] - 1 - months
    fresh = run.unfunded[1:] & ~run.unfunded[:-1] & run.using[1:]
    alive = np.zeros(months + 1)
    in_use = 0
    for m in range(1, last + 1):
        cohort = fresh[m - 1]
        if not cohort.any():
            continue
        window = run.using[m : m + months + 1] & cohort
        unbroken = np.bitwise_and.accumulate(window, axis=0)
        alive += np.bitwise_count(unbroken).sum(axis=1)
        in_use += int(np.bitwise_count(window[-1]).sum())
    n = int(alive[0])
    if n == 0:
        return Cohort(0, np.full(months + 1, math.nan), math.nan)
    return Cohort(n, alive / n, in_use / n)


def _year(cohort: Cohort) -> float:
    return float(cohort.unbroken[YEAR])


def _unbroken(cohort: Cohort) -> float:
    return float(cohort.unbroken[-1])


def _restarted(cohort: Cohort) -> float:
    return cohort.in_use - float(cohort.unbroken[-1])


def _stopped(cohort: Cohort) -> float:
    return 1.0 - cohort.in_use


def _mean(cohorts: list[Cohort], share: Callable[[Cohort], float]) -> Interval:
    return mean_interval([share(cohort) for cohort in cohorts])
