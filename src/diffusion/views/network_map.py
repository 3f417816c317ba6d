"""The network on a map: who the organisations are, and where one practice stands with each."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.transforms import Bbox

from diffusion.views import layout, style
from diffusion.world.state import State
from diffusion.world.vocabulary import KINDS, STAGES

KIND_LOOKS = {
    "state_agency": ("state agency", "#000000"),
    "municipality": ("municipality", "#0072B2"),
    "ngo": ("NGO", "#E69F00"),
    "migrant_organisation": ("migrant organisation", "#D55E00"),
    "educational": ("education", "#009E73"),
    "company": ("company", "#56B4E9"),
    "volunteer_group": ("volunteer group", "#CC79A7"),
    "research": ("research", "#F0E442"),
}
STAGE_LOOKS = {
    "unaware": ("has not heard of it", "#D9D9D9"),
    "aware": ("has heard of it", "#56B4E9"),
    "trial": ("tries it", "#F0E442"),
    "adopted": ("uses it", "#009E73"),
    "institutionalised": ("made it routine", "#0072B2"),
    "lapsed": ("used it, stopped", "#D55E00"),
}
NAMED_TERRITORIES = 8


class _Drawn(NamedTuple):
    """What both panels show."""

    places: layout.FloatArray  # (organisations, 2)
    centres: layout.FloatArray  # of territories (territories, 2)
    radii: layout.FloatArray  # (territories,), 0 where none is
    ties: layout.FloatArray  # (ties, 2 ends, 2)
    local: npt.NDArray[np.bool_]  # (ties,): within a territory


def network_map(state: State, practice: int | None = None, when: str = "") -> Figure:
    """Two maps of the same network: coloured by kind, and by the stage of one practice.

    Args:
        state: the world in the month to show.
        practice: row in the catalogue; the one most organisations have used if not given.
        when: the moment in words, for the title.
    """
    practice = widest_practice(state) if practice is None else practice
    title = state.names.practice_titles[practice]
    rows = layout.shown(state)
    moment = f" {when}" if when else f" in month {state.month}"
    fig = style.figure(
        f"The network{moment}",
        f"{state.n_organisations:,} organisations, {state.n_ties:,} working ties. Each dot is an "
        f"organisation, each disc a territory; grey lines are ties.{_of_all(state, rows)}",
        size=(15.0, 8.4),
    )
    places, centres, radii = layout.positions(state, rows)
    ends, home = layout.tie_ends(state, rows), state.organisations.territory[rows]
    drawn = _Drawn(places, centres, radii, places[ends], home[ends[:, 0]] == home[ends[:, 1]])
    left = fig.add_axes((0.01, 0.11, 0.48, 0.75))
    right = fig.add_axes((0.51, 0.11, 0.48, 0.75))
    kinds, stages = state.organisations.kind[rows], stages_of(state, practice)[rows]
    _panel(left, state, drawn, kinds, [KIND_LOOKS[k] for k in KINDS])
    _panel(right, state, drawn, stages, [STAGE_LOOKS[s] for s in STAGES])
    left.set_title("Kind of organisation", fontsize=13, loc="left")
    right.set_title(f"Where “{title}” stands", fontsize=13, loc="left")
    return fig


def _of_all(state: State, rows: npt.NDArray[np.int64]) -> str:
    """What part of a large world is shown, in words."""
    if len(rows) == state.n_organisations:
        return ""
    territories = len(np.unique(state.organisations.territory[rows]))
    some = "one territory" if territories == 1 else f"{territories:,} territories"
    return f" Shown are {len(rows):,} of the organisations, in {some}."


def stages_of(state: State, practice: int) -> npt.NDArray[np.int64]:
    """Code in vocabulary.STAGES of every organisation for one practice, shape (n,)."""
    organisations = state.organisations
    bit = np.uint64(1) << np.uint64(practice)
    stage = np.zeros(state.n_organisations, np.int64)
    # later stages win; what runs again is not lapsed
    masks = {
        "aware": organisations.aware,
        "lapsed": organisations.lapsed,
        "trial": organisations.trial,
        "adopted": organisations.adopted,
        "institutionalised": organisations.institutional,
    }
    for name, mask in masks.items():
        stage[(mask & bit) != 0] = STAGES.index(name)
    return stage


def widest_practice(state: State) -> int:
    """The practice that most organisations use or have used."""
    organisations = state.organisations
    touched = organisations.adopted | organisations.institutional | organisations.lapsed
    counts = [
        int(np.count_nonzero(touched & (np.uint64(1) << np.uint64(p))))
        for p in range(state.n_practices)
    ]
    return int(np.argmax(counts))


def _panel(
    axes: Axes,
    state: State,
    drawn: _Drawn,
    codes: npt.NDArray[np.int64],
    looks: list[tuple[str, str]],
) -> None:
    places, centres, radii = drawn.places, drawn.centres, drawn.radii
    for territory in np.flatnonzero(radii):
        disc = Circle(
            (centres[territory, 0], centres[territory, 1]),
            1.1 * radii[territory] + 0.3,
            facecolor="#F6F6F6",
            edgecolor="none",
            zorder=0,
        )
        axes.add_patch(disc)
    _ties(axes, drawn.ties, drawn.local)
    for code, (text, colour) in enumerate(looks):
        here = codes == code
        axes.scatter(
            places[here, 0],
            places[here, 1],
            s=17,
            color=colour,
            edgecolors="#555555",
            linewidths=0.25,
            zorder=2 + code / 100,
            label=f"{text} ({int(here.sum())})",
        )
    axes.set_aspect("equal")
    axes.axis("off")
    axes.autoscale_view()
    _name_territories(axes, state, centres, radii)
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=3,
        fontsize=11,
        markerscale=2.0,
        handletextpad=0.2,
        columnspacing=1.2,
    )


def _name_territories(
    axes: Axes, state: State, centres: layout.FloatArray, radii: layout.FloatArray
) -> None:
    """Names above the largest discs; a name that would cover a larger disc's is left out."""
    axes.apply_aspect()
    taken: list[Bbox] = []
    for territory in np.argsort(-radii, kind="stable")[:NAMED_TERRITORIES]:
        if radii[territory] == 0:
            continue
        x, y = centres[territory]
        name = axes.text(
            x,
            y + 1.08 * radii[territory],
            state.names.territories[territory],
            ha="center",
            va="bottom",
            fontsize=9.5,
            zorder=4,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8},
        )
        place = name.get_window_extent()
        if any(place.overlaps(other) for other in taken):
            name.remove()
        else:
            taken.append(place)


def _ties(axes: Axes, lines: layout.FloatArray, local: npt.NDArray[np.bool_]) -> None:
    """Lines (ties, 2 ends, 2), those within a territory darker."""
    for which, alpha in ((~local, 0.10), (local, 0.35)):
        axes.add_collection(
            LineCollection(
                list(lines[which]),
                colors="#808080",
                linewidths=0.4,
                alpha=alpha,
                zorder=1,
                rasterized=True,  # thousands of lines would swell the SVG
            )
        )
