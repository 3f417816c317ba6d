"""Scenarios ranked by one outcome: the best on top."""

from matplotlib.figure import Figure

from diffusion.analysis.comparison import Comparison
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
    labels = []
    for place, row in enumerate(rows):
        label = comparison.label(row.scenario)[:_LONGEST]
        labels.append(f"{label} ({row.cost / 1e6:.2f})")
        if not row.difference.n:
            axes.text(0.0, place, "no finished pair of runs", va="center", color=style.MUTED)
            continue
        difference, together = row.difference.scaled(unit), row.together.scaled(unit)
        colour = style.OKABE_ITO[0] if difference.mean >= 0.0 else style.OKABE_ITO[1]
        axes.plot([together.low, together.high], [place, place], color=colour, linewidth=0.9)
        axes.plot([difference.low, difference.high], [place, place], color=colour, linewidth=3.0)
        face = colour if difference.excludes_zero else "white"
        axes.plot([difference.mean], [place], "o", markerfacecolor=face, markeredgecolor=colour)
        right = max(v for v in (together.high, difference.high, difference.mean) if v == v)
        axes.annotate(
            words(difference),
            (right, place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=style.BASELINE,
        )
    axes.axvline(0.0, color=style.BASELINE, linewidth=1.2, zorder=0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), labels, fontsize=10)
    axes.tick_params(axis="y", length=0, labelcolor="black")
    axes.margins(x=0.12)
    axes.grid(axis="x", color=style.FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    return fig
