"""One run: a world, the rules of the month, the interventions, the recorder.

This is the engine; `diffusion.model.model.Model` is its Mesa face. It does not import mesa, so
that workers of a sweep start quickly.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from diffusion.interventions.base import Acting
from diffusion.model.month import Month
from diffusion.model.recorder import History, Recorder
from diffusion.model.settings import ModelSettings
from diffusion.world import modifiers
from diffusion.world.rule import Rule
from diffusion.world.state import State

if TYPE_CHECKING:
    import pandas as pd


def _keyed_overflow() -> np.errstate:
    """Uncompiled, hashes and bit tricks overflow on purpose."""
    return np.errstate(over="ignore")


class Simulation:
    """A run that can be stepped month by month or to its end.

    Args:
        settings: what to simulate.
        world: a state to run on, instead of the one that `settings.world` builds.
        rules: the rules of the month, instead of the standard order.
    """

    def __init__(
        self,
        settings: ModelSettings,
        world: State | None = None,
        rules: Sequence[Rule] | None = None,
    ) -> None:
        self.settings = settings
        if world is None:
            world = settings.world.build(settings.practices, settings.seed)
        self.state = world
        self.rules = Month.standard(settings.rules) if rules is None else Month(rules)
        self._acting: dict[str, Acting] = {}
        with _keyed_overflow():
            self.recorder = Recorder(
                state=world,
                months=settings.timing.months,
                measures=settings.measures,
                groups=settings.record.groups,
                events=settings.record.events,
            )

    @property
    def month(self) -> int:
        """Months simulated so far."""
        return self.state.month

    @property
    def history(self) -> History:
        """What every organisation used, month by month."""
        return self.recorder.history

    @property
    def done(self) -> bool:
        """Whether the run has reached its last month."""
        return self.state.month >= self.settings.timing.months

    def step(self) -> None:
        """One month."""
        state = self.state
        with _keyed_overflow():
            modifiers.reset(state.modifiers)
            state.networks.sponsored[:] = 0
            state.flows[:] = 0
            costs = self._intervene()
            self.rules.step(state)
            self.recorder.record(costs)
        state.month += 1

    def run(self, on_month: Callable[[Self], None] | None = None) -> Self:
        """All months that are left; `on_month` is called after each."""
        while not self.done:
            self.step()
            if on_month is not None:
                on_month(self)
        return self

    def _intervene(self) -> dict[str, float]:
        """Let every intervention act that is in its window; returns this month's costs."""
        costs: dict[str, float] = {}
        for name, intervention in self.settings.interventions.items():
            costs[name] = 0.0
            if self.state.month not in intervention.window:
                continue
            if name not in self._acting:
                self._acting[name] = intervention.begin(self.state, name)
            costs[name] = self._acting[name].act(self.state)
        return costs

    def months(self) -> "pd.DataFrame":
        """The monthly table, one row a month."""
        return self.recorder.months_table()

    def groups(self) -> "pd.DataFrame":
        """Shares by practice, scale, field, kind, territory, network type as settings ask."""
        return self.recorder.groups_table()

    def events(self) -> "pd.DataFrame":
        """The event log, if `settings.record.events`."""
        return self.recorder.events_table()

    def survival(self) -> "pd.DataFrame":
        """What of the use at `timing.stop` is left in the months that follow."""
        return self.recorder.survival(self.settings.timing.stop)

    def outcomes(self) -> dict[str, float]:
        """The outcomes of the run, one number each."""
        timing = self.settings.timing
        return self.recorder.outcomes(timing.start, timing.stop)
