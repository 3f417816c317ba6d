"""How long use lasts once the money stops: Kaplan-Meier curves from the `survival` table.

The cohort of a run is every pair of organisation and practice in use in the month `stop`. All of
it is followed to the end of the run and none drops out of sight, so the Kaplan-Meier estimate of
unbroken use equals the share still unbroken. `in_use` also counts pairs that lapsed and started
again.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from diffusion.analysis.comparison import Comparison, paired_by
from diffusion.analysis.intervals import Interval, band, mean_interval

KINDS = ("unbroken", "in_use")


@dataclass(frozen=True)
class Curve:
    """Survival of use in one scenario.

    `since` months since the money stopped, shape (months,); `runs` one curve a run, shape (runs,
    months), shares 0..1; `mean`, `low`, `high` their mean and 95 % interval.
    """

    scenario: str
    kind: str
    since: npt.NDArray[np.int64]
    runs: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]

    def half_life(self) -> float:
        """Months until half of the cohort has stopped, on the mean curve; NaN if it never does."""
        return half_life(self.since, self.mean)

    def half_lives(self) -> Interval:
        """Half-life per replicate, mean and interval; only over replicates that reach it (`n`)."""
        return mean_interval([half_life(self.since, run) for run in self.runs])


def curve(comparison: Comparison, scenario: str, kind: str = "unbroken") -> Curve:
    """The survival curves of a scenario; `kind` is unbroken (never stopped) or in_use.

    Runs in which nothing was in use when the money stopped have no curve and are left out.
    """
    rows = comparison.survival[comparison.survival["scenario"] == scenario]
    at_risk = _wide(rows, "at_risk")
    shares = _wide(rows, kind) / at_risk.where(at_risk > 0)
    shares = shares.dropna(how="all")
    values = shares.to_numpy(np.float64)
    mean, low, high = band(values)
    return Curve(
        scenario=scenario,
        kind=kind,
        since=shares.columns.to_numpy(np.int64),
        runs=values,
        mean=mean,
        low=low,
        high=high,
    )


def gain(
    curve: Curve, baseline: Curve
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Mean and 95 % interval of a scenario's share minus the baseline's, paired by replicate.

    None for the baseline itself, and where a replicate has no curve on one side.
    """
    if curve.scenario == baseline.scenario or curve.runs.shape != baseline.runs.shape:
        return None
    return band(curve.runs - baseline.runs)


def half_life(since: npt.NDArray[np.int64], share: npt.NDArray[np.float64]) -> float:
    """First time at which the share is half or less, interpolated between months; else NaN."""
    below = np.flatnonzero(share <= 0.5)
    if not len(below):
        return math.nan
    k = int(below[0])
    if k == 0 or share[k] == 0.5:
        return float(since[k])
    fraction = (share[k - 1] - 0.5) / (share[k - 1] - share[k])
    return float(since[k - 1] + fraction * (since[k] - since[k - 1]))


def _wide(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows.pivot(index=paired_by(rows), columns="since_stop", values=column).sort_index()
