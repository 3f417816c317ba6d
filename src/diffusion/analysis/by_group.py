"""Who profits: paired differences within groups of organisations or practices."""

from typing import TYPE_CHECKING

import pandas as pd

from diffusion.analysis.comparison import matched, over_points, paired_by
from diffusion.analysis.intervals import Interval, difference_interval
from diffusion.base.errors import SettingError, nearest

if TYPE_CHECKING:
    from diffusion.analysis.comparison import Comparison


def groups_of(comparison: "Comparison", dimension: str) -> list[str]:
    """The groups of a dimension, in the order in which they are stored.

    Raises:
        SettingError: the runs did not record that dimension (`record.groups`).
    """
    recorded = list(comparison.groups["dimension"].unique()) if len(comparison.groups) else []
    if dimension not in recorded:
        raise SettingError(
            f"'{dimension}' is no grouping that these runs recorded "
            f"(recorded: {', '.join(recorded) or 'none'}){nearest(dimension, recorded)}; "
            f"record.groups chooses them"
        )
    rows = comparison.groups[comparison.groups["dimension"] == dimension]
    return [str(value) for value in rows["value"].unique()]


def difference(
    comparison: "Comparison", scenario: str, dimension: str, value: str, stage: str = "using"
) -> Interval:
    """Paired difference of a group's share at the end of the run, scenario - reference.

    Args:
        stage: aware, using or institutionalised.
    """
    a = _shares(comparison, scenario, dimension, value, stage)
    b = _shares(comparison, comparison.against(scenario), dimension, value, stage)
    a, b = (over_points(values) for values in matched(a, b))
    return difference_interval(a, b, method=comparison.interval)


def frame(comparison: "Comparison", dimension: str, stage: str = "using") -> pd.DataFrame:
    """Every scenario in every group: scenario, dimension, value, stage, mean, low, high, n ..."""
    rows = []
    for scenario in comparison.others:
        for value in groups_of(comparison, dimension):
            interval = difference(comparison, scenario, dimension, value, stage)
            rows.append(
                {
                    "scenario": scenario,
                    "against": comparison.against(scenario),
                    "dimension": dimension,
                    "value": value,
                    "stage": stage,
                    **vars(interval),
                    "excludes_zero": interval.excludes_zero,
                }
            )
    return pd.DataFrame(rows)


def _shares(
    comparison: "Comparison", scenario: str, dimension: str, value: str, stage: str
) -> "pd.Series[float]":
    table = comparison.groups
    rows = table[
        (table["scenario"] == scenario)
        & (table["dimension"] == dimension)
        & (table["value"] == value)
        & (table["month"] == table["month"].max())
    ]
    shares: pd.Series[float] = rows.set_index(paired_by(rows))[stage]
    return shares
