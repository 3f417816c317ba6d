"""The month of the package as a plain Mesa model: agents, dicts, sets, and Mesa's own luck.

The ten rules are those of `diffusion.rules`, with their parameters, in their order, and with the
same chances; `benchmarks/peers/agreement.py` compares the outcomes. It is the opponent of the speed
comparison and a second, independent reading of docs/odd.md: it measures what the package measures,
under the same names. There are no interventions.

    from benchmarks.peers.mesa_model import DiffusionModel
    model = DiffusionModel(n=200, months=60, seed=1)
    model.run_model()
    model.datacollector.get_model_vars_dataframe()

What a careful Mesa user would do for speed is done. Each agent has its ties in a dict by partner: a
tie has trust and holders of its own, a connection of `mesa.discrete_space` has not. A list of
organisations stands beside the AgentSet for random access. Draws that can't succeed end early. No
rule needs a shuffled order; `shuffle_do` stands there because Mesa users write it. `mesa_rules` has
a file for each rule: what the model does, and what an organisation does. Python looks such a method
up as fast as one of the class itself.
"""

import mesa

from benchmarks.peers.mesa_measures import REPORTERS, TABLES
from benchmarks.peers.mesa_noted import MeasuredModel
from benchmarks.peers.mesa_rules.demand import DemandModel
from benchmarks.peers.mesa_rules.exchange import ExchangeModel
from benchmarks.peers.mesa_rules.findings import FindingsModel
from benchmarks.peers.mesa_rules.funding import FundingModel
from benchmarks.peers.mesa_rules.meetings import MeetingsModel
from benchmarks.peers.mesa_rules.policy import PolicyModel
from benchmarks.peers.mesa_rules.ties import TiesModel
from benchmarks.peers.mesa_rules.turnover import TurnoverModel
from benchmarks.peers.mesa_world import populate
from benchmarks.peers.mesa_yearly import (
    groups_of_organisations,
    groups_of_practices,
    shares_by_group,
)
from diffusion.config import load
from diffusion.model.settings import ModelSettings
from diffusion.model.yearly import GROUPS_EVERY
from diffusion.world.state import State


def synthetic(n: int, n_territories: int, n_practices: int, months: int) -> ModelSettings:
    """The packaged settings of a synthetic world without interventions.

    Raises:
        SettingError: a number out of its bounds.
    """
    return load(
        [
            "world=synthetic",
            f"world.n={n}",
            f"world.n_territories={n_territories}",
            f"practices.limit={n_practices}",
            f"timing={{start: 0, stop: 0, months: {months}}}",
        ]
    )


class DiffusionModel(
    DemandModel,
    FundingModel,
    TurnoverModel,
    TiesModel,
    MeetingsModel,
    ExchangeModel,
    FindingsModel,
    PolicyModel,
    MeasuredModel,
):
    """Good practices on a network of organisations; one step is one month.

    Args:
        n: organisations of the synthetic world.
        n_territories: its territories.
        n_practices: practices, the first of the catalogue.
        months: length of a run.
        seed: of the world and of the run; None keeps that of the settings.
        rng: the same under Mesa's newer name, so that Mesa's batch runner can pass it.
        settings: replaces the four numbers.
        state: the world at month 0, instead of the one that the settings build. It is only read.

    Raises:
        TypeError: seed and rng both given.
        ValueError: the state is not at month 0, or the settings ask for shocks or interventions.
        SettingError: a number out of its bounds.
    """

    def __init__(
        self,
        n: int = 1000,
        n_territories: int = 20,
        n_practices: int = 20,
        months: int = 60,
        seed: int | None = None,
        rng: int | None = None,
        settings: ModelSettings | None = None,
        state: State | None = None,
    ) -> None:
        if seed is not None and rng is not None:
            raise TypeError("seed and rng mean the same here; give one of them")
        if settings is None:
            settings = synthetic(n, n_territories, n_practices, months)
        names = ", ".join(name for _, name, _ in settings.acting())
        if names:
            raise ValueError(f"this model has no shocks and no interventions; leave out {names}")
        given = rng if seed is None else seed
        if given is not None:
            settings = settings.with_seed(int(given))
        if state is None:
            state = settings.world.build(settings.practices, settings.seed)
        if state.month != 0:
            raise ValueError(f"the state is at month {state.month}; give one at month 0")
        super().__init__(settings)
        populate(self, state)
        self.begin_notes(settings)
        self.groups_of_practices = groups_of_practices(self.practices)
        self.groups_of_organisations = groups_of_organisations(self)
        self.datacollector = mesa.DataCollector(model_reporters=REPORTERS, tables=TABLES)
        self._note_what_remains()

    def step(self) -> None:
        """One month."""
        self.month = self.steps - 1
        self.flows.clear()
        self.press()
        self.fund()
        self.turn_staff_over()
        self.move_ties()
        self.meet()
        self.exchange()
        self.agents.shuffle_do("adopt")
        self.agents.shuffle_do("persist")
        self.find_out()
        self.make_policy()
        self.measure()
        self.running = self.steps < self.months

    def measure(self) -> None:
        """Record the month: its columns, the shares by group where due, and what remains."""
        self.take_notes()
        self.datacollector.collect(self)
        if self.month % GROUPS_EVERY == 0 or self.steps == self.months:
            for row in shares_by_group(self):
                self.datacollector.add_table_row("groups", row)
        self._note_what_remains()

    def _note_what_remains(self) -> None:
        if self.steps >= self.stop:
            self.datacollector.add_table_row("survival", self.remaining())


def from_state(state: State, settings: ModelSettings) -> DiffusionModel:
    """The model on the world of a state at month 0, with the luck of `settings.seed`.

    Raises:
        ValueError: the state is not at month 0, or the settings ask for shocks or interventions.
    """
    return DiffusionModel(settings=settings, state=state)
