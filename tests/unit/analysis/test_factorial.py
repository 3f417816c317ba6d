"""Effects that were put into a table are found in it."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diffusion.analysis import factorial, pairs
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import mean_interval
from diffusion.base.errors import ResultsError, SettingError

Make = Callable[..., Any]
LUCK = [3.0, -1.0, 0.5, 7.0]  # of a replicate, the same in all cells
Codes = dict[str, int]


def value(codes: Codes, own: float = 0.0) -> float:
    """By construction: effects 4, -2, 1 and an interaction of a and b of 3."""
    a, b, c = (codes.get(name, -1) for name in "abc")
    return 10.0 + 2.0 * a * (1.0 + own) - b + 0.5 * c + 1.5 * a * b


def scenarios(tiny: Make, cells: Sequence[Codes]) -> Comparison:
    """One scenario a cell, with the factors as interventions; effects of a vary with the luck."""
    names = ["baseline", *("".join(n for n in cell if cell[n] > 0) for cell in cells[1:])]
    rows = {
        name: [{"x": value(cell, 0.1 * luck) + luck} for luck in LUCK]
        for name, cell in zip(names, cells, strict=True)
    }
    results = tiny(rows)
    for name, cell in zip(names, cells, strict=True):
        results.manifest["scenarios"][name]["interventions"] = [n for n in cell if cell[n] > 0]
    return Comparison.of(results)


def full(names: str = "abc") -> list[Codes]:
    """Every combination; the first factor changes fastest."""
    every = product((-1, 1), repeat=len(names))
    return [dict(zip(names, reversed(codes), strict=True)) for codes in every]


def test_effects_of_a_full_factorial_are_recovered(tiny: Make) -> None:
    comparison = scenarios(tiny, full())
    assert factorial.is_factorial(comparison)
    found = {one.factors: one for one in factorial.effects(comparison, "x")}
    of_a = mean_interval([4.0 * (1 + 0.1 * luck) for luck in LUCK])
    assert found["a",].interval.mean == pytest.approx(of_a.mean, abs=1e-12)
    assert found["a",].interval.high == pytest.approx(of_a.high, abs=1e-12)
    assert found["a",].together.high > of_a.high
    for factors, wanted in {("b",): -2.0, ("c",): 1.0, ("a", "b"): 3.0}.items():
        assert found[factors].interval.mean == pytest.approx(wanted, abs=1e-12)
        # the luck of a replicate is in all of its cells and drops out
        assert found[factors].interval.low == pytest.approx(wanted, abs=1e-9)
    for factors in (("a", "c"), ("b", "c")):
        assert found[factors].interval.mean == pytest.approx(0.0, abs=1e-12)
    assert all(one.aliases == () for one in found.values())
    three = factorial.effects(comparison, "x", order=3)[-1]
    assert three.factors == ("a", "b", "c")
    assert three.interval.mean == pytest.approx(0.0, abs=1e-12)


def test_an_interaction_is_half_of_what_two_do_beyond_their_sum(tiny: Make) -> None:
    comparison = scenarios(tiny, full("ab"))
    *_, both = factorial.effects(comparison, "x")
    (pair,) = pairs.pairs(comparison, "x")
    assert both.factors == ("a", "b")
    assert pair.extra.mean == pytest.approx(2.0 * both.interval.mean)


def test_half_a_factorial_names_what_it_confounds(tiny: Make) -> None:
    half = [cell for cell in full() if cell["a"] * cell["b"] * cell["c"] == -1]
    comparison = scenarios(tiny, half)
    found = {one.name: one for one in factorial.effects(comparison, "x")}
    assert list(found) == ["a", "b", "c"]
    assert found["c"].aliases == ((-1, ("a", "b")),)
    assert found["c"].alias_words == "-a × b"  # noqa: RUF001
    assert found["c"].interval.mean == pytest.approx(1.0 - 3.0)  # its own less the interaction
    table = factorial.frame(comparison, "x").set_index("effect")
    assert table.loc["b", "aliases"] == "-a × c"  # noqa: RUF001
    assert table.loc["b", "levels"] == "off to on"


def points(tiny: Make, columns: dict[str, Sequence[Any]], values: Sequence[float]) -> Any:
    """A baseline alone, at points whose varied columns are given."""
    n = len(values)
    rows = [{"x": value + luck} for luck in LUCK for value in values]
    results = tiny({"baseline": rows})
    for name, table in results.tables.items():
        point = table["replicate"] % n
        results.tables[name] = table.assign(
            point=point,
            replicate=table["replicate"] // n,
            **{key: [cells[p] for p in point] for key, cells in columns.items()},
        )
    results.manifest["layout"] = {"varied": dict.fromkeys(columns, "")}
    return results


def test_points_of_a_design_are_cells(tiny: Make) -> None:
    rate, on = [0.1, 0.3, 0.1, 0.3], [False, False, True, True]
    results = points(tiny, {"turnover.share_ngo": rate, "intervention.cop": on}, [1, 3, 2, 8])
    comparison = Comparison.of(results)
    assert factorial.is_factorial(comparison)
    found = {one.factors: one.interval for one in factorial.effects(comparison, "x")}
    assert found["turnover.share_ngo",].mean == pytest.approx((3 + 8 - 1 - 2) / 2)
    assert found["intervention.cop",].mean == pytest.approx((2 + 8 - 1 - 3) / 2)
    both = found["turnover.share_ngo", "intervention.cop"]
    assert both.mean == pytest.approx(((8 - 2) - (3 - 1)) / 2)
    assert both.n == 4


def test_numbers_with_more_levels_enter_as_a_line(tiny: Make) -> None:
    levels = [0.0, 1.0, 4.0]
    comparison = Comparison.of(points(tiny, {"k.a": levels}, [5.0 + 2.0 * v for v in levels]))
    (one,) = factorial.effects(comparison, "x")
    assert one.interval.mean == pytest.approx(8.0, abs=1e-12)  # from the lowest to the highest
    assert not factorial.is_factorial(comparison)


def test_effects_of_some_factors_are_averages_over_the_others(tiny: Make) -> None:
    found = factorial.effects(scenarios(tiny, full()), "x", factors=["c", "a"], order=1)
    assert [one.name for one in found] == ["c", "a"]
    assert found[0].interval.mean == pytest.approx(1.0, abs=1e-12)


def test_intervals_may_come_from_resamples(tiny: Make) -> None:
    base = scenarios(tiny, full())
    resampled = Comparison.of(as_results(base), interval="bootstrap")
    one, other = factorial.effects(resampled, "x")[0], factorial.effects(base, "x")[0]
    assert one.interval.mean == other.interval.mean
    assert one.interval.high != other.interval.high


def as_results(comparison: Comparison) -> Any:
    class Again:
        manifest = comparison.manifest

        def table(self, name: str) -> pd.DataFrame:
            return comparison.outcomes if name == "outcomes" else pd.DataFrame()

    return Again()


def test_a_replicate_that_lacks_a_cell_counts_in_no_effect(tiny: Make) -> None:
    comparison = scenarios(tiny, full())
    rows = comparison.outcomes
    gone = (rows["scenario"] == "ab") & (rows["replicate"] == 1)
    rows.loc[gone, "x"] = np.nan
    assert {one.interval.n for one in factorial.effects(comparison, "x")} == {3}
    rows["x"] = np.nan
    with pytest.raises(ResultsError, match="no replicate has 'x' in all of 8 cells"):
        factorial.effects(Comparison.of(as_results(comparison)), "x")


@pytest.mark.parametrize(
    ("cells", "asked", "said"),
    [
        (full(), {"factors": ["d"]}, "'d' is no factor of these runs"),
        (full("ab")[:2], {"factors": ["b"]}, "'b' is no factor"),
        ([{"a": -1, "b": -1}, {"a": 1, "b": 1}], {}, "'a' and 'b' change together"),
        ([{"a": -1, "b": -1}, {"a": 1, "b": -1}, {"b": 1, "a": -1}], {}, "can't tell effects"),
        ([{"a": -1}], {}, "differ in no intervention or shock"),
    ],
)
def test_what_can_not_be_told_is_a_sentence(
    tiny: Make, cells: list[Codes], asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingError, match=said):
        factorial.effects(scenarios(tiny, cells), "x", **asked)


def test_scenarios_that_differ_in_something_else_are_no_factorial(tiny: Make) -> None:
    comparison = scenarios(tiny, full("ab"))
    comparison.manifest["scenarios"]["a"]["interventions"] = ["b"]
    assert not factorial.is_factorial(comparison)
    with pytest.raises(SettingError, match="what they differ in is no factor"):
        factorial.design(comparison)
