import io
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import Interval
from diffusion.analysis.patterns import Pattern
from diffusion.views import summary, tables


@pytest.fixture(scope="module")
def comparison(story_results: Any) -> Comparison:
    return Comparison.of(story_results)


def printed(what: Any, width: int) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(what)
    return console.export_text()


@pytest.mark.parametrize("width", [80, 100, 130, 140, 200])
def test_summary_says_everything_at_any_width(comparison: Comparison, width: int) -> None:
    text = printed(tables.summary(comparison), width)
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= width
    flat = " ".join(text.split())
    difference = comparison.difference("all", "using_stop").scaled(100.0)
    assert f"● {difference.mean:+.1f}" in flat
    assert f"({difference.low:+.1f} to {difference.high:+.1f})" in flat
    assert "○ exactly 0" in flat
    assert summary.percent(comparison.level("baseline", "retained_60").mean) in flat
    assert "720,000" in flat


def test_price_stands_in_the_summary_or_why_not(comparison: Comparison) -> None:
    head, rows = summary.cells(comparison)
    prices = {row[0]: row[-1] for row in rows}
    assert head[-1] == "EUR per retained practice-year"
    assert prices["Nothing new"] == ""
    assert prices["Language mediation"] == "not defined: no effect at all"
    assert " to " in prices["Communities of practice"]


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(5.7, 5.1, 6.2, 30), "● +5.7\n(+5.1 to +6.2)"),
        (Interval(-0.4, -1.0, 0.2, 30), "○ -0.4\n(-1.0 to +0.2)"),
        (Interval(0.0, 0.0, 0.0, 30, identical=True), "○ exactly 0"),
        (Interval(0.04, 0.02, 0.06, 30), "● +0.04\n(+0.02 to +0.06)"),
        (Interval(0.5, math.nan, math.nan, 1), "○ +0.5\n(one pair: no interval)"),
        (Interval(math.nan, math.nan, math.nan, 0), ""),
        (Interval(math.nan, math.nan, math.nan, 0, identical=True), ""),
    ],
)
def test_differences_in_words(interval: Interval, text: str) -> None:
    assert summary.difference(interval) == text


def test_written_files_hold_the_numbers_on_screen(comparison: Comparison, tmp_path: Path) -> None:
    paths = tables.write(comparison, tmp_path / "new")
    names = ["summary.md", "summary.csv", "differences.csv", "survival_curves.csv"]
    assert [path.name for path in paths] == names
    frame: Any = pd.read_csv(paths[1]).set_index(["scenario", "measure"])
    row = frame.loc[("all", "using_stop")]
    difference = comparison.difference("all", "using_stop")
    assert row["difference"] == difference.mean
    assert row["difference_high"] == difference.high
    assert row["pairs"] == 30
    price = frame.loc[("language_mediation", "eur_per_retained_practice_year")]
    assert price["note"] == "not defined: no effect at all"
    assert math.isnan(price["mean"])
    assert ("all", "eur_per_practice_year") in frame.index
    page = paths[0].read_text(encoding="utf-8")
    assert f"({100 * difference.low:+.1f} to {100 * difference.high:+.1f})" in page
    assert "What remains when the money stops?" in page


def test_variance_table_has_every_scenario(comparison: Comparison) -> None:
    text = " ".join(printed(tables.variance(comparison), 120).split())
    frame = comparison.variance_reduction("using_stop").set_index("scenario")
    ratio = float(frame["ratio"]["all"])
    assert f"{ratio:.1f} times" in text
    assert "no variance left" in text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (math.inf, "no variance left"),
        (45.678, "45.7 times"),
        (999.0, "999.0 times"),
        (12_345.6, "12,346 times"),
        (3.989e31, "4.0e+31 times"),
    ],
)
def test_gains_are_told_in_a_few_digits(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch, ratio: float, text: str
) -> None:
    row = {"scenario": "all", "ratio": ratio, "low": math.nan, "high": math.nan, "n": 2}
    frame = pd.DataFrame([row])
    monkeypatch.setattr(Comparison, "variance_reduction", lambda *_: frame)
    assert f"| {text} |" in tables.gained(comparison)[-1]


def test_patterns_print_target_value_and_interval() -> None:
    checked = [
        Pattern("P3", "A year later", "0.67", 0.6512, 0.6, 0.7, True, "share of uses"),
        Pattern("P4", "Own field", "0.50", 0.9, 0.88, 0.92, False, "share of organisations"),
    ]
    text = printed(tables.patterns(checked), 140)
    assert "1 of 2 met" in text
    assert "0.651" in text
    assert "(0.6 to 0.7)" in text
    assert "missed" in text


def test_run_summary_reads_start_stop_and_end(comparison: Comparison) -> None:
    months = comparison.months
    run = months[(months["scenario"] == "all") & (months["replicate"] == 0)]
    timing = SimpleNamespace(start=24, stop=60, months=120)
    simulation: Any = SimpleNamespace(
        recorder=SimpleNamespace(
            monthly_columns=lambda: {name: run[name].to_numpy() for name in run},
            months_recorded=len(run),
        ),
        settings=SimpleNamespace(timing=timing, interventions={}),
    )
    text = printed(tables.run_summary(simulation), 120)
    by_month = run.set_index("month")["share_using"]
    for month in (23, 59, 119):
        assert summary.percent(float(by_month[month])) in text
    assert "720,000" in text
