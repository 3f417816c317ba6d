"""Textbook processes give the results that are known of them."""

import functools
import itertools
import json
import math
import os
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest
from pydantic import ValidationError

from diffusion.base import draws
from diffusion.base.draws import Decision
from diffusion.model.month import Month
from diffusion.rules.textbook import cascade, contagion, threshold
from diffusion.rules.textbook.process import Process
from diffusion.world.state import State
from diffusion.world.traffic import Flow
from tests.architecture.checkout import ROOT
from tests.simulating import fingerprint, number_with, use, within
from tests.unit.rules.graphs import COPIES, active, copies, on, reached

FOREVER = 1000
SMALL = nx.Graph([(0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 4)])  # the seed is node 0
PLAIN = """
import json
from numba.core import config
from tests.unit.rules.test_textbook import digests
assert config.DISABLE_JIT == 1
print(json.dumps(digests()))
"""


def si_or_sir(p_transmit: float, p_recover: float = 0.0) -> contagion.Contagion:
    return contagion.Contagion(contagion.Parameters(p_transmit=p_transmit, p_recover=p_recover))


def at_least(share: float | None) -> threshold.Threshold:
    return threshold.Threshold(threshold.Parameters(threshold=share))


def independent(p_activate: float) -> cascade.Cascade:
    return cascade.Cascade(cascade.Parameters(p_activate=p_activate))


def by_month(rule: Process, state: State, months: int) -> None:
    for _ in range(months):
        with np.errstate(over="ignore"):
            Month([rule]).step(state)
        state.month += 1


# All of them


def crowd() -> "nx.Graph[int]":
    return nx.barabasi_albert_graph(60, 2, seed=3)


def seeded() -> State:
    """64 practices, each with a seed or two, some of them with a past."""
    state = on(crowd(), practices=64)
    for p in range(64):
        use(state, (7 * p) % 60, p)
        use(state, (11 * p + 5) % 60, p)
    use(state, 3, 1)
    state.uses.since[3, 1] = -9
    state.uses.since[:, 2] = -9
    state.organisations.lapsed[9] |= np.uint64(2)
    state.organisations.aware[9] |= np.uint64(2)
    state.organisations.adopted[9] &= ~np.uint64(2)
    state.organisations.threshold[:] = draws.uniforms(1, Decision.TARGET, 0, np.arange(60))
    return state


RULES: dict[str, Process] = {
    "si": si_or_sir(0.3),
    "sir": si_or_sir(0.2, 0.3),
    "threshold": at_least(0.4),
    "own threshold": at_least(None),
    "cascade": independent(0.3),
}


@functools.cache
def digests() -> dict[str, dict[str, str]]:
    """Fingerprints of every process after some months, in one call and then by month."""
    found = {}
    for name, rule in RULES.items():
        state = seeded()
        rule.run(state, 3)
        by_month(rule, state, 2)
        found[name] = fingerprint(state)
    return found


def test_compiled_and_plain_python_agree_in_every_bit() -> None:
    plain = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAIN],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert plain.returncode == 0, plain.stderr
    assert json.loads(plain.stdout) == digests()


@pytest.mark.parametrize("name", RULES)
def test_many_months_in_one_call_are_those_months(name: str) -> None:
    whole, stepped = seeded(), seeded()
    counts = RULES[name].run(whole, 5)
    assert counts.shape == (5, 64)
    for month in range(5):
        by_month(RULES[name], stepped, 1)
        assert counts[month].tolist() == [len(active(stepped, p)) for p in range(64)]
    assert fingerprint(whole) == fingerprint(stepped)
    assert whole.month == stepped.month == 5
    assert whole.flows[Flow.ADOPTIONS] > 0


@pytest.mark.parametrize("name", RULES)
def test_a_process_stops_where_nothing_can_change_any_more(name: str) -> None:
    state = seeded()
    months = len(RULES[name].run(state, FOREVER))
    if name != "si":  # the infected don't rest, even if nobody is left to be infected
        assert state.month == months < FOREVER
    before = fingerprint(state)
    by_month(RULES[name], state, 3)
    assert fingerprint(state) == before


@pytest.mark.parametrize("name", RULES)
def test_stages_exclude_each_other_and_all_have_heard(name: str) -> None:
    state = seeded()
    before = np.bitwise_count(state.organisations.adopted).sum()
    RULES[name].run(state, 4)
    orgs = state.organisations
    assert not (orgs.adopted & orgs.lapsed).any()
    assert not ((orgs.adopted | orgs.lapsed) & ~orgs.aware).any()
    gained = state.flows[Flow.ADOPTIONS] - state.flows[Flow.LAPSES]
    assert np.bitwise_count(orgs.adopted).sum() == before + gained


@pytest.mark.parametrize("name", RULES)
def test_practices_do_not_influence_each_other(name: str) -> None:
    together, alone = seeded(), seeded()
    for mask in (alone.organisations.adopted, alone.organisations.lapsed):
        mask &= np.uint64(2)
    RULES[name].run(together, 4)
    RULES[name].run(alone, 4)
    assert active(together, 1) == active(alone, 1)
    assert active(alone, 0) == set()


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (contagion.Parameters, {"p_transmit": 1.1, "p_recover": 0.0}),
        (contagion.Parameters, {"p_transmit": 0.1, "p_recover": -0.1}),
        (threshold.Parameters, {"threshold": 1.5}),
        (cascade.Parameters, {"p_activate": -0.1}),
    ],
)
def test_chances_and_shares_lie_between_0_and_1(settings: type, values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        settings(**values)


# Simple contagion


@pytest.mark.parametrize(
    "graph",
    [
        nx.path_graph(30),
        nx.convert_node_labels_to_integers(nx.grid_2d_graph(9, 7)),
        nx.gnm_random_graph(400, 600, seed=2),  # has parts that are out of reach
    ],
)
def test_certain_infection_arrives_after_as_many_months_as_there_are_steps(
    graph: "nx.Graph[int]",
) -> None:
    state = on(graph)
    use(state, 0)
    si_or_sir(1.0).run(state, graph.number_of_nodes())
    distances = nx.single_source_shortest_path_length(graph, 0)
    assert active(state) == set(distances)
    for node, steps in distances.items():
        assert state.uses.since[node, 0] == steps - 1  # the seed has been active since month -1


@pytest.mark.parametrize("infected", [1, 2, 5])
def test_each_infected_neighbour_is_one_more_chance(infected: int) -> None:
    star = nx.star_graph(infected)
    state = copies(nx.relabel_nodes(star, {0: infected, infected: 0}))
    ends = np.arange(state.n_organisations) % (infected + 1)
    for end in range(infected):
        state.organisations.adopted[ends == end] = 1
    si_or_sir(0.2).run(state, 1)
    centres = state.organisations.adopted[ends == infected]
    assert within(number_with(centres), COPIES, 1.0 - 0.8**infected)


def test_the_infected_recover_with_the_same_chance_each_month_and_for_good() -> None:
    state = copies(nx.path_graph(2))
    state.organisations.adopted[:] = 1
    counts = si_or_sir(1.0, 0.25).run(state, 4)[:, 0]
    for month, count in enumerate(counts):
        assert within(count, 2 * COPIES, 0.75 ** (month + 1))
    assert number_with(state.organisations.lapsed) == 2 * COPIES - counts[-1]


def test_an_infected_one_infects_before_it_recovers() -> None:
    state = on(nx.path_graph(3))
    use(state, 0)
    rule = si_or_sir(1.0, 1.0)
    assert rule.run(state, FOREVER)[:, 0].tolist() == [1, 1, 0]
    assert state.organisations.lapsed.tolist() == [1, 1, 1]


def test_whoever_has_recovered_is_immune() -> None:
    state = on(nx.path_graph(3))
    use(state, 0)
    state.organisations.lapsed[1] = 1
    si_or_sir(1.0).run(state, 10)
    assert active(state) == {0}


def test_the_final_size_solves_the_final_size_relation() -> None:
    n, degree, p_transmit, p_recover, seeds = 4000, 6.0, 0.1, 0.25, 0.02
    # an infected one passes it on to a given neighbour before it recovers with probability t
    t = 1.0 - p_recover * (1.0 - p_transmit) / (1.0 - (1.0 - p_recover) * (1.0 - p_transmit))
    expected = 1.0
    for _ in range(1000):
        expected = 1.0 - (1.0 - seeds) * math.exp(-degree * t * expected)
    sizes = []
    for k in range(25):
        state = on(nx.gnm_random_graph(n, int(n * degree / 2), seed=k), seed=k)
        use(state, slice(0, int(n * seeds)))
        assert si_or_sir(p_transmit, p_recover).run(state, FOREVER)[-1, 0] == 0
        sizes.append(number_with(state.organisations.lapsed) / n)
    error = np.std(sizes, ddof=1) / math.sqrt(len(sizes))
    assert error < 0.005
    assert abs(np.mean(sizes) - expected) <= 3.5 * error


# Complex contagion


@pytest.mark.parametrize(("share", "reach"), [(0.0, 30), (0.5, 30), (0.51, 1)])
def test_a_path_carries_what_half_of_the_neighbours_are_enough_for(
    share: float, reach: int
) -> None:
    state = on(nx.path_graph(30))
    use(state, 0)
    counts = at_least(share).run(state, FOREVER)[:, 0]
    assert counts[-1] == reach
    assert (np.diff(counts[:-1]) == 1).all()  # one a month


@pytest.mark.parametrize("leaves", [1, 2, 3, 7, 10, 49])
def test_a_threshold_that_is_just_reached_is_reached(leaves: int) -> None:
    for enough in range(1, leaves + 1):
        star = on(nx.star_graph(leaves))
        use(star, slice(1, 1 + enough))
        at_least(enough / leaves).run(star, 1)
        assert 0 in active(star)
        star = on(nx.star_graph(leaves))
        use(star, slice(1, enough))
        at_least(enough / leaves).run(star, 1)
        assert 0 not in active(star)


def test_thresholds_of_their_own_differ_between_organisations() -> None:
    state = on(nx.star_graph(4))
    state.organisations.threshold[:] = (0.5, 0.0, 0.9, 1.0, 1.0)
    use(state, slice(1, 3))
    counts = at_least(None).run(state, FOREVER)[:, 0]
    assert counts.tolist() == [3, 5, 5]


@pytest.mark.parametrize("degree", [3, 4, 6])
@pytest.mark.parametrize("above", [0.0, 0.001])
def test_cascades_on_regular_graphs_need_a_threshold_of_one_neighbour(
    degree: int, above: float
) -> None:
    graph = nx.random_regular_graph(degree, 500, seed=1)
    state = on(graph)
    use(state, 0)
    counts = at_least(1.0 / degree + above).run(state, FOREVER)[:, 0]
    assert counts[-1] == (1 if above else len(nx.node_connected_component(graph, 0)))


@pytest.mark.parametrize(("degree", "possible"), [(0.7, False), (3.0, True), (9.0, False)])
def test_global_cascades_happen_inside_the_cascade_window(degree: float, possible: bool) -> None:
    n, share, practices = 4000, 0.18, 64
    graph = nx.gnm_random_graph(n, int(n * degree / 2), seed=4)
    vulnerable = {node for node, k in graph.degree if 0 < k <= 1.0 / share}
    mean = sum(k * (k - 1) for node, k in graph.degree if node in vulnerable) / n
    assert (mean > degree) == possible, "Watts's condition"
    state = on(graph, practices=practices)
    for p in range(practices):
        use(state, p, p)
    reach = at_least(share).run(state, FOREVER)[-1] / n
    assert not ((reach > 0.05) & (reach < 0.5)).any(), "global or hardly any"
    clusters = sorted(nx.connected_components(graph.subgraph(vulnerable)), key=len)
    for p in range(practices):
        if set(graph[p]) & clusters[-1]:
            assert (reach[p] > 0.5) == possible
    assert (reach > 0.5).any() == possible


def test_uniform_thresholds_activate_as_if_each_had_picked_one_neighbour() -> None:
    # the linear threshold model is reachability when every node picks one neighbour evenly
    chances = np.zeros(SMALL.number_of_nodes())
    neighbours = [sorted(SMALL[node]) for node in sorted(SMALL)]
    picks = list(itertools.product(*neighbours))
    for pick in picks:
        chances[sorted(reached((one, node) for node, one in enumerate(pick)))] += 1 / len(picks)
    state = copies(SMALL)
    who = np.arange(state.n_organisations)
    state.organisations.threshold[:] = draws.uniforms(8, Decision.TARGET, 0, who)
    at_least(None).run(state, FOREVER)
    assert_frequencies(state, chances)


# Independent cascade


def test_cascades_reach_each_node_as_often_as_enumeration_says() -> None:
    p = 0.3
    chances = np.zeros(SMALL.number_of_nodes())
    arcs = list(SMALL.to_directed().edges)
    for lucky in itertools.product([False, True], repeat=len(arcs)):
        weight = math.prod(p if luck else 1.0 - p for luck in lucky)
        chances[sorted(reached(itertools.compress(arcs, lucky)))] += weight
    state = copies(SMALL)
    independent(p).run(state, FOREVER)
    assert_frequencies(state, chances)


def assert_frequencies(
    state: State, chances: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> None:
    """Each node of the small graph was activated as often as expected, within sampling error."""
    n = SMALL.number_of_nodes()
    assert chances[0] == pytest.approx(1.0)
    assert chances[1:].max() < 0.9
    for node in range(1, n):
        found = number_with(state.organisations.adopted[node::n])
        assert within(found, COPIES, chances[node]), node


def test_a_cascade_reaches_what_lucky_arcs_reach() -> None:
    p, graph = 0.25, nx.gnm_random_graph(300, 900, seed=6)
    state = on(graph)
    use(state, 0)
    arcs = np.array(graph.to_directed().edges)
    luck = draws.uniforms(state.seed, Decision.CASCADE, 0, arcs[:, 0], 64 * arcs[:, 1])
    independent(p).run(state, FOREVER)
    assert 100 < len(active(state)) < 300
    assert active(state) == reached(map(tuple, arcs[luck < p].tolist()))


def test_only_those_who_became_active_last_month_try() -> None:
    state = on(nx.path_graph(5))
    use(state, 1)
    state.uses.since[1, 0] = -2
    assert len(independent(1.0).run(state, FOREVER)) == 0
    state.uses.since[1, 0] = -1
    assert independent(1.0).run(state, FOREVER)[:, 0].tolist() == [3, 4, 5, 5]
    assert state.uses.since[:, 0].tolist() == [0, -1, 0, 1, 2]
