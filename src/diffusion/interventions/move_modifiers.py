"""Move named multipliers of rules for some organisations."""

from typing import Self

from pydantic import Field, model_validator

from diffusion.base.arrays import IntArray
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Intervention, monthly_cost, reach, steady
from diffusion.world.modifiers import check_moves, move
from diffusion.world.state import State


class MoveModifiers(Intervention):
    """Multiplies `rel_*` modifiers and adds to `add_*` modifiers of those it reaches."""

    moves: dict[str, float] = Field(min_length=1, description="modifier -> factor or amount")
    summary: str = Field(min_length=1, description="what it is, in a few plain words")
    eur_per_year: float = Field(ge=0.0, le=1e8, description="fixed price of the whole lever")
    eur_per_organisation_year: float = Field(ge=0.0, le=1e6, description="price per organisation")

    @model_validator(mode="after")
    def _known(self) -> Self:
        check_moves(self.moves)
        return self

    def begin(self, state: State, name: str) -> IntArray:
        return reach(state, self.target, self.coverage, name)

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        move(state.modifiers, rows, self.moves)
        each = monthly_cost(self.eur_per_organisation_year, state.organisations.country[rows])
        return self.eur_per_year / MONTHS_A_YEAR + each

    def explain(self) -> str:
        moved = ", ".join(f"{name} {value:g}" for name, value in self.moves.items())
        return (
            f"{self.summary} for {self.coverage:.0%} of organisations (target: {self.target}), "
            f"{self.months()}; moves {moved}; costs {self.eur_per_year:,.0f} EUR a year and "
            f"{self.eur_per_organisation_year:,.0f} EUR an organisation and year "
            f"(EU price)."
        )
