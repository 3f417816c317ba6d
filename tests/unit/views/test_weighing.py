"""Figures of costs and effects, and of a factorial, show the numbers of their analyses."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from diffusion.analysis import cost_effectiveness as ce
from diffusion.analysis.comparison import Comparison
from diffusion.views import cost_effectiveness, factorial, figures, style

Make = Callable[..., Any]
LUCK = np.array([-1.0, 0.2, 0.0, 0.8])
ADDS = {"a": (1e6, 100.0), "b": (3e6, 90.0), "ab": (4e6, 220.0)}


@pytest.fixture
def comparison(tiny: Make) -> Comparison:
    rows = {
        name: [
            {"cost_total": cost, "retained_practice_years": 50.0 + luck + gain * (1 + 0.1 * luck)}
            for luck in LUCK
        ]
        for name, (cost, gain) in {"baseline": (0.0, 0.0), **ADDS}.items()
    }
    results = tiny(rows)
    for name in ADDS:
        results.manifest["scenarios"][name] |= {
            "interventions": list(name),
            "label": f"Does {name}",
        }
    return Comparison.of(results)


def texts(fig: Figure) -> str:
    found: list[Any] = fig.findobj(Text)
    return "\n".join(text.get_text() for text in found)


def test_the_plane_shows_runs_means_and_ratios(comparison: Comparison) -> None:
    weighed = ce.plane(comparison)
    fig = cost_effectiveness.plane(comparison, weighed, 8)
    lines: list[Any] = list(fig.axes[0].lines)
    drawn = [line for line in lines if len(line.get_xdata()) == 4]
    assert sorted(tuple(np.round(line.get_xdata(), 6)) for line in drawn)[-1] == tuple(
        np.round(220.0 * (1 + 0.1 * LUCK), 6)
    )
    (frontier,) = [line for line in lines if len(line.get_xdata()) == 3]
    assert list(frontier.get_ydata()) == [0.0, 1.0, 4.0]
    written = texts(fig)
    assert "10,000 EUR" in written
    assert "25,000 EUR" in written
    assert "dominated: 1 costs no more and brings no less" in written
    assert "Does ab" in written


def test_what_has_no_colour_has_no_name(comparison: Comparison) -> None:
    fig = cost_effectiveness.plane(comparison, ce.plane(comparison), 2)
    assert "Does b" not in texts(fig).split("\n")
    assert "Does a" in texts(fig).split("\n")


def test_acceptability_has_a_line_for_what_is_ever_the_best(comparison: Comparison) -> None:
    fig = cost_effectiveness.acceptability(comparison, ce.plane(comparison), 8)
    found = ce.acceptability(ce.plane(comparison))
    left: Any = fig.axes[0]
    drawn = [line.get_ydata() for line in left.lines if len(line.get_xdata()) == ce.STEPS + 1]
    assert len(drawn) == 3  # the baseline, a and ab; b is dominated
    assert np.array_equal(drawn[0], found.of_means[:, 0])
    assert "Does b" not in texts(fig).split("\n")
    assert "retained practice-year" in texts(fig)


def test_effects_of_a_factorial_stand_in_order_of_size(comparison: Comparison) -> None:
    fig = factorial.largest_effects(comparison, "retained_practice_years")
    labels = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert labels == ["a", "b", "a × b"]  # noqa: RUF001
    assert "wide enough for all 3 together" in texts(fig)


def test_a_comparison_has_them_where_there_is_something_to_weigh(comparison: Comparison) -> None:
    wanted = {"cost_effectiveness", "acceptability", "effects"}
    further = figures._further(comparison)
    assert wanted <= set(further)
    with style.styled():
        for name in wanted:
            further[name]().canvas.draw()
    for about in comparison.manifest["scenarios"].values():
        about["interventions"] = []
    assert not wanted & set(figures._further(comparison))
