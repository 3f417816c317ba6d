"""What every intervention is: a window, a coverage, whom it reaches, a cost, a sentence.

An intervention is a frozen description. `begin` binds it to a world and says which rows it
reaches; `act` moves modifiers of these rows, or marks posts as paid, in each month of its window.
Both are neutral again at the start of the next month, so it undoes itself. It remembers nothing
but the rows: that is why a run can be saved, and forked, at any month.

What a kind of action needs of `targets` and `window` comes from here too.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator

from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.evidence.costs import relative_labour_cost
from diffusion.interventions.targets import (
    ALLOWED,
    TARGETS,
    Target,
    check_target,
    covered,
    eligible,
    members_meant,
    native_languages,
    order_of,
    ranked,
    reach,
    reach_networks,
    salt_of,
)
from diffusion.interventions.window import Window, Windows
from diffusion.world.state import State
from diffusion.world.vocabulary import COUNTRIES

__all__ = [
    "TARGETS",
    "Direction",
    "Expected",
    "Intervention",
    "Purse",
    "Target",
    "Window",
    "Windows",
    "check_target",
    "covered",
    "eligible",
    "members_meant",
    "monthly_cost",
    "native_languages",
    "order_of",
    "ranked",
    "reach",
    "reach_networks",
    "salt_of",
    "steady",
    "whole_units",
]

Act = TypeVar("Act", bound=Callable[..., float])
Direction = Literal["up", "down"]


class Expected(BaseModel):
    """What the sources say that it does: columns of the monthly table and where they move.

    A column is compared with the same run without the lever: its mean over the months of the
    window, and its mean over the months after it. `under` are overrides that hold in both runs,
    for a lever that is there for bad times.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    during: dict[str, Direction] = {}
    after: dict[str, Direction] = {}
    under: tuple[str, ...] = ()


@dataclass(frozen=True)
class Purse:
    """What an intervention has of a budget in a month, in EUR.

    `left` is what it has not spent; `due` is what it planned to have spent by the end of the
    month, less what it spent before, so what was not spent in one month is made up for later.
    """

    left: float
    due: float


def steady(act: Act) -> Act:
    """Mark an `act` that does and costs the same in each month of its window, whatever happens.

    What it reads must be what neither a rule nor another lever changes. Months in which nobody
    else acts pass in one compiled call then, with what it moved in their first.
    """
    act.__dict__["is_steady"] = True
    return act


class Intervention(BaseModel, ABC):
    """A lever that can be switched on by name, alone or together with others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # why no budget decides how far it reaches, where it has no price of its own
    unpriced: ClassVar[str] = "costs nothing"

    window: SerializeAsAny[Window | Windows] = Field(
        description="when it acts; a list for several windows"
    )
    coverage: float = Field(gt=0.0, le=1.0, description="share of those eligible that it reaches")
    target: Target = Field(description=f"whom it means, and who comes first: {ALLOWED}")
    evidence: tuple[str, ...] = Field(description="ids of the claims it rests on")
    covers: tuple[str, ...] = Field((), description="levers of the sources that it stands for")
    expected: Expected = Field(Expected(), description="what it should change, and where to")

    @field_validator("window", mode="plain")
    @classmethod
    def _one_or_several(cls, given: Any) -> Window | Windows:
        # by hand, so that a mistake names the key as the user wrote it, without a tag of the union
        if isinstance(given, Window | Windows):
            return given
        kind = Windows if isinstance(given, list | tuple) else Window
        return kind.model_validate(given)

    @abstractmethod
    def begin(self, state: State, name: str) -> IntArray:
        """Bind it to a world in the first month of its window.

        Args:
            name: under which it is switched on; keys its luck.

        Returns:
            Rows of the organisations, networks or whatever else it reaches until it ends, in the
            order in which money is spent: a smaller coverage reaches the first of them.

        Raises:
            SettingError: it means nobody in this world.
        """

    @abstractmethod
    def act(self, state: State, rows: IntArray) -> float:
        """Move what rules read for the month `state.month`; returns this month's cost in EUR.

        Args:
            rows: what `begin` returned; under a budget, those of them that are paid this month.
        """

    def mean_costs(self, state: State, rows: IntArray) -> FloatArray | None:
        """EUR that a month of each row costs on average.

        None, unless that varies with luck or from month to month: then `act` says the price.
        """
        return None

    def act_within(self, state: State, rows: IntArray, purse: Purse) -> float:
        """As `act`, under a budget; whoever has `mean_costs` must keep to the purse."""
        return self.act(state, rows)

    @property
    def is_steady(self) -> bool:
        """Whether its `act` is marked as `steady`; a class that overrides it marks it anew."""
        return hasattr(type(self).act, "is_steady")

    @property
    def spends_any_sum(self) -> bool:
        """Whether a budget sets how much those reached get, rather than how many are reached."""
        return False

    @abstractmethod
    def explain(self) -> str:
        """One sentence that says what it does, for whom, when and at what price."""

    @property
    def until(self) -> int:
        """Month in which it is over."""
        return self.window.until

    def lasts(self, month: int) -> bool:
        """Whether it acts in this month."""
        return month in self.window

    def months(self) -> str:
        """Its window in words."""
        return self.window.words()


def monthly_cost(eur_per_year: float, countries: IntArray) -> float:
    """Monthly cost of units at a yearly EU price each, by their countries' labour cost (I01, I02).

    Args:
        countries: country code of each unit.
    """
    units = np.bincount(countries, minlength=len(COUNTRIES))
    weights = [relative_labour_cost(COUNTRIES[c]) * units[c] for c in np.flatnonzero(units)]
    return eur_per_year / MONTHS_A_YEAR * math.fsum(weights)


def whole_units(eur: float, price: float) -> int:
    """How many units a sum pays; sums of prices are rounded, so nearly one more is one more."""
    return max(0, int(eur / price + 1e-6))
