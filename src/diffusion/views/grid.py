"""Differences as a grid of cells: who profits from what, what goes with what, what helps when."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from diffusion.analysis import by_group as groups
from diffusion.analysis import circumstances
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import Interval
from diffusion.analysis.pairs import pairs
from diffusion.views import style
from diffusion.views.differences import words
from diffusion.views.summary import is_share, meaning, number_of_runs

_COLOURS = LinearSegmentedColormap.from_list(
    "loss and gain", [style.OKABE_ITO[1], "white", style.OKABE_ITO[0]]
)
_LAST_LABEL = 1.3  # inches that the slanting label of the last column needs beside it
_STRONGEST = 0.7  # of the colour, so that text stays readable
_HOW = (
    "Cells: mean of {n} pairs of runs that share their luck{unit}. "
    "Bold and coloured: the 95 % interval excludes zero."
)

Cells = Mapping[tuple[str, str], Interval]  # (row, column): what stands there


def by_group(comparison: Comparison, dimension: str) -> Figure:
    """Difference in the share that a group uses at the end of the run: scenarios by groups."""
    columns = groups.groups_of(comparison, dimension)
    cells = {
        (comparison.label(name), column): groups.difference(
            comparison, name, dimension, column
        ).scaled(100.0)
        for name in comparison.others
        for column in columns
    }
    title = f"Who profits, by {dimension.replace('_', ' ')}: in use at the end of the run"
    return _draw(
        comparison,
        title,
        [comparison.label(name) for name in comparison.others],
        columns,
        cells,
        ", percentage points",
    )


def together(comparison: Comparison, outcome: str) -> Figure:
    """What two interventions do beyond the sum of each alone."""
    found = pairs(comparison, outcome)
    unit = 100.0 if is_share(outcome) else 1.0
    names = list(dict.fromkeys(name for pair in found for name in (pair.first, pair.second)))
    cells = {(_plain(p.second), _plain(p.first)): p.extra.scaled(unit) for p in found}
    return _draw(
        comparison,
        f"Together beyond the sum of each alone: {meaning(outcome)}",
        [_plain(name) for name in names[1:]],
        [_plain(name) for name in names[:-1]],
        cells,
        ", percentage points" if is_share(outcome) else "",
    )


def by_reference(comparison: Comparison, outcome: str) -> Figure:
    """What the same interventions change under different circumstances."""
    unit = 100.0 if is_share(outcome) else 1.0
    cells = {
        (" + ".join(map(_plain, one.levers)), comparison.label(one.reference)): (
            one.difference.scaled(unit)
        )
        for one in circumstances.cells(comparison, outcome)
    }
    return _draw(
        comparison,
        f"What levers change under different circumstances: {meaning(outcome)}",
        list(dict.fromkeys(row for row, _ in cells)),
        list(dict.fromkeys(column for _, column in cells)),
        cells,
        ", percentage points" if is_share(outcome) else "",
    )


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _draw(
    comparison: Comparison,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Cells,
    unit: str,
) -> Figure:
    height = 2.6 + 0.36 * len(rows)
    width = max(12.0, 4.2 + _LAST_LABEL + 1.05 * len(columns))
    note = _HOW.format(n=number_of_runs(comparison), unit=unit)
    fig = style.figure(title, note, size=(width, height))
    left = 3.6 / width
    right = 1.0 - _LAST_LABEL / width
    axes = fig.add_axes((left, 0.15 / height, right - left, 1.0 - 2.25 / height))
    values = np.full((len(rows), len(columns)), np.nan)
    for (row, column), interval in cells.items():
        # only what can be told from zero has a colour
        shown = interval.mean if interval.excludes_zero else 0.0
        values[rows.index(row), columns.index(column)] = shown
    reach = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    axes.imshow(_STRONGEST * values / reach, cmap=_COLOURS, vmin=-1.0, vmax=1.0, aspect="auto")
    for (row, column), interval in cells.items():
        if math.isnan(interval.mean):
            continue
        axes.text(
            columns.index(column),
            rows.index(row),
            words(interval),
            ha="center",
            va="center",
            fontsize=10,
            fontweight="bold" if interval.excludes_zero else "normal",
            color="black" if interval.excludes_zero else style.MUTED,
        )
    axes.xaxis.tick_top()
    axes.set_xticks(
        range(len(columns)),
        [style.wrapped(column.replace("_", " ")) for column in columns],
        rotation=35,
        rotation_mode="anchor",
        ha="left",
        fontsize=10,
    )
    axes.set_yticks(range(len(rows)), rows, fontsize=10)
    axes.tick_params(length=0, labelcolor="black")
    for side in axes.spines.values():
        side.set_visible(False)
    return fig
