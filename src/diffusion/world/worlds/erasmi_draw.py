"""The 55 surveyed networks: 23 as their case sheets, 32 drawn so that the survey's figures hold.

Type x country, type x coordinator and type x formalisation are fitted to the margins that the
sheets leave over (iterative proportional fitting with structural zeros, then controlled
rounding), and joined within each type at random: given the type, the survey reports no further
connection. Figures that the survey gives as a range are drawn within it. Answers of which a
network may give several are dealt out by quotas. Where a sheet contradicts the survey the sheet
stays, and the misfit is reported.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.worlds.erasmi_answers import dealt_answers
from diffusion.world.worlds.erasmi_fit import counts_within, fitted, rounded
from diffusion.world.worlds.erasmi_sheets import (
    COUNTRY_GROUPS,
    TYPES,
    Sheet,
    bounds,
    sheets,
)
from diffusion.world.worlds.fields import SURVEYED
from diffusion.world.worlds.luck import Use, luck

_DRAWS = 400
_FORMALISATION_ORDER = ("formal", "soft_formal", "informal", "mixed")
COORDINATOR_ANSWERS = tuple(
    {"single_person": "single_person_or_volunteer"}.get(word, word)
    for word in vocabulary.COORDINATORS
)


@dataclass(frozen=True)
class Surveyed:
    """Attributes of the 55 networks; the first 23 are the sheets, in their order."""

    type: IntArray  # code of TYPES
    country_group: IntArray  # code of COUNTRY_GROUPS
    coordinator: IntArray  # code of vocabulary.COORDINATORS
    formalisation: IntArray  # code of vocabulary.FORMALISATIONS
    framework: list[str]  # answer on the policy framework
    answers: list[dict[str, frozenset[str]]]  # question -> answers given


@lru_cache(maxsize=64)
@np.errstate(over="ignore")
def surveyed(seed: int) -> Surveyed:
    """The 55 networks of one seed."""
    types = _type_counts(seed)
    drawn_type, drawn_group = _dealt_types(types, seed)
    coordinator = _dealt(_coordinators(types, seed), drawn_type, seed, 1)
    formalisation = _dealt(_formalisations(types, seed), drawn_type, seed, 2)
    known = sheets()
    all_types = np.concatenate(([TYPES.index(s.type) for s in known], drawn_type))
    groups = np.concatenate(([COUNTRY_GROUPS.index(s.country_group) for s in known], drawn_group))
    return Surveyed(
        type=all_types.astype(np.int64),
        country_group=groups.astype(np.int64),
        coordinator=np.concatenate(
            ([vocabulary.COORDINATORS.index(s.coordinator) for s in known], coordinator)
        ).astype(np.int64),
        formalisation=np.concatenate(
            ([vocabulary.FORMALISATIONS.index(s.formalisation) for s in known], formalisation)
        ).astype(np.int64),
        framework=_frameworks(seed),
        answers=dealt_answers(all_types, groups, seed),
    )


def _type_counts(seed: int) -> tuple[int, ...]:
    """Networks of each type; three counts are only known within bounds, sheets are a floor."""
    limits = [bounds()["type"][name] for name in TYPES]
    floor = [sum(sheet.type == name for sheet in sheets()) for name in TYPES]
    low = [max(least, known) for (least, _), known in zip(limits, floor, strict=True)]
    u = _one(seed, Use.TYPE_COUNTS, 0)
    return counts_within(low, [high for _, high in limits], SURVEYED, u)


def _dealt_types(types: tuple[int, ...], seed: int) -> tuple[IntArray, IntArray]:
    """Type and country group of each drawn network."""
    table = rounded(_type_by_country(types), _many(seed, Use.ROUNDING, 1))
    cells = np.repeat(np.arange(table.size), table.ravel())
    return cells // table.shape[1], cells % table.shape[1]


@lru_cache(maxsize=128)
def _type_by_country(types: tuple[int, ...]) -> FloatArray:
    """Fitted table of the drawn networks, type x country group."""
    crosstab = bounds()["crosstab_type_country"]
    have = _crossed(lambda s: COUNTRY_GROUPS.index(s.country_group), len(COUNTRY_GROUPS))
    start = np.ones(have.shape)
    germany, turkey, italy, ireland, british, wide, _ = range(len(COUNTRY_GROUPS))
    state = TYPES.index("state_integration")
    start[state, [germany, british, wide]] = 0.0  # named for Ireland, Italy, Turkey and other
    _only(start, "inter_territorial", [turkey])
    _only(start, "joint_provision", [turkey, italy])
    _only(start, "informal_group", [ireland])
    fixed = np.full(have.shape, -1, np.int64)
    fixed[state, germany] = crosstab["state_integration_in_germany"][0] - have[state, germany]
    columns = [bounds()["country"][group][0] for group in COUNTRY_GROUPS]
    return fitted(start, np.array(types) - have.sum(1), np.array(columns) - have.sum(0), fixed)


def _coordinators(types: tuple[int, ...], seed: int) -> IntArray:
    return rounded(_type_by_coordinator(types), _many(seed, Use.ROUNDING, 2))


@lru_cache(maxsize=128)
def _type_by_coordinator(types: tuple[int, ...]) -> FloatArray:
    """Fitted table of the drawn networks, type x coordinator."""
    words = vocabulary.COORDINATORS
    have = _crossed(lambda s: words.index(s.coordinator), len(words))
    start = np.ones(have.shape)
    _only(start, "state_integration", [words.index("state")])
    _only(start, "inter_territorial", [words.index("state")])
    single = words.index("single_person")  # named for migrant, state and non-state networks
    start[[TYPES.index("project_consortium"), TYPES.index("joint_provision")], single] = 0.0
    columns = [bounds()["coordinator"][answer][0] for answer in COORDINATOR_ANSWERS]
    return fitted(start, np.array(types) - have.sum(1), np.array(columns) - have.sum(0))


def _formalisations(types: tuple[int, ...], seed: int) -> IntArray:
    limits = [bounds()["formalisation"][name] for name in _FORMALISATION_ORDER]
    u = _one(seed, Use.TYPE_COUNTS, 1)
    counts = counts_within([low for low, _ in limits], [high for _, high in limits], SURVEYED, u)
    return rounded(_type_by_formalisation(types, counts), _many(seed, Use.ROUNDING, 3))


@lru_cache(maxsize=256)
def _type_by_formalisation(types: tuple[int, ...], counts: tuple[int, ...]) -> FloatArray:
    """Fitted table of the drawn networks, type x formalisation."""
    words = vocabulary.FORMALISATIONS
    have = _crossed(lambda s: words.index(s.formalisation), len(words))
    start = np.ones(have.shape)
    _only(start, "inter_territorial", [words.index("formal")])
    _only(start, "joint_provision", [words.index("formal")])
    columns = np.array([counts[_FORMALISATION_ORDER.index(word)] for word in words])
    return fitted(start, np.array(types) - have.sum(1), columns - have.sum(0))


def _crossed(column_of: Callable[[Sheet], int], n_columns: int) -> IntArray:
    """The sheets counted by type and another attribute."""
    table = np.zeros((len(TYPES), n_columns), np.int64)
    for sheet in sheets():
        table[TYPES.index(sheet.type), column_of(sheet)] += 1
    return table


def _only(start: FloatArray, name: str, columns: list[int]) -> None:
    allowed = start[TYPES.index(name), columns].copy()
    start[TYPES.index(name)] = 0.0
    start[TYPES.index(name), columns] = allowed


def _dealt(table: IntArray, drawn_type: IntArray, seed: int, which: int) -> IntArray:
    """Deal the columns of a table to the drawn networks of each type, at random."""
    result = np.zeros(drawn_type.shape[0], np.int64)
    for kind in range(table.shape[0]):
        mine = np.flatnonzero(drawn_type == kind)
        order = np.argsort(_luck(seed, Use.DEAL, mine, which), kind="stable")
        result[mine[order]] = np.repeat(np.arange(table.shape[1]), table[kind])
    return result


def _frameworks(seed: int) -> list[str]:
    """The policy framework that each of the 55 reports; no sheet states it."""
    limits = {
        answer: limit
        for answer, limit in bounds()["policy_framework"].items()
        if answer != "supportive_plus_no_statement"
    }
    low, high = zip(*limits.values(), strict=True)
    counts = counts_within(low, high, SURVEYED, _one(seed, Use.TYPE_COUNTS, 2))
    words = [word for word, count in zip(limits, counts, strict=True) for _ in range(count)]
    order = np.argsort(_luck(seed, Use.DEAL, np.arange(SURVEYED), 3), kind="stable")
    return [words[k] for k in np.argsort(order)]


def _one(seed: int, use: Use, whom: int) -> float:
    return float(_luck(seed, use, np.zeros(1, np.int64), whom)[0])


def _many(seed: int, use: Use, whom: int) -> list[float]:
    draws: list[float] = _luck(seed, use, np.arange(_DRAWS), whom).tolist()
    return draws


def _luck(seed: int, use: Use, who: IntArray, whom: int) -> FloatArray:
    return luck(seed, Decision.WORLD_NETWORK, use, who, whom)
