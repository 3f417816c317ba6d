"""Survival of use: of what ran when the money stopped, how much still runs later."""

import math

import numpy as np
from matplotlib.figure import Figure

from diffusion.analysis import survival
from diffusion.analysis.comparison import Comparison
from diffusion.views import style


def after_the_money(comparison: Comparison, kind: str = "in_use") -> Figure:
    """Share still in use since the money stopped, one line a scenario, half-life in the label."""
    broken = "pauses allowed" if kind == "in_use" else "without a break"
    n = style.number_of_runs(comparison)
    fig = style.figure(
        "Still in use after the money stops",
        f"Share of what was in use in the month the money stopped ({broken}).\n"
        f"Lines: mean of {n} runs; bands: 95 % interval of the mean.",
    )
    axes = fig.add_axes((0.08, 0.1, 0.66, 0.72))
    looks = style.colours(comparison.scenarios, comparison.baseline)
    labels, end = [], 1
    for scenario in (*comparison.others, comparison.baseline):
        curve = survival.curve(comparison, scenario, kind)
        if not len(curve.runs):
            continue
        style.line_with_band(axes, curve.since, curve.mean, curve.low, curve.high, looks[scenario])
        end = max(end, int(curve.since[-1]))
        text = f"{comparison.label(scenario)}{half_life_words(curve)}"
        labels.append((float(curve.mean[-1]), text, looks[scenario][0]))
    axes.set_xlim(0, end)
    axes.set_ylim(0.0, 1.0)
    axes.set_xticks(np.arange(0, end + 1, 12))
    axes.set_xlabel("months since the money stopped")
    style.percent_axis(axes)
    axes.axhline(0.5, color=style.MUTED, linewidth=0.8, linestyle=(0, (2, 3)))
    axes.text(0.5, 0.505, "half", color=style.MUTED, fontsize=10, va="bottom")
    style.direct_labels(axes, labels, float(end))
    return fig


def half_life_words(curve: survival.Curve) -> str:
    """`: half gone after 47 months`, or nothing where more than half is left in the end."""
    months = curve.half_life()
    return "" if math.isnan(months) else f": half gone after {months:.0f} months"
