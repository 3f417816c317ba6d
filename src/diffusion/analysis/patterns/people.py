"""People who leave (P8), and coordinators whose money ends (P9)."""

import numpy as np

from diffusion.analysis.intervals import FloatArray, Interval, fieller, mean_interval
from diffusion.analysis.patterns.pattern import Pattern, above, below
from diffusion.analysis.patterns.runs import Runs

HALF_YEAR, YEAR, THREE_YEARS = 6, 12, 36


def turnover(runs: Runs) -> list[Pattern]:
    """P8: more turnover, less persistence; handover softens it."""
    default, doubled, handed_over = (
        100 * runs.outcome(name, "retained_36")
        for name in ("default", "turnover", "turnover with handover")
    )
    how = "in use 36 months after the money stops, points; turnover doubled from then on; paired"
    return [
        below(
            "P8", "twice the turnover, less persistence", 0.0, mean_interval(doubled - default), how
        ),
        above("P8", "handover softens it", 0.0, mean_interval(handed_over - doubled), how),
    ]


def coordination(runs: Runs) -> list[Pattern]:
    """P9: without coordination money networks meet less, and later have fewer ties."""
    start = runs.timing.start
    meetings, ties = (
        (runs.column("coordination cut", c) - runs.column("coordination kept", c))[:, start:]
        / runs.column("coordination kept", c)[:, start:].mean()
        * 100
        for c in ("meetings_held", "n_ties")
    )
    how = "coordination money of all networks ended against secured, paired"
    return [
        below(
            "P9",
            "networks meet less",
            0.0,
            mean_interval(meetings[:, :YEAR].mean(axis=1)),
            f"{how}: meetings in the first year, per cent",
        ),
        below(
            "P9",
            "ties decay",
            0.0,
            mean_interval(ties[:, :THREE_YEARS][:, -YEAR:].mean(axis=1)),
            f"{how}: ties in the third year, per cent",
        ),
        below(
            "P9",
            "with a lag",
            0.5,
            early_share(ties),
            f"{how}: loss of ties in the first half-year as a share of that in the third year",
        ),
    ]


def early_share(loss: FloatArray) -> Interval:
    """Mean loss in the first half-year over that in the third year, Fieller's interval."""
    early = loss[:, :HALF_YEAR].mean(axis=1)
    late = loss[:, :THREE_YEARS][:, -YEAR:].mean(axis=1)
    if not mean_interval(late).excludes_zero:
        return Interval(np.nan, np.nan, np.nan, len(late))
    return Interval(*fieller(early, late), len(late))
