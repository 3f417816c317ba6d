"""What two interventions do together beyond what each does alone."""

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from diffusion.analysis.comparison import over_points
from diffusion.analysis.intervals import Interval, difference_interval

if TYPE_CHECKING:
    import pandas as pd

    from diffusion.analysis.comparison import Comparison


@dataclass(frozen=True)
class Pair:
    """Two interventions, alone and together.

    `extra` is what they do together beyond the sum of what each does alone, with its paired 95 %
    interval: above zero they help each other, below zero they get in each other's way or overlap.
    """

    first: str
    second: str
    alone: tuple[Interval, Interval]
    together: Interval
    extra: Interval


def pairs(comparison: "Comparison", outcome: str) -> list[Pair]:
    """Every two interventions that have scenarios alone and together, against the baseline.

    Raises:
        SettingError: no such outcome.
    """
    by_levers = {
        frozenset(comparison.manifest["scenarios"][name]["interventions"]): name
        for name in comparison.scenarios
    }
    single = [next(iter(levers)) for levers in by_levers if len(levers) == 1]
    found = []
    for first, second in combinations(single, 2):
        both = by_levers.get(frozenset((first, second)))
        if both is not None:
            names = (by_levers[frozenset((first,))], by_levers[frozenset((second,))])
            found.append(_pair(comparison, outcome, (first, second), names, both))
    return found


def frame(comparison: "Comparison", outcome: str) -> "pd.DataFrame":
    """One row a pair: the two alone, together, and what is beyond their sum."""
    import pandas as pd

    rows = []
    for pair in pairs(comparison, outcome):
        row: dict[str, object] = {"first": pair.first, "second": pair.second, "outcome": outcome}
        parts = {
            "alone_first": pair.alone[0],
            "alone_second": pair.alone[1],
            "together": pair.together,
            "extra": pair.extra,
        }
        for name, interval in parts.items():
            row |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
        rows.append(row | {"n": pair.extra.n, "excludes_zero": pair.extra.excludes_zero})
    return pd.DataFrame(rows)


def _pair(
    comparison: "Comparison",
    outcome: str,
    levers: tuple[str, str],
    names: tuple[str, str],
    both: str,
) -> Pair:
    every = [comparison.by_unit(name, outcome) for name in (*names, both)]
    base = comparison.by_unit(comparison.baseline, outcome)
    common = base.index
    for values in every:
        common = common.intersection(values.index)
    one, other, together, nothing = (
        over_points(values.loc[common]).to_numpy(np.float64) for values in (*every, base)
    )
    difference = partial(difference_interval, method=comparison.interval)
    return Pair(
        *levers,
        alone=(difference(one, nothing), difference(other, nothing)),
        together=difference(together, nothing),
        extra=difference(together - other, one - nothing),
    )
