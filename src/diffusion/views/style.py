"""One look for all figures: legible on a slide, safe for colour-blind readers, plain words.

Figures are drawn on the Agg canvas without pyplot, so that drawing never touches global state and
works without a display. Colours: Okabe and Ito 2008.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from diffusion.runner.files import write_with

if TYPE_CHECKING:
    from diffusion.analysis.comparison import Comparison

OKABE_ITO = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
)  # without yellow: unreadable as text
BASELINE = "#4D4D4D"
MUTED = "#6E6E6E"
FAINT = "#E4E4E4"
WINDOW = "#FBF1D5"
LINES = ("-", "--", "-.", ":")

LABEL_WIDTH = 26  # characters
SLIDE = (11.0, 6.2)  # inches: 16:9 with room for a title
SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "svg.hashsalt": "diffusion",  # the same figure gives the same file
}


def styled() -> Any:
    """The context in which figures are drawn and saved."""
    return rc_context(SETTINGS)


def figure(title: str, note: str, size: tuple[float, float] = SLIDE) -> Figure:
    """An empty figure with its message on top and how to read it below."""
    result = Figure(figsize=size)
    FigureCanvasAgg(result)
    title_y, note_y = 1.0 - 0.1 / size[1], 1.0 - 0.46 / size[1]
    result.suptitle(title, x=0.02, y=title_y, ha="left", va="top", fontsize=16, fontweight="bold")
    result.text(0.02, note_y, note, ha="left", va="top", fontsize=11, color=MUTED)
    return result


def colours(names: Sequence[str], baseline: str) -> dict[str, tuple[str, str]]:
    """Colour and dashes per scenario: grey for the baseline; colours repeat with other dashes."""
    looks = {baseline: (BASELINE, "--")}
    for k, name in enumerate(name for name in names if name != baseline):
        turn, colour = divmod(k, len(OKABE_ITO))
        looks[name] = (OKABE_ITO[colour], LINES[turn % len(LINES)])
    return looks


def line_with_band(
    axes: Axes,
    x: npt.ArrayLike,
    mean: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    look: tuple[str, str],
    limits: tuple[float, float] = (0.0, 1.0),
) -> None:
    """A mean with its interval, which stays inside the limits: those of a share, if not given."""
    colour, dashes = look
    lower, upper = np.clip(np.asarray(low), *limits), np.clip(np.asarray(high), *limits)
    axes.fill_between(x, lower, upper, color=colour, alpha=0.22, linewidth=0)
    axes.plot(x, mean, color=colour, linestyle=dashes, linewidth=2.2)


def window(axes: Axes, start: float, stop: float) -> None:
    """Shade the months in which the intervention runs and mark its end."""
    axes.axvspan(start, stop, color=WINDOW, zorder=0)
    axes.axvline(stop, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.text(
        (start + stop) / 2,
        1.0,
        "intervention runs",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="bottom",
        fontsize=11,
        color=MUTED,
    )
    axes.text(
        stop,
        1.0,
        "  money stops",
        transform=axes.get_xaxis_transform(),
        ha="left",
        va="bottom",
        fontsize=11,
        fontweight="bold",
        color=BASELINE,
    )


def percent_axis(axes: Axes) -> None:
    """Shares 0..1 shown as per cent, with quiet guide lines."""
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)


def direct_labels(axes: Axes, labels: Iterable[tuple[float, str, str]], x: float) -> None:
    """Name lines at their right end; labels that would collide are moved apart.

    Each label is (y of the line's end, text, colour); a thin leader shows what was moved.
    """
    entries = [(y, wrapped(text), colour) for y, text, colour in sorted(labels)]
    low, high = axes.get_ylim()
    lines = [1 + text.count("\n") for _, text, _ in entries]
    # a line of text takes 0.4 % of the axis per point of its size; many labels are set smaller
    size = min(12.0, 250.0 / max(1, sum(lines)))
    heights = [0.004 * size * (high - low) * n for n in lines]
    places = spread([y for y, _, _ in entries], heights, low, high)
    left, right = axes.get_xlim()
    gap = 0.025 * (right - left)
    for (y, text, colour), place in zip(entries, places, strict=True):
        axes.plot([x, x + gap], [y, place], color=colour, linewidth=0.9, clip_on=False)
        axes.text(
            x + 1.2 * gap, place, text, color=colour, va="center", fontsize=size, clip_on=False
        )
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)


def reference(comparison: "Comparison") -> str:
    """What scenarios are compared with, in words."""
    names = {comparison.against(name) for name in comparison.others}
    if len(names) > 1:
        return "the scenario that each is compared with"
    return f"“{comparison.label(next(iter(names), comparison.baseline))}”"


def wrapped(text: str) -> str:
    """A scenario's label broken into lines that fit beside an axis."""
    return fill(text, LABEL_WIDTH)


def spread(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float
) -> list[float]:
    """Centres of labels that do not overlap, as near as can be to the wanted ones (ascending).

    Labels that would overlap form a block around their common mean, inside low..high where
    the block fits.
    """
    blocks: list[list[int]] = []
    centres: list[float] = []
    for k in range(len(wanted)):
        blocks.append([k])
        centres.append(_centre([k], wanted, heights, low, high))
        while len(blocks) > 1 and centres[-1] - centres[-2] < (
            sum(heights[i] for i in blocks[-1]) + sum(heights[i] for i in blocks[-2])
        ) / 2 * (1 - 1e-9):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
            centres[-2:] = [_centre(blocks[-1], wanted, heights, low, high)]
    places = []
    for block, centre in zip(blocks, centres, strict=True):
        edge = centre - sum(heights[i] for i in block) / 2
        for i in block:
            places.append(edge + heights[i] / 2)
            edge += heights[i]
    return places


def _centre(
    block: Sequence[int],
    wanted: Sequence[float],
    heights: Sequence[float],
    low: float,
    high: float,
) -> float:
    half = sum(heights[i] for i in block) / 2
    centre = sum(wanted[i] for i in block) / len(block)
    return max(min(centre, high - half), low + half)


def save(fig: Figure, folder: Path, name: str) -> list[Path]:
    """Write the figure as PNG (for slides) and SVG (for print); return both paths.

    Raises:
        ResultsError: the disk is full, or the folder can't be written.
    """
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    write_with(png, lambda path: fig.savefig(path, format="png", dpi=150))
    write_with(svg, lambda path: fig.savefig(path, format="svg", metadata={"Date": None}))
    return [png, svg]
