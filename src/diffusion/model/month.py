"""The month: the order of the rules, written down here and nowhere else."""

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Self

from diffusion.base.compiled import assembled
from diffusion.model.settings import RuleParameters
from diffusion.model.totals import Recorded, take
from diffusion.model.yearly import Yearly, take_yearly
from diffusion.rules import (
    adoption,
    demand,
    exchange,
    findings,
    funding,
    meetings,
    persistence,
    policy,
    ties,
    turnover,
)
from diffusion.rules.adoption import Adoption
from diffusion.rules.demand import Demand
from diffusion.rules.exchange import Exchange
from diffusion.rules.findings import Findings
from diffusion.rules.funding import Funding
from diffusion.rules.meetings import Meetings
from diffusion.rules.persistence import Persistence
from diffusion.rules.policy import Policy
from diffusion.rules.ties import TieDynamics
from diffusion.rules.turnover import Turnover
from diffusion.world.rule import CompiledRule, Rule
from diffusion.world.state import State

# Interventions move the modifiers before the first rule reads them. `_months` keeps this order.
ORDER: tuple[type[CompiledRule], ...] = (
    Demand,
    Funding,
    Turnover,
    TieDynamics,
    Meetings,
    Exchange,
    Adoption,
    Persistence,
    Findings,
    Policy,
)


@assembled
def _months(tables, values, recorded, yearly, seed, first, month, last):
    """Months of the standard rules up to `last`, measured, entered from Python once.

    `first` is the one for which the caller has cleared the counts. Returns the month that comes
    next: an earlier one than `last` if tables lack room for what it may add.
    """
    while month < last:
        if not (ties.has_room(tables) and meetings.has_room(tables, values[4][0])):
            break
        if month > first:
            tables.flows[:] = 0
        demand.loop(tables, values[0][0], seed, month)
        funding.loop(tables, values[1][0], seed, month)
        turnover.loop(tables, values[2][0], seed, month)
        ties.loop(tables, values[3][0], seed, month)
        meetings.loop(tables, values[4][0], seed, month)
        exchange.loop(tables, values[5][0], seed, month)
        adoption.loop(tables, values[6][0], seed, month)
        persistence.loop(tables, values[7][0], seed, month)
        findings.loop(tables, values[8][0], seed, month)
        policy.loop(tables, values[9][0], seed, month)
        month += 1
        take(tables, recorded, month)
        take_yearly(tables, yearly, month)
    return month


@lru_cache(maxsize=8)
def _standard_rules(parameters: RuleParameters) -> tuple[CompiledRule, ...]:
    """The rules hold nothing but their parameters, so the runs of a sweep share them."""
    return tuple(rule(getattr(parameters, rule.name)) for rule in ORDER)


class Month:
    """The rules of a month in their order.

    Args:
        rules: the standard rules with their parameters, or any list that mixes them with a
            user's own. The standard list runs compiled as a whole, any other rule by rule; both
            give the same bits.
    """

    _latest: ClassVar[tuple[RuleParameters, tuple[CompiledRule, ...]] | None] = None

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.whole = [type(rule) for rule in rules] == list(ORDER)
        self._values = tuple(rule.values for rule in rules if isinstance(rule, CompiledRule))

    @classmethod
    def standard(cls, parameters: RuleParameters) -> Self:
        """The standard rules."""
        # runs of a part of a sweep mostly have the same parameters, which take long to compare
        if cls._latest is None or cls._latest[0] is not parameters:
            cls._latest = parameters, _standard_rules(parameters)
        return cls(cls._latest[1])

    def step(self, state: State) -> None:
        """The rules of the month `state.month`, one after the other; nothing is measured."""
        for rule in self.rules:
            rule.step(state)

    def run(self, state: State, recorded: Recorded, yearly: Yearly, until: int) -> None:
        """Take the state from the month `state.month` to the month `until`, and measure each.

        Several months at once are for the standard list (`whole`), and for months in which nobody
        moves anything but the rules.
        """
        if not self.whole:
            self.step(state)
            state.month += 1
            take(state.tables(), recorded, state.month)
            take_yearly(state.tables(), yearly, state.month)
            return
        first = state.month
        while state.month < until:
            for rule in self.rules:
                rule.prepare(state)  # type: ignore[attr-defined]
            state.month = _months(
                state.tables(), self._values, recorded, yearly, state.seed, first, state.month,
                until,
            )  # fmt: skip


def explain_month() -> list[tuple[str, str]]:
    """(name, sentence) of every step of the month, in order."""
    steps = [("shocks", "Shocks that last move what the rules read.")]
    steps += [("interventions", "Interventions in their window move what the rules read.")]
    steps += [(rule.name, rule.summary) for rule in ORDER]
    return [*steps, ("record", "The month is measured and written down.")]
