"""The planned networks of a case: its own as the source has them, and its neighbours.

Neighbours are networks without a sheet, drawn from the survey as in the surveyed world and put
into the case's countries.
"""

from typing import NamedTuple

from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.worlds.cases import Case
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_cops import FIRST_SPRING, cop_size, country_of, spring_plan
from diffusion.world.worlds.erasmi_draw import surveyed
from diffusion.world.worlds.erasmi_networks import (
    Named,
    Plan,
    drawn_plan,
    roll,
    sheet_plan,
)
from diffusion.world.worlds.erasmi_places import Places, rows_of
from diffusion.world.worlds.erasmi_sheets import COUNTRY_GROUPS, coded, country_code, sheets
from diffusion.world.worlds.luck import Use

SINGLE = 59  # key of luck of a case from a further document, beyond the surveyed networks
NATIONAL = "national"  # place of a member that sits nowhere in particular
WHOLE, WIDER = "_whole", "_wider"  # keys of the network around a community, of the circle around


class Own(NamedTuple):
    """The case's own networks; `plans` join first, `inner` is made of the members of the first."""

    plans: list[Plan]
    inner: Plan | None


def own_plans(
    case: Case, settings: Ecosystem, seed: int
) -> tuple[Own, Places, dict[str, tuple[int, ...]]]:
    """The networks of a case, its places, and the rows of the places that practices come from."""
    places = Places()
    country = country_of(case.row)
    if case.waves():  # "12 municipalities beginning with Amsterdam"
        homes: tuple[int, ...] = (places.row(case.row["place"].split()[-1], country),)
    else:
        homes = rows_of(places, case.row["place"], country)
    region = places.regions[homes[0]] if homes and case.row["level"] == "regional" else ""
    for row in case.places:
        for _ in range(int(row["count"])):
            if row["place"]:
                places.row(row["place"], row["country"])
            else:
                places.further(row["country"], region)
    if case.table == "spring_cops":
        plans = _communities(case, places, homes, settings, seed)
    else:
        plans = [_single(case, homes, settings, seed)]
    plans = [_stated(plan, case) for plan in plans]
    own = _with_groups(case, plans, _named(case, places), settings)
    found: dict[str, tuple[int, ...]] = {
        row["id"]: (places.rows[place],)
        for row in sources.table("practices")
        if row["source"] == "connection_guide" and (place := _place(row["place"])) in places.rows
    }
    return own, places, found


def neighbours(n: int, places: Places, settings: Ecosystem, seed: int) -> list[Plan]:
    """Networks without a sheet, those that the survey found in countries of the places first."""
    networks = surveyed(seed)
    countries = [vocabulary.COUNTRIES[code] for code in dict.fromkeys(places.countries)]
    groups = {_group(country) for country in countries}
    first = len(sheets())
    local = [
        k
        for k in range(first, networks.type.shape[0])
        if COUNTRY_GROUPS[networks.country_group[k]] != "europe_wide_or_global"
    ]
    local.sort(
        key=lambda k: (
            COUNTRY_GROUPS[networks.country_group[k]] not in groups,
            roll(seed, Use.CASE_NEIGHBOUR, k),
        )
    )
    return [
        drawn_plan(k, countries[j % len(countries)], networks, places, settings, seed)
        for j, k in enumerate(local[:n])
    ]


def _communities(
    case: Case, places: Places, homes: tuple[int, ...], settings: Ecosystem, seed: int
) -> list[Plan]:
    """The community of practice, or one for each place and wave.

    Where the source counts the members of the network around it, its own number is drawn.
    """
    first = FIRST_SPRING + 8 * sources.table("spring_cops").index(case.row)
    if not case.waves():
        plan = spring_plan(case.row, first, 0, places, homes, settings, seed)
        within = any(row["form"] == "whole" for row in case.groups)
        return [plan._replace(size=cop_size(first, settings, seed)) if within else plan]
    begins = [month for n, month in case.waves() for _ in range(n)]
    return [
        spring_plan(case.row, first + copy, copy, places, (copy,), settings, seed)._replace(
            begins=month
        )
        for copy, month in enumerate(begins)
    ]


def _single(case: Case, homes: tuple[int, ...], settings: Ecosystem, seed: int) -> Plan:
    """The network of a sheet; its policy framework, which no sheet states, is drawn."""
    sheet = coded(case.row)
    keys = [one.key for one in sheets()]
    k = keys.index(case.key) if case.key in keys else SINGLE
    framework = surveyed(seed).framework[k] if case.key in keys else ""
    plan = sheet_plan(k, sheet, homes, framework, settings, seed)
    ministry = sheet.level == "national" and sheet.coordinator == "state"
    return plan._replace(places=()) if ministry else plan


def _stated(plan: Plan, case: Case) -> Plan:
    """The plan with what further facts of the case say."""
    size, months = case.fact("member_count"), case.fact("months_funded")
    meetings = case.fact("meetings_per_year")
    return plan._replace(
        size=int(size) if size else plan.size,
        months_funded=int(months) if months else plan.months_funded,
        meetings_per_year=float(meetings) if meetings else plan.meetings_per_year,
        framework=case.fact("framework") or plan.framework,
    )


def _place(text: str) -> tuple[str, int]:
    """`Warsaw, Poland` as places are looked up."""
    name, country = text.rsplit(", ", 1)
    return name, vocabulary.index(vocabulary.COUNTRIES, country_code(country))


def _group(country: str) -> str:
    """The survey's group of a country."""
    return country if country in COUNTRY_GROUPS else "other_sweden_netherlands_malta"


def _named(case: Case, places: Places) -> tuple[Named, ...]:
    """The members that the source names; those without a place go round all places in turn."""
    named = []
    by_name = {NATIONAL: -1} | {name: row for (name, _), row in places.rows.items()}
    n_places = len(places.names)
    for row in case.members:
        count = int(row["count"])
        for j in range(count):
            home = by_name[row["place"]] if row["place"] else j % n_places
            label = f"{row['name']} {j + 1}" if count > 1 else row["name"]
            posts, counted = int(row["posts"] or 0), row["counted"] == "true"
            named.append(Named(label, row["kind"], home, posts, counted))
    return tuple(named)


def _with_groups(
    case: Case, plans: list[Plan], named: tuple[Named, ...], settings: Ecosystem
) -> Own:
    """The plans with their named members and the networks around them."""
    forms = {row["form"]: row for row in case.groups}
    if "whole" in forms:
        row, inner = forms["whole"], plans[0]
        whole = inner._replace(
            key=case.key + WHOLE, name=row["name"], type=row["type"], size=len(named), named=named
        )
        return Own([whole], inner)
    first = plans[0]
    counted = sum(one.counted for one in named)
    known = case.row["member_count"] or case.fact("member_count")
    # where a source names members without a number, as many others are assumed at least
    size = first.size if known else max(first.size, 2 * counted)
    plans[0] = first._replace(named=named, size=size + len(named) - counted)
    if "wider" in forms:
        row = forms["wider"]
        kinds = {kind: settings.kind_mix[kind] for kind in sources.cells(row["kinds"])}
        around = first._replace(
            key=case.key + WIDER, name=row["name"], type=row["type"], size=int(row["size"])
        )
        plans.append(around._replace(kinds=kinds))
    return Own(plans, None)
