import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diffusion.analysis import costs
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import fieller, mean_interval

Make = Callable[..., Any]


def results(tiny: Make, cost: list[float], gain: list[float]) -> Comparison:
    base = [{"cost_total": 0.0, "retained_practice_years": 50.0 + k} for k in range(len(cost))]
    more = [
        {"cost_total": c, "retained_practice_years": 50.0 + k + g}
        for k, (c, g) in enumerate(zip(cost, gain, strict=True))
    ]
    return Comparison.of(tiny({"baseline": base, "more": more}))


def test_price_is_the_ratio_of_mean_differences(tiny: Make) -> None:
    price = costs.price(results(tiny, [900, 1000, 1100], [9.0, 10.0, 14.0]), "more")
    assert price.eur == pytest.approx(3000 / 33)
    assert price.low < price.eur < price.high
    assert price.defined
    assert price.unit == "retained practice-year"


def test_interval_ends_are_where_cost_minus_ratio_times_gain_touches_zero() -> None:
    cost, gain = np.array([900.0, 1000.0, 1150.0, 990.0]), np.array([9.0, 10.0, 14.0, 8.0])
    _, low, high = fieller(cost, gain)
    assert mean_interval(cost - low * gain).low == pytest.approx(0.0, abs=1e-9)
    assert mean_interval(cost - high * gain).high == pytest.approx(0.0, abs=1e-9)


def test_fixed_cost_and_certain_gain_have_a_certain_price() -> None:
    eur, low, high = fieller(np.full(5, 1000.0), np.full(5, 10.0))
    assert (eur, low, high) == (100.0, 100.0, 100.0)


@pytest.mark.parametrize(
    ("gain", "why"),
    [
        ([0.0, 0.0, 0.0], "no effect at all"),
        ([-5.0, 6.0, 1.0], "can't be told apart from zero"),
        ([-5.0, -5.5, -4.5], "lower than without"),
    ],
)
def test_price_is_not_defined_without_a_gain(tiny: Make, gain: list[float], why: str) -> None:
    price = costs.price(results(tiny, [1000, 1000, 1000], gain), "more")
    assert not price.defined
    assert why in price.why
    assert math.isnan(price.eur)
    assert math.isnan(price.low)


def test_one_replicate_gives_no_price(tiny: Make) -> None:
    assert "one replicate" in costs.price(results(tiny, [10], [1.0]), "more").why


def test_gain_without_cost_has_no_price(tiny: Make) -> None:
    assert "no cost" in costs.price(results(tiny, [0, 0, 0], [2.0, 3.0, 4.0]), "more").why


def test_every_scenario_but_the_baseline_has_a_price(story_results: Any) -> None:
    found = {p.scenario: p for p in costs.prices(Comparison.of(story_results))}
    assert set(found) == {"cop_formation", "coordinator_funding", "language_mediation", "all"}
    assert found["all"].eur < found["cop_formation"].eur  # same cost, larger effect
    assert "no effect at all" in found["language_mediation"].why
