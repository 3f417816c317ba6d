"""People leave: a wave of resignations, or an organisation that loses its whole staff and shuts."""

from pydantic import Field

from diffusion.base.arrays import IntArray
from diffusion.shocks.base import Shock, hit
from diffusion.world.state import State


class Vacate(Shock):
    """Lets a share of the staff leave beyond the usual, spread evenly over its months.

    With a share of 1 everybody leaves in the first month, and with `refill` 0 nobody follows while
    it lasts. What leaves with them is what always leaves with people: what they know, unless they
    hand over, and some of the ties that they hold.

    Source: A02; E013, E110, E115, E119.
    """

    share: float = Field(ge=0.0, le=1.0, description="staff gone when it is over")
    refill: float = Field(ge=0.0, le=1.0, description="what is left of the refilling of posts")

    def begin(self, state: State, name: str) -> IntArray:
        return hit(self, state, name)

    def act(self, state: State, rows: IntArray, name: str) -> None:
        months = self.until - self.window.start
        state.modifiers.add_exit[rows] += 1.0 - (1.0 - self.share) ** (1.0 / months)
        state.modifiers.rel_refill[rows] *= self.refill

    def explain(self) -> str:
        return (
            f"Lets {self.share:.0%} of the staff leave beyond the usual {self.whom_and_when()}; "
            f"meanwhile vacancies are filled {self._pace()}."
        )

    def _pace(self) -> str:
        if self.refill == 0.0:
            return "by nobody"
        return "as usual" if self.refill == 1.0 else f"at {self.refill:.0%} of the usual pace"
