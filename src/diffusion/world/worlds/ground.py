"""What a world's own builder lays out before the shared steps settle people, money and ties."""

from dataclasses import dataclass
from functools import cached_property

from diffusion.base.arrays import FloatArray, IntArray, MaskArray
from diffusion.world.labels import Labels
from diffusion.world.tables import Members, Networks
from diffusion.world.worlds.luck import BoolArray

ALWAYS = 1_000_000  # a month that no run reaches: money that does not end


@dataclass
class Ground:
    """Places, organisations and networks, without staff, money, ties or knowledge.

    Arrays over organisations have n rows, over territories T, over origins O. A
    founding year or a number of posts of 0 means "draw it".
    """

    kind: IntArray
    territory: IntArray
    level: IntArray
    fields: MaskArray
    fields_given: BoolArray  # True = work in these fields and no others
    founding_year: IntArray
    posts: IntArray
    territory_country: IntArray
    territory_is_national: IntArray
    territory_will: FloatArray  # NaN = draw it
    networks: Networks
    members: Members
    circle_group: IntArray  # groups in which circles of ties form: one row a place in a group
    circle_organisation: IntArray
    circle_first: BoolArray  # True = the organisation's own circle, else a further one
    near_share: float  # chance ties within the territory
    country_share: float  # and within the country; the rest is anywhere
    origin_organisation: IntArray
    origin_practice: IntArray
    origin_month: IntArray  # when it began there; negative
    practice_country: IntArray  # of origin, -1 unknown; P rows
    organisation_names: Labels
    network_names: list[str]
    territory_names: list[str]

    @property
    def n(self) -> int:
        return int(self.kind.shape[0])

    @cached_property
    def country(self) -> IntArray:
        result: IntArray = self.territory_country[self.territory]
        return result
