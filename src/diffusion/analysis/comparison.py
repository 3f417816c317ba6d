"""Scenarios against the baseline, paired by luck: the same replicate has the same luck in both.

All differences are scenario - reference within one replicate, then averaged over replicates with a
t interval, or one from resampled replicates (`intervals`). The reference is the baseline, or the
scenario that an experiment names instead (`against`). Replicates that one side lacks (failed or not
yet run) are left out of both; `n` always says how many pairs are behind a number.

Where a design has several points, pairs are made within (point, replicate) and averaged over the
points of a replicate: all that shares a replicate's luck is one value of every interval.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from diffusion.analysis.bootstrap import factors_for_all
from diffusion.analysis.intervals import (
    METHODS,
    Interval,
    Method,
    band,
    difference_interval,
    mean_interval,
)
from diffusion.analysis.variance import variance_ratio
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
    interval: Method = "t"

    @classmethod
    def of(cls, results: Tables, interval: Method = "t") -> "Comparison":
        """Read the tables of a results folder.

        Args:
            interval: t, or bootstrap (over replicates).

        Raises:
            ResultsError: no finished run, or none of the baseline.
            SettingError: no such interval.
        """
        if interval not in METHODS:
            raise SettingError(
                f"there is no interval '{interval}'; choose from: {', '.join(METHODS)}"
                f"{nearest(interval, METHODS)}"
            )
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
            interval=interval,
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
        """Replicates of which a scenario has finished runs."""
        rows = self.outcomes[self.outcomes["scenario"] == scenario]
        return int(rows["replicate"].nunique())

    def varied(self) -> list[str]:
        """The columns of what a design varies from point to point."""
        named = (self.manifest.get("layout") or {}).get("varied", ())
        return [name for name in self.outcomes.columns if name in named or "." in name]

    def complete(self) -> "Comparison":
        """The same with the replicates in which every scenario has finished at every point.

        If there is none, all of them stay, and are paired as far as they go.
        """
        whole = self._finished_everywhere()
        if whole.all() or not whole.any():
            return self
        kept = whole.index[whole]
        tables = {
            name: table[table["replicate"].isin(kept)]
            for name in ("months", "outcomes", "survival", "groups")
            if "replicate" in (table := getattr(self, name)).columns
        }
        return replace(self, **tables)

    @property
    def is_complete(self) -> bool:
        """Whether every scenario has finished at every point of every replicate."""
        return bool(self._finished_everywhere().all())

    def outcome_names(self) -> list[str]:
        """Every outcome that can be compared."""
        return self._measured(self.outcomes)

    def month_names(self) -> list[str]:
        """Every monthly column that can be compared."""
        return self._measured(self.months)

    def level(self, scenario: str, outcome: str) -> Interval:
        """The outcome itself: mean over the replicates of a scenario."""
        values = self.by_replicate(scenario, outcome).to_numpy(np.float64)
        return mean_interval(values, method=self.interval)

    def pairs(
        self, scenario: str, outcome: str
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Values of scenario and reference in the replicates that both have, in the same order.

        The reference is the baseline, unless the experiment names another scenario.
        """
        a, b = self.paired(scenario, outcome)
        return a.to_numpy(np.float64), b.to_numpy(np.float64)

    def paired(self, scenario: str, outcome: str) -> "tuple[pd.Series[Any], pd.Series[Any]]":
        """`pairs` by replicate; a pair that is not known on one side counts at no point."""
        a, b = matched(
            self.by_unit(scenario, outcome), self.by_unit(self.against(scenario), outcome)
        )
        if "point" in a.index.names:
            known = a.notna() & b.notna()
            a, b = over_points(a[known]), over_points(b[known])
        return a, b

    def difference(self, scenario: str, outcome: str) -> Interval:
        """Paired difference of an outcome, scenario - reference."""
        return difference_interval(*self.pairs(scenario, outcome), method=self.interval)

    def together(self, outcome: str) -> dict[str, Interval]:
        """The differences of all scenarios with intervals that hold for all at once with 95 %.

        By Bonferroni; with bootstrap intervals by the |t| of resamples, over the replicates that
        all scenarios have, and as wide as a scenario's own interval at least.
        """
        pairs = {name: self.paired(name, outcome) for name in self.others}
        if self.interval == "t":
            n = len(pairs)
            return {name: difference_interval(a, b, n) for name, (a, b) in pairs.items()}
        apart = pd.DataFrame({name: a - b for name, (a, b) in pairs.items()})
        apart = apart.dropna(axis="columns", how="all")
        factors = dict(zip(apart, factors_for_all(apart.to_numpy(np.float64)), strict=True))
        return {
            name: difference_interval(a, b, factor=factors.get(name, math.nan)).reaching(
                difference_interval(a, b, method=self.interval)
            )
            for name, (a, b) in pairs.items()
        }

    def differences(self) -> pd.DataFrame:
        """Every outcome in every scenario, as differences to its reference.

        Columns scenario, against, outcome, mean, low, high, n, identical (exactly zero in every
        replicate), excludes_zero, low_together, high_together (wide enough for all scenarios to
        hold at once, outcome by outcome), interval (t or bootstrap).
        """
        outcomes = self.outcome_names()
        together = {outcome: self.together(outcome) for outcome in outcomes}
        rows = []
        for scenario in self.others:
            for outcome in outcomes:
                interval = self.difference(scenario, outcome)
                rows.append(
                    {
                        "scenario": scenario,
                        "against": self.against(scenario),
                        "outcome": outcome,
                        **vars(interval),
                        "excludes_zero": interval.excludes_zero,
                        "low_together": together[outcome][scenario].low,
                        "high_together": together[outcome][scenario].high,
                        "interval": self.interval,
                    }
                )
        return pd.DataFrame(rows)

    def only(self, scenarios: Collection[str]) -> "Comparison":
        """The same runs with some of the scenarios; the baseline stays."""
        kept = tuple(name for name in self.scenarios if name in {*scenarios, self.baseline})
        return replace(self, scenarios=kept)

    def monthly(self, scenario: str, column: str) -> pd.DataFrame:
        """A monthly column: mean over replicates with its interval (month, mean, low, high)."""
        return self._by_month(self._monthly(scenario, column))

    def monthly_difference(self, scenario: str, column: str) -> pd.DataFrame:
        """Paired difference in each month (month, mean, low, high); 0 where runs are identical."""
        reference = self._monthly(self.against(scenario), column)
        a, b = matched(self._monthly(scenario, column), reference)
        return self._by_month(a - b)

    def identical_months(self, scenario: str) -> int:
        """Number of leading months in which it agrees with its reference to the bit, everywhere."""
        first = len(self.months["month"].unique())
        for column in self.month_names():
            reference = self._monthly(self.against(scenario), column)
            a, b = matched(self._monthly(scenario, column), reference)
            same = (a == b) | (a.isna() & b.isna())
            differs = np.flatnonzero(~same.all(axis=0).to_numpy(dtype=bool))
            first = min(first, int(differs[0])) if len(differs) else first
        return first

    def variance_reduction(self, outcome: str) -> pd.DataFrame:
        """How many times smaller pairing makes the variance of the difference, per scenario.

        Ratio Var(a) + Var(b) over Var(a - b) from the same runs: the numerator is the variance
        of the difference if the baseline had luck of its own. Interval: jackknife over
        replicates on the logarithm. Columns scenario, ratio, low, high, n; infinite if pairing
        leaves no variance but that of rounding, NaN if there was none to begin with.
        """
        rows = []
        for scenario in self.others:
            a, b = self.pairs(scenario, outcome)
            known = ~(np.isnan(a) | np.isnan(b))
            ratio, low, high = variance_ratio(a[known], b[known])
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
        """An outcome of a scenario, by replicate: its mean over the points, if there are several.

        Raises:
            SettingError: no such outcome.
        """
        return over_points(self.by_unit(scenario, outcome))

    def by_unit(self, scenario: str, outcome: str) -> "pd.Series[Any]":
        """An outcome of a scenario, by replicate, or by point and replicate.

        Raises:
            SettingError: no such outcome.
        """
        _known(outcome, self.outcome_names())
        if scenario not in self._outcomes_of:
            return self.outcomes.iloc[:0].set_index(paired_by(self.outcomes))[outcome]
        return self._outcomes_of[scenario][outcome]

    @cached_property
    def _outcomes_of(self) -> dict[Any, pd.DataFrame]:
        """The outcomes by scenario, in the order of replicates; cut once, for it is asked often."""
        rows = self.outcomes.set_index(paired_by(self.outcomes)).sort_index()
        return dict(iter(rows.groupby("scenario")))

    def _finished_everywhere(self) -> "pd.Series[bool]":
        """By replicate."""
        every = self.outcomes[["scenario", *paired_by(self.outcomes)[:-1]]].drop_duplicates()
        return self.outcomes.groupby("replicate").size() == len(every)

    def _monthly(self, scenario: str, column: str) -> pd.DataFrame:
        _known(column, self.month_names())
        rows = self._months_of.get(scenario, self.months.iloc[:0])
        return rows.pivot(index=paired_by(rows), columns="month", values=column).sort_index()

    @cached_property
    def _months_of(self) -> dict[Any, pd.DataFrame]:
        return dict(iter(self.months.groupby("scenario")))

    def _by_month(self, values: pd.DataFrame) -> pd.DataFrame:
        mean, low, high = band(over_points(values).to_numpy(np.float64), self.interval)
        return pd.DataFrame(
            {"month": values.columns.to_numpy(), "mean": mean, "low": low, "high": high}
        )

    def _measured(self, table: pd.DataFrame) -> list[str]:
        left_out = {*NOT_COMPARED, *self.varied()}
        return [name for name in table.columns if name not in left_out]


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


def paired_by(table: pd.DataFrame) -> list[str]:
    """The columns that runs of two scenarios must share to be compared."""
    return ["point", "replicate"] if "point" in table.columns else ["replicate"]


def matched(a: _T, b: _T) -> tuple[_T, _T]:
    """The rows that both have, in the same order."""
    both = a.index.intersection(b.index).sort_values()
    return a.loc[both], b.loc[both]


def over_points(values: _T) -> _T:
    """Means over the points of a replicate; as they are, where there is one point."""
    if "point" not in values.index.names:
        return values
    means: _T = values.groupby(level="replicate").mean()
    return means
