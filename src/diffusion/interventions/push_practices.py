"""Tell of chosen practices, and support their start."""

from pydantic import Field

from diffusion.base.arrays import IntArray
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Intervention, reach, steady
from diffusion.world.practice_choice import PracticeChoice
from diffusion.world.state import State


class PushPractices(Intervention):
    """Promotes chosen practices: organisations hear of them and are helped to try them.

    Source: E053, E139, E140, E154; D08, D09.
    """

    practices: PracticeChoice = Field(description="what is promoted")
    p_told: float = Field(ge=0.0, le=1.0, description="hearing of one of its own fields, a month")
    rel_start: float = Field(ge=1.0, le=10.0, description="hazard of starting a trial of them")
    summary: str = Field(min_length=1, description="what it is, in a few plain words")
    eur_per_year: float = Field(ge=0.0, le=1e8, description="fixed price of the whole lever")
    eur_per_organisation_year: float = Field(ge=0.0, le=1e6, description="price per organisation")

    def begin(self, state: State, name: str) -> IntArray:
        self.practices.mask(state, f"intervention '{name}'")
        return reach(state, self.target, self.coverage, name)

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        meant = self.practices.mask(state, "promotion")
        state.promote(rows, meant, self.p_told, self.rel_start)
        yearly = self.eur_per_year + rows.size * self.eur_per_organisation_year
        return float(yearly / MONTHS_A_YEAR)

    def explain(self) -> str:
        return (
            f"{self.summary} ({self.practices.words()}) to {self.coverage:.0%} of organisations "
            f"(target: {self.target}), {self.months()}: trials start {self.rel_start:g} times as "
            f"readily; costs {self.eur_per_year:,.0f} EUR a year and "
            f"{self.eur_per_organisation_year:,.0f} EUR an organisation and year."
        )
