"""Open channels from networks to policy makers: regular meetings, expert groups, consultations."""

from pydantic import Field

from diffusion.base.arrays import IntArray
from diffusion.interventions.base import Intervention, monthly_cost, reach_networks, steady
from diffusion.world.state import State


class OpenChannel(Intervention):
    """Brings the findings of networks before policy makers.

    In its window the networks it reaches have a policy link, are consulted more often than by
    habit, and more of what they say is heard. What they have found out, and what policy makers
    have heard and passed, stays when it ends.

    Source: E016, E030, E031, E047; I04.
    """

    link: bool = Field(description="whether networks without a policy link get one")
    consultations_per_year: float = Field(ge=0.0, le=12.0, description="on top of the usual ones")
    heard: float = Field(ge=0.0, le=1.0, description="added chance that a finding is heard")
    eur_per_year: float = Field(ge=0.0, le=500_000.0, description="price of a network's channel")

    def begin(self, state: State, name: str) -> IntArray:
        return reach_networks(state, self.target, self.coverage, name)

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        networks = state.networks
        if self.link:
            networks.linked[rows] = 1
        networks.add_consultations[rows] += self.consultations_per_year
        networks.add_heard[rows] += self.heard
        return monthly_cost(self.eur_per_year, networks.country[rows])

    def explain(self) -> str:
        link = ", with a policy link for those that have none," if self.link else ""
        return (
            f"Has policy makers consult {self.coverage:.0%} of networks (target: {self.target})"
            f"{link} {self.consultations_per_year:g} times a year more and hear {self.heard:.0%} "
            f"more of their findings, {self.months()}, at {self.eur_per_year:,.0f} EUR a network "
            f"and year (EU price)."
        )
