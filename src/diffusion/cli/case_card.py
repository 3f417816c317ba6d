"""The card of a case: what its source says, what is assumed beside it, and how to run it."""

from collections.abc import Iterator

from diffusion.evidence import sources
from diffusion.evidence.sources import Row
from diffusion.world.worlds.case_conditions import mapped
from diffusion.world.worlds.cases import Case, cases
from diffusion.world.worlds.erasmi_networks import (
    PERSONS_NETWORKS,
    meets_online,
    mixes,
    pays_for_a_time,
)
from diffusion.world.worlds.erasmi_sheets import coded

_COLUMNS = {  # column of a source table -> how the card says it
    "founding_year": "founded",
    "place": "place",
    "level": "reach",
    "network_type": "type",
    "cop_kind": "kind of community",
    "coordinator_name": "coordinator",
    "coordinator_kind": "kind of coordinator",
    "formalisation": "formalisation",
    "member_kinds": "members",
    "member_count": "number of members",
    "fields": "fields of work",
    "resources": "paid by",
    "internal_channels": "channels",
    "facilitation": "facilitation",
    "meetings_per_year": "meetings a year",
    "start_waves": "founded in waves",
    "bridging": "bridges sectors",
    "policy_link": "linked with policy",
    "notes": "notes of the coding",
}
_SILENT = {  # what is drawn where a sheet does not say it
    "member_count": "number of members: log-normal (world.network_size_median), and at least twice "
    "as many as are named",
    "meetings_per_year": "meetings a year: as a random sheet that prints them",
    "founding_year": "founding year: the start of the run",
}
_SILENT_COMMUNITY = {
    "member_count": "number of members: log-normal (world.cop_size_median)",
    "meetings_per_year": "meetings a year: world.cop_meetings_per_year",
    "facilitation": "facilitation: tables mix, as the brief describes communities of practice",
    "resources": "paid by: regular money if the state coordinates, else for up to "
    "world.cop_months_funded months; no coordinator, no money",
    "founding_year": "founding year: the start of the run",
}
_SURROUNDING = (
    "other organisations, so that outside the network there are world.outside_ratio x its members",
    "world.n_neighbours networks drawn from the survey of 55 networks",
    "natural communities of practice until the share of the SPRING survey is in one",
    "funders and policy makers, and who knows and runs what, as in the surveyed world",
)


def case_list() -> Iterator[str]:
    """One line a case."""
    yield f"{len(cases())} cases; `diffusion explain case NAME` prints the card of one:"
    for row in case_rows():
        yield f"{row[0]}: {row[1]}; {row[2]}, {row[3]} members, {row[4]} meetings a year"


def case_rows() -> list[tuple[str, str, str, str, str, str]]:
    """Id, place, type, members, meetings a year and what is particular of each case."""
    return [
        (
            case.key,
            case.row["place"],
            case.row.get("network_type") or case.row["cop_kind"],
            case.fact("member_count") or case.row["member_count"] or "drawn",
            case.fact("meetings_per_year") or case.row.get("meetings_per_year") or "drawn",
            "; ".join(_particular(case)),
        )
        for case in cases().values()
    ]


def card(case: Case) -> Iterator[str]:
    """The card of a case, line by line."""
    citation = sources.by_id("documents")[case.document]["citation"]
    yield f"{case.key}: {case.name}"
    yield f"from {case.document}: {citation}"
    yield "What the source says:"
    meanings = _meanings(case)
    for column, words in _COLUMNS.items():
        value = case.row.get(column, "")
        if value:
            meaning = f" -> {meanings[column]}" if column in meanings else ""
            yield f"  {words}: {_shown(value)}{meaning}"
    yield from _rows(case, "sheet")
    yield "What is assumed:"
    silent = _SILENT_COMMUNITY if case.table == "spring_cops" else _SILENT
    for column, sentence in silent.items():
        if not case.row.get(column) and not case.fact(column):
            yield f"  {sentence}"
    yield from _rows(case, "assumed")
    for challenge in case.challenges():
        row = mapped().get(challenge)
        if row is not None:
            yield (
                f"  challenge {_shown(challenge)} -> world.{row['setting']} x {row['factor']}: "
                f"{row['note']}"
            )
    yield "  around it (drawn by the seed):"
    yield from (f"    {sentence}" for sentence in _SURROUNDING)
    left_out = list(_left_out(case))
    if left_out:
        yield "What the model has no quantity for:"
        yield from left_out
    yield "How to run it:"
    yield f"  diffusion run world=case world.case={case.key}"
    yield (
        f"  diffusion compare world=case world.case={case.key} intervention=[cop_formation] "
        f"replicates=10"
    )
    shock = case.fact("shock")
    if shock:
        yield f"  its shock: shock=[{shock}] (switched on beside the case, and off by default)"


def _meanings(case: Case) -> dict[str, str]:
    """Column -> what the model makes of it, where that is not the same word."""
    if case.table == "spring_cops":
        waves = ", ".join(f"{n} in month {month}" for n, month in case.waves())
        return {"start_waves": waves}
    sheet = coded(case.row)
    money = "none that pays coordination: no coordination money"
    if not sheet.coordinator_name:
        money = "nobody coordinates: no coordination money"
    elif sheet.regular_money:
        money = "regular coordination money, which does not end"
    elif case.fact("months_funded") == "0":
        money = "coordination money has ended"
    elif pays_for_a_time(sheet.answers["resource"]):
        money = "coordination money for up to world.months_coordination_grant months"
    meanings = {
        "resources": money,
        "internal_channels": "meets online" if meets_online(sheet) else "meets in person",
        "facilitation": "tables mix" if mixes(sheet) else "like sits with like",
    }
    if case.key in PERSONS_NETWORKS:
        meanings["member_count"] = "persons, as groups of world.persons_each"
    return meanings


def _rows(case: Case, basis: str) -> Iterator[str]:
    """The rows on places, members, groups and facts that stand on this basis."""
    for row in case.places:
        if row["basis"] == basis:
            count = f"{row['count']} x " if row["count"] != "1" else ""
            name = row["place"] or f"further place in {_shown(row['country'])}"
            yield f"  place: {count}{name}{_because(row)}"
    for row in case.members:
        if row["basis"] == basis:
            yield f"  {_member(row)}{_because(row)}"
    for row in case.groups:
        if row["basis"] == basis:
            yield f"  {_group(row)}{_because(row)}"
    for row in case.facts:
        if row["basis"] == basis and row["fact"] != "left_out":
            yield f"  {_shown(row['fact'])}: {_shown(row['value'])}{_because(row)}"


def _left_out(case: Case) -> Iterator[str]:
    for row in case.facts:
        if row["fact"] == "left_out":
            yield f"  {row['value']}{_because(row)}"
    silent = [one for one in case.challenges() if one not in mapped() and one != "not_stated"]
    if silent:
        yield f"  challenges: {', '.join(map(_shown, silent))}"


def _particular(case: Case) -> Iterator[str]:
    """What sets a case apart, in a few words each."""
    if case.row["coordinator_kind"] == "none":
        yield "no coordinator"
    countries = {row["stands_for"] or row["country"] for row in case.places}
    if len(countries) > 1:
        yield f"places in {len(countries)} countries"
    if case.waves():
        yield f"{len(case.waves())} waves ({case.row['start_waves']})"
    for row in case.groups:
        yield _group(row)
    yield from (_member(row) for row in case.members if int(row["count"]) > 1)
    named = sum(row["count"] == "1" for row in case.members)
    if named:
        yield f"{named} named members or offices"
    shock = case.fact("shock")
    if shock:
        yield f"shock {shock}"


def _member(row: Row) -> str:
    count = f"{row['count']} x " if row["count"] != "1" else ""
    posts = f", {row['posts']} posts each" if row["posts"] else ""
    return f"{count}{row['name']} ({_shown(row['kind'])}{posts})"


def _group(row: Row) -> str:
    count = f"{row['count']} x " if row["count"] != "1" else ""
    low, high = row["meetings_low"], row["meetings_high"]
    meetings = f", {low} to {high} meetings a year" if low else ""
    form = {"within": "group within", "whole": "network around", "wider": "circle around"}
    return f"{count}{row['name']} ({form.get(row['form'], row['form'])}{meetings})"


def _because(row: Row) -> str:
    return f" ({row['note']})" if row["note"] else ""


def _shown(value: str) -> str:
    """Lists and words of the tables as people write them."""
    return value if " " in value else value.replace(";", ", ").replace("_", " ")
