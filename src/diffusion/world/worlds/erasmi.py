"""The ecosystem of the 55 networks that the ERASMI compendium surveyed, with its surroundings."""

from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from diffusion.base.arrays import NEVER, FloatArray, IntArray, MaskArray, table_of
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.practices import Catalogue, PracticesSettings, catalogue
from diffusion.world.state import State
from diffusion.world.tables import Members, Networks
from diffusion.world.worlds.erasmi_census import Census, census, member_counts
from diffusion.world.worlds.erasmi_cops import spring_plans
from diffusion.world.worlds.erasmi_draw import surveyed
from diffusion.world.worlds.erasmi_members import Joined, joined
from diffusion.world.worlds.erasmi_natural import add_natural
from diffusion.world.worlds.erasmi_networks import Plan, surveyed_plans
from diffusion.world.worlds.erasmi_origins import origins
from diffusion.world.worlds.erasmi_places import Places, named_places
from diffusion.world.worlds.ground import ALWAYS, Ground
from diffusion.world.worlds.luck import BoolArray, Use, ascending, luck, whole
from diffusion.world.worlds.settle import settle
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


class ErasmiWorld(Settled):
    """55 surveyed networks, communities of practice and all their organisations."""

    kind: Literal["erasmi"]
    n_organisations: int = Field(ge=300, le=5000, description="more, if the networks need more")
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

    @np.errstate(over="ignore")
    def build(self, practices: PracticesSettings, seed: int) -> State:
        """The state at month 0; the same seed gives the same bits."""
        chosen = catalogue(practices)
        return settle(_ground(self, chosen, seed), chosen, self, practices.related_cases, seed)


def _ground(settings: ErasmiWorld, chosen: Catalogue, seed: int) -> Ground:
    places, found = named_places()
    plans = surveyed_plans(surveyed(seed), places, found, settings, seed)
    plans += spring_plans(places, found, settings, seed)
    scopes = _scopes(plans, places)
    counts = member_counts(plans)
    people = census(plans, counts, scopes, places, found, settings, seed)
    groups = joined(plans, counts, scopes, people, places, seed)
    add_natural(groups, people, places, settings, seed)
    fields = _shared_fields(people, groups, settings, seed)
    members = Members(
        start=np.cumsum([0] + [m.shape[0] for m in groups.members]),
        organisation=np.concatenate(groups.members),
    )
    circles = _circles(members, people, seed)
    who, which, since, practice_country = origins(chosen, groups, people, settings)
    n_places, n_countries = len(places.names), len(vocabulary.COUNTRIES)
    return Ground(
        kind=people.kind,
        territory=people.territory,
        level=people.level,
        fields=fields,
        fields_given=np.arange(people.kind.shape[0]) < people.n_named,
        founding_year=people.founding_year,
        territory_country=places.with_national(),
        territory_is_national=np.repeat([0, 1], [n_places, n_countries]),
        territory_will=_will(plans, n_places + n_countries, settings),
        networks=_networks(groups, n_places, settings, seed),
        members=members,
        circle_group=circles[0],
        circle_organisation=circles[1],
        circle_first=circles[2],
        near_share=settings.chance_near_share,
        country_share=settings.chance_country_share,
        origin_organisation=who,
        origin_practice=which,
        origin_month=since,
        practice_country=practice_country,
        organisation_names=people.names,
        network_names=[plan.name for plan in groups.plans],
        territory_names=places.names
        + [f"{name.replace('_', ' ').title()} (national)" for name in vocabulary.COUNTRIES],
    )


def _scopes(plans: list[Plan], places: Places) -> BoolArray:
    """Territories from which a network's members come, shape (networks, territories)."""
    countries = places.with_national()
    regions = np.array(places.regions + [""] * len(vocabulary.COUNTRIES))
    scopes = np.zeros((len(plans), countries.shape[0]), np.bool_)
    for k, plan in enumerate(plans):
        code = vocabulary.index(vocabulary.COUNTRIES, plan.country)
        if plan.scope == "home":
            scopes[k, plan.home] = True
        elif plan.scope == "region":
            scopes[k] = (countries == code) & (regions == regions[plan.home])
        elif plan.scope == "country":
            scopes[k] = countries == code
        elif plan.scope == "places":
            scopes[k, list(plan.places)] = True
        else:
            scopes[k] = True
    return scopes


def _shared_fields(people: Census, groups: Joined, settings: ErasmiWorld, seed: int) -> MaskArray:
    """Members take a field of work from their network with some probability."""
    masks = np.array([plan.fields & ~1 for plan in groups.plans], np.uint64)
    group = np.arange(masks.shape[0]).repeat([m.shape[0] for m in groups.members])
    members = np.concatenate(groups.members)
    place = luck(seed, Decision.WORLD_MEMBERSHIP, Use.FIELD, members, 2 * group)
    takes = luck(seed, Decision.WORLD_MEMBERSHIP, Use.FIELD, members, 2 * group + 1)
    chosen = whole(place, np.bitwise_count(masks[group]))
    table = np.array([_bits(mask) for mask in masks.tolist()], np.uint64)
    willing = (takes < settings.shared_field_share) & (members >= people.n_named)
    fields = people.fields.copy()
    np.bitwise_or.at(fields, members[willing], table[group, chosen][willing])
    return fields


@lru_cache(maxsize=1024)
def _bits(mask: int) -> list[int]:
    """The fields of a mask one by one, as many masks as there are fields; then 0."""
    bits = [1 << bit for bit in range(len(vocabulary.FIELDS)) if mask >> bit & 1]
    return bits + [0] * (len(vocabulary.FIELDS) - len(bits))


def _circles(members: Members, people: Census, seed: int) -> tuple[IntArray, IntArray, BoolArray]:
    """Places in circles: one a membership, one at home; each organisation's first is its own."""
    n = people.kind.shape[0]
    counts = members.start[1:] - members.start[:-1]
    group = np.arange(counts.shape[0]).repeat(counts)
    order = ascending(luck(seed, Decision.WORLD_TIE, Use.MIXED, members.organisation, group))
    group, who = group[order], members.organisation[order]
    first = np.zeros(who.shape[0], np.bool_)
    row = np.full(n, -1)
    row[who[::-1]] = np.arange(who.shape[0])[::-1]
    outside = row < 0
    first[row[~outside]] = True
    return (
        np.concatenate((group, counts.shape[0] + people.territory)),
        np.concatenate((who, np.arange(n))),
        np.concatenate((first, outside)),
    )


def _will(plans: list[Plan], n: int, settings: ErasmiWorld) -> FloatArray:
    """Political will where a surveyed network reports its policy framework, NaN elsewhere."""
    total, count = np.zeros(n), np.zeros(n)
    for plan in plans:
        if plan.framework and plan.home >= 0:
            total[plan.home] += settings.will_by_framework[plan.framework]
            count[plan.home] += 1.0
    return np.where(count > 0.0, total / np.maximum(count, 1.0), np.nan)


def _networks(groups: Joined, n_places: int, settings: ErasmiWorld, seed: int) -> Networks:
    plans = groups.plans
    countries = np.array([vocabulary.index(vocabulary.COUNTRIES, p.country) for p in plans])
    home = np.array([p.home for p in plans])
    coordinated = np.array(groups.coordinators) >= 0
    months = np.array([p.months_funded for p in plans])
    regular = np.array([p.regular_money for p in plans]) & coordinated
    until = np.where(regular, ALWAYS, np.where(coordinated & (months > 0), months, NEVER))
    years = np.array([p.founding_year or settings.start_year for p in plans])
    table = table_of(
        Networks,
        len(plans),
        key=np.arange(len(plans)),
        type=[vocabulary.index(vocabulary.NETWORK_TYPES, p.type) for p in plans],
        is_cop=[p.type in vocabulary.COP_TYPES for p in plans],
        territory=np.where(home < 0, n_places + countries, home),
        country=countries,
        level=[vocabulary.index(vocabulary.LEVELS, p.level) for p in plans],
        coordinator=groups.coordinators,
        coordinator_kind=[vocabulary.index(vocabulary.COORDINATORS, p.coordinator) for p in plans],
        formalisation=[vocabulary.index(vocabulary.FORMALISATIONS, p.formalisation) for p in plans],
        meetings_per_year=[p.meetings_per_year for p in plans],
        facilitated=[p.facilitated for p in plans],
        online=[p.online for p in plans],
        bridging=[p.bridging for p in plans],
        policy_link=[p.policy_link for p in plans],
        regular_money=regular,
        active=1,
        paid_until=until,
        paid=until > 0,
        coordinated=until > 0,
        months_unpaid=np.where(until > 0, 0, settings.months_coordination_grant),
        founded=np.minimum(-1, (years - settings.start_year) * 12),
    )
    return table
