"""Where organisations stand on the map: by territory, the same places in every picture of a world.

Territories are discs; discs of territories that work together lie near each other, and within a
disc those organisations that are tied. Every seed of a layout is a keyed draw of the world's own
seed, so the same world always looks the same. Of a large world a part is shown: more dots than a
few thousand are no picture, and finding their places takes time with their square.
"""

import math

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from diffusion.base.draws import Decision, uniform
from diffusion.world.state import State

FloatArray = npt.NDArray[np.float64]
SPACE = 1.3  # room around a disc, in its radii
MOST = 3_000  # organisations on a map
_MOST_TOGETHER = 600  # in a disc, for whom to look where they stand best


def shown(state: State) -> npt.NDArray[np.int64]:
    """Rows of the organisations that a map shows: all, or those of the first territories.

    Territories are whole, unless the first that has somebody is too large by itself.
    """
    home = state.organisations.territory
    if state.n_organisations <= MOST:
        return np.arange(state.n_organisations)
    together = np.bincount(home).cumsum()
    first = int(np.argmax(together > 0))
    fitting = np.flatnonzero(together <= MOST)
    last = max(first, int(fitting[-1]) if len(fitting) else 0)
    return np.flatnonzero(home <= last)[:MOST]


def positions(
    state: State, rows: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places of some organisations, and the discs of the territories.

    Args:
        rows: of the organisations, ascending.

    Returns:
        places (rows, 2); disc centres (territories, 2); disc radii (territories,), 0 where none is.
    """
    home = state.organisations.territory[rows]
    ends = tie_ends(state, rows)
    counts = np.bincount(home, minlength=len(state.names.territories))
    radii = np.sqrt(counts.astype(np.float64))
    centres = _push_apart(_territory_centres(state, home[ends], counts), SPACE * radii)
    places = np.zeros((len(rows), 2))
    for territory in np.flatnonzero(counts):
        members = np.flatnonzero(home == territory)
        inside = ends[(home[ends[:, 0]] == territory) & (home[ends[:, 1]] == territory)]
        disc = _disc(members, inside, _seed(state, int(territory) + 1))
        places[members] = centres[territory] + radii[territory] * disc
    return places, centres, radii


def tie_ends(state: State, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The two organisations of every present tie between some, by their place in `rows`."""
    n = state.n_ties
    place = np.full(state.n_organisations, -1)
    place[rows] = np.arange(len(rows))
    ends = place[np.column_stack((state.ties.a[:n], state.ties.b[:n]))]
    found: npt.NDArray[np.int64] = ends[(ends >= 0).all(axis=1)]
    return found


def _territory_centres(
    state: State, homes: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> FloatArray:
    graph = nx.Graph()
    graph.add_nodes_from(int(t) for t in np.flatnonzero(counts))
    for a, b in homes:
        if a != b:
            weight = graph.get_edge_data(int(a), int(b), {"weight": 0})["weight"]
            graph.add_edge(int(a), int(b), weight=weight + 1)
    layout = nx.spring_layout(graph, seed=_seed(state, 0), iterations=200)
    centres = np.zeros((len(counts), 2))
    scale = 1.3 * math.sqrt(float(counts.sum()))
    for territory, place in layout.items():
        centres[territory] = scale * np.asarray(place)
    return centres


def _disc(members: npt.NDArray[np.int64], inside: npt.NDArray[np.int64], seed: int) -> FloatArray:
    """Places in the unit disc, evenly filled; who is tied stands together (spring layout).

    Of very many nobody could see that, and they stand as they come.
    """
    if len(members) == 1:
        return np.zeros((1, 2))
    if len(members) > _MOST_TOGETHER:
        return _sunflower(len(members))
    graph = nx.Graph()
    graph.add_nodes_from(int(m) for m in members)
    graph.add_edges_from((int(a), int(b)) for a, b in inside)
    layout = nx.spring_layout(graph, seed=seed, iterations=60)
    raw = np.array([layout[int(m)] for m in members])
    raw -= raw.mean(axis=0)
    raw /= np.hypot(raw[:, 0], raw[:, 1]).max()
    places = _sunflower(len(members))
    distance = ((raw[:, None, :] - places[None, :, :]) ** 2).sum(axis=2)
    _, place = linear_sum_assignment(distance)
    result: FloatArray = places[place]
    return result


def _sunflower(n: int) -> FloatArray:
    """Places (n, 2) that fill the unit disc evenly, like the seeds of a sunflower."""
    k = np.arange(n)
    angle = k * math.pi * (3.0 - math.sqrt(5.0))
    distance = np.sqrt((k + 0.5) / n)
    return np.column_stack((distance * np.cos(angle), distance * np.sin(angle)))


def _push_apart(centres: FloatArray, radii: FloatArray, rounds: int = 400) -> FloatArray:
    """Move discs until none overlaps, then leave them; empty discs (radius 0) do not count."""
    result = centres.copy()
    real = np.flatnonzero(radii > 0)
    for _ in range(rounds):
        moved = False
        for i, a in enumerate(real):
            for b in real[i + 1 :]:
                apart = result[b] - result[a]
                distance = float(np.hypot(apart[0], apart[1]))
                overlap = radii[a] + radii[b] - distance
                if overlap <= 1e-6:
                    continue
                direction = apart / distance if distance > 0 else np.array([1.0, 0.0])
                result[a] -= 0.5 * overlap * direction
                result[b] += 0.5 * overlap * direction
                moved = True
        if not moved:
            break
    return result


def _seed(state: State, who: int) -> int:
    return int(uniform(state.seed, Decision.WORLD_GRAPH_SEED, -1, 1_000_000 + who) * 2**31)
