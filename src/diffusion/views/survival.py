"""Survival of use: of what ran when the money stopped, how much still runs later."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diffusion.analysis import survival
from diffusion.analysis.comparison import Comparison
from diffusion.views import style
from diffusion.views.summary import number_of_runs


def after_the_money(comparison: Comparison, kind: str = "in_use") -> Figure:
    """Share still in use since the money stopped, and what each scenario adds to the baseline."""
    broken = "pauses allowed" if kind == "in_use" else "without a break"
    n = number_of_runs(comparison)
    fig = style.figure(
        "Still in use after the money stops",
        f"Share of what was in use in the month the money stopped ({broken}).\n"
        f"Lines: mean of {n} runs, on the right within pairs that share their luck; "
        "bands: 95 % interval.",
    )
    looks = style.colours(comparison.scenarios, comparison.baseline)
    shares = fig.add_axes((0.06, 0.1, 0.36, 0.66))
    gained = fig.add_axes((0.48, 0.1, 0.3, 0.66))
    curves = {name: survival.curve(comparison, name, kind) for name in comparison.scenarios}
    baseline = curves[comparison.baseline]
    for name in {comparison.against(name) for name in comparison.others} - curves.keys():
        curves[name] = survival.curve(comparison, name, kind)
    labels = []
    for scenario in (*comparison.others, comparison.baseline):
        reference = curves[comparison.against(scenario)]
        curve = curves[scenario]
        if not len(curve.runs):
            continue
        look = looks[scenario]
        style.line_with_band(shares, curve.since, curve.mean, curve.low, curve.high, look)
        text = f"{comparison.label(scenario)}{half_life_words(curve)}"
        extra = survival.gain(curve, reference)
        if extra is None:
            labels.append((0.0, text, look[0]))
            continue
        mean, low, high = (100 * values for values in extra)
        style.line_with_band(gained, curve.since, mean, low, high, look, limits=(-100.0, 100.0))
        labels.append((float(mean[-1]), text, look[0]))
    _share_axis(shares, int(baseline.since[-1]) if len(baseline.since) else 1)
    _gain_axis(gained, shares, style.reference(comparison))
    style.direct_labels(gained, labels, float(shares.get_xlim()[1]))
    return fig


def _share_axis(axes: Axes, end: int) -> None:
    axes.set_title("share still in use", loc="left", fontsize=12)
    axes.set_xlim(0, max(1, end))
    axes.set_ylim(0.0, 1.0)
    axes.set_xticks(np.arange(0, end + 1, 12))
    axes.set_xlabel("months since the money stopped")
    style.percent_axis(axes)
    axes.axhline(0.5, color=style.MUTED, linewidth=0.8, linestyle=(0, (2, 3)))
    axes.text(0.5, 0.505, "half", color=style.MUTED, fontsize=10, va="bottom")


def _gain_axis(axes: Axes, shares: Axes, reference: str) -> None:
    axes.set_title(f"difference to {reference}, points", loc="left", fontsize=12)
    axes.set_xlim(shares.get_xlim())
    axes.set_xticks(shares.get_xticks())
    axes.set_xlabel("months since the money stopped")
    axes.axhline(0.0, color=style.MUTED, linewidth=0.8)


def half_life_words(curve: survival.Curve) -> str:
    """`: half gone after 47 months`, or nothing where more than half is left in the end."""
    months = curve.half_life()
    return "" if math.isnan(months) else f": half gone after {months:.0f} months"
