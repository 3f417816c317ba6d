"""Main effects and interactions of a factorial: the largest on top."""

from matplotlib.figure import Figure

from diffusion.analysis.comparison import Comparison
from diffusion.analysis.factorial import TIMES, Effect, largest
from diffusion.views import style
from diffusion.views.ranking import in_rows
from diffusion.views.summary import is_share, meaning, number_of_runs

_ROW, _LINE = 0.1, 0.17  # inches: between two rows, a line of a label


def largest_effects(comparison: Comparison, outcome: str) -> Figure:
    """What each factor changes, and what two of them change in each other's effect."""
    shown, every = largest(comparison, outcome)
    unit = 100.0 if is_share(outcome) else 1.0
    notes = [
        f"Points: high level minus low, mean over all others and {number_of_runs(comparison)} "
        f"replicates; a{TIMES}b: half of what b changes in the effect of a.",
        f"Thick: 95 % interval; thin: wide enough for all {every} together. "
        f"Filled: thick interval excludes zero.",
    ]
    last = [
        "Percentage points." if is_share(outcome) else "",
        f"The {len(shown)} largest of {every}." if every > len(shown) else "",
        "In brackets: what can't be told apart." if any(one.near_aliases for one in shown) else "",
    ]
    notes += [" ".join(filter(None, last))] if any(last) else []
    labels = ["\n".join(map(_plain, (one.name, *_in_brackets(one)))) for one in shown]
    above = 0.85 + 0.22 * len(notes)
    lines = max(1 + label.count("\n") for label in labels)
    height = above + 0.6 + (_ROW + _LINE * lines) * len(labels)
    fig = style.figure(
        f"{meaning(outcome).capitalize()}: what each factor changes",
        "\n".join(notes),
        size=(12.0, height),
    )
    axes = fig.add_axes((0.4, 0.5 / height, 0.57, 1.0 - (above + 0.5) / height))
    pairs = [(one.interval.scaled(unit), one.together.scaled(unit)) for one in shown]
    in_rows(axes, labels, pairs)
    return fig


def _in_brackets(effect: Effect) -> list[str]:
    """The aliases, one a line."""
    near = ",\n".join(effect.near_aliases)
    return f"({near})".splitlines() if near else []


def _plain(name: str) -> str:
    """Names of interventions without underscores; keys of parameters stay as they are typed."""
    return " ".join(word if "." in word else word.replace("_", " ") for word in name.split(" "))
