"""States that hold a given graph, for rules that act along ties."""

from collections.abc import Iterable

import networkx as nx
import numpy as np

from diffusion.world.state import State
from tests.simulating import FIELD, link, use, world

COPIES = 20_000


def on(graph: "nx.Graph[int]", practices: int = 1, seed: int = 5) -> State:
    """A state whose ties are the edges of a graph on 0 .. n - 1; nobody is active."""
    state = world(
        graph.number_of_nodes(), posts=1, practices={"fields": [FIELD] * practices}, seed=seed
    )
    link(state, graph.edges)
    return state


def copies(graph: "nx.Graph[int]") -> State:
    """Many copies of a small graph that don't touch, node 0 of each active since last month."""
    n = graph.number_of_nodes()
    edges = np.array(graph.edges)
    state = world(COPIES * n, posts=1)
    link(state, (edges + n * np.arange(COPIES)[:, None, None]).reshape(-1, 2))
    use(state, slice(0, None, n))
    return state


def active(state: State, practice: int = 0) -> set[int]:
    """The organisations that have adopted a practice."""
    mask = state.organisations.adopted >> np.uint64(practice) & np.uint64(1)
    return set(np.flatnonzero(mask).tolist())


def reached(arcs: Iterable[tuple[int, int]]) -> set[int]:
    """What node 0 reaches along arcs."""
    graph: nx.DiGraph[int] = nx.DiGraph(list(arcs))
    return {0} | (nx.descendants(graph, 0) if 0 in graph else set())
