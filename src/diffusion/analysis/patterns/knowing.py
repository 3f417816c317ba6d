"""Who knows what: the surveyed gaps (P4), repositories (P6), silos (P10)."""

from diffusion.analysis.intervals import FloatArray, mean_interval
from diffusion.analysis.patterns.pattern import Pattern, above, within
from diffusion.analysis.patterns.runs import Runs

# shares of 107 respondents with their binomial 95 % intervals
GAPS = {
    "gap_own_field": ("lacks knowledge in its own field", 0.50, (0.40, 0.60)),
    "gap_related_fields": ("lacks it in related fields", 0.71, (0.61, 0.79)),
    "gap_other_actors": ("lacks it of other actors", 0.59, (0.49, 0.68)),
}
BARELY = 5.0  # percentage points


def gaps(runs: Runs) -> list[Pattern]:
    """P4: what organisations lack before any intervention."""
    last = max(runs.timing.start - 1, 0)
    return [
        within(
            "P4",
            name,
            band,
            mean_interval(runs.column("default", column)[:, last]),
            f"share of organisations in month {last + 1}, before any intervention",
            target,
        )
        for column, (name, target, band) in GAPS.items()
    ]


def repository_and_contact(runs: Runs) -> list[Pattern]:
    """P6: a repository raises awareness far more than use; transfer needs people who meet."""
    aware, use = _gain(runs, "repository", "share_aware"), _gain(runs, "repository", "share_using")
    met_aware, met_use = (
        _gain(runs, "contact", "share_aware"),
        _gain(runs, "contact", "share_using"),
    )
    when = "when the money stops, relative to no intervention; paired"
    return [
        above(
            "P6",
            "a repository raises awareness",
            0.0,
            mean_interval(100 * aware),
            f"per cent more awareness {when}",
        ),
        above(
            "P6",
            "and far less use",
            0.0,
            mean_interval(100 * (aware / 2 - use)),
            f"half of the gain in awareness minus the gain in use, per cent {when}",
        ),
        above(
            "P6",
            "personal contact raises use",
            0.0,
            mean_interval(100 * met_use),
            f"per cent more use with communities of practice {when}",
        ),
        above(
            "P6",
            "contact turns awareness into use better",
            0.0,
            mean_interval(met_use / met_aware - use / aware),
            f"gain in use per gain in awareness, communities minus repository, {when}",
        ),
    ]


def silos(runs: Runs) -> list[Pattern]:
    """P10: stronger siloing leaves the own field and empties the related ones."""
    last = max(runs.timing.stop - 1, 0)
    own, related = (
        100 * (runs.column("siloing", gap) - runs.column("default", gap))[:, last]
        for gap in ("gap_own_field", "gap_related_fields")
    )
    how = f"siloing times 3 from the first month, month {last + 1}, percentage points; paired"
    return [
        within(
            "P10", "own-field gap barely changes", (-BARELY, BARELY), mean_interval(own), how, 0.0
        ),
        above("P10", "related-field gap rises a lot", BARELY, mean_interval(related), how),
        above(
            "P10",
            "far more than the own-field gap",
            0.0,
            mean_interval(related - 3 * own.clip(0)),
            f"{how}: related minus three times own",
        ),
    ]


def _gain(runs: Runs, set_up: str, column: str) -> FloatArray:
    """Relative gain at the end of the window within each pair of runs, shape (replicates,)."""
    last = max(runs.timing.stop - 1, 0)
    result: FloatArray = (
        runs.column(set_up, column)[:, last] / runs.column("default", column)[:, last] - 1.0
    )
    return result
