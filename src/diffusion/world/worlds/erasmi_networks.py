"""The plan of every network before anybody joins: where, how large, of whom, how it meets."""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_draw import Surveyed
from diffusion.world.worlds.erasmi_places import Places
from diffusion.world.worlds.erasmi_sheets import (
    COUNTRY_GROUPS,
    MIXING,
    TYPES,
    Sheet,
    sheets,
)
from diffusion.world.worlds.luck import Use, luck_table

OTHER_COUNTRIES = ("netherlands", "malta")  # Grupp 39 is the Swedish one of the three
MEMBER_KINDS = {  # tag of a sheet or answer of the survey -> kinds of organisation
    "ngo": ("ngo",),
    "welfare": ("ngo",),
    "migrant_org": ("migrant_organisation",),
    "migrant_individual": ("migrant_organisation",),  # individuals as the groups they form
    "state": ("state_agency",),
    "municipality": ("municipality",),
    "educational": ("educational",),
    "company": ("company",),
    "chamber": ("company",),
    "funder": ("company",),
    "volunteer": ("volunteer_group",),
    "research": ("research",),
}
ANSWER_KINDS = {  # the survey's answers are wider than the sheets' tags
    "ngo": ("ngo", "migrant_organisation"),
    "state": ("municipality", "state_agency"),
    "educational": ("educational", "research"),
    "volunteer": ("volunteer_group",),
    "company": ("company",),
    "migrants_and_refugees": ("migrant_organisation",),
    "other_sports_culture_investors": ("volunteer_group", "company"),
}
COORDINATOR_KINDS = {
    "none": (),
    "state": ("municipality", "state_agency"),
    "ngo": ("ngo", "migrant_organisation"),
    "single_person": ("volunteer_group", "migrant_organisation"),
    "company": ("company",),
    "educational_institution": ("educational", "research"),
}
ONLINE = {"video", "messaging", "cloud", "social_media"}
PERSONS_NETWORKS = {"newcomers_network_harz"}  # the sheet counts persons, not organisations
_ROLLS = 2048


class Named(NamedTuple):
    """A member that a source names; territory -1 = its country's national row, posts 0 = drawn."""

    name: str
    kind: str
    territory: int
    posts: int
    counted: bool  # whether the source's number of members includes it


class Plan(NamedTuple):
    """One network as planned; `home` is its territory row, -1 = the country's national row."""

    key: str
    name: str
    type: str
    country: str
    home: int
    scope: str  # who can join: home, region, country, europe
    level: str
    size: int
    kinds: dict[str, float]  # weights of kinds among its members
    coordinator: str
    coordinator_name: str  # of a named organisation, empty otherwise
    formalisation: str
    fields: int
    meetings_per_year: float
    facilitated: bool
    online: bool
    bridging: bool
    policy_link: bool
    regular_money: bool
    months_funded: int  # of its own coordination money left; 0 = none
    founding_year: int
    places: tuple[int, ...] = ()
    framework: str = ""
    named: tuple[Named, ...] = ()
    begins: int = 0  # month in which it is founded, if that is yet to come


def surveyed_plans(
    networks: Surveyed,
    places: Places,
    found: dict[str, tuple[int, ...]],
    settings: Ecosystem,
    seed: int,
) -> list[Plan]:
    """The 55 surveyed networks; adds further places for those that need one."""
    plans = []
    for k, sheet in enumerate(sheets()):
        homes = found[sheet.key]
        plans.append(sheet_plan(k, sheet, homes, networks.framework[k], settings, seed))
    other = iter(OTHER_COUNTRIES)
    for k in range(len(plans), networks.type.shape[0]):
        country = COUNTRY_GROUPS[networks.country_group[k]]
        if country == "other_sweden_netherlands_malta":
            country = next(other)
        plans.append(drawn_plan(k, country, networks, places, settings, seed))
    return plans


def sheet_plan(
    k: int,
    sheet: Sheet,
    homes: tuple[int, ...],
    framework: str,
    settings: Ecosystem,
    seed: int,
) -> Plan:
    """The network of a case sheet; `k` keys the luck of what the sheet does not say."""
    wide = sheet.level in ("national", "europe")
    kinds = kinds_behind(sheet.member_tags, settings)
    size = sheet.member_count
    if size is not None and sheet.key in PERSONS_NETWORKS:
        size = max(settings.network_size_min, round(size / settings.persons_each))
    return Plan(
        key=sheet.key,
        name=sheet.name,
        type=sheet.type,
        country=sheet.country,
        home=-1 if wide or not homes else homes[0],
        scope={"local": "home", "regional": "region", "national": "country"}.get(
            sheet.level, "europe"
        ),
        level=sheet.level,
        size=_size(k, settings, seed) if size is None else size,
        kinds=kinds,
        coordinator=sheet.coordinator,
        coordinator_name=sheet.coordinator_name,
        formalisation=sheet.formalisation,
        fields=sheet.fields,
        meetings_per_year=_meetings(k, sheet, seed),
        facilitated=mixes(sheet),
        online=meets_online(sheet),
        bridging=sheet.bridging,
        policy_link=_links_policy(sheet.coordinator, kinds, sheet.bridging),
        regular_money=sheet.regular_money,
        months_funded=_funded(k, sheet.answers["resource"], settings, seed),
        founding_year=sheet.founding_year or 0,
        places=homes,
        framework=framework,
    )


def drawn_plan(
    k: int,
    country: str,
    networks: Surveyed,
    places: Places,
    settings: Ecosystem,
    seed: int,
) -> Plan:
    """A network without a sheet: survey answers as dealt, the rest from a sheet of its type.

    Europe-wide ones have no country of their own (`europe_wide_or_global`) and take the sheet's.
    """
    group = COUNTRY_GROUPS[networks.country_group[k]]
    donor = _donor(k, TYPES[networks.type[k]], group, seed)
    if country == "europe_wide_or_global":
        country = donor.country
    answers = networks.answers[k]
    kinds = kinds_behind(answers["member"], settings, answers=True)
    wide = donor.level in ("national", "europe")
    coordinator = vocabulary.COORDINATORS[networks.coordinator[k]]
    resources = answers["resource"]
    mask = 0
    for word in answers["field"]:
        mask |= 1 << vocabulary.FIELDS.index(word)
    type_name = TYPES[networks.type[k]]
    return sheet_plan(k, donor, (), networks.framework[k], settings, seed)._replace(
        key=f"surveyed_{k + 1}",
        name=f"Surveyed network {k + 1} ({type_name.replace('_', ' ')}, "
        f"{country.replace('_', ' ').title()})",
        type=type_name,
        country=country,
        home=_place(k, country, wide, places, settings, seed),
        size=_size(k, settings, seed),
        kinds=kinds,
        coordinator=coordinator,
        coordinator_name="",
        formalisation=vocabulary.FORMALISATIONS[networks.formalisation[k]],
        fields=mask or donor.fields,
        facilitated=bool(answers["facilitation"] & set(MIXING)),
        online=_is_online(answers["internal_communication"]),
        policy_link=_links_policy(coordinator, kinds, donor.bridging),
        regular_money="state_funding_regular" in resources,
        months_funded=_funded(k, resources, settings, seed),
    )


def coordinator_codes(plan: Plan) -> list[int]:
    """Kinds that can coordinate a network, the likeliest first.

    Wide networks of the state are coordinated by ministries rather than cities (es_118).
    """
    return _coordinator_codes(plan.coordinator, plan.level in ("national", "europe"))


@lru_cache(maxsize=32)
def _coordinator_codes(coordinator: str, wide: bool) -> list[int]:
    codes = [vocabulary.KINDS.index(kind) for kind in COORDINATOR_KINDS[coordinator]]
    return codes[::-1] if wide and coordinator == "state" else codes


def _donor(k: int, type_name: str, group: str, seed: int) -> Sheet:
    """A sheet of the same type lends level, rhythm, bridging and year (hot-deck imputation)."""
    donors = _donors(type_name, group == "europe_wide_or_global")
    return donors[int(roll(seed, Use.DONOR, k) * len(donors))]


@lru_cache(maxsize=32)
def _donors(type_name: str, wide: bool) -> list[Sheet]:
    donors = [s for s in sheets() if (s.country_group == "europe_wide_or_global") == wide]
    return [s for s in donors if s.type == type_name] or donors


def _meetings(k: int, sheet: Sheet, seed: int) -> float:
    """The sheet's own number, or that of a random sheet that prints one."""
    if sheet.meetings_per_year is not None:
        return sheet.meetings_per_year
    known = _rhythms()
    return known[int(roll(seed, Use.RHYTHM, k) * len(known))]


@lru_cache(maxsize=1)
def _rhythms() -> list[float]:
    return [s.meetings_per_year for s in sheets() if s.meetings_per_year is not None]


def kinds_behind(
    words: Iterable[str], settings: Ecosystem, answers: bool = False
) -> dict[str, float]:
    """The kinds behind tags of a sheet, or behind answers, weighted by the mix of kinds overall."""
    named = _named_kinds(frozenset(words), answers)
    return {kind: settings.kind_mix[kind] for kind in named}


@lru_cache(maxsize=1024)
def _named_kinds(words: frozenset[str], answers: bool) -> tuple[str, ...]:
    meaning = ANSWER_KINDS if answers else MEMBER_KINDS
    named = {kind for word in words for kind in meaning[word]}
    return tuple(kind for kind in vocabulary.KINDS if kind in named)


def _place(k: int, country: str, wide: bool, places: Places, settings: Ecosystem, seed: int) -> int:
    """A named or further place of the country; -1 for networks wider than a place."""
    known = places.of_country(vocabulary.index(vocabulary.COUNTRIES, country))
    if wide:
        if not known:  # its members live somewhere
            places.further(country)
        return -1
    if known and roll(seed, Use.PLACE, 2 * k) < settings.shared_place_share:
        return known[int(roll(seed, Use.PLACE, 2 * k + 1) * len(known))]
    return places.further(country)


def _size(k: int, settings: Ecosystem, seed: int) -> int:
    """Log-normal number of member organisations within its bounds."""
    u = 1.0 - roll(seed, Use.NETWORK_SIZE, 2 * k)
    z = math.sqrt(-2.0 * math.log(u)) * math.cos(
        2.0 * math.pi * roll(seed, Use.NETWORK_SIZE, 2 * k + 1)
    )
    size = settings.network_size_median * math.exp(settings.network_size_sigma * z)
    return int(min(settings.network_size_max, max(settings.network_size_min, round(size))))


def _funded(k: int, resources: frozenset[str], settings: Ecosystem, seed: int) -> int:
    """Months of coordination money left: project money and lent personnel are for a time."""
    if not pays_for_a_time(resources):
        return 0
    return 1 + int(roll(seed, Use.MONEY_END, k) * settings.months_coordination_grant)


def pays_for_a_time(resources: frozenset[str]) -> bool:
    """Whether a network has coordination money that ends."""
    return bool(resources & {"project_funding", "personnel"})


def mixes(sheet: Sheet) -> bool:
    """Whether a sheet names a technique that seats people across groups."""
    return bool(sheet.answers["facilitation"] & set(MIXING))


def meets_online(sheet: Sheet) -> bool:
    """Whether a sheet names online channels and no meeting in person."""
    return _is_online(sheet.answers["internal_communication"])


def _links_policy(coordinator: str, kinds: dict[str, float], bridging: bool) -> bool:
    """Public bodies coordinate, or sit at the table of a network that links sectors."""
    public = not kinds.keys().isdisjoint(vocabulary.PUBLIC_KINDS)
    return coordinator == "state" or (bridging and public)


def _is_online(channels: frozenset[str]) -> bool:
    return not channels & {"meeting", "event", "working_group"} and bool(channels & ONLINE)


def roll(seed: int, use: Use, whom: int) -> float:
    """One draw for a network; `whom` below 2048."""
    return _rolls(seed, use)[whom]


@lru_cache(maxsize=64)
def _rolls(seed: int, use: Use) -> list[float]:
    """The draws of one use, made in one go: a call a number would cost more than the world."""
    rolls: list[float] = luck_table(
        seed, Decision.WORLD_NETWORK, use, np.zeros(1, np.int64), np.arange(_ROLLS)
    )[0].tolist()
    return rolls
