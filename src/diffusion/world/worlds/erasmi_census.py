"""Who lives in the surveyed places: named organisations, members that networks need, outsiders."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray, MaskArray
from diffusion.base.draws import Decision
from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.practices import field_mask
from diffusion.world.worlds.erasmi_networks import COORDINATOR_KINDS, Plan, coordinator_kinds
from diffusion.world.worlds.erasmi_places import Places
from diffusion.world.worlds.luck import BoolArray, Use, choice, luck, whole
from diffusion.world.worlds.settled import column

if TYPE_CHECKING:
    from diffusion.world.worlds.erasmi import ErasmiWorld

N_KINDS = len(vocabulary.KINDS)
COORDINATOR_COUNTED = {  # sheets whose number of members includes the coordinator
    "cas_perugia",
    "magnet_network",
    "eminent_network",
    "tuzla_acem",
}
HOST_KINDS = {  # our reading of who runs the practices of the Eurocities guide
    "mother_tutors": "migrant_organisation",
    "civic_orientation_course": "municipality",
    "plan_einstein": "municipality",
    "recycling_house": "municipality",
    "weekend_safe_space": "ngo",
    "womens_circle": "ngo",
    "community_health_agents": "ngo",
    "grassroots_grant_fund": "ngo",
    "migrant_led_innovation_grants": "ngo",
    "language_class_with_childcare": "volunteer_group",
    "school_parent_language": "educational",
    "project_nordost": "municipality",
    "embroidery_group": "volunteer_group",
    "community_gardens": "volunteer_group",
    "buddy_mentoring": "volunteer_group",
}
_CITY_WORDS = ("municip", "county council", "city of")


@dataclass
class Census:
    """Organisations under construction; the named ones come first."""

    kind: IntArray
    territory: IntArray
    level: IntArray
    fields: MaskArray
    founding_year: IntArray
    names: list[str]
    n_named: int
    named: dict[str, int]  # plan or practice id -> organisation


def census(
    plans: list[Plan],
    scopes: BoolArray,
    places: Places,
    found: dict[str, tuple[int, ...]],
    settings: "ErasmiWorld",
    seed: int,
) -> Census:
    """All organisations of a world, as many as the settings ask for or the networks need."""
    named = _Named()
    for plan in plans:
        if plan.coordinator_name:
            named.add_coordinator(plan, places)
    for row in sources.table("practices"):
        if row["source"] == "connection_guide":
            named.add_host(row, found[row["id"]][0])
    supply = _supply(plans, scopes, len(places.names), settings, seed)
    cells = np.repeat(np.arange(supply.size), supply.ravel())
    outside = max(len(places.names), settings.n_organisations - cells.shape[0] - len(named.names))
    who = np.arange(outside)
    territory = whole(_luck(seed, Use.TERRITORY, who), len(places.names))
    kind = choice(_luck(seed, Use.KIND, who), column(settings.kind_mix, vocabulary.KINDS))
    territory[: len(places.names)] = np.arange(len(places.names))  # nobody lives nowhere
    kinds = np.concatenate((named.kinds, cells % N_KINDS, kind)).astype(np.int64)
    territories = np.concatenate((named.territories, cells // N_KINDS, territory)).astype(np.int64)
    levels = _levels(kinds, settings, seed)
    levels[: len(named.names)] = named.levels
    fields = np.zeros(kinds.shape[0], np.uint64)
    fields[: len(named.names)] = named.fields
    years = np.zeros(kinds.shape[0], np.int64)
    years[: len(named.names)] = named.years
    return Census(
        kind=kinds,
        territory=territories,
        level=levels,
        fields=fields,
        founding_year=years,
        names=named.names + _labels(kinds, territories, places, len(named.names)),
        n_named=len(named.names),
        named=named.rows,
    )


def kind_counts(plan: Plan) -> IntArray:
    """How many members of each kind a network has (largest remainders), without a named one."""
    weights = np.array([plan.kinds.get(kind, 0.0) for kind in vocabulary.KINDS])
    size = plan.size - (plan.key in COORDINATOR_COUNTED)
    exact = size * weights / weights.sum()
    counts: IntArray = np.floor(exact).astype(np.int64)
    short = size - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:short]] += 1
    wanted = coordinator_kinds(plan)
    if wanted and not plan.coordinator_name:
        codes = [vocabulary.KINDS.index(kind) for kind in wanted]
        if counts[codes].sum() == 0:
            counts[codes[0]] += 1
            counts[int(np.argmax(counts))] -= int(counts.sum() > size)
    return counts


class _Named:
    """Organisations that the sources name: coordinators and hosts of practices."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kinds: list[int] = []
        self.territories: list[int] = []
        self.levels: list[int] = []
        self.fields: list[int] = []
        self.years: list[int] = []
        self.rows: dict[str, int] = {}

    def add_coordinator(self, plan: Plan, places: Places) -> None:
        """The coordinating organisation of a sheet or a community of practice, once each."""
        if plan.coordinator_name in self.names:
            self.rows[plan.key] = self.names.index(plan.coordinator_name)
            return
        self.rows[plan.key] = len(self.names)
        code = vocabulary.index(vocabulary.COUNTRIES, plan.country)
        home = plan.places[0] if plan.places else len(places.names) + code
        self.names.append(plan.coordinator_name)
        self.kinds.append(vocabulary.KINDS.index(_coordinator_kind(plan)))
        self.territories.append(home)
        self.levels.append(vocabulary.LEVELS.index(plan.level))
        self.fields.append(plan.fields)
        self.years.append(plan.founding_year)

    def add_host(self, row: dict[str, str], territory: int) -> None:
        """The organisation that runs a practice of the Eurocities guide."""
        self.rows[row["id"]] = len(self.names)
        self.names.append(f"Home of '{row['name']}'")
        self.kinds.append(vocabulary.KINDS.index(HOST_KINDS[row["id"]]))
        self.territories.append(territory)
        self.levels.append(0)
        self.fields.append(field_mask(row["field"]))
        self.years.append(int(row["founding_year"] or 0))


def _coordinator_kind(plan: Plan) -> str:
    if plan.coordinator == "state":
        name = plan.coordinator_name.lower()
        return "municipality" if any(word in name for word in _CITY_WORDS) else "state_agency"
    if plan.coordinator == "ngo" and set(plan.kinds) <= {"migrant_organisation", "volunteer_group"}:
        return "migrant_organisation" if plan.type == "migrant_network" else "ngo"
    return COORDINATOR_KINDS[plan.coordinator][0]


def _supply(
    plans: list[Plan],
    scopes: BoolArray,
    n_places: int,
    settings: "ErasmiWorld",
    seed: int,
) -> IntArray:
    """Members needed by place and kind: local networks share theirs, wider ones add what lacks."""
    total = np.zeros((n_places, N_KINDS))
    largest = np.zeros((n_places, N_KINDS), np.int64)
    for plan in plans:
        if plan.scope == "home":
            counts = kind_counts(plan)
            total[plan.home] += counts
            largest[plan.home] = np.maximum(largest[plan.home], counts)
    shared = np.ceil(total / settings.memberships_each).astype(np.int64)
    supply = np.maximum(largest, shared)
    for k, plan in enumerate(plans):
        if plan.scope == "home":
            continue
        scope = np.flatnonzero(scopes[k, :n_places])
        wanted = np.array(plan.places, np.int64) if plan.places else scope
        lacking = np.maximum(0, kind_counts(plan) - supply[scope].sum(axis=0))
        first = int(_luck(seed, Use.COMPOSITION, np.array([k]))[0] * wanted.shape[0])
        for kind in np.flatnonzero(lacking):
            where = wanted[(first + np.arange(lacking[kind])) % wanted.shape[0]]
            np.add.at(supply[:, kind], where, 1)
    return supply


def _levels(kinds: IntArray, settings: "ErasmiWorld", seed: int) -> IntArray:
    u = _luck(seed, Use.LEVEL, np.arange(kinds.shape[0]))
    national: FloatArray = column(settings.national_share, vocabulary.KINDS)[kinds]
    regional: FloatArray = column(settings.regional_share, vocabulary.KINDS)[kinds]
    levels: IntArray = np.where(u < national, 2, np.where(u < national + regional, 1, 0))
    return levels.astype(np.int64)


def _labels(kinds: IntArray, territories: IntArray, places: Places, first: int) -> list[str]:
    words = [kind.replace("_", " ") for kind in vocabulary.KINDS]
    return [
        f"{words[kind]} {i + 1}, {places.names[territory]}"
        for i, (kind, territory) in enumerate(
            zip(kinds[first:].tolist(), territories[first:].tolist(), strict=True), start=first
        )
    ]


def _luck(seed: int, use: Use, who: IntArray) -> FloatArray:
    return luck(seed, Decision.WORLD_MEMBERSHIP, use, who)
