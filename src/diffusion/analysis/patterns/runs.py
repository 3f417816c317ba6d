"""The runs that patterns are read from: set-ups by name, each with the same luck in replicate r."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from diffusion import config
from diffusion.analysis.patterns.membership import looked_at
from diffusion.base.processes import has_room
from diffusion.interventions.base import Window
from diffusion.interventions.move_modifiers import MoveModifiers
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.runner.compiling import compile_model
from diffusion.runner.mapping import in_order

FloatArray = npt.NDArray[np.float64]
MaskArray = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class SetUp:
    """How a set-up differs from the default world without interventions.

    `overrides` as on the command line; `moves` modifiers moved for everybody from month
    `timing.<moved_from>` (or 0) to the end of the run; `after_start` cuts or secures all
    coordination money once the burn-in is over.
    """

    overrides: tuple[str, ...] = ()
    moves: dict[str, float] = field(default_factory=dict)
    moved_from: str = ""
    coordination: str = ""


_ADVICE = "give the same command again when more of it is free"
_NO_NEW_MONEY = ("funding.p_coordinator_refund=0", "funding.p_coordinator_renewal=0")
SET_UPS = {
    "default": SetUp(),
    "long": SetUp(("timing.months=360", "record.groups=[]")),
    "repository": SetUp(("intervention=[repository]",)),
    "contact": SetUp(("intervention=[cop_formation]",)),
    "will": SetUp(moves={"add_will": 0.4}, moved_from="start"),
    "turnover": SetUp(moves={"rel_turnover": 2.0}, moved_from="stop"),
    "turnover with handover": SetUp(
        moves={"rel_turnover": 2.0, "add_handover": 1.0}, moved_from="stop"
    ),
    "siloing": SetUp(moves={"rel_siloing": 3.0}),
    "coordination kept": SetUp(_NO_NEW_MONEY, coordination="kept"),
    "coordination cut": SetUp(_NO_NEW_MONEY, coordination="cut"),
}


@dataclass(frozen=True)
class Run:
    """What patterns read of one finished run; `months` holds columns of the monthly table.

    using, unfunded: shape (months + 1, n), masks as in the recorder's history;
    communities: as `membership.looked_at` found them after the burn-in.
    """

    months: dict[str, FloatArray]
    outcomes: dict[str, float]
    using: MaskArray
    unfunded: MaskArray
    pairs: int
    communities: dict[str, float] = field(default_factory=dict)


class Runs:
    """Runs set-ups when they are first asked for and keeps them.

    Args:
        overrides: changes to the default world, as on the command line.
        replicates: runs of each set-up; replicate r has the seed `seed + r`.
        workers: processes that share the replicates; their number changes no number.
        progress: told the name of each set-up before it runs.
    """

    def __init__(
        self,
        overrides: Sequence[str],
        replicates: int,
        workers: int = 1,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._overrides = tuple(overrides)
        self._replicates = replicates
        self._workers = workers
        self._progress = progress
        self._done: dict[str, list[Run]] = {}

    @cached_property
    def timing(self) -> Any:
        """Start and stop of the window, length of the run."""
        return config.load(self._overrides).timing

    def of(self, name: str) -> list[Run]:
        """The runs of a set-up, in the order of replicates."""
        if name not in self._done:
            if self._progress is not None:
                self._progress(name)
            settings = settings_of(SET_UPS[name], self._overrides)
            compile_model(settings)  # or each of the processes would
            seeded = (settings.with_seed(settings.seed + r) for r in range(self._replicates))
            workers = self._workers if has_room(self._workers) else 1
            runs = in_order(partial(_run, SET_UPS[name]), seeded, workers, _ADVICE)
            self._done[name] = list(runs)
        return self._done[name]

    def column(self, name: str, column: str) -> FloatArray:
        """A monthly column of all runs of a set-up, shape (replicates, months)."""
        return np.array([run.months[column] for run in self.of(name)])

    def outcome(self, name: str, outcome: str) -> FloatArray:
        """An outcome of all runs of a set-up, shape (replicates,)."""
        return np.array([run.outcomes[outcome] for run in self.of(name)])


def settings_of(set_up: SetUp, overrides: Sequence[str]) -> ModelSettings:
    """The settings of a set-up, with its moves as an intervention that costs nothing."""
    settings = config.load([*overrides, *set_up.overrides, "record.history=true"])
    if not set_up.moves:
        return settings
    first = getattr(settings.timing, set_up.moved_from) if set_up.moved_from else 0
    moved = MoveModifiers(
        window=Window.model_validate({"from": first, "until": settings.timing.months}),
        coverage=1.0,
        target="random",
        evidence=(),
        moves=set_up.moves,
        summary="Moves what a pattern asks about",
        eur_per_year=0.0,
        eur_per_organisation_year=0.0,
    )
    return settings.model_copy(update={"interventions": {"pattern": moved}})


def _run(set_up: SetUp, settings: ModelSettings) -> Run:
    simulation = Simulation(settings)
    while simulation.month < settings.timing.start:
        simulation.step()
    found = looked_at(simulation.state)
    if set_up.coordination:
        _coordinate(simulation, set_up.coordination == "kept")
    simulation.run()
    months = simulation.months()
    state = simulation.state
    return Run(
        months={name: months[name].to_numpy(np.float64) for name in months.columns},
        outcomes=simulation.outcomes(),
        using=simulation.history.using,
        unfunded=simulation.history.unfunded,
        pairs=state.n_organisations * state.n_practices,
        communities=found,
    )


def _coordinate(simulation: Simulation, kept: bool) -> None:
    """Secure or end the coordination money of every network that has a paid coordinator now."""
    networks = simulation.state.networks
    funded = np.flatnonzero((networks.paid == 1) & (networks.active == 1))
    networks.regular_money[funded] = 1 if kept else 0
    networks.paid_until[funded] = simulation.month - 1
