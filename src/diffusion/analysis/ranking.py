"""Many scenarios ranked by one outcome, with intervals that hold for all of them together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffusion.analysis.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd

    from diffusion.analysis.comparison import Comparison


@dataclass(frozen=True)
class Ranked:
    """One scenario in a ranking.

    `difference` is the paired difference to its reference with its own 95 % interval; `together`
    has the interval that is wide enough for all scenarios of the ranking to hold at once with 95 %
    (`Comparison.together`), which is the one to read when the best is picked out of many.
    """

    scenario: str
    difference: Interval
    together: Interval
    cost: float  # mean additional EUR over the run


def ranked(comparison: "Comparison", outcome: str) -> list[Ranked]:
    """The scenarios, the largest difference first; those that can't be told stand last.

    Raises:
        SettingError: no such outcome.
    """
    together = comparison.together(outcome)
    rows = [
        Ranked(
            scenario=name,
            difference=comparison.difference(name, outcome),
            together=together[name],
            cost=comparison.difference(name, "cost_total").mean,
        )
        for name in comparison.others
    ]
    known = [row for row in rows if row.difference.n]
    unknown = [row for row in rows if not row.difference.n]
    return sorted(known, key=lambda row: -row.difference.mean) + unknown


def frame(comparison: "Comparison", outcome: str) -> "pd.DataFrame":
    """The ranking as a table: rank, scenario, label, outcome, mean, intervals, n, cost."""
    import pandas as pd

    return pd.DataFrame(
        {
            "rank": rank,
            "scenario": row.scenario,
            "label": comparison.label(row.scenario),
            "outcome": outcome,
            "mean": row.difference.mean,
            "low": row.difference.low,
            "high": row.difference.high,
            "low_together": row.together.low,
            "high_together": row.together.high,
            "n": row.difference.n,
            "cost": row.cost,
        }
        for rank, row in enumerate(ranked(comparison, outcome), start=1)
    )
