"""The rows of the benchmark, and the one table that shows them all."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple, Self

from benchmarks.targets import TARGETS, Target

HEAD = ("what", "measured", "unit", "target", "met", "remarks")
_LEFT = ("what", "unit", "remarks")
_GAP = "  "


class Row(NamedTuple):
    """One measured value.

    Args:
        what: in plain words; with the unit it says which value this is.
        measured: None if it could not be measured; a truth is wanted to be true.
        n: organisations, where the value belongs to a curve over n.
        spread: least and most, where the value is the median of several.
    """

    what: str
    measured: float | bool | None
    unit: str = ""
    target: Target | None = None
    remarks: str = ""
    n: int | None = None
    spread: tuple[float, float] | None = None

    @classmethod
    def of(
        cls,
        what: str,
        values: Sequence[float],
        unit: str = "",
        target: Target | None = None,
        remarks: str = "",
        n: int | None = None,
    ) -> Self:
        """A row of the median of several values, at least one, with their spread."""
        spread = (min(values), max(values)) if len(values) > 1 else None
        return cls(what, median(values), unit, target, remarks, n, spread)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if isinstance(self.measured, bool):
            return self.measured
        if self.measured is None or self.target is None:
            return None
        return self.target.met(self.measured)

    @property
    def value(self) -> str:
        """What was measured, with its spread."""
        text = shown(self.measured)
        return text if self.spread is None else f"{text} ({' to '.join(map(shown, self.spread))})"

    def plain(self) -> dict[str, Any]:
        """As JSON-ready data; the target by its name."""
        names = [name for name, target in TARGETS.items() if target == self.target]
        return {**self._asdict(), "target": names[0] if names else None, "met": self.met}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The row whose `plain` data these are."""
        values = {name: data[name] for name in cls._fields}
        values["target"] = TARGETS.get(values["target"])
        values["spread"] = None if values["spread"] is None else tuple(values["spread"])
        return cls(**values)


Groups = Mapping[str, Sequence[Row]]  # title of a group: its rows


def render(groups: Groups) -> str:
    """The table as text, one line a row, the title of a group above its rows."""
    cells = {title: [_cells(row) for row in rows] for title, rows in groups.items()}
    every = [HEAD, *(line for lines in cells.values() for line in lines)]
    widths = [max(len(line[k]) for line in every) for k in range(len(HEAD))]
    text = [_line(HEAD, widths)]
    for title, lines in cells.items():
        text += ["", title, *(_line(line, widths) for line in lines)]
    return "\n".join(text) + "\n"


def bound(target: Target) -> str:
    """The bound of a target, as `>= 300`."""
    return f"{'>=' if target.at_least else '<='} {shown(target.limit)}"


def shown(value: float | bool | None) -> str:
    """Three significant digits, whole numbers from a thousand on; yes or no for a truth."""
    if value is None:
        return "not measured"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if math.isfinite(value) and abs(value) >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _cells(row: Row) -> tuple[str, ...]:
    target = "" if row.target is None else bound(row.target)
    wanted = "yes" if isinstance(row.measured, bool) else target
    met = "" if row.met is None else shown(row.met)
    return (row.what, row.value, row.unit, wanted, met, row.remarks)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.ljust(width) if name in _LEFT else cell.rjust(width)
        for name, cell, width in zip(HEAD, cells, widths, strict=True)
    )
    return _GAP + _GAP.join(padded).rstrip()
