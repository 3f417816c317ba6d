"""A shock that moves named multipliers of rules for some organisations."""

from typing import Self

from pydantic import Field, model_validator

from diffusion.base.arrays import IntArray
from diffusion.shocks.base import Shock, hit
from diffusion.world.modifiers import check_moves, move
from diffusion.world.state import State


class Move(Shock):
    """Multiplies `rel_*` modifiers and adds to `add_*` modifiers of those it hits."""

    moves: dict[str, float] = Field(min_length=1, description="modifier -> factor or amount")
    summary: str = Field(min_length=1, description="what it is, in a few plain words")

    @model_validator(mode="after")
    def _known(self) -> Self:
        check_moves(self.moves)
        return self

    def begin(self, state: State, name: str) -> IntArray:
        return hit(self, state, name)

    def act(self, state: State, rows: IntArray, name: str) -> None:
        move(state.modifiers, rows, self.moves)

    def explain(self) -> str:
        moved = ", ".join(f"{name} {value:g}" for name, value in self.moves.items())
        return f"{self.summary} {self.whom_and_when()}; moves {moved}."
