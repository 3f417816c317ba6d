"""What every rule is: a name, validated parameters, and one step a month on the state."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from diffusion.world.state import State


class RuleSettings(BaseModel):
    """Parameters of a rule: frozen, and a key that does not exist is an error.

    Types, units and bounds stand here, default values only in `configs/`, ranges and sources only
    in the register.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


def share(meaning: str) -> Any:
    """A share or probability, 0..1."""
    return Field(ge=0.0, le=1.0, description=meaning, json_schema_extra={"unit": "share"})


def per_month(meaning: str) -> Any:
    """A probability per month, 0..1."""
    return Field(ge=0.0, le=1.0, description=meaning, json_schema_extra={"unit": "per month"})


def per_year(meaning: str) -> Any:
    """A probability or share per year, 0 <= r < 1."""
    return Field(ge=0.0, lt=1.0, description=meaning, json_schema_extra={"unit": "per year"})


def ratio(meaning: str, high: float = 100.0) -> Any:
    """A multiplier, 0 or more."""
    return Field(ge=0.0, le=high, description=meaning, json_schema_extra={"unit": "ratio"})


def number(meaning: str, unit: str, low: float, high: float) -> Any:
    """A quantity with its own unit and bounds."""
    return Field(ge=low, le=high, description=meaning, json_schema_extra={"unit": unit})


def months(meaning: str, low: int = 0, high: int = 600) -> Any:
    """A duration in months."""
    return Field(ge=low, le=high, description=meaning, json_schema_extra={"unit": "months"})


class Rule(ABC):
    """A mechanism: one step of it a month.

    Rules meet only in the state: what one leaves there the next reads. A rule of your own derives
    from this class and is put into the month's list.
    """

    name: ClassVar[str]
    summary: ClassVar[str]  # one sentence, shown by `diffusion explain month`

    @abstractmethod
    def step(self, state: State) -> None:
        """Take the state through this mechanism for the month `state.month`."""


class CompiledRule(Rule):
    """A rule that is one compiled loop over the tables: loop(tables, values, seed, month).

    The standard month is itself compiled and calls the loops of its rules directly. `enter` is the
    same loop with an entry from Python, for a month that mixes it with a user's own rules; it is
    compiled when the first such run on a machine is made.
    """

    enter: ClassVar[Callable[..., None]]
    values: Any  # one row with a field a number, made from the parameters (`row_of`)

    @abstractmethod
    def __init__(self, parameters: Any) -> None:
        """Turn the rule's parameters into `values`."""

    def prepare(self, state: State) -> None:
        """Make room for what the loop may add; loops never grow arrays."""

    def step(self, state: State) -> None:
        self.prepare(state)
        type(self).enter(state.tables(), self.values, state.seed, state.month)
