"""The case sheets in the words of the survey: how each coded tag counts as a survey answer.

Choices where the two vocabularies differ:
- type `association` (one Bavarian sheet) counts as a migrant network: its members are migrants;
- coordinator `migrant_organisation` counts as `ngo` (the survey's NGO answer includes migrant
  organisations), `individual_volunteer` as a single person or volunteer;
- the sheets listed under Europe-wide and global are CFE, MAGNET and VYRE; EMINENT counts for the
  United Kingdom, where the compendium lists it;
- money from public bodies counts as regular state funding only where a sheet names no project
  funding (the tag `state_funding` is wider than the survey's answer);
- chambers count as companies, funders as other members, research as educational members.
"""

from functools import lru_cache
from typing import NamedTuple

from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.practices import field_mask

COUNTRY_GROUPS = (
    "germany",
    "turkey",
    "italy",
    "ireland",
    "united_kingdom",
    "europe_wide_or_global",
    "other_sweden_netherlands_malta",
)
TYPES = vocabulary.NETWORK_TYPES[:7]
EUROPE_WIDE_SHEETS = ("cfe_refugee_entrepreneurship", "magnet_network", "vyre")
QUESTIONS = ("field", "member", "resource", "internal_communication", "facilitation")
NO_FACILITATION = "none_or_no_statement"
UNNUMBERED_FACILITATION = "open_space_world_cafe"
MIXING = (  # techniques that seat people across groups; talks and informal settings do not
    "moderated_discussion_and_workshop",
    "open_space_world_cafe",
    "brainstorming",
    "fishbowl_round_table",
    "other_bar_camp_poster_network_cafe_marketplace",
)

_COORDINATORS = {
    "migrant_organisation": "ngo",
    "individual_volunteer": "single_person",
}
_MEMBERS = {
    "ngo": "ngo",
    "welfare": "ngo",
    "migrant_org": "ngo",
    "state": "state",
    "municipality": "state",
    "educational": "educational",
    "research": "educational",
    "volunteer": "volunteer",
    "company": "company",
    "chamber": "company",
    "migrant_individual": "migrants_and_refugees",
    "funder": "other_sports_culture_investors",
}
_CHANNELS = {
    "email": "email_newsletter",
    "newsletter": "email_newsletter",
    "forum": "other_forum_extranet_scheduling",
}
_TECHNIQUES = {
    "moderated_discussion": "moderated_discussion_and_workshop",
    "discussion_round": "moderated_discussion_and_workshop",
    "training_workshop": "moderated_discussion_and_workshop",
    "small_group_workshop": "moderated_discussion_and_workshop",
    "lecture": "keynote_or_presentation",
    "informal": "informal_settings",
    "open_space": "open_space_world_cafe",
    "world_cafe": "open_space_world_cafe",
    "brainstorming": "brainstorming",
    "fishbowl": "fishbowl_round_table",
    "round_table": "fishbowl_round_table",
    "not_stated": NO_FACILITATION,
}
_OTHER_TECHNIQUE = "other_bar_camp_poster_network_cafe_marketplace"
_PUBLIC_MONEY = {"state_funding", "municipal_funding"}


class Sheet(NamedTuple):
    """One case sheet, coded as survey answers and as the model's vocabulary."""

    key: str
    name: str
    country: str
    country_group: str
    place: str
    level: str
    type: str
    coordinator: str
    coordinator_name: str
    formalisation: str
    fields: int
    answers: dict[str, frozenset[str]]
    member_tags: tuple[str, ...]
    member_count: int | None
    meetings_per_year: float | None
    bridging: bool
    founding_year: int | None
    regular_money: bool


@lru_cache(maxsize=1)
def sheets() -> tuple[Sheet, ...]:
    """The 23 case sheets in the order of the source table."""
    return tuple(coded(row) for row in sources.table("erasmi_networks"))


@lru_cache(maxsize=1)
def bounds() -> dict[str, dict[str, tuple[int, int]]]:
    """Question -> answer -> lowest and highest count among the surveyed networks."""
    result: dict[str, dict[str, tuple[int, int]]] = {}
    for row in sources.table("erasmi_survey"):
        if row["count_low"]:
            answers = result.setdefault(row["question"], {})
            answers[row["answer"]] = (int(row["count_low"]), int(row["count_high"]))
    return result


def country_code(name: str) -> str:
    """`United Kingdom` -> `united_kingdom`."""
    return name.lower().replace(" ", "_")


def coded(row: dict[str, str]) -> Sheet:
    """A row of the source table as survey answers and in the model's vocabulary."""
    country = country_code(row["country"])
    group = country if country in COUNTRY_GROUPS else "other_sweden_netherlands_malta"
    if row["id"] in EUROPE_WIDE_SHEETS:
        group = "europe_wide_or_global"
    return Sheet(
        key=row["id"],
        name=row["name"],
        country=country,
        country_group=group,
        place=row["place"],
        level={"global": "europe"}.get(row["level"], row["level"]),
        type={"association": "migrant_network"}.get(row["network_type"], row["network_type"]),
        coordinator=_COORDINATORS.get(row["coordinator_kind"], row["coordinator_kind"]),
        coordinator_name=row["coordinator_name"],
        formalisation=row["formalisation"],
        fields=field_mask(row["fields"]),
        answers=_answers(row),
        member_tags=tuple(sources.cells(row["member_kinds"])),
        member_count=int(row["member_count"]) if row["member_count"] else None,
        meetings_per_year=sources.number(row["meetings_per_year"]),
        bridging=row["bridging"] == "true",
        founding_year=int(row["founding_year"]) if row["founding_year"] else None,
        regular_money=_is_regular(row),
    )


def _answers(row: dict[str, str]) -> dict[str, frozenset[str]]:
    resources = set(sources.cells(row["resources"]))
    if resources & _PUBLIC_MONEY and "project_funding" not in resources:
        resources.add("state_funding_regular")
    techniques = {
        _TECHNIQUES.get(tag, _OTHER_TECHNIQUE) for tag in sources.cells(row["facilitation"])
    }
    channels = {_CHANNELS.get(tag, tag) for tag in sources.cells(row["internal_channels"])}
    mask = field_mask(row["fields"])
    named = {word for bit, word in enumerate(vocabulary.FIELDS) if mask >> bit & 1}
    return {
        "field": frozenset(named & set(bounds()["field"])),
        "member": frozenset(_MEMBERS[tag] for tag in sources.cells(row["member_kinds"])),
        "resource": frozenset(resources & set(bounds()["resource"])),
        "internal_communication": frozenset(channels),
        "facilitation": frozenset(techniques),
    }


def _is_regular(row: dict[str, str]) -> bool:
    resources = set(sources.cells(row["resources"]))
    embedded = "administrative_embedding" in sources.cells(row["sustainability"])
    return embedded or bool(resources & _PUBLIC_MONEY and "project_funding" not in resources)
