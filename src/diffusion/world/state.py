"""The state of the world: its tables, the only truth, and what is derived from them.

Mesa agents and the networkx graph are views of the tables' rows.
"""

import copy
from dataclasses import InitVar, dataclass, field, fields, replace
from functools import lru_cache

import numpy as np

from diffusion.base.arrays import (
    FloatArray,
    IntArray,
    MaskArray,
    Table,
    copied,
    masks_of,
    resized,
    table_of,
    unions,
)
from diffusion.base.errors import WorldError
from diffusion.world.adjacency import Adjacency, Ties, empty_adjacency, rebuild_adjacency
from diffusion.world.labels import Labels
from diffusion.world.modifiers import (
    FunderModifiers,
    Modifiers,
    neutral_funder_modifiers,
    neutral_modifiers,
    reset_funders,
)
from diffusion.world.modifiers import reset as reset_modifiers
from diffusion.world.pushes import MAX_PROMOTIONS, Promotions, Pushes, neutral_pushes
from diffusion.world.pushes import reset as reset_pushes
from diffusion.world.tables import (
    NETWORK_HELP,
    Accounts,
    Funders,
    Grants,
    Members,
    Memberships,
    Networks,
    Organisations,
    Posts,
    Practices,
    Tables,
    Territories,
    Uses,
)
from diffusion.world.traffic import (
    Arranged,
    Attendance,
    Contacts,
    Flow,
    Live,
    room_for_events,
)
from diffusion.world.vocabulary import COUNTRIES, FIELDS

MAX_PRACTICES = 64
_SPARE = 4  # tables that must grow get a quarter more than is needed now
_AT_FIRST = 2  # times as many ties as there are ties and organisations have room from the start
GENERAL = np.uint64(1 << FIELDS.index("general"))  # practices of use to everybody


@dataclass
class Names:
    """Labels for people; rules never read them."""

    organisations: list[str] | Labels
    networks: list[str]
    territories: list[str]
    funders: list[str]
    practices: list[str]  # ids of the catalogue
    practice_titles: list[str]


@dataclass
class State:
    """Everything that a run reads and writes; `names` is for people only.

    Args:
        ties: the ties at the start, all of them live unless `live_ties` says how many are.

    Raises:
        WorldError: more than 64 practices.
    """

    seed: int
    practices: Practices
    organisations: Organisations
    uses: Uses
    posts: Posts
    ties: Ties
    networks: Networks
    members: Members
    grants: Grants
    funders: Funders
    territories: Territories
    names: Names
    month: int = 0
    live_ties: InitVar[int | None] = None
    exposure: FloatArray = field(init=False)
    adjacency: Adjacency = field(init=False)
    memberships: Memberships = field(init=False)
    modifiers: Modifiers = field(init=False)
    funder_modifiers: FunderModifiers = field(init=False)
    accounts: Accounts = field(init=False)
    pushes: Pushes = field(init=False)
    promotions: Promotions = field(init=False)
    arranged: Arranged = field(init=False)
    contacts: Contacts = field(init=False)
    attendance: Attendance = field(init=False)
    events: IntArray = field(init=False)
    flows: IntArray = field(init=False)
    sizes: IntArray = field(init=False)
    national_rows: IntArray = field(init=False)

    def __post_init__(self, live_ties: int | None) -> None:
        check_practice_count(self.n_practices)
        n = self.n_organisations
        self.exposure = np.zeros((n, self.n_practices))
        self.sizes = np.zeros(len(Live), np.int64)
        live = len(self.ties) if live_ties is None else live_ties
        # each organisation may look for a partner and each contact become a tie; contacts are fewer
        # than ties and organisations, unless much is asked of them: then the table grows later
        room = max(len(self.ties), _AT_FIRST * (live + n))
        self.set_ties(resized(self.ties, room), live)
        orgs, fields = self.organisations, self.practices.fields
        orgs.own_practices = relevant_practices(orgs.fields | GENERAL, fields)
        orgs.related_practices = relevant_practices(orgs.related, fields)
        orgs.led = masks_of(self.uses.champion >= 0)
        self.modifiers = neutral_modifiers(n)
        self.funder_modifiers = neutral_funder_modifiers(len(self.funders))
        self.accounts = table_of(Accounts, n)
        self.pushes = neutral_pushes(n)
        self.promotions = table_of(Promotions, 0)
        self.arranged = table_of(Arranged, 0)
        self.contacts = table_of(Contacts, 0)
        self.attendance = table_of(Attendance, 0)
        self.events = room_for_events(0)
        self.flows = np.zeros(len(Flow), np.int64)
        self.national_rows = national_rows(self.territories)
        self.set_members(self.members)

    @property
    def n_organisations(self) -> int:
        return len(self.organisations)

    @property
    def n_practices(self) -> int:
        return len(self.practices)

    @property
    def n_networks(self) -> int:
        return len(self.networks)

    @property
    def n_ties(self) -> int:
        return int(self.sizes[Live.TIES])

    @property
    def n_contacts(self) -> int:
        """Contacts of the month that has just passed."""
        return int(self.sizes[Live.CONTACTS])

    @property
    def n_attending(self) -> int:
        """Attendances of the month that has just passed."""
        return int(self.sizes[Live.ATTENDANCE])

    def copy(self) -> "State":
        """A state of its own that agrees in every bit."""
        twin = copy.copy(self)
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, np.ndarray | Table):
                setattr(twin, one.name, copied(value))
            elif isinstance(value, tuple):
                setattr(twin, one.name, type(value)(*map(copied, value)))
        twin.names = replace(self.names, networks=list(self.names.networks))
        return twin

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if isinstance(value, np.ndarray | Table | tuple):
            self.__dict__.pop("_tables", None)

    def tables(self) -> Tables:
        """The tables as they are now, for compiled loops; a table that has grown is another one."""
        if "_tables" not in self.__dict__:
            self.__dict__["_tables"] = self._gathered()
        found: Tables = self.__dict__["_tables"]
        return found

    def _gathered(self) -> Tables:
        return Tables(
            practices=self.practices,
            orgs=self.organisations,
            uses=self.uses,
            exposure=self.exposure,
            posts=self.posts,
            ties=self.ties,
            adjacency=self.adjacency,
            networks=self.networks,
            members=self.members,
            memberships=self.memberships,
            grants=self.grants,
            funders=self.funders,
            territories=self.territories,
            modifiers=self.modifiers,
            funder_modifiers=self.funder_modifiers,
            accounts=self.accounts,
            pushes=self.pushes,
            promotions=self.promotions,
            arranged=self.arranged,
            contacts=self.contacts,
            attendance=self.attendance,
            events=self.events,
            flows=self.flows,
            sizes=self.sizes,
            national=self.national_rows,
        )

    def open_month(self) -> None:
        """Take back what shocks and interventions moved last month, and what was counted."""
        reset_modifiers(self.modifiers)
        reset_funders(self.funder_modifiers)
        reset_pushes(self.pushes)
        if len(self.promotions):
            self.promotions = table_of(Promotions, 0)
        for column in NETWORK_HELP:
            self.networks[column] = 0
        if len(self.arranged):
            self.arranged = table_of(Arranged, 0)
        self.grants["shut"] = 0
        self.flows[:] = 0

    def arrange(self, meetings: Arranged) -> None:
        """Add contacts to those that are arranged for this month."""
        before = len(self.arranged)
        self.arranged = resized(self.arranged, before + len(meetings))
        self.arranged[before:] = meetings

    def promote(
        self, rows: IntArray, practices: np.uint64, p_told: float, rel_eased: float
    ) -> None:
        """Put practices before some organisations this month; see `Promotions`.

        Raises:
            WorldError: more promotions in a month than there are bits for.
        """
        before = len(self.promotions)
        if before == MAX_PROMOTIONS:
            raise WorldError(
                f"more than {MAX_PROMOTIONS} interventions promote practices in month "
                f"{self.month}; switch some of them off, or give them other windows"
            )
        self.promotions = resized(self.promotions, before + 1)
        self.promotions[before] = (practices, p_told, rel_eased)
        self.pushes.promoted[rows] |= practices
        self.pushes.promotions[rows] |= np.uint64(1 << before)
        self.pushes.most_eased[rows] *= rel_eased

    def set_members(self, members: Members) -> None:
        """Replace the membership table and what is derived from it."""
        self.members = members
        counts = members.start[1:] - members.start[:-1]
        network = np.arange(counts.shape[0], dtype=np.int32).repeat(counts)
        order = members.organisation.argsort(kind="stable")
        start = np.zeros(self.n_organisations + 1, np.int32)
        np.bincount(members.organisation, minlength=self.n_organisations).cumsum(out=start[1:])
        self.memberships = Memberships(start=start, network=network[order])

    def set_ties(self, ties: Ties, live: int) -> None:
        """Replace the ties, of which the first `live` rows count, and what is derived from them."""
        self.ties = ties
        self.sizes[Live.TIES] = live
        self.adjacency = empty_adjacency(self.n_organisations, ties.shape[0])
        with np.errstate(over="ignore"):
            rebuild_adjacency(ties, live, *self.adjacency)

    def reserve_ties(self, spare: int) -> None:
        """Make room for `spare` further ties; loops never grow tables themselves."""
        needed = self.n_ties + spare
        if needed > len(self.ties):
            self.set_ties(resized(self.ties, needed + needed // _SPARE), self.n_ties)

    def reserve_contacts(self, capacity: int) -> None:
        """Make room for so many contacts a month; last month's stay to be read."""
        if capacity > len(self.contacts):
            self.contacts = resized(self.contacts, capacity + capacity // _SPARE)

    def reserve_attendance(self, capacity: int) -> None:
        """Make room for so many attendances a month."""
        if capacity > len(self.attendance):
            self.attendance = resized(self.attendance, capacity)


def check_practice_count(n: int) -> None:
    """Masks hold 64 practices."""
    if not 1 <= n <= MAX_PRACTICES:
        raise WorldError(
            f"{n} practices were asked for; a world holds 1 to {MAX_PRACTICES} "
            f"(one bit each): choose fewer with practices.include or practices.limit"
        )


def relevant_practices(fields: MaskArray, practice_fields: MaskArray) -> MaskArray:
    """For each mask of fields the mask of practices that touch one of them."""
    masks: MaskArray = _practices_of_set(practice_fields.tobytes())[fields]
    return masks


@lru_cache(maxsize=8)
def _practices_of_set(practice_fields: bytes) -> MaskArray:
    """The practices that touch one of several fields, for every possible set of fields."""
    of_practice = np.frombuffer(practice_fields, np.uint64)
    bits = np.arange(len(FIELDS), dtype=np.uint64)[:, None]
    return unions(masks_of((of_practice >> bits) & np.uint64(1) == 1))


def national_rows(territories: Territories) -> IntArray:
    """Row of the national territory of each country code, -1 where there is none."""
    rows = np.full(len(COUNTRIES), -1, np.int64)
    national = territories.is_national.nonzero()[0]
    rows[territories.country[national]] = national
    return rows
