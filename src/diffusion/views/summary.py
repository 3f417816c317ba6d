"""The numbers of the summary table, once: on screen, as CSV and as Markdown they are the same."""

import math
from typing import TYPE_CHECKING

import numpy as np

from diffusion.analysis import costs
from diffusion.analysis.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd

    from diffusion.analysis.comparison import Comparison

SHARES = {
    "using_stop": "in use when the money stops",
    "retained_12": "of that, in use 12 months later",
    "retained_36": "of that, in use 36 months later",
    "retained_60": "of that, in use 60 months later",
    "using_end": "in use at the end of the run",
}
AMOUNTS = {
    "practice_years": "practice-years since the start",
    "retained_practice_years": "practice-years after the money stops",
    "cost_total": "cost of the interventions, EUR",
}
MEASURES = {**SHARES, **AMOUNTS}
_FURTHER = {
    "using_start": "in use when the interventions start",
    "unbroken_60": "of that, 60 months later without a break",
    "restarted_60": "of that, 60 months later after a break",
    "stopped_60": "of that, no longer in use 60 months later",
    "gap_own_field": "don't know best practice in their own field",
    "gap_related_fields": "don't know it in related fields",
    "gap_other_actors": "don't know the actors in other fields",
    "n_ever_used": "practices ever used, all organisations",
    "months_to_10": "months until 10 % took up something new",
    "months_to_50": "months until 50 % took up something new",
}
_NO_SHARES = (*AMOUNTS, "n_ever_used", "months_to_10", "months_to_50")
_LEVEL = ["scenario", "label", "measure", "meaning", "mean", "low", "high", "note"]
_DIFFERENCE = ["difference", "difference_low", "difference_high"]
_COLUMNS = [*_LEVEL, *_DIFFERENCE, "pairs", "identical", "excludes_zero"]  # of `frame`
SMALL = 2.0  # percentage points, below which a second decimal tells something
MARK, NO_MARK = "●", "○"
LEGEND = (
    "Shares of all pairs of organisation and practice. Differences to the baseline (or the "
    "scenario that an experiment names instead) are in "
    "percentage points, within pairs of runs that share their luck, with their 95 % interval: "
    f"{MARK} the interval excludes zero, {NO_MARK} it does not. A practice-year is one "
    "organisation using one practice for a year; retained means after the money has stopped "
    "and beyond what the baseline retains."
)


def legend(comparison: "Comparison") -> str:
    """How to read the table, and where its intervals come from."""
    if comparison.interval == "t":
        return LEGEND
    return (
        f"{LEGEND} Intervals of shares and differences are from resampled replicates (bootstrap, "
        f"BCa), those of prices are Fieller's."
    )


def frame(comparison: "Comparison") -> "pd.DataFrame":
    """One row a scenario and measure, in the units of the outcomes (shares 0..1, EUR).

    Columns: scenario, label, measure, meaning, mean, low, high (the scenario itself),
    difference, difference_low, difference_high, pairs, identical, excludes_zero (against the
    baseline; empty for the baseline), note (why a price is not defined).
    """
    import pandas as pd

    rows = [
        _row(comparison, scenario, measure)
        for scenario in comparison.scenarios
        for measure in MEASURES
        if measure in comparison.outcome_names()
    ]
    rows += [
        {
            "scenario": price.scenario,
            "label": comparison.label(price.scenario),
            "measure": f"eur_per_{effect.removesuffix('s')}",
            "meaning": f"EUR per {price.unit}",
            "mean": price.eur,
            "low": price.low,
            "high": price.high,
            "pairs": price.n,
            "note": price.why,
        }
        for effect in costs.EFFECTS
        for price in costs.prices(comparison, effect)
    ]
    table = pd.DataFrame(rows).reindex(columns=_COLUMNS)
    return table.assign(pairs=table["pairs"].astype("Int64"))  # whole numbers, empty for levels


def _row(comparison: "Comparison", scenario: str, measure: str) -> dict[str, object]:
    level = comparison.level(scenario, measure)
    row: dict[str, object] = {
        "scenario": scenario,
        "label": comparison.label(scenario),
        "measure": measure,
        "meaning": MEASURES[measure],
        "mean": level.mean,
        "low": level.low,
        "high": level.high,
        "note": "",
    }
    if scenario != comparison.baseline:
        difference = comparison.difference(scenario, measure)
        row |= {
            "difference": difference.mean,
            "difference_low": difference.low,
            "difference_high": difference.high,
            "pairs": difference.n,
            "identical": difference.identical,
            "excludes_zero": difference.excludes_zero,
        }
    return row


def cells(comparison: "Comparison") -> tuple[list[str], list[list[str]]]:
    """Head and rows of the summary as text; several lines in a cell are parted by newlines."""
    shares = [name for name in SHARES if name in comparison.outcome_names()]
    head = ["", *(SHARES[name] for name in shares), "cost, EUR", "EUR per retained practice-year"]
    rows = []
    for scenario in comparison.scenarios:
        baseline = scenario == comparison.baseline
        row = [comparison.label(scenario)]
        for name in shares:
            text = percent(comparison.level(scenario, name).mean)
            if not baseline:
                text += "\n" + difference(comparison.difference(scenario, name).scaled(100.0))
            row.append(text)
        row.append(amount(comparison.level(scenario, "cost_total").mean))
        row.append("" if baseline else price_words(costs.price(comparison, scenario)))
        rows.append(row)
    return head, rows


def meaning(outcome: str) -> str:
    """An outcome in plain words."""
    return {**MEASURES, **_FURTHER}.get(outcome, outcome.replace("_", " "))


def is_share(outcome: str) -> bool:
    """Whether an outcome is a share, whose differences are percentage points."""
    return outcome not in _NO_SHARES and not outcome.startswith("cost")


def number_of_runs(comparison: "Comparison") -> str:
    """Finished runs of each scenario: `30`, or `28 to 30` where some failed or are missing."""
    counts = [comparison.n_replicates(name) for name in comparison.scenarios]
    fewest, most = min(counts), max(counts)
    return str(most) if fewest == most else f"{fewest} to {most}"


def percent(share: float) -> str:
    """`18.2 %`, or a dash where the run is too short to tell."""
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"  # noqa: RUF001


def amount(value: float) -> str:
    """`2,160,000`; large sums without cents, none as 0."""
    return "–" if math.isnan(value) else f"{value:,.0f}"  # noqa: RUF001


def difference(interval: Interval, least: int = 1) -> str:
    """Mean with its mark, and on the next line the interval; an exact zero says so.

    Args:
        least: decimals, at least.
    """
    if interval.identical:
        return f"{NO_MARK} exactly 0" if interval.n else ""
    if math.isnan(interval.mean):
        return ""
    digits = max(least, decimals(interval))
    mark = MARK if interval.excludes_zero else NO_MARK
    text = f"{mark} {interval.mean:+,.{digits}f}"
    if math.isnan(interval.low):
        return f"{text}\n(one pair: no interval)"
    return f"{text}\n({interval.low:+,.{digits}f} to {interval.high:+,.{digits}f})"


def in_its_unit(interval: Interval, outcome: str) -> str:
    """`difference` of an outcome: shares in percentage points, amounts as they are."""
    if not is_share(outcome):
        return difference(interval, 0)
    points = interval.scaled(100.0)
    return difference(points, 2 if abs(points.mean) < SMALL else 1)


def price_words(price: costs.Price) -> str:
    """The price with its interval below, or why there is none."""
    if not price.defined:
        return price.why
    return f"{amount(price.eur)}\n({amount(price.low)} to {amount(price.high)})"


def decimals(interval: Interval) -> int:
    """Decimals, at most 3, at which the interval has a width and an end beside zero shows."""
    sizes = np.abs([interval.mean, interval.low, interval.high, interval.high - interval.low])
    sizes = sizes[sizes > 0]  # drops NaN too
    if not len(sizes):
        return 0
    return int(np.clip(math.ceil(-math.log10(float(sizes.min()))), 0, 3))
