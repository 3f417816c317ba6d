"""Paired differences to the baseline, and what a retained practice-year costs."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from diffusion.analysis import costs
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import Interval
from diffusion.views import style
from diffusion.views.summary import decimals, is_share, meaning, number_of_runs

_LARGE = 100.0  # amounts of which no fraction is told
LOGARITHMIC = 20.0  # prices that differ by more are shown on a logarithmic axis
OUTCOMES = ("using_stop", "retained_12", "retained_36", "retained_60", "using_end")


def forest(comparison: Comparison) -> Figure:
    """Difference to the baseline for each outcome and scenario, in percentage points."""
    others = comparison.others
    n = number_of_runs(comparison)
    outcomes = comparison.manifest.get("shows", {}).get("outcomes") or OUTCOMES
    percent = all(is_share(outcome) for outcome in outcomes)
    fig = style.figure(
        f"Difference to {style.reference(comparison)}{', percentage points' if percent else ''}",
        f"Points: mean of {n} pairs of runs that share their luck; lines: 95 % interval. "
        "Filled: interval excludes zero. Scales differ.",
        size=(13.0, max(3.5, 2.0 + 0.62 * len(others))),
    )
    looks = style.colours(comparison.scenarios, comparison.baseline)
    height = fig.get_figheight()
    grid = fig.add_gridspec(
        1,
        len(outcomes),
        left=0.19,
        right=0.985,
        top=1.0 - 1.4 / height,
        bottom=0.55 / height,
        wspace=0.12,
    )
    for k, outcome in enumerate(outcomes):
        axes = fig.add_subplot(grid[0, k])
        unit = 100.0 if is_share(outcome) else 1.0
        intervals = [comparison.difference(name, outcome).scaled(unit) for name in others]
        _rows(axes, intervals, [looks[name][0] for name in others])
        axes.set_title(style.wrapped(meaning(outcome)), fontsize=12, pad=10)
        labels = [style.wrapped(comparison.label(name)) for name in others] if k == 0 else []
        axes.set_yticks(range(len(others)), labels or [""] * len(others), fontsize=12)
        axes.tick_params(axis="y", length=0, labelcolor="black")
        axes.spines["left"].set_visible(False)
    return fig


def cost_per_retained_year(comparison: Comparison) -> Figure:
    """EUR for each practice-year after the money stopped that would not have been otherwise."""
    prices = costs.prices(comparison)
    fig = style.figure(
        "What it costs to keep a practice in use for a year",
        "EUR per practice-year after the money has stopped, beyond what would have remained "
        "anyway.\nPoints: all pairs of runs; lines: 95 % interval (Fieller).",
        size=(11.0, max(4.0, 2.6 + 0.6 * len(prices))),
    )
    height = fig.get_figheight()
    axes = fig.add_axes((0.24, 0.75 / height, 0.7, 1.0 - 2.0 / height))
    looks = style.colours(comparison.scenarios, comparison.baseline)
    for row, price in enumerate(prices):
        colour = looks[price.scenario][0]
        if price.defined:
            axes.plot([price.low, price.high], [row, row], color=colour, linewidth=3)
            axes.plot([price.eur], [row], "o", color=colour, markersize=9)
            text = f"{price.eur:,.0f} EUR"
            axes.annotate(text, (price.eur, row), (0, 10), textcoords="offset points", ha="center")
        else:
            axes.text(
                0.01,
                row,
                price.why,
                transform=axes.get_yaxis_transform(),
                va="center",
                color=style.MUTED,
                style="italic",
            )
    _frame(axes, len(prices))
    labels = [style.wrapped(comparison.label(price.scenario)) for price in prices]
    axes.set_yticks(range(len(prices)), labels)
    axes.tick_params(axis="y", length=0, labelcolor="black")
    _price_axis(axes, [price for price in prices if price.defined])
    return fig


def _price_axis(axes: Axes, defined: list[costs.Price]) -> None:
    if not defined:
        axes.xaxis.set_visible(False)
        return
    low = min(price.low for price in defined)
    high = max(price.high for price in defined)
    text = "EUR per retained practice-year"
    if low > 0.0 and high > LOGARITHMIC * low:
        axes.set_xscale("log")
        axes.set_xlim(low / 2.0, high * 2.0)
        text += " (each labelled step is ten times the one before)"
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0.0, 1.08 * high)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    axes.set_xlabel(text)


def _rows(axes: Axes, intervals: list[Interval], row_colours: list[str]) -> None:
    reach = max((abs(v) for i in intervals for v in _shown(i)), default=0.0) or 1.0
    for row, (interval, colour) in enumerate(zip(intervals, row_colours, strict=True)):
        if math.isnan(interval.mean):
            axes.text(
                0.0,
                row,
                "not seen in this run",
                ha="center",
                va="center",
                fontsize=10,
                color=style.MUTED,
                style="italic",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )
            continue
        face = colour if interval.excludes_zero else "white"
        axes.plot([interval.low, interval.high], [row, row], color=colour, linewidth=2.6)
        axes.plot(
            [interval.mean],
            [row],
            "o",
            markerfacecolor=face,
            markeredgecolor=colour,
            markeredgewidth=1.8,
            markersize=9,
        )
        axes.annotate(
            words(interval),
            (interval.mean, row),
            (0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=10,
            color=style.BASELINE,
        )
    axes.axvline(0.0, color=style.BASELINE, linewidth=1.2, zorder=0)
    axes.set_xlim(-1.35 * reach, 1.35 * reach)
    _frame(axes, len(intervals))


def words(interval: Interval) -> str:
    """`+5.7`, `+1,219`, with a true minus sign; an exact zero says so."""
    if interval.identical:
        return "exactly 0"
    digits = 0 if abs(interval.mean) >= _LARGE else max(1, decimals(interval))
    return f"{interval.mean:+,.{digits}f}".replace("-", "−")  # noqa: RUF001


def _shown(interval: Interval) -> list[float]:
    values = [interval.mean, interval.low, interval.high]
    return [v for v in values if not math.isnan(v)]


def _frame(axes: Axes, rows: int) -> None:
    axes.set_ylim(rows - 0.4, -0.6)
    axes.grid(axis="x", color=style.FAINT, linewidth=0.8)
    for row in range(rows):
        axes.axhline(row, color=style.FAINT, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
