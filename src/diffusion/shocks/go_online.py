"""A pandemic: people can't meet; what moves online loses depth and those without access."""

import numpy as np
from pydantic import Field

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.interventions.base import eligible
from diffusion.shocks.base import Shock, hit
from diffusion.world.state import State
from diffusion.world.vocabulary import KINDS, index

_VOLUNTEERS = index(KINDS, "volunteer_group")


class GoOnline(Shock):
    """Keeps networks and partners from meeting in person.

    A meeting that can't be in person is held online with `meetings.share_moved_online`, or not at
    all. Online, contacts are less deep, distance is no obstacle, and organisations without digital
    access mostly stay away. Volunteer groups, small organisations and those that don't work in the
    language of their country lack access more often; who lacks it stays the same in a run.

    Source: H04, H05; E018, E034, E098.
    """

    reduction: float = Field(ge=0.0, le=1.0, description="meetings not held in person at first")
    months_strong: int = Field(ge=0, le=600, description="months until that begins to ease")
    digital_gap: float = Field(ge=0.0, le=1.0, description="part in them that no access costs")
    share_offline: float = Field(ge=0.0, le=1.0, description="organisations without access")
    share_offline_weak: float = Field(
        ge=0.0, le=1.0, description="the same of volunteers, small ones, language minorities"
    )

    def begin(self, state: State, name: str) -> IntArray:
        return hit(self, state, name)

    def act(self, state: State, rows: IntArray, name: str) -> None:
        barred = self.barred(self.month_of(state))
        state.modifiers.add_remote[rows] += barred
        state.modifiers.add_digital_gap[self.offline(state, rows)] += self.digital_gap
        inside = _networks_of(state, rows)
        remote = state.networks.remote
        remote[inside] = np.maximum(remote[inside], barred)

    def explain(self) -> str:
        return (
            f"Keeps {self.reduction:.0%} of meetings and contacts from being in person for "
            f"{self.months_strong} months and ever fewer after, {self.whom_and_when()}; part of "
            f"them move online, where {self.share_offline:.0%} of organisations, and "
            f"{self.share_offline_weak:.0%} of volunteer groups, small ones and language "
            f"minorities, miss {self.digital_gap:.0%}."
        )

    def barred(self, month: int) -> float:
        """Share of meetings that can't be in person, so many months after the start."""
        easing = (month - self.months_strong) / max(1, self.months - self.months_strong)
        return self.reduction * min(1.0, max(0.0, 1.0 - easing))

    def offline(self, state: State, rows: IntArray) -> IntArray:
        """Those of some organisations that have no digital access."""
        weak = state.organisations.kind == _VOLUNTEERS
        weak[eligible(state, "small")] = True
        weak[eligible(state, "language_minority")] = True
        chance: FloatArray = np.where(weak, self.share_offline_weak, self.share_offline)[rows]
        luck = draws.uniforms(state.seed, Decision.DIGITAL_ACCESS, 0, rows)
        found: IntArray = rows[luck < chance]
        return found


def _networks_of(state: State, rows: IntArray) -> IntArray:
    """Networks that have at least one of some organisations as a member."""
    meant = np.zeros(state.n_organisations, bool)
    meant[rows] = True
    start, networks = state.memberships
    found: IntArray = np.unique(networks[np.repeat(meant, np.diff(start))])
    return found
