"""The numbers that worlds drawn from the surveys need: kinds, networks, communities of practice.

The world of the surveyed networks and the worlds of single cases share them.
"""

from typing import Annotated

from pydantic import Field

from diffusion.world import vocabulary
from diffusion.world.worlds.settled import Settled, Share, ShareByKind, keyed

ShareByFramework = Annotated[
    dict[str, float],
    keyed(
        (
            "supportive",
            "restrictive",
            "divergent_between_levels",
            "partially_supportive",
            "no_impact",
            "no_statement",
        ),
        0.0,
        1.0,
    ),
]
WeightByCop = Annotated[dict[str, float], keyed(vocabulary.COP_TYPES, 0.0, 1.0)]


class Ecosystem(Settled):
    """Settings of organisations, networks and communities as the surveys found them."""

    n_organisations: int = Field(ge=30, le=5000, description="more, if the networks need more")
    kind_mix: ShareByKind = Field(description="weights of kinds")
    regional_share: ShareByKind
    national_share: ShareByKind
    # networks
    network_size_median: float = Field(ge=2.0, le=200.0, description="organisations")
    network_size_sigma: float = Field(ge=0.0, le=2.0, description="sd of the log")
    network_size_min: int = Field(ge=2, le=50)
    network_size_max: int = Field(ge=2, le=500)
    persons_each: float = Field(
        ge=1.0, le=100.0, description="persons a group, if persons are counted"
    )
    memberships_each: float = Field(ge=1.0, le=5.0, description="local networks a member shares")
    shared_place_share: Share = Field(description="networks without a sheet in a named place")
    shared_field_share: Share = Field(description="members that take a field from their network")
    months_coordination_grant: int = Field(ge=1, le=84)
    will_by_framework: ShareByFramework
    chance_near_share: Share = Field(description="chance ties within the territory")
    chance_country_share: Share = Field(description="chance ties elsewhere in the country")
    origin_years_unknown: int = Field(ge=1, le=50, description="age of a practice without a year")
    # communities of practice
    cop_size_median: float = Field(ge=2.0, le=200.0, description="organisations")
    cop_size_sigma: float = Field(ge=0.0, le=2.0)
    cop_size_min: int = Field(ge=2, le=50)
    cop_size_max: int = Field(ge=2, le=500)
    cop_type_weights: WeightByCop
    cop_primary_part: Share = Field(description="seats of each group that it primarily consists of")
    cop_meetings_per_year: float = Field(ge=0.0, le=52.0)
    cop_facilitated_share: Share
    cop_online_share: Share
    cop_policy_link_share: Share
    cop_regular_money_share: Share
    cop_uncoordinated_share: Share
    cop_months_funded: int = Field(ge=1, le=120)
    cop_years_max: int = Field(ge=1, le=50)
