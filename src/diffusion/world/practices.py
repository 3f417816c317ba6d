"""The catalogue of practices: from the coded source table to the arrays that the rules read."""

from collections import Counter
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from diffusion.base.arrays import MaskArray, copied, table_of, unions
from diffusion.base.errors import SettingError, WorldError, nearest
from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.state import MAX_PRACTICES, check_practice_count
from diffusion.world.tables import Practices

FIELD_WORDS = {"own_culture": "culture_sports", "naturalisation": "legal"}
STRENGTHS = ("named_only", "described", "reported_figures", "evaluated")
GRADES = 4  # steps between the lowest and the highest coded grade (1..5)


class PracticesSettings(BaseModel):
    """Which practices of the catalogue a world holds, and what the coded grades stand for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    include: tuple[str, ...] | None = Field(description="ids of the catalogue; null = all of it")
    limit: int | None = Field(ge=1, description="only the first so many; null = no limit")
    load: dict[str, float] = Field(description="staff posts a practice binds, by scale")
    strength: dict[str, float] = Field(description="strength of evidence 0..1, by grade")
    trial_months_simple: int = Field(ge=1, le=60, description="trial at complexity 1, months")
    trial_months_complex: int = Field(ge=1, le=60, description="trial at complexity 5, months")
    related_cases: int = Field(
        ge=1, le=50, description="sheets or practices that must name two fields together"
    )

    @field_validator("load")
    @classmethod
    def _every_scale(cls, load: dict[str, float]) -> dict[str, float]:
        return _complete(load, vocabulary.SCALES, 10.0)

    @field_validator("strength")
    @classmethod
    def _every_grade(cls, strength: dict[str, float]) -> dict[str, float]:
        return _complete(strength, STRENGTHS, 1.0)


class Origin(NamedTuple):
    """Where a practice comes from, as the source gives it."""

    source: str
    place: str
    founding_year: int | None


class Catalogue(NamedTuple):
    """The chosen practices: arrays for the rules, labels for people, origins for the worlds."""

    practices: Practices
    ids: list[str]
    titles: list[str]
    origins: list[Origin]


def catalogue(settings: PracticesSettings) -> Catalogue:
    """The practices that the settings choose, in the order of the source table.

    Raises:
        SettingError: an id that the catalogue does not have, or the same id twice.
        WorldError: more practices than a mask holds, or than the catalogue has.

    Source: practices.csv (coded judgement on scale, cost, complexity and adaptability).
    """
    known = _catalogue(settings.model_dump_json())
    return Catalogue(
        practices=copied(known.practices),
        ids=known.ids.copy(),
        titles=known.titles.copy(),
        origins=known.origins.copy(),
    )


@lru_cache(maxsize=8)
def _catalogue(settings_as_json: str) -> Catalogue:
    settings = PracticesSettings.model_validate_json(settings_as_json)
    rows = _chosen(settings)
    check_practice_count(len(rows))
    complexity = (np.array([int(row["complexity"]) for row in rows]) - 1) / GRADES
    months = settings.trial_months_simple + complexity * (
        settings.trial_months_complex - settings.trial_months_simple
    )
    fields = np.array([field_mask(row["field"]) for row in rows], np.uint64)
    practices = table_of(
        Practices,
        len(rows),
        fields=fields,
        related=related_of(fields, settings.related_cases),
        scale=[vocabulary.index(vocabulary.SCALES, row["scale"]) for row in rows],
        cost=[vocabulary.index(vocabulary.COSTS, row["cost_class"]) for row in rows],
        complexity=complexity,
        adaptability=(np.array([int(row["adaptability"]) for row in rows]) - 1) / GRADES,
        strength=[settings.strength[row["evidence_strength"]] for row in rows],
        needs_will=["political_will" in row["needs"].split(";") for row in rows],
        load=[settings.load[row["scale"]] for row in rows],
        trial_months=np.rint(months),
    )
    return Catalogue(
        practices=practices,
        ids=[row["id"] for row in rows],
        titles=[row["name"] for row in rows],
        origins=[
            Origin(row["source"], row["place"], int(row["founding_year"] or 0) or None)
            for row in rows
        ],
    )


def field_mask(cell: str) -> int:
    """The mask of a `;`-separated cell of fields; words outside the vocabulary are mapped."""
    words = [FIELD_WORDS.get(word, word) for word in cell.split(";") if word]
    return vocabulary.mask(vocabulary.FIELDS, words)


def related_of(fields: MaskArray, cases: int) -> MaskArray:
    """For masks of fields: the fields related to them, without their own."""
    result: MaskArray = _related_to_set(cases)[fields] & ~fields
    return result


@lru_cache(maxsize=8)
def _related_to_set(cases: int) -> MaskArray:
    """The same for every possible set of fields, own fields not yet taken out."""
    return unions(np.array(related_fields(cases), np.uint64))


@lru_cache(maxsize=8)
def related_fields(cases: int) -> tuple[int, ...]:
    """For each field the mask of fields named together with it at least `cases` times.

    Counted over case sheets, communities of practice and practices; "general" says nothing about
    what belongs together and is left out.
    """
    together: Counter[tuple[int, int]] = Counter()
    for table, column in (
        ("erasmi_networks", "fields"),
        ("spring_cops", "fields"),
        ("practices", "field"),
    ):
        for row in sources.table(table):
            mask = field_mask(row[column]) & ~field_mask("general")
            bits = [bit for bit in range(len(vocabulary.FIELDS)) if mask >> bit & 1]
            together.update(combinations(bits, 2))
    related = [0] * len(vocabulary.FIELDS)
    for (one, other), count in together.items():
        if count >= cases:
            related[one] |= 1 << other
            related[other] |= 1 << one
    return tuple(related)


def _chosen(settings: PracticesSettings) -> list[dict[str, str]]:
    rows = sources.table("practices")
    if settings.include is not None:
        if not settings.include:
            raise SettingError(
                "practices.include = [] names no practice; name at least one id, or null for all"
            )
        by_id = {row["id"]: row for row in rows}
        for name in settings.include:
            if name not in by_id:
                raise SettingError(
                    f"practices.include names '{name}', which the catalogue of {len(rows)} "
                    f"practices does not have{nearest(name, by_id)}"
                )
        if len(set(settings.include)) < len(settings.include):
            raise SettingError("practices.include names a practice twice; name each once")
        rows = [row for row in rows if row["id"] in set(settings.include)]
    if settings.limit is not None:
        if settings.limit > len(sources.table("practices")):
            raise WorldError(
                f"practices.limit is {settings.limit}; a world holds 1..{MAX_PRACTICES} practices "
                f"and the catalogue has {len(sources.table('practices'))}: choose a lower limit"
            )
        rows = rows[: settings.limit]
    return rows


def _complete(values: dict[str, float], words: tuple[str, ...], high: float) -> dict[str, float]:
    if set(values) != set(words):
        raise ValueError(f"needs exactly the keys {', '.join(words)}")
    if not all(0.0 <= value <= high for value in values.values()):
        raise ValueError(f"every value must lie in 0..{high:g}")
    return values
