"""The block on the page of an experiment holds the numbers of its analyses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diffusion.analysis import by_point, circumstances
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import difference_interval
from diffusion.base.errors import ResultsError
from diffusion.views import experiment_page, summary, tables

Make = Callable[..., Any]
LUCK = np.array([0.0, 0.4, -0.3, 0.1])
YEARS = "retained_practice_years"


def compared(
    tiny: Make,
    levers: Mapping[str, list[str]],
    adds: Mapping[str, float],
    against: Mapping[str, str] | None = None,
    **shows: Any,
) -> Comparison:
    """Runs whose practice-years, and share in use, differ by what each scenario adds."""
    rows = {
        name: [
            {
                YEARS: 1000.0 + luck + adds.get(name, 0.0) * (1 + 0.1 * luck),
                "using_stop": 0.1,
                "using_end": 0.2 + (adds.get(name, 0.0) + luck) / 1e4,
                "practice_years": 3000.0,
                "cost_total": 1e6 * len(on),
            }
            for luck in LUCK
        ]
        for name, on in levers.items()
    }
    results = tiny(rows, shows=shows)
    for name, on in levers.items():
        about = results.manifest["scenarios"][name]
        about |= {"interventions": on, "label": f"Does {name}"}
        about["against"] = (against or {}).get(name)
    return Comparison.of(results)


def sections(comparison: Comparison) -> dict[str, list[list[str]]]:
    """The rows of each table, head included, by its title."""
    found: dict[str, list[list[str]]] = {}
    for title, text in re.findall(
        r"^\*\*(.*?)\.\*\*\n\n(.*?)\n\n",
        experiment_page.measured(comparison) + "\n",
        re.MULTILINE | re.DOTALL,
    ):
        lines = [line for line in text.splitlines() if not line.startswith("| ---")]
        found[title] = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines]
    return found


def test_without_a_wish_the_summary_and_what_pairing_gains(tiny: Make) -> None:
    comparison = compared(tiny, {"baseline": [], "a": ["a"]}, {"a": 10.0})
    shown, gained = sections(comparison).values()
    assert shown[0] == summary.cells(comparison)[0]
    assert shown[2][-2] == "1,000,000"
    assert {row[0] for row in gained[1:]} == {"Does a"}
    assert experiment_page.measured(comparison).startswith("4 replicates of each scenario; ver")


def test_outcomes_against_the_baseline_and_against_another(tiny: Make) -> None:
    comparison = compared(
        tiny,
        {"baseline": [], "a": ["a"], "b": ["b"]},
        {"a": 10.0, "b": 4000.0},
        outcomes=["using_end", YEARS],
        also_against="a",
    )
    found = sections(comparison)
    base, other = found["Difference to “Does baseline”"], found["Difference to “Does a”"]
    wanted = comparison.difference("b", YEARS)
    assert base[2][2] == f"● +{wanted.mean:,.0f} ({wanted.low:+,.0f} to {wanted.high:+,.0f})"
    assert base[1][1].startswith("● +0.10 (")
    assert base[1][3] == "1,000,000"
    values = comparison.pairs("b", "using_end")[0] - comparison.pairs("a", "using_end")[0]
    assert other[1:][0][0] == "Does b"
    assert other[1][1] == summary.in_its_unit(
        difference_interval(values, 0 * values), "using_end"
    ).replace("\n", " ")
    assert len(other) == 2
    assert "differences_to_a" in dict(tables._frames(comparison))


def test_circumstances_say_where_a_lever_changes_more(tiny: Make) -> None:
    levers: dict[str, list[str]] = {"baseline": [], "a": ["a"], "b": ["b"], "crisis": []}
    levers |= {"crisis_a": ["a"], "crisis_b": ["b"]}
    adds = {"a": 10.0, "b": 10.0, "crisis": -50.0, "crisis_a": -20.0, "crisis_b": -40.0}
    against = {"crisis_a": "crisis", "crisis_b": "crisis"}
    comparison = compared(tiny, levers, adds, against, rank_by=YEARS)
    cells = {(one.levers, one.reference): one for one in circumstances.cells(comparison, YEARS)}
    assert cells[("a",), "baseline"].change is None
    change = cells[("a",), "crisis"].change
    assert change is not None
    # 30 in the crisis, 10 without; both grow by a tenth of the luck
    wanted = difference_interval(20.0 * (1 + 0.1 * LUCK), 0 * LUCK)
    assert change.mean == pytest.approx(wanted.mean)
    assert change.high == pytest.approx(wanted.high)
    ((_, rows),) = sections(comparison).items()
    assert rows[0] == ["", "Does baseline", "Does crisis"]
    assert rows[1][1] == ""
    assert rows[1][2].startswith("● -50 (")
    assert rows[2:] == [["a", "● +10", "● +30 ▲"], ["b", "● +10", "● +10"]]


def test_pairs_and_rankings_and_effects_each_where_they_are_asked_for(tiny: Make) -> None:
    levers = {"baseline": [], "a": ["a"], "b": ["b"], "both": ["a", "b"]}
    adds = {"a": 10.0, "b": 20.0, "both": 25.0}
    ((title, pairs),) = sections(compared(tiny, levers, adds, pairs=True, rank_by=YEARS)).items()
    assert title.startswith("Practice-years after the money stops, what two do together")
    assert pairs[1][:4] == ["a + b", "● +10", "● +20", "● +25"]
    assert pairs[1][4].startswith("● -5.0 (")
    effects, ranked = sections(compared(tiny, levers, adds, rank_by=YEARS)).values()
    assert [row[0] for row in effects[1:]] == ["b (off to on)", "a (off to on)", "a × b"]  # noqa: RUF001
    assert [row[:2] for row in ranked[1:]] == [
        ["1", "Does both"],
        ["2", "Does b"],
        ["3", "Does a"],
    ]


def test_a_design_says_whether_a_difference_holds_at_every_point(tiny: Make) -> None:
    comparison = compared(tiny, {"baseline": [], "a": ["a"]}, {"a": 10.0})
    parts = []
    for point, sign in enumerate((1.0, 3.0, -1.0)):
        part = comparison.outcomes.assign(point=point)
        apart = part["scenario"] == "a"
        part.loc[apart, YEARS] = 1000.0 + LUCK + sign * 10.0 * (1 + 0.1 * LUCK)
        parts.append(part)
    comparison = replace(
        comparison,
        outcomes=pd.concat(parts, ignore_index=True),
        manifest={**comparison.manifest, "layout": {"said": "3 points", "varied": {}}},
    )
    found = by_point.differences(comparison, "a", YEARS)
    assert [round(one.mean) for one in found.values()] == [10, 30, -10]
    (rows,) = (rows for title, rows in sections(comparison).items() if title.endswith("by point"))
    assert rows[1][:3] == ["Does a", "2 of 3", "1 of 3"]
    assert rows[1][3].startswith("● -10.")
    assert rows[1][4].startswith("● +30 (")
    assert " at 3 points; numbers are means" in experiment_page.measured(comparison)


def test_pictures_that_the_page_shows_are_put_beside_it(tmp_path: Path) -> None:
    page, figures = tmp_path / "page.md", tmp_path / "figures"
    figures.mkdir()
    drawn = [figures / "pairs.png", figures / "other.png"]
    for path in drawn:
        path.write_bytes(path.name.encode())
    page.write_text("![Pairs](pairs.png)")
    assert experiment_page.copy_pictures(page, figures, drawn) == [tmp_path / "pairs.png"]
    assert (tmp_path / "pairs.png").read_bytes() == b"pairs.png"
    page.write_text("![Ranking](ranking.png)")
    with pytest.raises(ResultsError, match=r"shows ranking\.png, which is none of the figures"):
        experiment_page.copy_pictures(page, figures, drawn)
