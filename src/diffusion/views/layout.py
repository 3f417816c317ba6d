"""Where organisations stand on the map: by territory, the same places in every picture of a world.

Territories are discs; discs of territories that work together lie near each other, and within a
disc those organisations that are tied. Every seed of a layout is a keyed draw of the world's own
seed, so the same world always looks the same.
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


def positions(state: State) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places of all organisations, and the discs of the territories.

    Returns:
        places (n, 2); disc centres (territories, 2); disc radii (territories,), 0 where nobody is.
    """
    home = state.organisations.territory
    ends = tie_ends(state)
    counts = np.bincount(home, minlength=len(state.names.territories))
    radii = np.sqrt(counts.astype(np.float64))
    centres = _push_apart(_territory_centres(state, ends, counts), SPACE * radii)
    places = np.zeros((state.n_organisations, 2))
    for territory in np.flatnonzero(counts):
        members = np.flatnonzero(home == territory)
        inside = ends[(home[ends[:, 0]] == territory) & (home[ends[:, 1]] == territory)]
        disc = _disc(members, inside, _seed(state, int(territory) + 1))
        places[members] = centres[territory] + radii[territory] * disc
    return places, centres, radii


def tie_ends(state: State) -> npt.NDArray[np.int64]:
    """The two organisations of every present tie, shape (ties, 2)."""
    n = state.n_ties
    return np.column_stack((state.ties.a[:n], state.ties.b[:n]))


def _territory_centres(
    state: State, ends: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> FloatArray:
    home = state.organisations.territory
    graph = nx.Graph()
    graph.add_nodes_from(int(t) for t in np.flatnonzero(counts))
    for a, b in home[ends]:
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
    """Places in the unit disc, evenly filled; who is tied stands together (spring layout)."""
    if len(members) == 1:
        return np.zeros((1, 2))
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
