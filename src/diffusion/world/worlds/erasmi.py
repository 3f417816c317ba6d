"""The ecosystem of the 55 networks that the ERASMI compendium surveyed, with its surroundings."""

from typing import Literal

import numpy as np
from pydantic import Field

from diffusion.world.practices import PracticesSettings, catalogue
from diffusion.world.state import State
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_cops import spring_plans
from diffusion.world.worlds.erasmi_draw import surveyed
from diffusion.world.worlds.erasmi_ground import ground_of, peopled
from diffusion.world.worlds.erasmi_networks import surveyed_plans
from diffusion.world.worlds.erasmi_places import named_places
from diffusion.world.worlds.settle import settle


class ErasmiWorld(Ecosystem):
    """55 surveyed networks, communities of practice and all their organisations."""

    kind: Literal["erasmi"]
    n_organisations: int = Field(ge=300, le=5000, description="more, if the networks need more")

    @np.errstate(over="ignore")
    def build(self, practices: PracticesSettings, seed: int) -> State:
        """The state at month 0; the same seed gives the same bits."""
        chosen = catalogue(practices)
        places, found = named_places()
        plans = surveyed_plans(surveyed(seed), places, found, self, seed)
        plans += spring_plans(places, found, self, seed)
        people, groups = peopled(plans, places, found, self, seed)
        ground = ground_of(people, groups, places, chosen, self, seed)
        return settle(ground, chosen, self, practices.related_cases, seed)
