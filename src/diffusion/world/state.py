"""The state of the world: structures of arrays, the only truth.

One row is one organisation, post, tie, network, grant line, territory or funder. Mesa agents and
the networkx graph are views of these rows. All arrays are 64 bits wide (float64, int64, uint64)
so that compiled and uncompiled loops give the same bits. Rows of organisations, posts, networks,
grant lines and practices never move, hence their index is their identity (and keys their luck);
ties are compacted freely, because a tie's luck is keyed by its two organisations.

`NamedTuple`s of arrays are what numba takes as one argument. What an organisation or a person
knows and runs is a mask: bit p = practice p, at most 64 practices.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import NEVER, FloatArray, IntArray, MaskArray
from diffusion.base.errors import WorldError
from diffusion.world.adjacency import Adjacency, Ties, empty_adjacency, rebuild_adjacency
from diffusion.world.modifiers import Modifiers, neutral_modifiers
from diffusion.world.traffic import (
    Attendance,
    Contacts,
    Flow,
    room_for_attendance,
    room_for_contacts,
    room_for_events,
)
from diffusion.world.vocabulary import COUNTRIES, FIELDS

MAX_PRACTICES = 64
GENERAL = np.uint64(1 << FIELDS.index("general"))  # practices of use to everybody


class Practices(NamedTuple):
    """The catalogue, one row a practice (P rows); fixed during a run."""

    fields: MaskArray  # bits of vocabulary.FIELDS
    related: MaskArray  # fields that share practices or networks with the practice's own
    scale: IntArray  # code of vocabulary.SCALES
    cost: IntArray  # code of vocabulary.COSTS
    complexity: FloatArray  # 0 (one format anyone can run) .. 1 (many institutions, legal duties)
    adaptability: FloatArray  # 0 (tied to one place) .. 1 (works almost anywhere)
    strength: FloatArray  # strength of its evidence, 0 .. 1
    needs_will: IntArray  # 1 if it needs political will
    load: FloatArray  # staff posts it binds while it runs
    trial_months: IntArray  # length of a trial


class Organisations(NamedTuple):
    """One row an organisation (n rows)."""

    kind: IntArray  # code of vocabulary.KINDS
    territory: IntArray  # row in Territories
    country: IntArray  # code of vocabulary.COUNTRIES
    level: IntArray  # code of vocabulary.LEVELS
    fields: MaskArray  # bits of vocabulary.FIELDS
    related: MaskArray  # fields related to its own, without its own
    languages: MaskArray  # working languages, bits of vocabulary.LANGUAGES
    migrant_led: IntArray  # 0 or 1
    founding_year: IntArray
    first_post: IntArray  # posts of organisation i: first_post[i] .. first_post[i] + n_posts[i] - 1
    n_posts: IntArray
    first_grant: IntArray  # grant lines of organisation i, likewise
    n_grants: IntArray
    project_share: FloatArray  # share of its money that is project money, 0..1
    absorptive: FloatArray  # absorptive capacity relative to the mean, 0.3..2 (G04)
    support: FloatArray  # management support, 0..1
    threshold: FloatArray  # adoption threshold: share of contacts using it, 0..1 (D04)
    handover: IntArray  # 1 if leavers hand over in a structured way
    own_practices: MaskArray  # practices of its own fields or of general use (derived)
    related_practices: MaskArray  # practices of related fields (derived)
    siloing: FloatArray  # pull towards one's own field and kind; 1 = as surveyed, 0 = none
    # changing
    staff: FloatArray  # filled posts
    overload: FloatArray  # >= 0
    slack: FloatArray  # time for exchange relative to normal, >= 0
    contacts: FloatArray  # remembered contacts, fading over 12 months
    aware: MaskArray  # has heard of it (kept while it runs)
    trial: MaskArray
    adopted: MaskArray
    institutional: MaskArray  # institutionalised
    lapsed: MaskArray  # ran it once, does not now
    written: MaskArray  # written down well enough to learn it from
    knows: MaskArray  # union of what its staff knows (derived, once a month)


class Uses(NamedTuple):
    """What changes slowly for an organisation i and a practice p: shape (n, P)."""

    since: IntArray  # month in which the present stage began
    fidelity: FloatArray  # 0..1
    fit: FloatArray  # 0..1, best over the places it was learned from
    exposure: FloatArray  # remembered contacts with users of it, fading over 12 months
    champion: IntArray  # post of the person who knows it best, -1 if there is none
    champion_left: IntArray  # month in which the last such person left, NEVER otherwise
    grant: IntArray  # grant line that pays it; -1 regular money; -2 needs none
    unfunded: IntArray  # month since which its grant is gone, NEVER while it is paid


class Posts(NamedTuple):
    """One row a staff post (or volunteer place)."""

    organisation: IntArray
    contract: IntArray  # code of vocabulary.CONTRACTS
    grant: IntArray  # grant line that pays a fixed-term post, -1 otherwise
    filled: IntArray  # 0 or 1
    hired: IntArray  # month in which the present person started (may be negative)
    person: IntArray  # counts the persons who held the post: a new person has new luck
    left: IntArray  # month in which the last person left, NEVER before the first
    knows: MaskArray  # practices this person knows how to run


class Networks(NamedTuple):
    """Cooperation networks and communities of practice, one row each."""

    key: IntArray  # keys its luck: stable whatever else is founded
    type: IntArray  # code of vocabulary.NETWORK_TYPES
    is_cop: IntArray  # 1 for communities of practice
    territory: IntArray
    country: IntArray
    level: IntArray
    coordinator: IntArray  # organisation that coordinates, -1 none
    coordinator_kind: IntArray  # code of vocabulary.COORDINATORS
    formalisation: IntArray  # code of vocabulary.FORMALISATIONS
    meetings_per_year: FloatArray
    facilitated: IntArray  # 1 if meetings are facilitated so that tables mix
    online: IntArray  # 1 if it meets online
    bridging: IntArray  # 1 if it links sectors
    policy_link: IntArray  # 1 if what works is carried to policy makers
    languages: MaskArray  # languages in which it meets
    regular_money: IntArray  # 1 if its own coordination money does not end
    # changing
    active: IntArray  # 0 = dormant
    paid_until: IntArray  # own coordinator money lasts until this month
    sponsored: IntArray  # 1 if an intervention pays its coordination this month
    paid: IntArray  # 1 if coordination is paid this month, by whomever
    coordinated: IntArray  # 1 while coordination works: paid, within the lag, or small
    months_unpaid: IntArray  # since coordination was last paid
    founded: IntArray  # month, may be negative
    met: IntArray  # 1 if it met this month
    months_met: IntArray  # meetings held so far


class Members(NamedTuple):
    """Members of network k: organisation[start[k] : start[k+1]]."""

    start: IntArray
    organisation: IntArray


class Memberships(NamedTuple):
    """Networks of organisation i: network[start[i] : start[i+1]] (Members, turned round)."""

    start: IntArray
    network: IntArray


class Grants(NamedTuple):
    """Grant lines: the project money of an organisation, one row a line."""

    organisation: IntArray
    funder: IntArray
    active: IntArray  # 1 while money flows
    ends: IntArray  # month in which the present grant ends
    renewed: IntArray  # decision on the follow-up: 1 yes, 0 no, -1 not yet taken
    starts: IntArray  # month in which a promised grant starts, NEVER otherwise


class Funders(NamedTuple):
    """One row a funder."""

    kind: IntArray  # code of vocabulary.FUNDER_KINDS
    country: IntArray  # -1 for the EU
    territory: IntArray  # of a municipal funder, -1 otherwise
    call_month: IntArray  # 0..11
    budget: IntArray  # grants a call can award
    months_grant: IntArray  # usual length of a grant
    months_to_start: IntArray  # from the call to the money
    success_rate: FloatArray
    min_staff: FloatArray  # smallest applicant
    guidelines: MaskArray  # practices its guidelines reward


class Territories(NamedTuple):
    """One row a territory, with its policy maker; the last rows are the countries' own."""

    country: IntArray
    is_national: IntArray
    log_pressure: FloatArray  # log of demand relative to normal
    will: FloatArray  # political will, 0..1
    policy: MaskArray  # practices written into policy


class Tables(NamedTuple):
    """All tables of a state, as one argument for compiled loops."""

    practices: Practices
    orgs: Organisations
    uses: Uses
    posts: Posts
    ties: Ties
    adjacency: Adjacency
    networks: Networks
    members: Members
    memberships: Memberships
    grants: Grants
    funders: Funders
    territories: Territories
    modifiers: Modifiers
    contacts: Contacts
    attendance: Attendance
    events: IntArray  # the event log, see traffic.log
    flows: IntArray  # counts of the month, see traffic.Flow
    national: IntArray  # row of each country's own territory, or -1
    awarded: IntArray  # grants awarded at this month's calls, one a funder


@dataclass
class Names:
    """Labels for people; the model never reads them."""

    organisations: list[str]
    networks: list[str]
    territories: list[str]
    funders: list[str]
    practices: list[str]  # ids of the catalogue
    practice_titles: list[str]


@dataclass
class State:
    """Everything that a run reads and writes; `names` is for people only.

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
    adjacency: Adjacency = field(init=False)
    memberships: Memberships = field(init=False)
    modifiers: Modifiers = field(init=False)
    contacts: Contacts = field(init=False)
    attendance: Attendance = field(init=False)
    events: IntArray = field(init=False)
    flows: IntArray = field(init=False)
    national_rows: IntArray = field(init=False)
    awarded: IntArray = field(init=False)

    def __post_init__(self) -> None:
        check_practice_count(self.n_practices)
        n = self.n_organisations
        self.adjacency = empty_adjacency(n, self.ties.a.shape[0])
        with np.errstate(over="ignore"):
            rebuild_adjacency(self.ties, self.adjacency)
        orgs = self.organisations
        orgs.own_practices[:] = relevant_practices(orgs.fields | GENERAL, self.practices.fields)
        orgs.related_practices[:] = relevant_practices(orgs.related, self.practices.fields)
        self.modifiers = neutral_modifiers(n)
        self.contacts = room_for_contacts(0)
        self.attendance = room_for_attendance(0)
        self.events = room_for_events(0)
        self.flows = np.zeros(len(Flow), np.int64)
        self.national_rows = national_rows(self.territories)
        self.awarded = np.zeros(self.funders.kind.shape[0], np.int64)
        self.set_members(self.members)

    @property
    def n_organisations(self) -> int:
        return int(self.organisations.kind.shape[0])

    @property
    def n_practices(self) -> int:
        return int(self.practices.scale.shape[0])

    @property
    def n_networks(self) -> int:
        return int(self.networks.type.shape[0])

    @property
    def n_ties(self) -> int:
        return int(self.ties.size[0])

    def tables(self) -> Tables:
        """The tables as they are now; a table that has grown is another array."""
        return Tables(
            practices=self.practices,
            orgs=self.organisations,
            uses=self.uses,
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
            contacts=self.contacts,
            attendance=self.attendance,
            events=self.events,
            flows=self.flows,
            national=self.national_rows,
            awarded=self.awarded,
        )

    def set_members(self, members: Members) -> None:
        """Replace the membership table and what is derived from it."""
        self.members = members
        counts = np.diff(members.start)
        network = np.repeat(np.arange(counts.shape[0]), counts)
        order = np.argsort(members.organisation, kind="stable")
        per_organisation = np.bincount(members.organisation, minlength=self.n_organisations)
        self.memberships = Memberships(
            start=np.concatenate([[0], np.cumsum(per_organisation)]).astype(np.int64),
            network=network[order].astype(np.int64),
        )

    def reserve_ties(self, spare: int) -> None:
        """Make room for `spare` further ties; loops never grow arrays themselves."""
        capacity = self.ties.a.shape[0]
        if self.n_ties + spare <= capacity:
            return
        grown = max(2 * capacity, self.n_ties + spare)
        self.ties = self.ties._replace(
            **{
                name: np.resize(getattr(self.ties, name), grown)
                for name in Ties._fields
                if name != "size"
            }
        )
        old = self.adjacency
        self.adjacency = Adjacency(
            start=old.start,
            partner=np.resize(old.partner, 2 * grown),
            tie=np.resize(old.tie, 2 * grown),
        )


def check_practice_count(n: int) -> None:
    """Masks hold 64 practices."""
    if not 1 <= n <= MAX_PRACTICES:
        raise WorldError(
            f"{n} practices were asked for; a world holds 1 to {MAX_PRACTICES} "
            f"(one bit each): choose fewer with practices.include or practices.limit"
        )


def relevant_practices(fields: MaskArray, practice_fields: MaskArray) -> MaskArray:
    """For each mask of fields the mask of practices that touch one of them."""
    masks = np.zeros(fields.shape[0], np.uint64)
    for p, of_practice in enumerate(practice_fields):
        masks |= ((fields & of_practice) != 0).astype(np.uint64) << np.uint64(p)
    return masks


def national_rows(territories: Territories) -> IntArray:
    """Row of the national territory of each country code, -1 where there is none."""
    rows = np.full(len(COUNTRIES), -1, np.int64)
    for r in np.flatnonzero(territories.is_national):
        rows[territories.country[r]] = r
    return rows


def empty_uses(n: int, n_practices: int) -> Uses:
    """No organisation runs anything."""
    shape = (n, n_practices)
    return Uses(
        since=np.zeros(shape, np.int64),
        fidelity=np.zeros(shape),
        fit=np.zeros(shape),
        exposure=np.zeros(shape),
        champion=np.full(shape, -1, np.int64),
        champion_left=np.full(shape, NEVER, np.int64),
        grant=np.full(shape, -2, np.int64),
        unfunded=np.full(shape, NEVER, np.int64),
    )
