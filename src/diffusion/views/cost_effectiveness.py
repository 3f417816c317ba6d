"""What more costs and brings, and which scenario is the best at a given willingness to pay."""

import math
from collections.abc import Mapping
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from diffusion.analysis import cost_effectiveness as analysis
from diffusion.analysis.comparison import Comparison
from diffusion.analysis.costs import EFFECTS
from diffusion.analysis.intervals import FloatArray
from diffusion.views import style
from diffusion.views.summary import amount, meaning

SELDOM = 0.05  # an option that is never the best in more than this share has no line
_DOT, _DOT_OF_OTHERS = 15.0, 5.0
_LINE = 0.235  # inches of a line of text


def plane(comparison: Comparison, weighed: analysis.Plane, most: int) -> Figure:
    """Additional cost against additional effect: every option's mean, the runs of some.

    Args:
        most: options with a colour and a name; those of the frontier come first.
    """
    ranked = analysis.ranked(weighed)
    named = _named(ranked, comparison.baseline, most)
    numbered = {one.scenario: k for k, one in enumerate(named, start=1)}
    fig = style.figure(
        "What it costs and what it brings",
        f"Differences to “{comparison.label(comparison.baseline)}”. Small dots: {weighed.n} "
        "replicates; numbers: their means; grey: means of other scenarios.\n"
        f"Line: frontier, what no other scenario or mix of two beats; on it, EUR per further "
        f"{_unit(weighed)}.",
        size=(13.0, 6.6),
    )
    axes = fig.add_axes((0.08, 0.1, 0.54, 0.72))
    looks = _looks(comparison, list(numbered), most)
    for one in ranked:
        if one.scenario not in numbered and one.scenario != comparison.baseline:
            axes.plot(
                [one.effect.mean],
                [one.cost.mean / 1e6],
                "o",
                color=style.MUTED,
                alpha=0.6,
                markersize=_DOT_OF_OTHERS,
            )
    frontier = [one for one in ranked if one.status == analysis.FRONTIER]
    axes.plot(
        [one.effect.mean for one in frontier],
        [one.cost.mean / 1e6 for one in frontier],
        color=style.BASELINE,
        linewidth=1.6,
    )
    for one in (*reversed(named), _only(ranked, comparison.baseline)):
        k = weighed.options.index(one.scenario)
        colour = looks[one.scenario][0]
        runs = weighed.effects[:, k], weighed.costs[:, k] / 1e6
        axes.plot(*runs, "o", color=colour, alpha=0.35, markersize=4, markeredgewidth=0)
        mean = (one.effect.mean, one.cost.mean / 1e6)
        axes.plot(*mean, "o", color=colour, markersize=_DOT, markeredgecolor="white")
        text = str(numbered.get(one.scenario, 0))
        axes.annotate(text, mean, ha="center", va="center", color="white", fontsize=10)
    axes.axhline(0.0, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.axvline(0.0, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.grid(color=style.FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.margins(0.07)
    axes.set_xlabel(f"additional: {meaning(weighed.effect)}")
    axes.set_ylabel("additional cost, million EUR")
    first = _only(ranked, comparison.baseline)
    _list(fig, comparison, {first.scenario: first} | {one.scenario: one for one in named}, looks)
    return fig


def acceptability(comparison: Comparison, weighed: analysis.Plane, most: int) -> Figure:
    """How often each option is the best, by what a unit of effect is worth.

    Args:
        most: lines; the options that are the best most often at any willingness to pay.
    """
    found = analysis.acceptability(weighed)
    peak = np.maximum(found.of_means.max(axis=0), found.of_runs.max(axis=0))
    order = [k for k in np.argsort(-peak, kind="stable") if peak[k] > SELDOM][:most]
    chosen = sorted(order)
    names = [found.options[k] for k in chosen]
    fig = style.figure(
        "Which scenario is worth its money",
        f"Share in which a scenario has the largest net benefit: what its effect is worth, at so "
        f"many EUR for one {_unit(weighed)}, minus cost.\n"
        "The bar on top is the scenario with the largest mean net benefit. Scenarios that are "
        "hardly ever the best are not drawn.",
        size=(13.0, 6.2),
    )
    looks = _looks(comparison, names, most)
    left = fig.add_axes((0.06, 0.12, 0.32, 0.62))
    right = fig.add_axes((0.43, 0.12, 0.32, 0.62))
    titles = (
        f"of means over {weighed.n} replicates, resampled:\nhow sure the choice is",
        f"of {weighed.n} single replicates:\nhow often it would turn out right",
    )
    panels = zip((left, right), (found.of_means, found.of_runs), titles, strict=True)
    for axes, shares, title in panels:
        axes.set_title(title, loc="left", fontsize=12, pad=16)
        for k, name in zip(chosen, names, strict=True):
            colour, dashes = looks[name]
            axes.plot(found.willingness, shares[:, k], color=colour, linestyle=dashes, linewidth=2)
        _bar(axes, found, looks)
        axes.set_ylim(0.0, 1.0)
        style.percent_axis(axes)
        _money(axes, found.willingness)
        axes.set_xlabel(f"EUR for one {_unit(weighed)}")
    labels = [
        (float(found.of_runs[-1, k]), comparison.label(name), looks[name][0])
        for k, name in zip(chosen, names, strict=True)
    ]
    beside = fig.add_axes(right.get_position().bounds, frameon=False)  # even steps for labels
    beside.set_axis_off()
    style.direct_labels(beside, labels, 1.0)
    return fig


def _named(ranked: list[analysis.Option], baseline: str, most: int) -> list[analysis.Option]:
    """The frontier and then the most effective, at most `most`, the cheapest first."""
    others = [one for one in ranked if one.scenario != baseline]
    order = sorted(others, key=lambda one: (one.status != analysis.FRONTIER, -one.effect.mean))
    kept = {one.scenario for one in order[:most]}
    return [one for one in others if one.scenario in kept]


def _only(ranked: list[analysis.Option], scenario: str) -> analysis.Option:
    return next(one for one in ranked if one.scenario == scenario)


def _list(
    fig: Figure,
    comparison: Comparison,
    named: dict[str, analysis.Option],
    looks: dict[str, tuple[str, str]],
) -> None:
    """The names behind the numbers, with the ratio or why there is none."""
    place = 0.83
    numbers = {name: str(k) for k, name in enumerate(named)}
    for name, one in named.items():
        fig.text(0.645, place, numbers[name], color=looks[name][0], fontweight="bold")
        fig.text(0.665, place, comparison.label(name), color=looks[name][0])
        place -= _LINE / fig.get_figheight()
        fig.text(0.665, place, words(comparison, one, numbers), color=style.MUTED, fontsize=10)
        place -= 1.35 * _LINE / fig.get_figheight()


def words(comparison: Comparison, option: analysis.Option, numbers: Mapping[str, str]) -> str:
    """How an option stands among the others, which are named by their numbers, if they have any."""
    beside = " and ".join(
        numbers.get(name) or f"“{comparison.label(name)}”" for name in option.beside
    )
    if option.status == analysis.DOMINATED:
        return f"dominated: {beside} costs no more and brings no less"
    if option.status == analysis.EXTENDED:
        return f"extendedly dominated: a mix of {beside} is better"
    if not option.beside:
        return "the cheapest of the frontier"
    known = not math.isnan(option.low)
    interval = f" ({amount(option.low)} to {amount(option.high)})" if known else ""
    return f"{amount(option.icer)} EUR{interval} per unit beyond {beside}"


def _unit(weighed: analysis.Plane) -> str:
    return EFFECTS.get(weighed.effect, "unit of effect")


def _looks(comparison: Comparison, names: list[str], most: int) -> dict[str, tuple[str, str]]:
    """Colours as in the other figures, where these draw all scenarios."""
    few = len(comparison.others) <= most
    shown = comparison.scenarios if few else [*names]
    return style.colours(shown, comparison.baseline)


def _money(axes: Axes, willingness: FloatArray) -> None:
    """Steps of equal factors, where the willingness to pay has such steps."""
    if willingness[0] > 0.0 and willingness[-1] > analysis.BY_FACTORS * willingness[0]:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda eur, _: f"{eur:,.0f}")
    axes.set_xlim(willingness[0], willingness[-1])


def _bar(axes: Axes, found: analysis.Acceptability, looks: dict[str, tuple[str, str]]) -> None:
    """Above the panel, who is the best on average."""
    first = 0
    for best, steps in groupby(found.best):
        last = min(first + len(list(steps)), len(found.best) - 1)
        colour = looks[best][0] if best in looks else style.MUTED
        axes.plot(
            found.willingness[[first, last]],
            [1.03, 1.03],
            transform=axes.get_xaxis_transform(),
            color=colour,
            linewidth=6,
            solid_capstyle="butt",
            clip_on=False,
        )
        first = last
