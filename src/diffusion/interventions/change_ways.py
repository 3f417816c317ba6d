"""Change how networks work together: facilitation, rhythm, size of rounds, shared tasks."""

from typing import Self

from pydantic import Field, model_validator

from diffusion.base.arrays import IntArray
from diffusion.interventions.base import Intervention, monthly_cost, reach_networks, steady
from diffusion.world.state import State


class ChangeWays(Intervention):
    """Changes the ways of covered networks for as long as it lasts.

    `facilitated` mixes tables and deepens contacts, as in networks that are facilitated anyway.
    `shared` keeps a network coordinated without a paid post. The amounts are added as shares of
    what a network has: 0.2 more depth makes 0.4 into 0.48.

    Source: E075, E077, E082, E090, E100.
    """

    facilitated: bool = Field(description="meetings are facilitated")
    shared: bool = Field(description="members share the tasks of coordination")
    more_meetings: float = Field(ge=-1.0, le=5.0, description="further meetings, as a share")
    more_turnout: float = Field(ge=-1.0, le=5.0, description="further attendance, likewise")
    more_depth: float = Field(ge=-1.0, le=5.0, description="further depth, likewise")
    summary: str = Field(min_length=1, description="what it is, in a few plain words")
    min_members: int = Field(ge=2, le=1000, description="smallest network that it reaches")
    eur_per_year: float = Field(ge=0.0, le=500_000.0, description="cost of one network")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        amounts = (self.more_meetings, self.more_turnout, self.more_depth)
        if not (self.facilitated or self.shared or any(amounts)):
            raise ValueError(
                "it changes nothing; set facilitated, shared, more_meetings, more_turnout or "
                "more_depth"
            )
        return self

    def begin(self, state: State, name: str) -> IntArray:
        return reach_networks(state, self.target, self.coverage, name, self.min_members)

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        networks = state.networks
        if self.facilitated:
            networks.mixed[rows] = 1
        if self.shared:
            networks.shared[rows] = 1
        networks.add_rhythm[rows] += self.more_meetings
        networks.add_turnout[rows] += self.more_turnout
        networks.add_depth[rows] += self.more_depth
        return monthly_cost(self.eur_per_year, networks.country[rows])

    def explain(self) -> str:
        return (
            f"{self.summary} in {self.coverage:.0%} of the networks with at least "
            f"{self.min_members} members (first: {self.target}), {self.months()}, at "
            f"{self.eur_per_year:,.0f} EUR a network and year (EU price)."
        )
