"""Language mediation: interpreters and multilingual information close the language gap."""

from pydantic import Field

from diffusion.base.arrays import IntArray
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Intervention, monthly_cost, reach, steady
from diffusion.world.state import State


class MediateLanguage(Intervention):
    """Gives organisations mediators for their contacts and meetings.

    Of the disadvantage of contacts without a common language only 1 - gap_closed remains, in
    exchange, in attendance and in the making of ties; one mediated side is enough.

    Source: E061, E078, E129, E149; F01, F03, F04.
    """

    gap_closed: float = Field(ge=0.0, le=1.0, description="share of the disadvantage removed")
    hours_per_month: float = Field(ge=0.0, le=500.0, description="interpreting an organisation")
    eur_per_hour: float = Field(ge=0.0, le=500.0, description="price of an hour")

    def begin(self, state: State, name: str) -> IntArray:
        return reach(state, self.target, self.coverage, name)

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        state.modifiers.rel_language_gap[rows] *= 1.0 - self.gap_closed
        eur_per_year = MONTHS_A_YEAR * self.hours_per_month * self.eur_per_hour
        return monthly_cost(eur_per_year, state.organisations.country[rows])

    def explain(self) -> str:
        return (
            f"Gives {self.coverage:.0%} of organisations (target: {self.target}) language "
            f"mediation that closes {self.gap_closed:.0%} of the language gap, {self.months()}, "
            f"{self.hours_per_month:g} hours a month each at {self.eur_per_hour:g} EUR "
            f"(EU price)."
        )
