import networkx as nx
import numpy as np
import pytest

from diffusion.base.errors import WorldError
from diffusion.world.network import (
    clustering,
    largest_component,
    local_clustering,
    modularity,
    set_ties_from_graph,
    to_graph,
)
from tests.unit.world.defaults import practices, synthetic
from tests.unit.world.invariants import assert_ties


def arrays(graph: "nx.Graph[int]") -> tuple[np.ndarray, np.ndarray]:
    edges = np.array(graph.edges, np.int64).reshape(-1, 2)
    return edges.min(axis=1), edges.max(axis=1)


@pytest.mark.parametrize(
    "graph",
    [nx.karate_club_graph(), nx.path_graph(7), nx.complete_graph(5), nx.cycle_graph(3)],
    ids=["karate", "path", "complete", "triangle"],
)
def test_measures_agree_with_networkx(graph: "nx.Graph[int]") -> None:
    n = graph.number_of_nodes()
    a, b = arrays(graph)
    assert clustering(n, a, b) == pytest.approx(nx.average_clustering(graph))
    expected = nx.clustering(graph)
    assert local_clustering(n, a, b) == pytest.approx([expected[i] for i in range(n)])
    group = np.arange(n) % 3
    parts = [set(np.flatnonzero(group == g).tolist()) for g in range(3)]
    want = nx.community.modularity(graph, parts, weight=None)
    assert modularity(a, b, group) == pytest.approx(want)
    biggest = max(nx.connected_components(graph), key=len)
    assert largest_component(n, a, b) == pytest.approx(len(biggest) / n)


def test_clustering_of_the_first_organisations_alone() -> None:
    a, b = arrays(nx.karate_club_graph())
    every = local_clustering(34, a, b)
    assert clustering(34, a, b, 10) == pytest.approx(every[:10].mean())
    assert clustering(34, b, a, 99) == pytest.approx(every.mean())


def test_largest_component_of_a_graph_in_pieces() -> None:
    assert largest_component(6, np.array([0, 1, 4]), np.array([1, 2, 5])) == 0.5
    assert largest_component(3, np.zeros(0, np.int64), np.zeros(0, np.int64)) == pytest.approx(
        1 / 3
    )


def test_a_graph_carries_attributes_of_nodes_and_edges() -> None:
    state = synthetic(n=60).build(practices(), 1)
    graph = to_graph(state)
    assert graph.number_of_nodes() == 60
    assert graph.number_of_edges() == state.n_ties
    node = graph.nodes[0]
    assert node["name"] == "Organisation 1"
    assert {"kind", "territory", "country", "level", "migrant_led", "n_using"} <= set(node)
    a, b = int(state.ties.a[0]), int(state.ties.b[0])
    assert graph.edges[a, b]["trust"] == state.ties.trust[0]


def test_ties_can_be_set_from_a_graph() -> None:
    state = synthetic(n=60).build(practices(), 1)
    graph = nx.cycle_graph(60)
    graph.edges[0, 1]["trust"] = 0.9
    set_ties_from_graph(state, graph, trust=0.4)
    assert_ties(state)
    assert state.n_ties == 60
    assert state.ties.trust[0] == 0.9
    assert state.ties.trust[1] == 0.4
    assert np.diff(state.adjacency.start).tolist() == [2] * 60


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([(0, 99)], "no organisation"),
        ([("a", 1)], "no organisation"),
        ([(3, 3)], "tie to itself"),
        ([(0, 1, {"trust": 1.5})], "allowed is"),
    ],
)
def test_graphs_that_do_not_fit_are_refused(edges: list[tuple[object, ...]], message: str) -> None:
    state = synthetic(n=20, n_territories=2, modularity=0.0).build(practices(limit=2), 1)
    graph: nx.Graph[object] = nx.Graph(edges)
    with pytest.raises(WorldError, match=message):
        set_ties_from_graph(state, graph)
