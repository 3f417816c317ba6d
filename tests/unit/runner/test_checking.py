"""Which values of a run may be missing, and which may not."""

import math
from typing import Any

import numpy as np
import pytest

from diffusion.base.errors import ResultsError
from diffusion.model.clock import Timing
from diffusion.model.simulation import Simulation
from diffusion.runner.checking import check_finite
from tests.simulating import settings

NAN, INFINITE = math.nan, math.inf


@pytest.fixture(scope="module")
def run() -> Simulation:
    """26 months, so that what is measured once a year was measured three times."""
    return Simulation(settings(months=26, start=2, stop=8)).run()


def changed(run: Simulation, table: str, column: str, row: int, value: float) -> dict[str, Any]:
    """The tables of a run with one value replaced."""
    tables: dict[str, Any] = {name: dict(columns) for name, columns in run.tables().items()}
    cells = np.array(tables[table][column], np.float64)
    cells[row] = value
    tables[table][column] = cells
    return tables


def test_what_a_run_gives_is_in_order(run: Simulation) -> None:
    outcomes = run.outcomes()
    assert math.isnan(outcomes["retained_36"])  # the run is too short for it
    assert math.isnan(run.tables()["months"]["modularity"][1])
    check_finite(run.tables(), run.settings.timing)


@pytest.mark.parametrize(
    ("table", "column", "row", "value"),
    [
        ("outcomes", "using_end", 0, NAN),
        ("outcomes", "cost_total", 0, INFINITE),
        ("outcomes", "retained_12", 0, NAN),  # the run is long enough for it
        ("outcomes", "months_to_50", 0, INFINITE),
        ("months", "share_using", 5, NAN),
        ("months", "cost", 25, -INFINITE),
        ("months", "modularity", 12, NAN),
        ("groups", "using", 0, NAN),
    ],
)
def test_what_is_no_number_is_named(
    table: str, column: str, row: int, value: float, run: Simulation
) -> None:
    with pytest.raises(ResultsError, match=f"{column} in the table {table} is {value}"):
        check_finite(changed(run, table, column, row, value), run.settings.timing)


def test_shares_of_nothing_may_be_missing(run: Simulation) -> None:
    tables = changed(run, "outcomes", "retained_12", 0, NAN)
    with pytest.raises(ResultsError):
        check_finite(tables, run.settings.timing)
    tables["outcomes"]["using_stop"] = np.zeros(1)
    check_finite(tables, run.settings.timing)


def test_shares_of_later_months_may_be_missing(run: Simulation) -> None:
    tables = changed(run, "outcomes", "retained_12", 0, NAN)
    check_finite(tables, Timing(months=26, start=2, stop=15))
