"""Scenarios ranked by one outcome: the best on top."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diffusion.analysis.comparison import Comparison
from diffusion.analysis.intervals import Interval
from diffusion.analysis.ranking import ranked
from diffusion.views import style
from diffusion.views.differences import words
from diffusion.views.summary import is_share, meaning, number_of_runs

_ROW = 0.27  # inches
_LONGEST = 60  # characters of a label


def ranking(comparison: Comparison, outcome: str) -> Figure:
    """Paired difference of an outcome in every scenario, with intervals for one and for all."""
    rows = ranked(comparison, outcome)
    unit = 100.0 if is_share(outcome) else 1.0
    height = 2.1 + _ROW * len(rows)
    fig = style.figure(
        f"{meaning(outcome).capitalize()}: difference to {style.reference(comparison)}",
        f"Points: mean of {number_of_runs(comparison)} pairs of runs that share their luck; thick: "
        f"95 % interval; thin: wide enough for all {len(rows)} together.\n"
        f"Filled: thick interval excludes zero."
        f"{' Percentage points.' if is_share(outcome) else ''} In brackets: cost in million EUR.",
        size=(12.0, height),
    )
    axes = fig.add_axes((0.36, 0.5 / height, 0.61, 1.0 - 1.6 / height))
    in_rows(
        axes,
        [f"{comparison.label(row.scenario)[:_LONGEST]} ({row.cost / 1e6:.2f})" for row in rows],
        [(row.difference.scaled(unit), row.together.scaled(unit)) for row in rows],
    )
    return fig


def in_rows(
    axes: Axes, labels: Sequence[str], intervals: Sequence[tuple[Interval, Interval]]
) -> None:
    """One row an interval (thick) and the one that holds for all together (thin), from the top."""
    for place, (one, together) in enumerate(intervals):
        if not one.n:
            axes.text(0.0, place, "no finished pair of runs", va="center", color=style.MUTED)
            continue
        colour = style.OKABE_ITO[0] if one.mean >= 0.0 else style.OKABE_ITO[1]
        axes.plot([together.low, together.high], [place, place], color=colour, linewidth=0.9)
        axes.plot([one.low, one.high], [place, place], color=colour, linewidth=3.0)
        face = colour if one.excludes_zero else "white"
        axes.plot([one.mean], [place], "o", markerfacecolor=face, markeredgecolor=colour)
        right = max(v for v in (together.high, one.high, one.mean) if v == v)
        axes.annotate(
            words(one),
            (right, place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=style.BASELINE,
        )
    axes.axvline(0.0, color=style.BASELINE, linewidth=1.2, zorder=0)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(range(len(labels)), labels, fontsize=10)
    axes.tick_params(axis="y", length=0, labelcolor="black")
    axes.margins(x=0.12)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.10g}".replace("-", "−"))  # noqa: RUF001
    axes.grid(axis="x", color=style.FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
