"""The figure: cost of an organisation's month against the number of organisations."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.stored import Measured
from benchmarks.table import Row

_NAMES = {"scale": "this package", "mesa": "the same rules in Mesa"}


def curves(groups: Mapping[str, Sequence[Row]]) -> dict[str, list[tuple[int, float]]]:
    """(organisations, microseconds an organisation-month) by who computed it, ascending."""
    found = {}
    for group, name in _NAMES.items():
        points = sorted(
            (row.n, float(row.measured))
            for row in groups.get(group, ())
            if row.n is not None and row.measured is not None
        )
        if points:
            found[name] = points
    return found


def days(groups: Mapping[str, Measured]) -> str:
    """The days on which what the figure shows was measured."""
    found = {group.date[:10] for name, group in groups.items() if name in _NAMES}
    return " and ".join(sorted(found))


def draw(points: dict[str, list[tuple[int, float]]], where: str, path: Path) -> None:
    """Write the figure as PNG, both axes in logarithms.

    Args:
        points: as `curves` gives them; at least one curve.
        where: the machine and when it measured, in a few words.
        path: of the file; its folder is made.
    """
    from diffusion.views.style import MUTED, OKABE_ITO, figure, styled

    with styled():
        fig = figure(
            "What a month of one organisation costs",
            f"All rules and recording, one thread, processor time. {where}",
            size=(9.0, 5.6),
        )
        axes = fig.add_axes((0.1, 0.13, 0.86, 0.7))
        for (name, curve), colour in zip(points.items(), OKABE_ITO, strict=False):
            sizes, costs = zip(*curve, strict=True)
            axes.plot(sizes, costs, color=colour, marker="o", linewidth=2.2, clip_on=False)
            axes.annotate(
                name, (sizes[-1], costs[-1]), (0, 12), textcoords="offset points",
                color=colour, fontsize=12, fontweight="bold", ha="right",
            )  # fmt: skip
            for size, cost in curve:
                axes.annotate(
                    f"{cost:.3g}", (size, cost), (0, -16), textcoords="offset points",
                    color=colour, fontsize=10, ha="center",
                    bbox={"color": "white", "pad": 0.5},
                )  # fmt: skip
            # what it would cost everywhere if size made no difference
            axes.axhline(costs[0], color=MUTED, linewidth=1.0, linestyle=(0, (4, 4)), zorder=0)
        first = next(iter(points.values()))[0][1]
        axes.annotate(
            "constant cost", (1.0, first), (-4, 4), xycoords=("axes fraction", "data"),
            textcoords="offset points", color=MUTED, fontsize=11, ha="right", va="bottom",
        )  # fmt: skip
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="organisations",
            ylabel="microseconds an organisation and month",
        )
        axes.margins(x=0.08, y=0.15)
        axes.xaxis.set_major_formatter(lambda n, _: f"{n:,.0f}")
        axes.yaxis.set_major_formatter(lambda cost, _: f"{cost:,.4g}")
        path.parent.mkdir(parents=True, exist_ok=True)
        fig.savefig(path, dpi=150)
