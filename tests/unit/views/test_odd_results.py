"""Results that no demonstration shows: one replicate, failures, many scenarios, no months left."""

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from diffusion.analysis.comparison import Comparison
from diffusion.views import figures, style, summary, tables

Make = Callable[..., Any]


def drawn(comparison: Comparison) -> None:
    with style.styled(), warnings.catch_warnings():
        warnings.simplefilter("error")
        for draw in figures.OF_COMPARISON.values():
            draw(comparison).canvas.draw()


def test_one_replicate_has_no_intervals_but_is_shown(make_story: Make) -> None:
    results = make_story(replicates=1)
    results.manifest["scenarios"]["all"]["label"] = "All [of them]"
    comparison = Comparison.of(results)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(tables.summary(comparison), tables.variance(comparison))
    assert console.export_text().count("All [of them]") == 8
    drawn(comparison)
    _, rows = summary.cells(comparison)
    assert "(one pair: no interval)" in rows[1][1]
    assert rows[1][-1] == "not defined: one replicate gives no interval"


def test_the_run_may_end_with_the_money(make_story: Make) -> None:
    comparison = Comparison.of(make_story(replicates=3, months=60, start=24, stop=59))
    drawn(comparison)
    _, rows = summary.cells(comparison)
    assert rows[0][2] == "–"  # noqa: RUF001


def test_failed_runs_are_counted_out(make_story: Make) -> None:
    results = make_story(replicates=4)
    for name, table in results.tables.items():
        gone = (table["scenario"] == "all") & (table["replicate"] == 2)
        results.tables[name] = table[~gone]
    comparison = Comparison.of(results)
    drawn(comparison)
    assert summary.number_of_runs(comparison) == "3 to 4"
    assert comparison.difference("all", "using_stop").n == 3
    assert comparison.difference("cop_formation", "using_stop").n == 4


@pytest.mark.parametrize("n", [1, 14])
def test_few_or_many_scenarios(make_story: Make, n: int) -> None:
    results = make_story(replicates=3)
    label = "A scenario with a label that is rather long, number {}"
    scenarios = {f"s{k}": {"label": label.format(k)} for k in range(n)}
    results.manifest["scenarios"] = {"baseline": {"label": "Nothing new"}, **scenarios}
    for name, table in results.tables.items():
        one = table[table["scenario"] == "all"]
        copies = [one.assign(scenario=key) for key in scenarios]
        results.tables[name] = pd.concat([table[table["scenario"] == "baseline"], *copies])
    comparison = Comparison.of(results)
    drawn(comparison)
    assert len(summary.frame(comparison)["scenario"].unique()) == n + 1
    assert np.isfinite(tables.variance_frame(comparison)["ratio"]).all()
