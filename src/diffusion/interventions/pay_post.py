"""Pay the post of a network's coordinator, or of a community's facilitator."""

from pydantic import Field

from diffusion.base.arrays import IntArray
from diffusion.interventions.base import Intervention, monthly_cost, reach_networks, steady
from diffusion.world.state import State


class PayPost(Intervention):
    """Pays coordination of networks that have no regular money for it.

    A paid post keeps meetings at their rhythm, doubles the ties that meetings yield and slows
    the decay of ties inside the network, as long as it is paid and a few months beyond.

    A target that filters means networks of which at least half of the members pass.

    Source: E033, E044, E066, E071, E080, E081, E116; C10-C12; I02.
    """

    fte: float = Field(gt=0.0, le=5.0, description="full-time equivalents a network")
    eur_per_year: float = Field(ge=0.0, le=500_000.0, description="employer cost of a full post")
    communities: bool = Field(False, description="pay communities of practice and no others")
    min_members: int = Field(ge=2, le=1000, description="smallest network that is paid a post")

    def begin(self, state: State, name: str) -> IntArray:
        may = state.networks.regular_money == 0
        if self.communities:
            may &= state.networks.is_cop == 1
        return reach_networks(state, self.target, self.coverage, name, self.min_members, may)

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        state.networks.sponsored[rows] = 1
        return monthly_cost(self.fte * self.eur_per_year, state.networks.country[rows])

    def explain(self) -> str:
        return (
            f"Pays {self.fte:g} coordinator post each in {self.coverage:.0%} of the "
            f"{'communities of practice' if self.communities else 'networks'} that "
            f"have no regular money for one and at least {self.min_members} members, "
            f"{self.months()}, at {self.eur_per_year:,.0f} EUR a post and year (EU price)."
        )
