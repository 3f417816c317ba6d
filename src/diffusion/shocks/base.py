"""What every shock is: when it comes, how long it lasts, whom it hits, a sentence.

A shock is a frozen description of something that happens to the network, whoever would rather it
didn't. It costs nobody anything, and it acts before interventions do. `begin` binds it to a world
in its first month; there it may change the state once (policies taken back, grants that end).
`act` moves modifiers and marks that are neutral again at the start of the next month.
"""

from abc import ABC, abstractmethod

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from diffusion.base.arrays import IntArray
from diffusion.base.errors import SettingError
from diffusion.interventions.base import Expected, Target, Window, eligible, reach
from diffusion.world.state import State


class Shock(BaseModel, ABC):
    """A blow that can be switched on by name, alone or together with others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: Window
    months: int = Field(
        ge=1, le=600, description="how long it lasts, at most until the window ends"
    )
    coverage: float = Field(
        ge=0.0, le=1.0, description="share of those meant that it hits; 0 = nobody"
    )
    target: Target = Field(description="who is hit first, in the words of an intervention's target")
    evidence: tuple[str, ...] = Field(description="ids of the claims it rests on")
    expected: Expected = Field(Expected(), description="what it should change, and where to")

    @property
    def until(self) -> int:
        """Month in which it is over."""
        return min(self.window.until, self.window.start + self.months)

    def lasts(self, month: int) -> bool:
        """Whether it acts in this month."""
        return self.window.start <= month < self.until

    def month_of(self, state: State) -> int:
        """Months since it began: 0 in the first."""
        return state.month - self.window.start

    @abstractmethod
    def begin(self, state: State, name: str) -> IntArray:
        """Bind it to a world in its first month, and change the state where it does so for good.

        Args:
            name: under which it is switched on; keys its luck.

        Returns:
            Rows of the organisations, grant lines or places that it hits until it is over.

        Raises:
            SettingError: it means nobody in this world.
        """

    @abstractmethod
    def act(self, state: State, rows: IntArray, name: str) -> None:
        """Move what rules read for the month `state.month`.

        Args:
            rows: what `begin` returned.
            name: under which it is switched on.
        """

    @abstractmethod
    def explain(self) -> str:
        """One sentence that says what it does, to whom and when."""

    def whom_and_when(self) -> str:
        """Whom it hits, and its months, in words."""
        return (
            f"for {self.coverage:.0%} of organisations (target: {self.target}), from month "
            f"{self.window.start} to month {self.until}"
        )


def hit(shock: Shock, state: State, name: str) -> IntArray:
    """Rows of the organisations that a shock hits.

    Raises:
        SettingError: its target means nobody in this world.
    """
    if eligible(state, shock.target).size == 0:
        raise SettingError(
            f"shock '{name}': target '{shock.target}' means no organisation of this world; "
            f"choose another target"
        )
    if shock.coverage == 0.0:
        return np.zeros(0, np.int64)
    return reach(state, shock.target, shock.coverage, name)
