"""Whether the numbers of a finished run are numbers: what is not is a failure, never averaged.

Missing (NaN) is allowed where a value is undefined, and nowhere else. Infinite values never are.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from diffusion.base.errors import ResultsError
from diffusion.model.clock import Timing
from diffusion.model.measures import Columns
from diffusion.model.yearly import SLOW_EVERY

Outcomes = Mapping[str, float]
Missing = Callable[[Timing, Outcomes], bool]


def _unknown_after(months: int) -> Missing:
    """Undefined if the run ends before, or nothing was in use when the money stopped."""

    def missing(timing: Timing, outcomes: Outcomes) -> bool:
        return timing.stop + months > timing.months or outcomes["using_stop"] == 0.0

    return missing


def _unless_reached(_: Timing, __: Outcomes) -> bool:
    return True


# outcome: whether it may be missing in a run
MAY_BE_MISSING: Mapping[str, Missing] = {
    "retained_12": _unknown_after(12),
    "retained_36": _unknown_after(36),
    "retained_60": _unknown_after(60),
    "unbroken_60": _unknown_after(60),
    "restarted_60": _unknown_after(60),
    "stopped_60": _unknown_after(60),
    "months_to_10": _unless_reached,
    "months_to_50": _unless_reached,
}
MEASURED_ONCE_A_YEAR = ("clustering", "modularity", "largest_component")  # monthly table


def check_finite(tables: Mapping[str, Columns], timing: Timing) -> None:
    """Look at every number of a run.

    Args:
        tables: name -> columns, as `Simulation.tables` gives them.
        timing: of the run.

    Raises:
        ResultsError: one is NaN where it must be known, or infinite.
    """
    outcomes = {name: float(column[0]) for name, column in tables["outcomes"].items()}
    for name, value in outcomes.items():
        missing = MAY_BE_MISSING.get(name)
        undefined = math.isnan(value) and missing is not None and missing(timing, outcomes)
        if not (math.isfinite(value) or undefined):
            raise _no_number("outcomes", name, value)
    for table, columns in tables.items():
        if table != "outcomes":
            _check_columns(table, columns)


def _check_columns(table: str, columns: Columns) -> None:
    once_a_year = MEASURED_ONCE_A_YEAR if table == "months" else ()
    numbers = {
        name: column[::SLOW_EVERY] if name in once_a_year else column
        for name, column in columns.items()
        if column.dtype.kind == "f"
    }
    # all at once, as nothing is wrong in nearly every run
    if not numbers or np.isfinite(np.concatenate(list(numbers.values()))).all():
        return
    for name, column in numbers.items():
        finite = np.isfinite(column)
        if not finite.all():
            row = int(finite.argmin())
            where = f" in row {row * (SLOW_EVERY if name in once_a_year else 1)}"
            raise _no_number(table, name, float(column[row]), where)


def _no_number(table: str, column: str, value: float, where: str = "") -> ResultsError:
    return ResultsError(
        f"{column} in the table {table} is {value}{where}, and must be a number; look for a rule, "
        f"a shock or an intervention of your own that gives none"
    )
