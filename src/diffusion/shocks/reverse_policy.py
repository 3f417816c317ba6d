"""A change of government: political will falls, and policies are taken back."""

import numpy as np
from pydantic import Field

from diffusion.base import draws
from diffusion.base.arrays import IntArray, masks_of
from diffusion.base.draws import Decision
from diffusion.interventions.base import eligible, salt_of
from diffusion.shocks.base import Shock, hit
from diffusion.world.state import State
from diffusion.world.vocabulary import FUNDER_KINDS, index

_NATIONAL = index(FUNDER_KINDS, "national")


class ReversePolicy(Shock):
    """Takes back policies once, and keeps political will below a ceiling while it lasts.

    It hits a share `coverage` of the places where there is anybody whom `target` means; the
    country's own policy maker is one more place. Guidelines of the funders that follow a policy
    maker lose what is taken back. Will comes back as fast as it always does.

    Source: E055, E124.
    """

    will_ceiling: float = Field(ge=0.0, le=1.0, description="political will is at most this")
    share_taken_back: float = Field(ge=0.0, le=1.0, description="of the policies in force")

    def begin(self, state: State, name: str) -> IntArray:
        hit(self, state, name)  # refuses a target that means nobody
        places = self._places(state, name)
        luck = draws.uniforms(
            state.seed,
            Decision.POLICY_TAKEN_BACK,
            state.month,
            places[:, None],
            np.arange(state.n_practices)[None, :],
        )
        taken = np.zeros(len(state.territories), np.uint64)
        taken[places] = masks_of(luck < self.share_taken_back)
        taken &= state.territories.policy
        state.territories.policy &= ~taken
        funders = state.funders
        national = (funders.territory < 0) & (funders.kind == _NATIONAL)
        follows = np.where(national, state.national_rows[funders.country], funders.territory)
        led = np.flatnonzero(follows >= 0)
        funders.guidelines[led] &= ~taken[follows[led]]
        return places

    def act(self, state: State, rows: IntArray, name: str) -> None:
        will = state.territories.will
        will[rows] = np.minimum(will[rows], self.will_ceiling)

    def explain(self) -> str:
        return (
            f"Takes back {self.share_taken_back:.0%} of policies and keeps political will at "
            f"{self.will_ceiling:g} or less in {self.coverage:.0%} of places (with organisations "
            f"of target: {self.target}), from month {self.window.start} to month {self.until}."
        )

    def _places(self, state: State, name: str) -> IntArray:
        """Rows of the places that it hits, the countries' own among them."""
        meant = np.unique(state.organisations.territory[eligible(state, self.target)])
        own = state.national_rows[state.territories.country[meant]]
        meant = np.union1d(meant, own[own >= 0])
        salt = salt_of(name) % 2**31
        luck = draws.uniforms(state.seed, Decision.POLICY_PLACE, self.window.start, meant, salt)
        order = meant[np.argsort(luck, kind="stable")]
        chosen: IntArray = np.sort(order[: round(self.coverage * meant.size)])
        return chosen
