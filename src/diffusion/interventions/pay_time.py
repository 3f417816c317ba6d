"""Pay staff for hours of exchange (HR costs in grants)."""

from pydantic import Field

from diffusion.base.arrays import IntArray
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.interventions.base import Intervention, monthly_cost, reach, steady
from diffusion.world.state import State


class PayTime(Intervention):
    """Pays hours a month for meetings, visits and talks; they count as slack.

    Source: E012, E043; I01.
    """

    hours_per_month: float = Field(ge=0.0, le=160.0, description="paid hours an organisation")
    hours_normal: float = Field(
        gt=0.0, le=160.0, description="hours a month that normal slack leaves for exchange"
    )
    eur_per_hour: float = Field(ge=0.0, le=200.0, description="labour cost of an hour")

    def begin(self, state: State, name: str) -> IntArray:
        return reach(state, self.target, self.coverage, name)

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        state.modifiers.add_slack[rows] += self.hours_per_month / self.hours_normal
        a_year = MONTHS_A_YEAR * self.hours_per_month * self.eur_per_hour
        return monthly_cost(a_year, state.organisations.country[rows])

    def explain(self) -> str:
        return (
            f"Pays {self.hours_per_month:g} hours of exchange a month to {self.coverage:.0%} of "
            f"organisations (target: {self.target}), {self.months()}, at "
            f"{self.eur_per_hour:g} EUR an hour (EU price)."
        )
