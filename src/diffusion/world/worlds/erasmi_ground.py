"""From planned networks to a ground plan: who joins what, circles of ties, the networks' table.

The world of the surveyed networks and the worlds of single cases go through the same steps.
"""

from functools import lru_cache

import numpy as np

from diffusion.base.arrays import NEVER, FloatArray, IntArray, MaskArray, table_of
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.practices import Catalogue
from diffusion.world.tables import Members, Networks
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_census import Census, census, member_counts
from diffusion.world.worlds.erasmi_members import Joined, joined
from diffusion.world.worlds.erasmi_natural import add_natural
from diffusion.world.worlds.erasmi_networks import Plan
from diffusion.world.worlds.erasmi_origins import origins
from diffusion.world.worlds.erasmi_places import Places
from diffusion.world.worlds.ground import ALWAYS, Ground
from diffusion.world.worlds.luck import BoolArray, Use, ascending, luck, whole


def peopled(
    plans: list[Plan],
    places: Places,
    found: dict[str, tuple[int, ...]],
    settings: Ecosystem,
    seed: int,
) -> tuple[Census, Joined]:
    """The organisations of a world, and who of them joins which planned network."""
    scopes = _scopes(plans, places)
    counts = member_counts(plans)
    people = census(plans, counts, scopes, places, found, settings, seed)
    return people, joined(plans, counts, scopes, people, places, seed)


def ground_of(
    people: Census,
    groups: Joined,
    places: Places,
    chosen: Catalogue,
    settings: Ecosystem,
    seed: int,
) -> Ground:
    """The ground plan of a world; natural communities of practice are added to `groups`."""
    add_natural(groups, people, places, settings, seed)
    fields = _shared_fields(people, groups, settings, seed)
    members = Members(
        start=np.cumsum([0] + [m.shape[0] for m in groups.members]),
        organisation=np.concatenate(groups.members),
    )
    circles = _circles(members, groups.plans, people, seed)
    who, which, since, practice_country = origins(chosen, groups, people, settings)
    n_places, n_countries = len(places.names), len(vocabulary.COUNTRIES)
    return Ground(
        kind=people.kind,
        territory=people.territory,
        level=people.level,
        fields=fields,
        fields_given=np.arange(people.kind.shape[0]) < people.n_named,
        founding_year=people.founding_year,
        posts=people.posts,
        territory_country=places.with_national(),
        territory_is_national=np.repeat([0, 1], [n_places, n_countries]),
        territory_will=_will(groups.plans, n_places + n_countries, settings),
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


def _shared_fields(people: Census, groups: Joined, settings: Ecosystem, seed: int) -> MaskArray:
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


def _circles(
    members: Members, plans: list[Plan], people: Census, seed: int
) -> tuple[IntArray, IntArray, BoolArray]:
    """Places in circles: one a membership, one at home; each organisation's first is its own.

    Networks that are yet to begin have brought nobody together.
    """
    n = people.kind.shape[0]
    counts = members.start[1:] - members.start[:-1]
    group = np.arange(counts.shape[0]).repeat(counts)
    begun = np.array([plan.begins == 0 for plan in plans])[group]
    group, who = group[begun], members.organisation[begun]
    order = ascending(luck(seed, Decision.WORLD_TIE, Use.MIXED, who, group))
    group, who = group[order], who[order]
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


def _will(plans: list[Plan], n: int, settings: Ecosystem) -> FloatArray:
    """Political will where a surveyed network reports its policy framework, NaN elsewhere."""
    total, count = np.zeros(n), np.zeros(n)
    for plan in plans:
        if plan.framework and plan.home >= 0:
            total[plan.home] += settings.will_by_framework[plan.framework]
            count[plan.home] += 1.0
    return np.where(count > 0.0, total / np.maximum(count, 1.0), np.nan)


def _networks(groups: Joined, n_places: int, settings: Ecosystem, seed: int) -> Networks:
    plans = groups.plans
    countries = np.array([vocabulary.index(vocabulary.COUNTRIES, p.country) for p in plans])
    home = np.array([p.home for p in plans])
    coordinated = np.array(groups.coordinators) >= 0
    months = np.array([p.months_funded for p in plans])
    regular = np.array([p.regular_money for p in plans]) & coordinated
    until = np.where(regular, ALWAYS, np.where(coordinated & (months > 0), months, NEVER))
    years = np.array([p.founding_year or settings.start_year for p in plans])
    begins = np.array([p.begins for p in plans])
    until = np.where((until > 0) & ~regular, until + begins, until)
    paid = (until > 0) & (begins == 0)
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
        active=begins == 0,
        paid_until=until,
        paid=paid,
        coordinated=paid,
        months_unpaid=np.where(until > 0, 0, settings.months_coordination_grant),
        founded=np.where(begins > 0, begins, np.minimum(-1, (years - settings.start_year) * 12)),
    )
    return table
