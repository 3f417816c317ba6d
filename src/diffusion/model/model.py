"""The simulation as a Mesa model: what a Mesa user expects, at no cost until it is asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import networkx as nx
import pandas as pd

from diffusion.base.draws import Decision, uniform
from diffusion.base.errors import DiffusionError
from diffusion.base.start_method import kept_start_method
from diffusion.model import snapshot
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.world.cooperation import CooperationNetwork, Funder, PolicyMaker
from diffusion.world.network import to_graph
from diffusion.world.organisation import Organisation
from diffusion.world.state import State
from diffusion.world.view import AgentView

with kept_start_method():
    import mesa

V = TypeVar("V", bound=AgentView)

# doubles carry 53 bits; Mesa seeds its generators with whole numbers
_SEEDS = 2**53


class Model(mesa.Model):  # type: ignore[misc]
    """A `mesa.Model` around a `Simulation`; one step is one month.

    The state's arrays are the only truth. Agents are views of their rows and are made when they
    are first asked for, so `run()` alone makes none. Nothing in the model draws from `random` or
    `rng`: they are there for the user's own code, seeded from the run's seed.

    Args:
        settings: what to simulate.
        organisation_class: a subclass of `Organisation`. If it overrides `step`, that is called
            for each organisation at the start of each month, in the order of rows: plain Python,
            hence much slower than the rules.
        seed: replaces `settings.seed`.
        rng: the same under Mesa's newer name, so that Mesa's batch runner can pass it.

    Raises:
        TypeError: organisation_class is no subclass of Organisation, or both seed and rng given.
    """

    def __init__(
        self,
        settings: ModelSettings,
        organisation_class: type[Organisation] = Organisation,
        seed: int | None = None,
        rng: int | None = None,
    ) -> None:
        if seed is not None and rng is not None:
            raise TypeError("seed and rng mean the same here; give one of them")
        replaced = rng if seed is None else seed
        if replaced is not None:
            settings = ModelSettings.model_validate({**dict(settings), "seed": int(replaced)})
        if Organisation not in getattr(organisation_class, "__mro__", ()):
            raise TypeError(
                f"organisation_class = {organisation_class!r} is not allowed; "
                f"give a subclass of diffusion.world.organisation.Organisation"
            )
        self._wrap(Simulation(settings), organisation_class)

    def _wrap(self, simulation: Simulation, organisation_class: type[Organisation]) -> None:
        seed = uniform(simulation.settings.seed, Decision.MESA_SEED, -1, 0)
        super().__init__(rng=int(seed * _SEEDS))
        self.simulation = simulation
        self._organisation_class = organisation_class
        self._calls_hook = organisation_class.step is not Organisation.step
        self._views: dict[type[AgentView], list[Any]] = {}
        self._agents_removed = False
        self._agents_made = 0
        self._making_agents = False
        self._graph: nx.Graph | None = None

    # running

    @property
    def settings(self) -> ModelSettings:
        return self.simulation.settings

    @property
    def state(self) -> State:
        """The arrays; whoever writes them directly calls `state_changed` to refresh `graph`."""
        return self.simulation.state

    @property
    def month(self) -> int:
        """Months simulated so far."""
        return self.simulation.month

    def step(self) -> None:
        """One month: the organisations' own hooks, if any, then the rules.

        Raises:
            DiffusionError: the run is over.
        """
        if self.simulation.done:
            raise DiffusionError(
                f"the run is over after {self.month} months; "
                f"give timing.months a larger value to go on"
            )
        if self._calls_hook and not self._agents_removed:
            for organisation in self.organisations:
                organisation.step()
        self.simulation.step()
        self.state_changed()
        self.running = not self.simulation.done

    def run(self) -> Self:
        """Simulate to the last month."""
        while self.running:
            self.step()
        return self

    def run_model(self) -> None:
        """Mesa's name for `run`."""
        self.run()

    def save(self, path: Path | str) -> None:
        """Write the run as it stands to one file, to go on from with `load`.

        The file is for the code and the versions of Python (3.11, say), numpy, numba and llvmlite
        that wrote it, of which it carries a digest. Shocks and interventions of one's own are
        saved as the import path of their class and their settings: whoever changes their code sees
        to it that no snapshot of before is loaded.

        Raises:
            DiffusionError: the run has rules of its own, which no file can hold, or the file
                can't be written.
        """
        about, arrays = self.simulation.pack()
        # the model never draws from Mesa's generators, but the user's own code may
        about["mesa"] = {
            "steps": self.steps,
            "random": vars(self)["random"].getstate(),
            "rng": self.rng.bit_generator.state,
        }
        snapshot.write(path, about, arrays)

    @classmethod
    def load(
        cls,
        path: Path | str,
        settings: ModelSettings | None = None,
        organisation_class: type[Organisation] = Organisation,
    ) -> Self:
        """The model that `save` wrote; going on gives the same bits as never having stopped.

        Several policies branch from one file: load it once for each, with its settings.

        Code that differs from that which saved the file is refused, be it in a docstring, and so
        are other versions of Python (3.11, say), numpy, numba and llvmlite; the code of shocks and
        interventions of one's own is not looked at (see `save`).

        Args:
            settings: of a branch: may differ in nothing that could have shown by then.
            organisation_class: the one that the saved model had.

        Raises:
            DiffusionError: the file is no snapshot or is damaged, was saved by other code of
                diffusion or with other libraries, or the settings differ in something that has
                shown.
            ExtensionError: a shock or an intervention of one's own that can't be imported.
            SettingError: one whose class no longer allows its settings.
        """
        about, arrays = snapshot.read(path)
        simulation = Simulation.unpack(about, arrays)
        model = cls.__new__(cls)
        model._wrap(
            simulation if settings is None else simulation.fork(settings), organisation_class
        )
        mesa_part = about.get("mesa")  # a bare `Simulation` may have saved it
        if mesa_part is not None:
            version, numbers, gauss = mesa_part["random"]
            vars(model)["random"].setstate((version, tuple(numbers), gauss))
            model.rng.bit_generator.state = mesa_part["rng"]
            model.steps = mesa_part["steps"]
        model.running = not model.simulation.done
        return model

    # results

    def months(self) -> pd.DataFrame:
        """One row for each month so far."""
        return self.simulation.months()

    def outcomes(self) -> dict[str, float]:
        """The run in one row; after the last month."""
        return self.simulation.outcomes()

    def survival(self) -> pd.DataFrame:
        """What of the use at `timing.stop` is left in the months that follow."""
        return self.simulation.survival()

    def groups(self) -> pd.DataFrame:
        """Shares by practice, scale, field and so on, as `settings.record` asks."""
        return self.simulation.groups()

    def events(self) -> pd.DataFrame:
        """The event log, if `settings.record.events`."""
        return self.simulation.events()

    # the network

    @property
    def graph(self) -> nx.Graph:
        """The current ties as a networkx graph, nodes being rows of organisations.

        A copy: changing it changes nothing else. Made anew once a month and after writes.
        """
        if self._graph is None:
            self._graph = to_graph(self.state)
        return self._graph

    def state_changed(self) -> None:
        """Forget what was derived from the state."""
        self._graph = None

    # agents by row

    @property
    def organisations(self) -> Sequence[Organisation]:
        """All organisations, by row."""
        return self._views_of(self._organisation_class)

    @property
    def policy_makers(self) -> Sequence[PolicyMaker]:
        """All policy makers, by row."""
        return self._views_of(PolicyMaker)

    @property
    def funders(self) -> Sequence[Funder]:
        """All funders, by row."""
        return self._views_of(Funder)

    @property
    def networks(self) -> Sequence[CooperationNetwork]:
        """All cooperation networks and communities of practice, by row."""
        return self._views_of(CooperationNetwork)

    # Mesa's ways to agents: each makes them first

    @property
    def agents(self) -> Any:
        """Mesa's AgentSet of all agents."""
        self._make_agents()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """Mesa's AgentSets, one a class of agents."""
        self._make_agents()
        return super().agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """The classes of agents."""
        self._make_agents()
        return list(super().agent_types)

    def register_agent(self, agent: Any) -> None:
        """Register an agent; Mesa calls this.

        Mesa 3.3 counts ids in a table of the class `Agent` that holds every model for ever, so
        this model counts for itself and takes its entry out, as Mesa 3.5 does.
        """
        table = getattr(mesa.Agent, "_ids", None)
        if table is not None:
            table.pop(self, None)
            self._agents_made += 1
            agent.unique_id = self._agents_made
        super().register_agent(agent)

    def remove_all_agents(self) -> None:
        """Let go of all agents; the rows, and so the simulation, go on without views and hooks."""
        self._make_agents()
        if not self._agents_removed:
            self._agents_removed = True
            for views in self._views.values():
                for view in views:
                    self.deregister_agent(view)
        super().remove_all_agents()

    def _views_of(self, kind: type[V]) -> list[V]:
        self._make_agents()
        return self._views[kind]

    def _make_agents(self) -> None:
        # Tables only ever grow at their end, and only that of networks does: made last, networks
        # leave the ids of all other agents the same whenever agents are first asked for.
        if self._making_agents:
            return
        self._making_agents = True
        try:
            for kind in (self._organisation_class, PolicyMaker, Funder, CooperationNetwork):
                views = self._views.setdefault(kind, [])
                for row in range(len(views), len(getattr(self.state, kind.table))):
                    views.append(kind(self, row))
                    if self._agents_removed:
                        self.deregister_agent(views[-1])
        finally:
            self._making_agents = False
