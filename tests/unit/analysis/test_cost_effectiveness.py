"""Ratios, dominance and acceptability of an example that can be done by hand."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diffusion.analysis import cost_effectiveness as ce
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import fieller
from diffusion.base.errors import ResultsError, SettingError

Make = Callable[..., Any]
EFFECT = "retained_practice_years"
# cost and effect; by hand: `poor` costs more than `good` and does less; from `good` to `dear` a
# unit costs 300, from there to `best` 100, so a mix of good and best beats `dear`
BY_HAND = {
    "good": (1000.0, 10.0),
    "poor": (1500.0, 8.0),
    "dear": (2500.0, 15.0),
    "best": (4000.0, 30.0),
}
LUCK = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])


def made(tiny: Make, options: Mapping[str, tuple[float, float]], spread: float = 0.0) -> Comparison:
    """Options whose effect varies with luck by `spread`, around a baseline that varies more."""
    rows = {
        name: [
            {"cost_total": cost, EFFECT: 100.0 + 20.0 * luck + effect + spread * luck * effect}
            for luck in LUCK
        ]
        for name, (cost, effect) in {"baseline": (0.0, 0.0), **options}.items()
    }
    results = tiny(rows)
    for name in options:
        results.manifest["scenarios"][name]["interventions"] = [name]
    return Comparison.of(results)


def test_frontier_and_dominance_by_hand(tiny: Make) -> None:
    found = {one.scenario: one for one in ce.ranked(ce.plane(made(tiny, BY_HAND)))}
    assert list(found) == ["baseline", "good", "poor", "dear", "best"]
    assert {name: one.status for name, one in found.items()} == {
        "baseline": "frontier",
        "good": "frontier",
        "poor": "dominated",
        "dear": "extendedly dominated",
        "best": "frontier",
    }
    assert found["good"].beside == ("baseline",)
    assert found["poor"].beside == ("good",)
    assert found["dear"].beside == ("good", "best")
    assert found["best"].beside == ("good",)
    assert found["good"].icer == pytest.approx(100.0)
    assert found["best"].icer == pytest.approx(150.0)
    assert math.isnan(found["baseline"].icer)
    assert math.isnan(found["dear"].icer)
    assert found["best"].cost.mean == 4000.0
    assert found["best"].effect.mean == pytest.approx(30.0)


def test_an_option_that_saves_money_dominates_the_baseline(tiny: Make) -> None:
    found = ce.ranked(ce.plane(made(tiny, {"saves": (-50.0, 1.0), "same": (-50.0, 1.0)})))
    assert [(one.scenario, one.status) for one in found] == [
        ("saves", "frontier"),
        ("same", "dominated"),  # the same twice: the first stays
        ("baseline", "dominated"),
    ]


def test_a_chain_of_extended_dominance_is_followed_back(tiny: Make) -> None:
    options = {"a": (100.0, 1.0), "b": (190.0, 1.5), "c": (270.0, 2.0), "d": (300.0, 4.0)}
    found = {one.scenario: one for one in ce.ranked(ce.plane(made(tiny, options)))}
    assert [name for name, one in found.items() if one.status == "frontier"] == ["baseline", "d"]
    assert found["b"].beside == ("baseline", "d")
    assert found["d"].icer == pytest.approx(75.0)


def test_the_interval_of_a_ratio_is_fiellers(tiny: Make) -> None:
    plane = ce.plane(made(tiny, BY_HAND, spread=0.1))
    best = next(one for one in ce.ranked(plane) if one.scenario == "best")
    effect = 20.0 + 0.1 * LUCK * 20.0
    wanted = fieller(np.full(5, 3000.0), effect)
    assert (best.icer, best.low, best.high) == pytest.approx(wanted)
    uncertain = ce.ranked(ce.plane(made(tiny, {"a": (10.0, 1.0)}, spread=1.0)))[1]
    assert uncertain.icer == pytest.approx(10.0)
    assert math.isnan(uncertain.low)


def test_the_best_changes_where_the_ratios_say(tiny: Make) -> None:
    found = ce.acceptability(ce.plane(made(tiny, BY_HAND)), [0.0, 99.0, 101.0, 149.0, 151.0])
    assert found.best == ("baseline", "baseline", "good", "good", "best")
    shares = pd.DataFrame(found.of_means, columns=found.options)
    assert list(shares["best"]) == [0, 0, 0, 0, 1]  # effects without luck leave no doubt
    assert found.of_runs == pytest.approx(found.of_means)


def test_acceptability_counts_runs_and_resamples(tiny: Make) -> None:
    plane = ce.plane(made(tiny, {"a": (100.0, 10.0)}, spread=0.5))  # effects 0, 5, 10, 15, 20
    found = ce.acceptability(plane, [0.0, 6.0, 10.0, 30.0, 1e9])
    a = found.options.index("a")
    assert list(found.of_runs[:, a]) == [0.0, 0.2, 0.5, 0.8, 0.8]
    assert found.of_means[2, a] == pytest.approx(0.5, abs=0.02)
    assert found.of_means[0, a] == 0.0
    assert found.of_means[3, a] > 0.98
    assert found.of_means.sum(axis=1) == pytest.approx(np.ones(5))
    assert np.all(np.diff(found.of_means[:, a]) >= 0.0)


def test_options_that_are_equally_good_share(tiny: Make) -> None:
    found = ce.acceptability(ce.plane(made(tiny, {"free": (0.0, 1.0)})), [0.0, 1.0])
    assert found.of_means[0] == pytest.approx([0.5, 0.5])
    assert found.of_means[1] == pytest.approx([0.0, 1.0])


def test_the_willingness_to_pay_covers_the_frontier(tiny: Make) -> None:
    grid = ce.default_willingness(ce.plane(made(tiny, BY_HAND)))
    assert (grid[0], grid[-1]) == (0.0, pytest.approx(300.0))
    far = {"a": (10.0, 10.0), "b": (1010.0, 11.0)}  # 1 and 1000 EUR a unit
    grid = ce.default_willingness(ce.plane(made(tiny, far)))
    assert (grid[0], grid[-1]) == (pytest.approx(0.5), pytest.approx(2000.0))
    assert grid[1] / grid[0] == pytest.approx(grid[-1] / grid[-2])


def test_only_what_adds_interventions_to_the_baseline_is_an_option(tiny: Make) -> None:
    comparison = made(tiny, BY_HAND)
    about = comparison.manifest["scenarios"]
    about["poor"]["interventions"] = []
    about["dear"]["shocks"] = ["pandemic"]
    about["best"]["against"] = "good"
    assert ce.plane(comparison).options == ("baseline", "good")
    about["good"]["interventions"] = []
    assert ce.weighed(comparison) is None
    with pytest.raises(ResultsError, match="no scenario adds interventions"):
        ce.plane(comparison)


def test_replicates_that_one_option_lacks_count_in_none(tiny: Make) -> None:
    comparison = made(tiny, BY_HAND)
    rows = comparison.outcomes
    rows.loc[(rows["scenario"] == "poor") & (rows["replicate"] == 3), EFFECT] = math.nan
    assert ce.plane(comparison).n == 4
    rows.loc[rows["scenario"] == "poor", EFFECT] = math.nan
    with pytest.raises(ResultsError, match="no replicate has 'retained_practice_years'"):
        ce.plane(Comparison.of(made_again(comparison)))


def made_again(comparison: Comparison) -> Any:
    tables = {"outcomes": comparison.outcomes}

    class Again:
        manifest = comparison.manifest

        def table(self, name: str) -> pd.DataFrame:
            return tables.get(name, pd.DataFrame())

    return Again()


def test_an_outcome_that_there_is_not(tiny: Make) -> None:
    with pytest.raises(SettingError, match="did you mean 'retained_practice_years'"):
        ce.plane(made(tiny, BY_HAND), "retained_practice_year")
