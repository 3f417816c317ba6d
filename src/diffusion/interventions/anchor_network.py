"""Anchor networks in the administration: their coordination moves into regular budgets."""

import numpy as np
from pydantic import Field

from diffusion.base.arrays import IntArray
from diffusion.base.months import monthly_hazard
from diffusion.interventions.base import Intervention, monthly_cost, reach_networks
from diffusion.world.state import State


class AnchorNetwork(Intervention):
    """Asks administrations to take coordination into their regular budget.

    Each month some of the networks that it reaches succeed. Their money is regular from then on,
    also after the window; the price of a post counts from then until the window ends.

    Source: E002, E089, E114, E122, E158; I02.
    """

    unpriced = "costs what administrations take over, which they decide themselves"

    taken_per_year: float = Field(ge=0.0, lt=1.0, description="yearly chance of a network")
    eur_per_year: float = Field(ge=0.0, le=500_000.0, description="cost of coordination, taken")
    min_members: int = Field(ge=2, le=1000, description="smallest network that is taken")

    def begin(self, state: State, name: str) -> IntArray:
        may = state.networks.regular_money == 0
        return reach_networks(state, self.target, self.coverage, name, self.min_members, may)

    def act(self, state: State, rows: IntArray) -> float:
        networks = state.networks
        networks.anchoring[rows] = np.maximum(
            networks.anchoring[rows], monthly_hazard(self.taken_per_year)
        )
        taken = rows[networks.regular_money[rows] == 1]
        return monthly_cost(self.eur_per_year, networks.country[taken])

    def explain(self) -> str:
        return (
            f"Asks administrations to take {self.coverage:.0%} of the networks (target: "
            f"{self.target}) that have no regular money and at least {self.min_members} members "
            f"into their budgets, {self.months()}; {self.taken_per_year:.0%} succeed a year, at "
            f"{self.eur_per_year:,.0f} EUR each and year (EU price)."
        )
