"""networkx in and out, and the measures of a network of ties on plain arrays.

This is the only file that calls graph generators or graph metrics; networkx is imported inside
the functions, because importing it takes longer than building a world.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray, table_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.errors import WorldError
from diffusion.base.scratch import cleared, scratch
from diffusion.world import vocabulary
from diffusion.world.adjacency import Ties
from diffusion.world.state import State

if TYPE_CHECKING:
    import networkx as nx


@inner
def _local_clustering(n, a, b, result):  # type: ignore[no-untyped-def]
    """Clustering of the first organisations, from the number of triangles that each is part of.

    `result` has a cell for each of them. A triangle is found once, from its lowest corner: every
    tie is listed with its lower end.
    """
    degree, until = cleared(n, np.int64), cleared(n + 1, np.int64)
    for t in range(a.shape[0]):
        degree[a[t]] += 1
        degree[b[t]] += 1
        until[min(a[t], b[t]) + 1] += 1
    # unsigned, because looking up what can't be negative takes half the time
    start, above = scratch(n + 1, np.uint64), scratch(a.shape[0], np.uint32)
    start[0] = 0
    for i in range(n):
        until[i + 1] += until[i]
        start[i + 1] = np.uint64(until[i + 1])
    for t in range(a.shape[0]):
        lower = min(a[t], b[t])
        above[until[lower]] = max(a[t], b[t])
        until[lower] += 1
    near, triangles, first = cleared(n, np.int64), cleared(n, np.int64), result.shape[0]
    for i in range(first):
        for s in range(start[i], start[i + 1]):
            near[above[s]] = 1
        for s in range(start[i], start[i + 1]):
            j = above[s]
            found = 0
            for q in range(start[j], start[j + 1]):
                k = above[q]
                triangles[k] += near[k]
                found += near[k]
            triangles[j] += found
            triangles[i] += found
        for s in range(start[i], start[i + 1]):
            near[above[s]] = 0
    for i in range(first):
        pairs = degree[i] * (degree[i] - 1.0)
        result[i] = 2 * triangles[i] / pairs if pairs > 0.0 else 0.0


@compiled
def _largest_component(n, a, b):  # type: ignore[no-untyped-def]
    parent, sizes = scratch(n, np.int64), cleared(n, np.int64)
    for i in range(n):
        parent[i] = i
    for t in range(a.shape[0]):
        i = a[t]
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        j = b[t]
        while parent[j] != j:
            parent[j] = parent[parent[j]]
            j = parent[j]
        if i < j:
            parent[j] = i
        elif j < i:
            parent[i] = j
    for k in range(n):
        i = k
        while parent[i] != i:
            i = parent[i]
        sizes[i] += 1
    return _largest(sizes)


@compiled
def _each_clustering(n, a, b, result):  # type: ignore[no-untyped-def]
    _local_clustering(n, a, b, result)


@compiled
def _mean_clustering(n, a, b, first):  # type: ignore[no-untyped-def]
    each, total = scratch(first), 0.0
    _local_clustering(n, a, b, each)
    for i in range(first):
        total += each[i]
    return total / first if first > 0 else 0.0


@inner
def _largest(numbers):  # type: ignore[no-untyped-def]
    """The largest of some numbers, none of which is below 0; numba's own takes long to compile."""
    most = np.int64(0)
    for x in range(numbers.shape[0]):
        most = max(most, numbers[x])
    return most


@compiled
def _modularity(a, b, group):  # type: ignore[no-untyped-def]
    n_ties = a.shape[0]
    if n_ties == 0:
        return 0.0
    groups = _largest(group) + 1
    ends = cleared(groups, np.int64)
    within = 0
    for t in range(n_ties):
        one, other = group[a[t]], group[b[t]]
        ends[one] += 1
        ends[other] += 1
        within += 1 if one == other else 0
    by_chance = 0.0
    for k in range(groups):
        share = ends[k] / (2.0 * n_ties)
        by_chance += share * share
    return within / n_ties - by_chance


@inner
def measure(orgs, ties, n_ties, result):  # type: ignore[no-untyped-def]
    """Clustering, modularity by territory and share in the largest component, into `result`."""
    n = orgs.shape[0]
    a, b = scratch(n_ties, np.int64), scratch(n_ties, np.int64)
    for t in range(n_ties):
        a[t], b[t] = ties[t].a, ties[t].b
    territory = scratch(n, np.int64)
    for i in range(n):
        territory[i] = orgs[i].territory
    result[0] = _mean_clustering(n, a, b, n)
    result[1] = _modularity(a, b, territory)
    result[2] = _largest_component(n, a, b) / n


def clustering(n: int, a: IntArray, b: IntArray, first: int | None = None) -> float:
    """Mean local clustering coefficient; organisations with fewer than two ties count as 0.

    Args:
        n: organisations.
        a: one end of each tie.
        b: the other end.
        first: average only over the first so many organisations (for very large networks).
    """
    return float(_mean_clustering(n, a, b, n if first is None else min(first, n)))


def local_clustering(n: int, a: IntArray, b: IntArray) -> FloatArray:
    """Local clustering coefficient of every organisation, shape (n,)."""
    result = np.empty(n)
    _each_clustering(n, a, b, result)
    return result


def modularity(a: IntArray, b: IntArray, group: IntArray) -> float:
    """Newman's modularity of a division into groups: ties within, less those expected."""
    return float(_modularity(a, b, group))


def largest_component(n: int, a: IntArray, b: IntArray) -> float:
    """Share of organisations in the largest connected component."""
    return float(_largest_component(n, a, b)) / n if n else 0.0


def to_graph(state: State) -> "nx.Graph[int]":
    """The current ties as a networkx graph with node and edge attributes.

    Nodes are the organisations' rows, with name, kind, territory, country, level, migrant_led,
    degree, n_using; edges have trust, contact (month) and the two posts that hold them.
    """
    import networkx as nx

    organisations, ties = state.organisations, state.ties
    using = np.bitwise_count(organisations.adopted | organisations.institutional)
    graph: nx.Graph[int] = nx.Graph()
    for i in range(state.n_organisations):
        graph.add_node(
            i,
            name=state.names.organisations[i],
            kind=vocabulary.KINDS[organisations.kind[i]],
            territory=state.names.territories[organisations.territory[i]],
            country=vocabulary.COUNTRIES[organisations.country[i]],
            level=vocabulary.LEVELS[organisations.level[i]],
            migrant_led=bool(organisations.migrant_led[i]),
            n_using=int(using[i]),
        )
    for t in range(state.n_ties):
        graph.add_edge(
            int(ties.a[t]),
            int(ties.b[t]),
            trust=float(ties.trust[t]),
            contact=int(ties.contact[t]),
            post_a=int(ties.post_a[t]),
            post_b=int(ties.post_b[t]),
        )
    return graph


def set_ties_from_graph(state: State, graph: "nx.Graph[Any]", trust: float = 0.5) -> None:
    """Replace the ties of a state by the edges of a graph; each end is held by the first post.

    Nodes are rows of organisations; an edge attribute `trust` overrides the common value.

    Raises:
        WorldError: a node that is not a row, a tie to itself, or trust outside (0, 1].
    """
    edges: dict[tuple[int, int], float] = {}
    for one, other, data in graph.edges(data=True):
        for node in (one, other):
            if not isinstance(node, int | np.integer) or not 0 <= node < state.n_organisations:
                raise WorldError(
                    f"node {node!r} of the graph is no organisation; "
                    f"rows 0..{state.n_organisations - 1} are"
                )
        if one == other:
            raise WorldError(f"organisation {one} has a tie to itself; remove that edge")
        value = float(data.get("trust", trust))
        if not 0.0 < value <= 1.0:
            raise WorldError(f"trust of the edge {one}-{other} is {value}; allowed is (0, 1]")
        edges[(min(int(one), int(other)), max(int(one), int(other)))] = value
    pairs = np.array(sorted(edges), np.int64).reshape(-1, 2)
    values = np.array([edges[one, other] for one, other in pairs.tolist()])
    first = state.organisations.first_post
    ties = table_of(
        Ties,
        pairs.shape[0],
        a=pairs[:, 0],
        b=pairs[:, 1],
        post_a=first[pairs[:, 0]],
        post_b=first[pairs[:, 1]],
        trust=values,
        contact=state.month - 1,
    )
    state.set_ties(ties, pairs.shape[0])
