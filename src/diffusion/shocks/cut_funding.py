"""A cut: calls and follow-ups fail more often, and coordination money lapses."""

from pydantic import Field

from diffusion.base import draws
from diffusion.base.arrays import IntArray
from diffusion.base.draws import Decision
from diffusion.interventions.base import salt_of
from diffusion.shocks.base import Shock, hit
from diffusion.world.state import State


class CutFunding(Shock):
    """Lowers success at calls and chances of a follow-up; stops the money of coordinators.

    Running grants run on. Of the networks that live on project money a share of `coverage` times
    `coordination_lost` gets none while it lasts; what is left of it flows again afterwards.

    Source: E034, E066, E108; B04-B06.
    """

    success_left: float = Field(ge=0.0, le=1.0, description="of the chances at a call")
    renewal_left: float = Field(ge=0.0, le=1.0, description="of the chance of a follow-up")
    coordination_lost: float = Field(ge=0.0, le=1.0, description="networks that lose their money")

    def begin(self, state: State, name: str) -> IntArray:
        return hit(self, state, name)

    def act(self, state: State, rows: IntArray, name: str) -> None:
        state.modifiers.rel_grant_success[rows] *= self.success_left
        state.modifiers.rel_renewal[rows] *= self.renewal_left
        networks = state.networks
        decision, salt = Decision.COORDINATION_CUT, salt_of(name) % 2**31
        luck = draws.uniforms(state.seed, decision, self.window.start, networks.key, salt)
        networks.cut[luck < self.coverage * self.coordination_lost] = 1

    def explain(self) -> str:
        return (
            f"Leaves {self.success_left:.0%} of the success at calls and {self.renewal_left:.0%} "
            f"of follow-ups {self.whom_and_when()}, and stops coordination money of "
            f"{self.coverage * self.coordination_lost:.0%} of networks without regular money."
        )
