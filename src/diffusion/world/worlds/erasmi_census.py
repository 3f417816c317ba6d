"""Who lives in the surveyed places: named organisations, members that networks need, outsiders."""

from dataclasses import dataclass

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray, MaskArray
from diffusion.base.draws import Decision
from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.labels import Labels
from diffusion.world.practices import field_mask
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_networks import COORDINATOR_KINDS, Plan, coordinator_codes
from diffusion.world.worlds.erasmi_places import Places
from diffusion.world.worlds.luck import BoolArray, Use, choice, luck, whole
from diffusion.world.worlds.settled import column

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
    names: Labels
    posts: IntArray  # 0 = drawn
    n_named: int
    named: dict[str, int]  # plan or practice id -> organisation
    members: dict[str, list[int]]  # plan -> members that its source names


def census(
    plans: list[Plan],
    counts: IntArray,
    scopes: BoolArray,
    places: Places,
    found: dict[str, tuple[int, ...]],
    settings: Ecosystem,
    seed: int,
) -> Census:
    """All organisations of a world, as many as the settings ask for or the networks need."""
    named = _Named()
    for plan in plans:
        if plan.coordinator_name:
            named.add_coordinator(plan, places)
    for plan in plans:
        named.add_members(plan, places)
    for row in sources.table("practices"):
        if row["source"] == "connection_guide" and row["id"] in found:
            named.add_host(row, found[row["id"]][0])
    supply = _supply(plans, counts, scopes, len(places.names), settings, seed)
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
    posts = np.zeros(kinds.shape[0], np.int64)
    posts[: len(named.names)] = named.posts
    return Census(
        kind=kinds,
        territory=territories,
        level=levels,
        fields=fields,
        founding_year=years,
        names=_Names(named.names, kinds, territories, places.names),
        posts=posts,
        n_named=len(named.names),
        named=named.rows,
        members=named.members,
    )


def member_counts(plans: list[Plan]) -> IntArray:
    """How many members of each kind each network has, without those that the source names.

    Shares of the network's size are rounded by largest remainders. Shape (networks, kinds).
    """
    weights = np.array([[plan.kinds.get(kind, 0.0) for kind in vocabulary.KINDS] for plan in plans])
    size = np.array(
        [plan.size - (plan.key in COORDINATOR_COUNTED) - len(plan.named) for plan in plans]
    )
    exact = size[:, None] * weights / weights.sum(axis=1)[:, None]
    counts: IntArray = np.floor(exact).astype(np.int64)
    short = size - counts.sum(axis=1)
    rank = (counts - exact).argsort(axis=1, kind="stable").argsort(axis=1)
    counts += rank < short[:, None]
    for k, plan in enumerate(plans):
        codes = coordinator_codes(plan)
        if codes and not plan.coordinator_name and not counts[k, codes].any():
            counts[k, codes[0]] += 1
            counts[k, counts[k].argmax()] -= counts[k].sum() > size[k]
    return counts


class _Named:
    """Organisations that the sources name: coordinators, members and hosts of practices."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kinds: list[int] = []
        self.territories: list[int] = []
        self.levels: list[int] = []
        self.fields: list[int] = []
        self.years: list[int] = []
        self.posts: list[int] = []
        self.rows: dict[str, int] = {}
        self.members: dict[str, list[int]] = {}

    def add_coordinator(self, plan: Plan, places: Places) -> None:
        """The coordinating organisation of a sheet or a community of practice, once each."""
        if plan.coordinator_name in self.names:
            self.rows[plan.key] = self.names.index(plan.coordinator_name)
            return
        home = plan.places[0] if plan.places else _national(plan, places)
        level = vocabulary.LEVELS.index(plan.level)
        self.rows[plan.key] = self._add(
            plan.coordinator_name, _coordinator_kind(plan), home, level, plan.fields
        )
        self.years[-1] = plan.founding_year

    def add_members(self, plan: Plan, places: Places) -> None:
        """The members of a network that its source names."""
        level = vocabulary.LEVELS.index(plan.level)
        for one in plan.named:
            wide = one.territory < 0
            home = _national(plan, places) if wide else one.territory
            row = self._add(one.name, one.kind, home, level if wide else 0, plan.fields)
            self.posts[-1] = one.posts
            self.members.setdefault(plan.key, []).append(row)

    def add_host(self, row: dict[str, str], territory: int) -> None:
        """The organisation that runs a practice of the Eurocities guide."""
        name = f"Home of '{row['name']}'"
        fields = field_mask(row["field"])
        self.rows[row["id"]] = self._add(name, HOST_KINDS[row["id"]], territory, 0, fields)
        self.years[-1] = int(row["founding_year"] or 0)

    def _add(self, name: str, kind: str, territory: int, level: int, fields: int) -> int:
        """The new row; year and posts are drawn unless they are set."""
        self.names.append(name)
        self.kinds.append(vocabulary.KINDS.index(kind))
        self.territories.append(territory)
        self.levels.append(level)
        self.fields.append(fields)
        self.years.append(0)
        self.posts.append(0)
        return len(self.names) - 1


def _national(plan: Plan, places: Places) -> int:
    return len(places.names) + vocabulary.index(vocabulary.COUNTRIES, plan.country)


def _coordinator_kind(plan: Plan) -> str:
    if plan.coordinator == "state":
        name = plan.coordinator_name.lower()
        return "municipality" if any(word in name for word in _CITY_WORDS) else "state_agency"
    if plan.coordinator == "ngo" and set(plan.kinds) <= {"migrant_organisation", "volunteer_group"}:
        return "migrant_organisation" if plan.type == "migrant_network" else "ngo"
    return COORDINATOR_KINDS[plan.coordinator][0]


def _supply(
    plans: list[Plan],
    counts: IntArray,
    scopes: BoolArray,
    n_places: int,
    settings: Ecosystem,
    seed: int,
) -> IntArray:
    """Members needed by place and kind: local networks share theirs, wider ones add what lacks."""
    total = np.zeros((n_places, N_KINDS), np.int64)
    largest = np.zeros((n_places, N_KINDS), np.int64)
    local = np.array([plan.scope == "home" for plan in plans])
    homes = np.array([plan.home for plan in plans])[local]
    np.add.at(total, homes, counts[local])
    np.maximum.at(largest, homes, counts[local])
    shared = np.ceil(total / settings.memberships_each).astype(np.int64)
    supply = np.maximum(largest, shared)
    starts = _luck(seed, Use.COMPOSITION, np.arange(len(plans)))
    for k in (~local).nonzero()[0].tolist():
        scope = scopes[k, :n_places].nonzero()[0]
        wanted = np.array(plans[k].places, np.int64) if plans[k].places else scope
        lacking = np.maximum(0, counts[k] - supply[scope].sum(axis=0))
        first = int(starts[k] * wanted.shape[0])
        kinds = np.arange(N_KINDS).repeat(lacking)
        turn = np.arange(kinds.shape[0]) - (lacking.cumsum() - lacking).repeat(lacking)
        np.add.at(supply, (wanted[(first + turn) % wanted.shape[0]], kinds), 1)
    return supply


def _levels(kinds: IntArray, settings: Ecosystem, seed: int) -> IntArray:
    u = _luck(seed, Use.LEVEL, np.arange(kinds.shape[0]))
    national: FloatArray = column(settings.national_share, vocabulary.KINDS)[kinds]
    regional: FloatArray = column(settings.regional_share, vocabulary.KINDS)[kinds]
    levels: IntArray = np.where(u < national, 2, np.where(u < national + regional, 1, 0))
    return levels.astype(np.int64)


class _Names(Labels):
    """Names of organisations: those that the sources give, then kind, number and place."""

    def __init__(self, named: list[str], kinds: IntArray, territories: IntArray, places: list[str]):
        self._named = named
        self._kinds = kinds
        self._territories = territories
        self._places = places

    def __len__(self) -> int:
        return int(self._kinds.shape[0])

    def label(self, row: int) -> str:
        if row < len(self._named):
            return self._named[row]
        kind = vocabulary.KINDS[self._kinds[row]].replace("_", " ")
        return f"{kind} {row + 1}, {self._places[self._territories[row]]}"


def _luck(seed: int, use: Use, who: IntArray) -> FloatArray:
    return luck(seed, Decision.WORLD_MEMBERSHIP, use, who)
