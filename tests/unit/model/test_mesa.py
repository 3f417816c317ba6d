"""The model behaves as a Mesa user expects, and costs nothing until it is asked for."""

import copy
import functools
import gc
import inspect
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable

import mesa
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from diffusion.base.arrays import resized
from diffusion.base.errors import DiffusionError
from diffusion.config import load
from diffusion.model.model import Model
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.world.cooperation import CooperationNetwork, Funder, PolicyMaker
from diffusion.world.organisation import Organisation

N = 60
MONTHS = 14
KINDS_OF_AGENTS = [Organisation, PolicyMaker, Funder, CooperationNetwork]
CALLS: list[tuple[int, int]] = []


@functools.cache
def settings(seed: int = 3, months: int = MONTHS) -> ModelSettings:
    timing = ["timing.start=2", "timing.stop=6", f"timing.months={months}"]
    world = ["world=synthetic", f"world.n={N}", "world.n_territories=3"]
    return load([*timing, *world, "practices.limit=8", f"seed={seed}"])


class Eager(Organisation):
    """Every second organisation adopts the first practice in month 4."""

    def step(self) -> None:
        CALLS.append((self.model.month, self.row))
        if self.model.month == 4 and self.row % 2 == 0:
            self.adopt(self.model.state.names.practices[0])


class Quiet(Organisation):
    """Overrides nothing that is called."""

    @property
    def n_in_use(self) -> int:
        return len(self.using)


@pytest.fixture
def model() -> Model:
    return Model(settings())


@pytest.fixture
def calls() -> list[tuple[int, int]]:
    CALLS.clear()
    return CALLS


def test_a_step_is_a_month_of_the_simulation(model: Model) -> None:
    bare = Simulation(settings())
    for month in range(1, 4):
        model.step()
        bare.step()
        assert (model.month, model.steps) == (month, month)
    pd.testing.assert_frame_equal(model.months(), bare.months(), check_exact=True)


def test_looking_at_agents_changes_no_outcome(model: Model) -> None:
    watched = Model(settings())
    while watched.running:
        watched.step()
        watched.agents.shuffle_do("step")
        assert len(watched.graph) == N
    pd.testing.assert_frame_equal(model.run().months(), watched.months(), check_exact=True)


def test_run_stops_at_the_last_month(model: Model) -> None:
    assert model.run() is model
    assert (model.month, model.steps, model.running) == (MONTHS, MONTHS, False)
    other = Model(settings())
    other.run_model()
    assert other.month == MONTHS
    with pytest.raises(DiffusionError, match=f"over after {MONTHS} months"):
        model.step()
    assert len(model.months()) == MONTHS


def test_a_run_makes_no_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    register = mesa.Model.register_agent

    def counted(self: mesa.Model, agent: mesa.Agent) -> None:
        made.append(agent)
        register(self, agent)

    monkeypatch.setattr(mesa.Model, "register_agent", counted)
    model = Model(settings()).run()
    assert made == []
    assert len(model.agents) == len(made) > N


@pytest.mark.parametrize(
    "first",
    [
        lambda model: model.agents,
        lambda model: model.agents_by_type,
        lambda model: model.agent_types,
        lambda model: model.networks,
        lambda model: model.organisations[0].neighbours,
    ],
)
def test_every_way_to_agents_makes_them_all(model: Model, first: Callable[[Model], object]) -> None:
    first(model)
    state = model.state
    counts = [N, len(state.territories.will), len(state.funders.kind), state.n_networks]
    assert model.agent_types == KINDS_OF_AGENTS
    assert [len(model.agents_by_type[kind]) for kind in KINDS_OF_AGENTS] == counts
    assert min(counts) > 0
    assert len(model.agents) == sum(counts)
    assert [agent.unique_id for agent in model.agents] == list(range(1, sum(counts) + 1))


def test_agents_keep_their_id_whenever_they_are_made(model: Model) -> None:
    early, late = model, Model(settings())
    early_agents = list(early.agents)
    assert list(early.run().agents)[: len(early_agents)] == early_agents
    ids = [[(a.unique_id, a.name) for a in m.organisations] for m in (early, late.run())]
    assert ids[0] == ids[1]
    assert ids[0][0][0] == 1


def test_a_network_that_is_founded_gets_an_agent(model: Model) -> None:
    before = list(model.agents)
    state = model.state
    state.networks = resized(state.networks, state.n_networks + 1)
    state.networks[state.n_networks - 1] = state.networks[state.n_networks - 2]
    members = state.members
    state.set_members(
        type(members)(np.append(members.start, len(members.organisation)), members.organisation)
    )
    state.names.networks.append("A new group")
    assert list(model.agents)[:-1] == before
    assert list(model.agents_by_type[CooperationNetwork])[-1].name == "A new group"


def test_select_get_and_agg_agree_with_the_arrays(model: Model) -> None:
    model.step()
    table = model.state.organisations
    organisations = model.agents_by_type[Organisation]
    assert organisations.get("slack") == table.slack.tolist()
    busy = organisations.select(lambda organisation: organisation.overload > 0.1)
    assert [o.row for o in busy] == np.flatnonzero(table.overload > 0.1).tolist()
    assert organisations.agg("staff", sum) == pytest.approx(table.staff.sum())
    assert len(model.agents.select(agent_type=Funder)) == len(model.funders)


def test_set_and_do_write_the_arrays(model: Model) -> None:
    organisations = model.agents_by_type[Organisation]
    organisations.set("support", 0.25)
    assert (model.state.organisations.support == 0.25).all()
    practice = model.state.names.practices[0]
    organisations.do("adopt", practice)
    assert all(organisations.map("uses", practice))
    assert (model.state.organisations.adopted & np.uint64(1) == 1).all()


def test_groupby_counts_kinds(model: Model) -> None:
    counts = model.agents_by_type[Organisation].groupby("kind").count()
    assert sorted(counts.values()) == sorted(
        np.unique(model.state.organisations.kind, return_counts=True)[1].tolist()
    )


def test_shuffling_follows_the_seed() -> None:
    def order(seed: int) -> list[int]:
        rows: list[int] = []
        model = Model(settings(seed))  # sets of agents hold them weakly; the model keeps them
        agents = model.agents_by_type[Organisation]
        agents.shuffle_do(lambda organisation: rows.append(organisation.row))
        return rows

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == list(range(N))


def test_seed_replaces_that_of_the_settings() -> None:
    draws = [m.rng.integers(2**62) for m in (Model(settings(5)), Model(settings(), seed=5))]
    assert draws[0] == draws[1] != Model(settings()).rng.integers(2**62)
    assert Model(settings(), rng=0).settings.seed == 0
    pd.testing.assert_frame_equal(
        Model(settings(), seed=5).run().months(), Model(settings(5)).run().months()
    )
    with pytest.raises(TypeError, match="one of them"):
        Model(settings(), seed=1, rng=1)


def test_data_collector_collects_columns(model: Model) -> None:
    collector = mesa.DataCollector(
        model_reporters={"month": "month", "ties": lambda m: m.graph.number_of_edges()},
        agent_reporters={"name": "name"},
        agenttype_reporters={Organisation: {"slack": "slack", "using": lambda o: len(o.using)}},
    )
    slack = []
    for _ in range(3):
        model.step()
        collector.collect(model)
        slack.append(model.state.organisations.slack.copy())
    table = collector.get_model_vars_dataframe()
    assert table["month"].tolist() == [1, 2, 3]
    assert table["ties"].iloc[-1] == model.state.n_ties
    agents = collector.get_agent_vars_dataframe()
    assert len(agents) == 3 * len(model.agents)
    assert agents["name"].loc[3].tolist() == [agent.name for agent in model.agents]
    organisations = collector.get_agenttype_vars_dataframe(Organisation)
    np.testing.assert_array_equal(organisations["slack"], np.concatenate(slack))


class Collecting(Model):
    """What a Mesa user writes for the batch runner: a model that collects after each step."""

    def __init__(
        self, settings: ModelSettings, seed: int | None = None, rng: int | None = None
    ) -> None:
        super().__init__(settings, seed=seed, rng=rng)
        self.datacollector = mesa.DataCollector(model_reporters={"using": _n_using})

    def step(self) -> None:
        super().step()
        self.datacollector.collect(self)


def _n_using(model: Model) -> int:
    return sum(len(organisation.using) for organisation in model.organisations)


def test_mesas_batch_runner_runs_it() -> None:
    newer = "rng" in inspect.signature(mesa.batch_run).parameters
    rows = mesa.batch_run(
        Collecting,
        {"settings": [settings()]} | ({} if newer else {"seed": [1, 2]}),
        **({"rng": [1, 2]} if newer else {"iterations": 1}),
        display_progress=False,
    )
    for seed, row in zip((1, 2), rows, strict=True):
        assert row["using"] == _n_using(Model(settings(seed)).run())


def test_graph_is_the_current_ties(model: Model) -> None:
    model.step()
    graph, ties, n = model.graph, model.state.ties, model.state.n_ties
    assert isinstance(graph, nx.Graph)
    assert set(graph) == set(range(N))
    pairs = zip(ties.a[:n].tolist(), ties.b[:n].tolist(), strict=True)
    assert {frozenset(edge) for edge in graph.edges} == {frozenset(pair) for pair in pairs}
    for organisation in model.organisations[:10]:
        assert sorted(graph[organisation.row]) == [o.row for o in organisation.neighbours]
        assert graph.nodes[organisation.row]["kind"] == organisation.kind
        for tie in organisation.ties:
            assert graph[organisation.row][tie.other.row]["trust"] == tie.trust


def test_graph_is_made_once_a_month_and_after_writes(model: Model) -> None:
    first = model.graph
    assert model.graph is first
    organisation = next(o for o in model.organisations if not o.using)
    organisation.adopt(model.state.names.practices[0])
    assert model.graph is not first
    assert model.graph.nodes[organisation.row]["n_using"] == 1
    second = model.graph
    model.step()
    assert model.graph is not second


def test_the_hook_of_a_subclass_is_called_in_order(calls: list[tuple[int, int]]) -> None:
    model = Model(settings(months=8), organisation_class=Eager).run()
    assert calls == [(month, row) for month in range(8) for row in range(N)]
    assert list(model.agents_by_type[Eager]) == model.organisations


def test_the_hook_changes_the_outcome_from_its_month_on(calls: list[tuple[int, int]]) -> None:
    plain = Model(settings()).run().months()
    eager = Model(settings(), organisation_class=Eager).run().months()
    again = Model(settings(), organisation_class=Eager).run().months()
    pd.testing.assert_frame_equal(eager, again, check_exact=True)
    pd.testing.assert_frame_equal(plain[:4], eager[:4], check_exact=True)
    assert (eager["share_using"][4:] > plain["share_using"][4:]).all()


def test_a_subclass_without_a_hook_stays_on_the_fast_path(model: Model) -> None:
    quiet = Model(settings(), organisation_class=Quiet).run()
    pd.testing.assert_frame_equal(quiet.months(), model.run().months(), check_exact=True)
    assert quiet.agents_by_type[Quiet].get("n_in_use") == [
        len(organisation.using) for organisation in model.organisations
    ]


@pytest.mark.parametrize("wrong", [mesa.Agent, Organisation.step, "Organisation", None])
def test_only_organisations_may_replace_organisations(wrong: type[Organisation]) -> None:
    with pytest.raises(TypeError, match="organisation_class"):
        Model(settings(), organisation_class=wrong)


def test_removed_agents_stay_away_and_the_simulation_goes_on(
    model: Model, calls: list[tuple[int, int]]
) -> None:
    hooked = Model(settings(), organisation_class=Eager)
    hooked.remove_all_agents()
    hooked.remove_all_agents()
    pd.testing.assert_frame_equal(hooked.run().months(), model.run().months(), check_exact=True)
    assert len(hooked.agents) == 0
    assert calls == []


def test_a_users_own_agents_live_beside_the_views(model: Model) -> None:
    own = mesa.Agent(model)
    assert own in model.agents
    assert len({agent.unique_id for agent in model.agents}) == len(model.agents)
    own.remove()
    assert own not in model.agents


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_goes_its_own_way(model: Model, clone: Callable[[Model], Model]) -> None:
    model.step()
    assert len(model.agents) > 0
    other = clone(model)
    other.organisations[0].support = 0.123
    assert model.organisations[0].support != 0.123
    assert other.organisations[0].model is other
    assert other.run().month == MONTHS
    assert model.month == 1


def test_discarded_models_leave_nothing_behind() -> None:
    references = []
    for seed in range(50):
        model = Model(settings(), seed=seed)
        model.step()
        mesa.Agent(model)
        assert len(model.agents) > N
        assert len(model.graph) == N
        references.append(weakref.ref(model))
        references.append(weakref.ref(model.organisations[0]))
    del model
    gc.collect()
    assert [reference for reference in references if reference() is not None] == []


def test_importing_leaves_the_start_method_alone() -> None:
    code = (
        "import multiprocessing as m\n"
        "{before}\n"
        "import diffusion.model.model, sys\n"
        "assert 'mesa' in sys.modules\n"
        "print(m.get_start_method(allow_none=True))"
    )
    for before, expected in (("", "None"), ("m.set_start_method('forkserver')", "forkserver")):
        result = subprocess.run(
            [sys.executable, "-c", code.format(before=before)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert result.stdout.strip() == expected


def test_the_simulation_runs_without_mesa() -> None:
    code = "import sys, diffusion.model.simulation; assert 'mesa' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
