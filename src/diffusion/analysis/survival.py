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

from diffusion.analysis.comparison import Comparison, matched, over_points, paired_by
from diffusion.analysis.intervals import Interval, Method, band, mean_interval

KINDS = ("unbroken", "in_use")


@dataclass(frozen=True)
class Curve:
    """Survival of use in one scenario.

    `since` months since the money stopped, shape (months,); `runs` one curve a replicate, shape
    (replicates, months), shares 0..1; `mean`, `low`, `high` their mean and 95 % interval. Uses of
    one run share its luck, so the interval is over replicates, not over uses (Greenwood's would be
    far too short). `each` has the curve of every run, before points were averaged, to pair them by.
    """

    scenario: str
    kind: str
    since: npt.NDArray[np.int64]
    runs: npt.NDArray[np.float64]
    each: pd.DataFrame
    interval: Method
    mean: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]

    def half_life(self) -> float:
        """Months until half of the cohort has stopped, on the mean curve; NaN if it never does."""
        return half_life(self.since, self.mean)

    def half_lives(self) -> Interval:
        """Half-life per replicate, mean and interval; only over replicates that reach it (`n`)."""
        lives = [half_life(self.since, run) for run in self.runs]
        return mean_interval(lives, method=self.interval)


def curve(comparison: Comparison, scenario: str, kind: str = "unbroken") -> Curve:
    """The survival curves of a scenario; `kind` is unbroken (never stopped) or in_use.

    Runs in which nothing was in use when the money stopped have no curve and are left out.
    """
    rows = comparison.survival[comparison.survival["scenario"] == scenario]
    at_risk = _wide(rows, "at_risk")
    shares = _wide(rows, kind) / at_risk.where(at_risk > 0)
    shares = shares.dropna(how="all")
    values = over_points(shares).to_numpy(np.float64)
    mean, low, high = band(values, comparison.interval)
    return Curve(
        scenario=scenario,
        kind=kind,
        since=shares.columns.to_numpy(np.int64),
        runs=values,
        each=shares,
        interval=comparison.interval,
        mean=mean,
        low=low,
        high=high,
    )


def gain(
    curve: Curve, baseline: Curve
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Mean and 95 % interval of a scenario's share minus the baseline's, paired by replicate.

    Replicates without a curve on one side are left out; None if none is left, and for the
    baseline itself.
    """
    a, b = matched(curve.each, baseline.each)
    if curve.scenario == baseline.scenario or not len(a):
        return None
    return band(over_points(a - b).to_numpy(np.float64), curve.interval)


def frame(comparison: Comparison) -> pd.DataFrame:
    """Every curve and what it adds: scenario, against, kind, since_stop, mean, low, high, n ...

    `difference`, `difference_low` and `difference_high` are empty where `gain` is None.
    """
    parts = []
    for kind in KINDS:
        named = {*comparison.scenarios, *map(comparison.against, comparison.others)}
        curves = {name: curve(comparison, name, kind) for name in named}
        for scenario in comparison.scenarios:
            one = curves[scenario]
            rows = pd.DataFrame(
                {
                    "scenario": scenario,
                    "against": comparison.against(scenario),
                    "kind": kind,
                    "since_stop": one.since,
                    "mean": one.mean,
                    "low": one.low,
                    "high": one.high,
                    "n": len(one.runs),
                }
            )
            extra = gain(one, curves[comparison.against(scenario)])
            rows[["difference", "difference_low", "difference_high"]] = (
                np.nan if extra is None else np.column_stack(extra)
            )
            parts.append(rows)
    return pd.concat(parts, ignore_index=True)


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
