"""Move named multipliers of rules for some organisations."""

from typing import Self

from pydantic import Field, model_validator

from diffusion.base.arrays import IntArray
from diffusion.base.errors import nearest
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Acting, Intervention, reach
from diffusion.world.modifiers import Modifiers
from diffusion.world.state import State


class MoveModifiers(Intervention):
    """Multiplies `rel_*` modifiers and adds to `add_*` modifiers of those it reaches."""

    moves: dict[str, float] = Field(min_length=1, description="modifier -> factor or amount")
    summary: str = Field(min_length=1, description="what it is, in a few plain words")
    eur_per_year: float = Field(ge=0.0, le=1e8, description="fixed price of the whole lever")
    eur_per_organisation_year: float = Field(ge=0.0, le=1e6, description="price per organisation")

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, value in self.moves.items():
            if name not in Modifiers._fields:
                raise ValueError(
                    f"modifier '{name}' does not exist{nearest(name, Modifiers._fields)}"
                )
            if name.startswith("rel_") and value < 0.0:
                raise ValueError(f"multiplier '{name}' = {value} must be 0 or more")
        return self

    def begin(self, state: State, name: str) -> Acting:
        return _Moving(self, reach(state, self.target, self.coverage, name))

    def explain(self) -> str:
        moved = ", ".join(f"{name} {value:g}" for name, value in self.moves.items())
        return (
            f"{self.summary} for {self.coverage:.0%} of organisations (target: {self.target}), "
            f"{self.months()}; moves {moved}; costs {self.eur_per_year:,.0f} EUR a year and "
            f"{self.eur_per_organisation_year:,.0f} EUR an organisation and year."
        )


class _Moving(Acting):
    def __init__(self, preset: MoveModifiers, rows: IntArray) -> None:
        self._preset = preset
        self._rows = rows
        yearly = preset.eur_per_year + rows.size * preset.eur_per_organisation_year
        self._cost = yearly / MONTHS_A_YEAR

    def act(self, state: State) -> float:
        for name, value in self._preset.moves.items():
            array = getattr(state.modifiers, name)
            if name.startswith("rel_"):
                array[self._rows] *= value
            else:
                array[self._rows] += value
        return float(self._cost)
