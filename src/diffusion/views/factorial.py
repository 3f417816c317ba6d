"""Main effects and interactions of a factorial: the largest on top."""

from matplotlib.figure import Figure

from diffusion.analysis.comparison import Comparison
from diffusion.analysis.factorial import TIMES, effects
from diffusion.views import style
from diffusion.views.ranking import in_rows
from diffusion.views.summary import is_share, meaning, number_of_runs

MOST_EFFECTS = 40  # rows of a page
_ROW = 0.27  # inches


def largest_effects(comparison: Comparison, outcome: str) -> Figure:
    """What each factor changes, and what two of them change in each other's effect."""
    every = sorted(effects(comparison, outcome), key=lambda one: -abs(one.interval.mean))
    shown = every[:MOST_EFFECTS]
    unit = 100.0 if is_share(outcome) else 1.0
    notes = [
        f"Points: high level minus low, mean over all others and {number_of_runs(comparison)} "
        f"replicates; a{TIMES}b: half of what b changes in the effect of a.",
        f"Thick: 95 % interval; thin: wide enough for all {len(every)} together. "
        f"Filled: thick interval excludes zero.",
    ]
    last = [
        "Percentage points." if is_share(outcome) else "",
        f"The {len(shown)} largest of {len(every)}." if len(every) > len(shown) else "",
        "In brackets: what can't be told apart." if any(one.aliases for one in shown) else "",
    ]
    notes += [" ".join(filter(None, last))] if any(last) else []
    above = 0.85 + 0.22 * len(notes)
    height = above + 0.6 + _ROW * sum(1 + bool(one.aliases) for one in shown)
    fig = style.figure(
        f"{meaning(outcome).capitalize()}: what each factor changes",
        "\n".join(notes),
        size=(12.0, height),
    )
    axes = fig.add_axes((0.4, 0.5 / height, 0.57, 1.0 - (above + 0.5) / height))
    labels = []
    for one in shown:
        words = one.name.replace("_", " ")
        if one.aliases:
            words += f"\n({one.alias_words.replace('_', ' ')})"
        labels.append(words)
    pairs = [(one.interval.scaled(unit), one.together.scaled(unit)) for one in shown]
    in_rows(axes, labels, pairs)
    return fig
