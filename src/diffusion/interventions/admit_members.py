"""Open networks to further members (low barriers, mixed composition, migrants as members)."""

import numpy as np
from pydantic import Field

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.interventions.base import (
    Intervention,
    eligible,
    monthly_cost,
    reach_networks,
    salt_of,
    steady,
)
from diffusion.world.state import GENERAL, State
from diffusion.world.tables import Members
from diffusion.world.vocabulary import LEVELS

_LOCAL, _EUROPE = LEVELS.index("local"), LEVELS.index("europe")


class AdmitMembers(Intervention):
    """Brings further organisations into covered networks at the start of its window.

    A local network takes them from its territory, others from its country, European ones from
    anywhere. `target` says whom it invites, `coverage` how many of the networks open up. With
    `unlike`, those come first who differ most from its members in kind and field. Members stay
    when the money ends.

    Source: E092, E094, E096, E120.
    """

    growth: float = Field(gt=0.0, le=5.0, description="new members, as a share of the present ones")
    unlike: bool = Field(description="whether those who differ most are invited first")
    min_members: int = Field(ge=2, le=1000, description="smallest network that opens up")
    summary: str = Field(min_length=1, description="what it is, in a few plain words")
    eur_per_year: float = Field(ge=0.0, le=500_000.0, description="cost of one network")

    def begin(self, state: State, name: str) -> IntArray:
        rows = reach_networks(state, "random", self.coverage, name, self.min_members)
        invited = eligible(state, self.target)
        start, old = state.members.start, state.members.organisation
        groups = [old[start[k] : start[k + 1]] for k in range(state.n_networks)]
        for k in rows:
            groups[k] = np.concatenate([groups[k], self._new(state, k, groups[k], invited, name)])
        sizes = np.array([0, *(group.size for group in groups)])
        state.set_members(
            Members(start=np.cumsum(sizes).astype(np.int64), organisation=np.concatenate(groups))
        )
        return rows

    def _new(
        self, state: State, k: int, members: IntArray, invited: IntArray, name: str
    ) -> IntArray:
        """Who joins network k."""
        orgs, network = state.organisations, state.networks[k]
        near = np.setdiff1d(invited, members)
        if network.level == _LOCAL:
            near = near[orgs.territory[near] == network.territory]
        elif network.level != _EUROPE:
            near = near[orgs.country[near] == network.country]
        salt = salt_of(name) % 2**31
        order = draws.uniforms(state.seed, Decision.ADMISSION, salt, near, int(network.key))
        if self.unlike:
            order += _likeness(state, near, members)
        joining: IntArray = near[np.argsort(order, kind="stable")]
        return np.sort(joining[: max(1, round(self.growth * members.size))])

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        return monthly_cost(self.eur_per_year, state.networks.country[rows])

    def explain(self) -> str:
        first = "those least like its members" if self.unlike else "anybody"
        return (
            f"{self.summary} in {self.coverage:.0%} of the networks with at least "
            f"{self.min_members} members: {self.growth:.0%} new members (target: {self.target}, "
            f"first: {first}), {self.months()}, at {self.eur_per_year:,.0f} EUR a network and "
            f"year (EU price)."
        )


def _likeness(state: State, who: IntArray, members: IntArray) -> FloatArray:
    """Of the members, the share of the same kind and the share with a common field, 0..2 in all.

    Scaled so that it goes before luck wherever two candidates differ by a tenth of the members.
    """
    orgs = state.organisations
    fields = orgs.fields & ~GENERAL
    kinds = np.bincount(orgs.kind[members], minlength=orgs.kind.max() + 1) / members.size
    common = [(fields[members] & mask != 0).mean() for mask in fields[who]]
    likeness: FloatArray = 10.0 * (kinds[orgs.kind[who]] + np.array(common))
    return likeness
