"""What an additional year of use costs, and when that question has no answer.

One practice-year is one organisation using one practice for twelve months. Cost and effect are
paired differences to the baseline; the price is the ratio of their means with Fieller's interval,
which accounts for cost and effect being measured in the same replicates. Where the interval of the
effect includes zero the price is not defined, and the result says so in words. Both are t intervals
whatever interval a comparison shows; `cost_effectiveness` compares the scenarios with each other.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffusion.analysis.intervals import FloatArray, difference_interval, fieller

if TYPE_CHECKING:
    from diffusion.analysis.comparison import Comparison

EFFECTS = {
    "practice_years": "additional practice-year",
    "retained_practice_years": "retained practice-year",
}
BUDGET_TOLERANCE = 0.01  # costs that differ by less count as the same


@dataclass(frozen=True)
class Price:
    """EUR per practice-year of one scenario; `eur`, `low`, `high` are NaN if not defined.

    `why` states in words why there is no price, and is empty if there is one.
    """

    scenario: str
    effect: str
    eur: float
    low: float
    high: float
    n: int
    why: str = ""

    @property
    def defined(self) -> bool:
        """Whether there is a price at all."""
        return self.why == ""

    @property
    def unit(self) -> str:
        """What is paid for, in words."""
        return EFFECTS[self.effect]


def price(
    comparison: "Comparison", scenario: str, effect: str = "retained_practice_years"
) -> Price:
    """EUR per additional (`practice_years`) or retained (`retained_practice_years`) practice-year.

    Both count against the baseline; `retained` counts only use after the money has stopped.
    """
    cost = np.subtract(*comparison.pairs(scenario, "cost_total"))
    gain = np.subtract(*comparison.pairs(scenario, effect))
    known = ~(np.isnan(cost) | np.isnan(gain))
    cost, gain = cost[known], gain[known]
    why = _no_price(cost, gain)
    if why:
        return Price(scenario, effect, math.nan, math.nan, math.nan, len(gain), why)
    eur, low, high = fieller(cost, gain)
    return Price(scenario, effect, eur, low, high, len(gain))


def prices(comparison: "Comparison", effect: str = "retained_practice_years") -> list[Price]:
    """`price` of every scenario except the baseline."""
    return [price(comparison, scenario, effect) for scenario in comparison.others]


def off_budget(comparison: "Comparison") -> list[str]:
    """A sentence for each scenario whose interventions cost more or less than its budget."""
    sentences = []
    for scenario in comparison.scenarios:
        about = comparison.manifest["scenarios"][scenario]
        if about.get("interventions"):
            spent = comparison.level(scenario, "cost_total").mean
            sentences += off_budget_words(comparison.label(scenario), spent, about.get("budget"))
    return sentences


def off_budget_words(label: str, spent: float, budget: float | None) -> list[str]:
    """What to say where money spent and budget differ by more than 1 %; else nothing.

    Args:
        label: what was paid, in plain words.
        spent, budget: EUR in the whole run (a mean over runs may be spent); None is no budget.
    """
    if budget is None or abs(spent - budget) <= BUDGET_TOLERANCE * budget:
        return []
    why = "prices have risen since the first month"
    if spent < budget:
        why = (
            "everybody it can mean is paid for the whole window, one more month costs too much, or "
            "nobody lacks what it offers"
        )
    return [f"{label}: costs {spent:,.0f} EUR of a budget of {budget:,.0f} EUR, for {why}."]


def _no_price(cost: FloatArray, gain: FloatArray) -> str:
    effect = difference_interval(gain, np.zeros_like(gain))
    if effect.identical:
        return "not defined: no effect at all"
    if len(gain) < 2:
        return "not defined: one replicate gives no interval"
    if not effect.excludes_zero:
        return "not defined: the effect can't be told apart from zero"
    if effect.mean < 0.0:
        return "not defined: use is lower than without it"
    if np.all(cost == 0.0):
        return "not defined: no cost is recorded"
    return ""
