"""Adoption over time: how use rises in the window and what is left of it afterwards."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diffusion.analysis.comparison import Comparison
from diffusion.views import style
from diffusion.views.summary import number_of_runs

if TYPE_CHECKING:
    from diffusion.model.simulation import Simulation

STAGES = (
    ("share_aware", "has heard of it", "#56B4E9"),
    ("share_using", "uses it", "#0072B2"),
    ("share_institutionalised", "made it routine", "#D55E00"),
)


def over_time(comparison: Comparison, column: str = "share_using") -> Figure:
    """Use month by month, one line a scenario, with the window and the month the money stops."""
    n = number_of_runs(comparison)
    fig = style.figure(
        "Use of good practices over time",
        f"Share of all pairs of organisation and practice in use. Lines: mean of {n} runs; "
        "bands: 95 % interval of the mean.",
    )
    axes = fig.add_axes((0.07, 0.1, 0.67, 0.72))
    looks = style.colours(comparison.scenarios, comparison.baseline)
    labels = []
    for scenario in (*comparison.others, comparison.baseline):
        rows = comparison.monthly(scenario, column)
        style.line_with_band(
            axes, rows["month"], rows["mean"], rows["low"], rows["high"], looks[scenario]
        )
        last = float(rows["mean"].iloc[-1])
        labels.append((last, comparison.label(scenario), looks[scenario][0]))
    end = int(comparison.months["month"].max())
    _month_axis(axes, end, comparison.start)
    axes.set_ylim(bottom=0.0)
    style.percent_axis(axes)
    style.window(axes, comparison.start, comparison.stop)
    style.direct_labels(axes, labels, float(end))
    return fig


def difference_over_time(comparison: Comparison, column: str = "share_using") -> Figure:
    """What each scenario adds to the baseline, month by month, in percentage points."""
    n = number_of_runs(comparison)
    fig = style.figure(
        f"What is gained over {style.reference(comparison)}, month by month",
        "Difference in the share in use, percentage points, within pairs of runs that share "
        f"their luck ({n} pairs; bands: 95 % interval).",
    )
    axes = fig.add_axes((0.07, 0.1, 0.67, 0.72))
    looks = style.colours(comparison.scenarios, comparison.baseline)
    labels = []
    for scenario in comparison.others:
        rows = comparison.monthly_difference(scenario, column)
        colour, dashes = looks[scenario]
        points = 100.0 * rows[["mean", "low", "high"]].to_numpy(np.float64)
        axes.fill_between(
            rows["month"], points[:, 1], points[:, 2], color=colour, alpha=0.22, linewidth=0
        )
        axes.plot(rows["month"], points[:, 0], color=colour, linestyle=dashes, linewidth=2.2)
        labels.append((float(points[-1, 0]), comparison.label(scenario), colour))
    axes.axhline(0.0, color=style.BASELINE, linewidth=1.2)
    end = int(comparison.months["month"].max())
    _month_axis(axes, end, comparison.start)
    axes.grid(axis="y", color=style.FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    style.window(axes, comparison.start, comparison.stop)
    style.direct_labels(axes, labels, float(end))
    return fig


def of_run(simulation: "Simulation") -> Figure:
    """One run: how many have heard of practices, use them, and made them routine."""
    months = simulation.months()
    timing = simulation.settings.timing
    fig = style.figure(
        "One run: heard of, used, made routine",
        "Share of all pairs of organisation and practice. One run is one possible course of "
        "events, not a forecast.",
    )
    axes = fig.add_axes((0.07, 0.1, 0.72, 0.72))
    labels = []
    for column, text, colour in STAGES:
        axes.plot(months["month"], months[column], color=colour, linewidth=2.2)
        labels.append((float(months[column].iloc[-1]), text, colour))
    end = int(months["month"].max())
    axes.set_ylim(bottom=0.0)
    style.percent_axis(axes)
    if simulation.settings.interventions:
        _month_axis(axes, end, timing.start)
        style.window(axes, timing.start, timing.stop)
    else:
        _month_axis(axes, end, 0)
        axes.set_xlabel("years")
    style.direct_labels(axes, labels, float(end))
    return fig


def _month_axis(axes: Axes, end: int, start: int) -> None:
    axes.set_xlim(0, end)
    ticks = np.arange(start % 12, end + 1, 12)
    axes.set_xticks(ticks, [str((t - start) // 12) for t in ticks])
    axes.set_xlabel("years since the intervention starts")
