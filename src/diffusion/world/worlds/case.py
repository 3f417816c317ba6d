"""The world of one case: a network that the sources describe, with a plausible surrounding.

The network is as its sheet has it; a seed only draws what the sheet does not say. Around it stand
other organisations of the place, networks drawn from the survey, natural communities of practice
until the surveyed share of organisations is in one, funders and policy makers.
"""

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from diffusion.base.errors import SettingError
from diffusion.world import vocabulary
from diffusion.world.practices import PracticesSettings, catalogue
from diffusion.world.state import State
from diffusion.world.worlds.case_conditions import under_challenges
from diffusion.world.worlds.case_groups import add_groups
from diffusion.world.worlds.case_plans import neighbours, own_plans
from diffusion.world.worlds.cases import cases, find_case
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_ground import ground_of, peopled
from diffusion.world.worlds.settle import settle


def _case_id(name: str) -> str:
    try:
        return find_case(name).key
    except SettingError as error:
        raise ValueError(str(error)) from None


class CaseWorld(Ecosystem):
    """One described network and its surroundings."""

    kind: Literal["case"]
    case: Annotated[str, AfterValidator(_case_id)] = Field(description="id of a case")
    outside_ratio: float = Field(ge=0.0, le=10.0, description="organisations outside / members")
    n_neighbours: int = Field(ge=0, le=30, description="networks around it")
    challenge_weight: float = Field(
        ge=0.0, le=3.0, description="exponent of the factors that stand for challenges"
    )

    @model_validator(mode="after")
    def _challenges_fit(self) -> "CaseWorld":
        under_challenges(self, cases()[self.case], self.challenge_weight)
        return self

    @np.errstate(over="ignore")
    def build(self, practices: PracticesSettings, seed: int) -> State:
        """The state at month 0; the same seed gives the same bits."""
        case, chosen = cases()[self.case], catalogue(practices)
        settings = under_challenges(self, case, self.challenge_weight)
        own, places, found = own_plans(case, settings, seed)
        plans = own.plans + neighbours(self.n_neighbours, places, settings, seed)
        members = sum(plan.size for plan in own.plans)
        needed = math.ceil((1.0 + self.outside_ratio) * members)
        settings = settings.model_copy(
            update={"n_organisations": max(self.n_organisations, needed)}
        )
        people, groups = peopled(plans, places, found, settings, seed)
        add_groups(groups, own, people, case, seed)
        ground = ground_of(people, groups, places, chosen, settings, seed)
        national = case.fact("framework_national")
        if national:
            row = len(places.names) + vocabulary.COUNTRIES.index(own.plans[0].country)
            ground.territory_will[row] = settings.will_by_framework[national]
        return settle(ground, chosen, settings, practices.related_cases, seed)
