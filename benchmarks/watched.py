"""A rule that is watched while it steps; imported only by the processes that measure."""

from collections.abc import Callable, Sequence

from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.world.rule import Rule
from diffusion.world.state import State


class Watched(Rule):
    """A rule and by how much a meter went up in each of its steps.

    Args:
        rule: what is watched.
        meter: a reading that only goes up: a clock, or a count.
    """

    def __init__(self, rule: Rule, meter: Callable[[], float]) -> None:
        self.rule = rule
        self.readings: list[float] = []
        self._meter = meter

    def step(self, state: State) -> None:
        before = self._meter()
        self.rule.step(state)
        self.readings.append(self._meter() - before)


def watched(
    settings: ModelSettings, meter: Callable[[], float]
) -> tuple[Simulation, Sequence[Watched]]:
    """A run whose rules are watched one by one; it gives the same bits as any other."""
    simulation = Simulation(settings)
    rules = [Watched(rule, meter) for rule in simulation.rules.rules]
    return Simulation(settings, world=simulation.state, rules=rules), rules
