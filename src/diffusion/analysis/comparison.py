"""Scenarios against the baseline, paired by luck: the same replicate has the same luck in both.

All differences are scenario - reference within one replicate (and, in a design with points, within
the same point), then averaged over replicates with a
t interval (`intervals`). The reference is the baseline, or the scenario that an experiment names
instead (`against`). Replicates that one side lacks (failed or not yet run) are left out of both;
`n` always says how many pairs are behind a number.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from diffusion.analysis.intervals import (
    Interval,
    band,
    difference_interval,
    mean_interval,
    t_quantile,
)
from diffusion.base.errors import ResultsError, SettingError, nearest

KEYS = ("scenario", "replicate", "seed", "run_id")
NOT_COMPARED = (*KEYS, "point", "month", "seconds")  # wall time is no outcome of the model


_T = TypeVar("_T", pd.DataFrame, "pd.Series[Any]")


class Tables(Protocol):
    """The part of a results folder that analyses read."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Experiment, scenarios, baseline, timing, replicates ..."""

    def table(self, name: str) -> pd.DataFrame:
        """All rows of a stored table, with scenario, replicate, seed and run_id."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """The stored runs of an experiment, ready to be compared.

    Tables as stored; `scenarios` in the order of the experiment, baseline included.
    """

    manifest: Mapping[str, Any]
    scenarios: tuple[str, ...]
    baseline: str
    months: pd.DataFrame
    outcomes: pd.DataFrame
    survival: pd.DataFrame
    groups: pd.DataFrame

    @classmethod
    def of(cls, results: Tables) -> "Comparison":
        """Read the tables of a results folder.

        Raises:
            ResultsError: no finished run, or none of the baseline.
        """
        manifest = results.manifest
        outcomes = _paid(results.table("outcomes"))
        present = set(outcomes["scenario"]) if len(outcomes) else set()
        if not present:
            raise ResultsError(
                "the results folder holds no finished run, so there is nothing to compare; "
                "look into its failures, or run the experiment again"
            )
        baseline = str(manifest["baseline"])
        if baseline not in present:
            raise ResultsError(
                f"no run of the baseline '{baseline}' has finished (finished: "
                f"{', '.join(sorted(present))}); run the experiment again to complete it"
            )
        return cls(
            manifest=manifest,
            scenarios=tuple(name for name in manifest["scenarios"] if name in present),
            baseline=baseline,
            months=_paid(results.table("months")),
            outcomes=outcomes,
            survival=results.table("survival"),
            groups=results.table("groups"),
        )

    def __repr__(self) -> str:
        runs = {name: self.n_replicates(name) for name in self.scenarios}
        return f"<Comparison with baseline {self.baseline!r}, finished runs: {runs}>"

    @property
    def start(self) -> int:
        """Month in which interventions start."""
        return int(self.manifest["timing"]["start"])

    @property
    def stop(self) -> int:
        """Month in which they end: the money stops."""
        return int(self.manifest["timing"]["stop"])

    @property
    def others(self) -> tuple[str, ...]:
        """The scenarios that are compared with the baseline."""
        return tuple(name for name in self.scenarios if name != self.baseline)

    def against(self, scenario: str) -> str:
        """The scenario that it is compared with."""
        return str(self.manifest["scenarios"][scenario].get("against") or self.baseline)

    def label(self, scenario: str) -> str:
        """The scenario in plain words."""
        return str(self.manifest["scenarios"][scenario].get("label") or scenario)

    def n_replicates(self, scenario: str) -> int:
        """Finished runs of a scenario."""
        return int((self.outcomes["scenario"] == scenario).sum())

    def outcome_names(self) -> list[str]:
        """Every outcome that can be compared."""
        return [name for name in self.outcomes.columns if name not in self._not_compared()]

    def month_names(self) -> list[str]:
        """Every monthly column that can be compared."""
        return [name for name in self.months.columns if name not in self._not_compared()]

    def varied(self) -> list[str]:
        """The columns of what the design varies; none in one of scenarios and replicates only."""
        return list(self.manifest.get("layout", {}).get("varied", ()))

    def _not_compared(self) -> tuple[str, ...]:
        return (*NOT_COMPARED, *self.varied())

    def level(self, scenario: str, outcome: str) -> Interval:
        """The outcome itself: mean over the replicates of a scenario."""
        return mean_interval(self.by_replicate(scenario, outcome).to_numpy(np.float64))

    def pairs(
        self, scenario: str, outcome: str
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Values of scenario and reference in the replicates that both have, in the same order.

        The reference is the baseline, unless the experiment names another scenario.
        """
        reference = self.against(scenario)
        a, b = _matched(self.by_replicate(scenario, outcome), self.by_replicate(reference, outcome))
        return a.to_numpy(np.float64), b.to_numpy(np.float64)

    def difference(self, scenario: str, outcome: str) -> Interval:
        """Paired difference of an outcome, scenario - reference."""
        return difference_interval(*self.pairs(scenario, outcome))

    def differences(self) -> pd.DataFrame:
        """Every outcome in every scenario, as differences to its reference.

        Columns scenario, against, outcome, mean, low, high, n, identical (exactly zero in every
        replicate), excludes_zero.
        """
        rows = []
        for scenario in self.others:
            for outcome in self.outcome_names():
                interval = self.difference(scenario, outcome)
                rows.append(
                    {
                        "scenario": scenario,
                        "against": self.against(scenario),
                        "outcome": outcome,
                        **vars(interval),
                        "excludes_zero": interval.excludes_zero,
                    }
                )
        return pd.DataFrame(rows)

    def only(self, scenarios: Collection[str]) -> "Comparison":
        """The same runs with some of the scenarios; the baseline stays."""
        kept = tuple(name for name in self.scenarios if name in {*scenarios, self.baseline})
        return replace(self, scenarios=kept)

    def monthly(self, scenario: str, column: str) -> pd.DataFrame:
        """A monthly column: mean over replicates with its interval (month, mean, low, high)."""
        return _by_month(self._monthly(scenario, column))

    def monthly_difference(self, scenario: str, column: str) -> pd.DataFrame:
        """Paired difference in each month (month, mean, low, high); 0 where runs are identical."""
        reference = self._monthly(self.against(scenario), column)
        a, b = _matched(self._monthly(scenario, column), reference)
        return _by_month(a - b)

    def identical_months(self, scenario: str) -> int:
        """Number of leading months in which it agrees with its reference to the bit, everywhere."""
        first = len(self.months["month"].unique())
        for column in self.month_names():
            reference = self._monthly(self.against(scenario), column)
            a, b = _matched(self._monthly(scenario, column), reference)
            same = (a == b) | (a.isna() & b.isna())
            differs = np.flatnonzero(~same.all(axis=0).to_numpy(dtype=bool))
            first = min(first, int(differs[0])) if len(differs) else first
        return first

    def variance_reduction(self, outcome: str) -> pd.DataFrame:
        """How many times smaller pairing makes the variance of the difference, per scenario.

        Ratio Var(a) + Var(b) over Var(a - b) from the same runs: the numerator is the variance
        of the difference if the baseline had luck of its own. Interval: jackknife over
        replicates on the logarithm. Columns scenario, ratio, low, high, n; infinite if pairing
        leaves no variance, NaN if there was none to begin with.
        """
        rows = []
        for scenario in self.others:
            a, b = self.pairs(scenario, outcome)
            known = ~(np.isnan(a) | np.isnan(b))
            ratio, low, high = _variance_ratio(a[known], b[known])
            rows.append(
                {
                    "scenario": scenario,
                    "ratio": ratio,
                    "low": low,
                    "high": high,
                    "n": int(known.sum()),
                }
            )
        return pd.DataFrame(rows, columns=["scenario", "ratio", "low", "high", "n"])

    def by_replicate(self, scenario: str, outcome: str) -> "pd.Series[Any]":
        """An outcome of a scenario, by replicate, or by point and replicate (`paired_by`).

        Raises:
            SettingError: no such outcome.
        """
        _known(outcome, self.outcome_names())
        rows = self.outcomes[self.outcomes["scenario"] == scenario]
        return rows.set_index(paired_by(rows))[outcome].sort_index()

    def _monthly(self, scenario: str, column: str) -> pd.DataFrame:
        _known(column, self.month_names())
        rows = self.months[self.months["scenario"] == scenario]
        return rows.pivot(index=paired_by(rows), columns="month", values=column).sort_index()


def paired_by(table: pd.DataFrame) -> str | list[str]:
    """The columns that runs of two scenarios must share to be compared."""
    return ["point", "replicate"] if "point" in table.columns else "replicate"


def _paid(table: pd.DataFrame) -> pd.DataFrame:
    """A scenario without an intervention pays nothing for it: missing costs are zero."""
    costs = [name for name in table.columns if name == "cost" or name.startswith("cost_")]
    return table.fillna(dict.fromkeys(costs, 0.0))


def _known(name: str, names: list[str]) -> None:
    if name not in names:
        raise SettingError(
            f"'{name}' is not among the recorded columns{nearest(name, names)} "
            f"(recorded: {', '.join(names)})"
        )


def _matched(a: _T, b: _T) -> tuple[_T, _T]:
    both = a.index.intersection(b.index).sort_values()
    return a.loc[both], b.loc[both]


def _by_month(values: pd.DataFrame) -> pd.DataFrame:
    mean, low, high = band(values.to_numpy(np.float64))
    return pd.DataFrame(
        {"month": values.columns.to_numpy(), "mean": mean, "low": low, "high": high}
    )


def _variance_ratio(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]
) -> tuple[float, float, float]:
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


def _ratio(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    if len(a) < 2:
        return math.nan
    apart = float(np.var(a, ddof=1) + np.var(b, ddof=1))
    paired = float(np.var(a - b, ddof=1))
    if paired == 0.0:
        return math.inf if apart > 0.0 else math.nan
    return apart / paired
