"""What every textbook process is: a rule that can also run alone, many months in one call."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray, MaskArray
from diffusion.world.rule import Rule
from diffusion.world.state import State


class Columns(NamedTuple):
    """The columns that a process reads and writes; entering a loop with all tables takes longer."""

    start: IntArray  # neighbours of organisation i: partner[start[i] : start[i + 1]]
    partner: IntArray
    threshold: FloatArray
    aware: MaskArray
    adopted: MaskArray  # active or infected
    lapsed: MaskArray  # recovered
    since: IntArray  # month in which the present stage began, shape (n, P)
    flows: IntArray  # counts of the month, see traffic.Flow


class Process(Rule):
    """A contagion over the ties, in which organisations catch practices from their neighbours.

    Practices don't influence each other. Updates are synchronous: whoever becomes active in a
    month acts on others from the next month on. `step` takes a state through one month, as any
    rule does; `run` through many in one call, with the same bits.
    """

    spread: ClassVar[Callable[..., int]]  # spread(columns, values, seed, month, active) -> months
    values: Any  # one row with a field a number, made from the parameters (`row_of`)

    @abstractmethod
    def __init__(self, parameters: Any) -> None:
        """Turn the parameters into `values`."""

    def step(self, state: State) -> None:
        self._spread(state, months=1)

    def run(self, state: State, months: int) -> IntArray:
        """Take a state through so many months of this process alone, or until it comes to rest.

        `state.month` moves on by the months that passed.

        Args:
            state: whose `organisations.adopted` holds who is active at the start.
            months: at most so many, >= 0.

        Returns:
            Organisations that are active after each month, shape (months that passed, P).
        """
        active = self._spread(state, months)
        state.month += active.shape[0]
        return active

    def _spread(self, state: State, months: int) -> IntArray:
        """What `run` does and returns, but the clock stands still."""
        active = np.zeros((months, state.n_practices), np.int64)
        orgs = state.organisations
        columns = Columns(
            start=state.adjacency.start,
            partner=state.adjacency.partner,
            threshold=orgs.threshold,
            aware=orgs.aware,
            adopted=orgs.adopted,
            lapsed=orgs.lapsed,
            since=state.uses.since,
            flows=state.flows,
        )
        values: Any = self.values[0]
        with np.errstate(over="ignore"):  # uncompiled, hashes overflow on purpose
            passed = type(self).spread(columns, values, state.seed, state.month, active)
        return active[:passed]
