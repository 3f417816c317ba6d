"""Figures of experiments with many scenarios show the numbers of their analyses."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from diffusion.analysis.comparison import Comparison
from diffusion.views import figures, grid, ranking, tables

LEVERS = [f"lever_{k:02d}" for k in range(12)]


def made(levers: dict[str, list[str]], effects: dict[str, float]) -> Any:
    """Outcome rows of 5 replicates whose difference to the baseline is `effects`, with luck."""
    luck = np.array([0.0, 0.4, -0.3, 0.1, 0.2])
    return {
        name: [
            {
                "retained_practice_years": 100.0 + 50.0 * one + effects.get(name, 0.0) * (1 + one),
                "using_stop": 0.1,
                "using_end": 0.2,
                "practice_years": 300.0 + one,
                "cost_total": 1e6 if on else 0.0,
            }
            for one in luck
        ]
        for name, on in levers.items()
    }


@pytest.fixture
def many(tiny: Any) -> Comparison:
    """Twelve levers, the later the better; the first does harm."""
    levers = {"baseline": [], **{name: [name] for name in LEVERS}}
    effects = {name: 10.0 * k - 5.0 for k, name in enumerate(LEVERS)}
    results = tiny(made(levers, effects), shows={"rank_by": "retained_practice_years"})
    for name, on in levers.items():
        results.manifest["scenarios"][name]["interventions"] = on
    return Comparison.of(results)


def texts(fig: Figure) -> list[str]:
    return [text.get_text() for axes in fig.axes for text in axes.texts]


def test_a_ranking_has_the_best_on_top_and_tells_what_it_costs(many: Comparison) -> None:
    fig = ranking.ranking(many, "retained_practice_years")
    labels = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert labels[0] == "lever_11 (1.00)"
    assert labels[-1] == "lever_00 (1.00)"
    assert texts(fig)[0].startswith("+113")
    assert texts(fig)[-1].startswith("−5")  # noqa: RUF001


def test_of_many_scenarios_lines_are_drawn_for_those_that_stand_out(many: Comparison) -> None:
    few = figures._few(many)
    assert len(few.others) == figures.MOST_LINES
    assert "lever_11" in few.others
    assert "lever_00" not in few.others
    assert set(figures._further(many)) == {"ranking", "cost_effectiveness", "acceptability"}


def test_pairs_stand_in_a_triangle(tiny: Any) -> None:
    levers = {"baseline": [], "a": ["a"], "b": ["b"], "both": ["a", "b"]}
    results = tiny(made(levers, {"a": 10.0, "b": 20.0, "both": 25.0}), shows={"pairs": True})
    for name, on in levers.items():
        results.manifest["scenarios"][name]["interventions"] = on
    comparison = Comparison.of(results)
    fig = grid.together(comparison, "retained_practice_years")
    assert [text for text in texts(fig) if text] == ["−5.4"]  # noqa: RUF001
    assert "pairs" in figures._further(comparison)


def test_the_same_lever_under_different_circumstances(tiny: Any) -> None:
    levers = {"baseline": [], "a": ["a"], "crisis": [], "crisis_a": ["a"]}
    results = tiny(made(levers, {"a": 10.0, "crisis": -50.0, "crisis_a": -30.0}))
    for name, on in levers.items():
        results.manifest["scenarios"][name]["interventions"] = on
    results.manifest["scenarios"]["crisis_a"]["against"] = "crisis"
    comparison = Comparison.of(results)
    fig = grid.by_reference(comparison, "retained_practice_years")
    columns = [label.get_text() for label in fig.axes[0].get_xticklabels()]
    assert columns == ["baseline", "crisis"]
    assert texts(fig) == ["+10.8", "+21.6"]
    assert "by_circumstance" in figures._further(comparison)


def test_further_tables_are_written_where_the_experiment_asks(
    many: Comparison, tmp_path: Path
) -> None:
    paths = {path.name: path for path in tables.write(many, tmp_path)}
    table = pd.read_csv(paths["ranking.csv"])
    assert list(table["scenario"][:2]) == ["lever_11", "lever_10"]
    assert (table["low_together"] < table["low"]).all()
    assert "pairs.csv" not in paths
