"""What the Mesa model holds besides its agents: plain objects, shared by reference.

Practices are named by their number in the catalogue, so that sets and dicts of them stay small.
Months are whole numbers and may be negative for what happened before the run.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from diffusion.base.arrays import NEVER

if TYPE_CHECKING:
    from benchmarks.peers.mesa_organisation import Organisation

LAST_MONTHS = 2  # the follow-up of a grant is known so long before its end


@dataclass(eq=False, slots=True)
class Practice:
    """A practice of the catalogue."""

    number: int
    name: str
    fields: frozenset[int]  # numbers of vocabulary.FIELDS
    scale: str  # of vocabulary.SCALES
    cost: str  # of vocabulary.COSTS
    complexity: float  # 0..1
    adaptability: float  # 0..1
    strength: float  # of its evidence, 0..1
    needs_will: bool
    load: float  # posts it binds while it runs
    trial_months: int


@dataclass(eq=False, slots=True)
class Territory:
    """A place, or a whole country, and its policy maker."""

    name: str
    national: "Territory | None"  # the country's own; itself, where it is one
    log_pressure: float
    will: float  # 0..1
    policy: set[int]
    log_felt: float = 0.0  # pressure as budgets feel it, with a lag
    heard: set[int] = field(default_factory=set)  # what networks told it of
    drafts: set[int] = field(default_factory=set)  # on their way into policy
    shown: float = 0.0  # will that it showed last
    places: "list[Territory]" = field(default_factory=list)  # of a country
    size: int = 0  # organisations, for a country those of its places too
    demand: float = 0.0  # per paid post, this month
    users: Counter[int] = field(default_factory=Counter)  # organisations that use a practice
    little_users: int = 0  # organisations that use any little practice


@dataclass(eq=False, slots=True)
class Funder:
    """Gives grants at a yearly call, out of a yearly budget."""

    follows: Territory | None  # whose policy its guidelines take in
    call_month: int  # 0..11
    felt_in: list[Territory]  # places whose demand moves its budget
    budget: int  # EUR a year
    purse: int  # EUR of this year's budget that nobody was promised
    grant_eur: int
    months_grant: int
    months_to_start: int
    success_rate: float
    min_staff: float
    own_share: float  # of a project's cost
    application_days: float
    quality: float  # 0 = judges by hard targets .. 1 = by quality
    guidelines: set[int]
    level: float = 1.0  # this year's budget relative to the usual one
    lines: "list[Grant]" = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Grant:
    """A line of project money of one organisation: money, gap, money."""

    number: int
    organisation: "Organisation"
    funder: Funder
    active: bool
    ends: int
    renewed: bool | None  # the decision on the follow-up, None before it is taken
    starts: int  # month in which a grant won at a call starts, NEVER without one
    promised: int  # EUR of a grant that has not begun, 0 without one
    purse: int  # EUR of the running grant that are not spent yet
    idea: int | None = None  # practice that its application proposed

    def promise(self) -> None:
        """Its funder sets the money aside; the caller has seen that there is enough."""
        self.funder.purse -= self.funder.grant_eur
        self.promised = self.funder.grant_eur

    def ends_soon(self, month: int) -> bool:
        """Whether it is in its last months and is not followed up."""
        return self.active and self.renewed is False and month >= self.ends - LAST_MONTHS


@dataclass(eq=False, slots=True)
class Account:
    """Money of an organisation's own, in whole EUR."""

    fees: int  # a year, from members, paid at its start
    monthly: int  # donations, gifts in kind and income
    purse: int  # not spent yet


@dataclass(eq=False, slots=True)
class Post:
    """A staff post or volunteer place, and the person in it."""

    volunteer: bool
    grant: Grant | None  # pays a fixed-term post
    filled: bool
    hired: int
    left: int  # month in which the last person left, NEVER before
    knows: set[int]  # practices the person knows how to run


@dataclass(frozen=True, eq=False, slots=True)
class Profile:
    """What stays the same about an organisation."""

    kind: str  # of vocabulary.KINDS
    level: str  # of vocabulary.LEVELS
    country: str  # of vocabulary.COUNTRIES
    fields: frozenset[int]  # numbers of vocabulary.FIELDS
    own_fields: frozenset[int]  # the same without `general`
    languages: frozenset[int]  # numbers of vocabulary.LANGUAGES
    relevance: list[float]  # interest in each practice, 0..1, siloing included
    related: frozenset[int]  # practices of related fields
    near: frozenset[int]  # practices of own and related fields
    likeness: float  # place, 0..1, in an order of organisations by field and kind
    siloing: float  # pull towards its own field and kind, 0 or more
    migrant_led: bool
    absorptive: float  # absorptive capacity relative to the mean
    support: float  # of the management, 0..1
    threshold: float  # share of contacts with users at which it is half moved to try, 0..1
    hands_over: bool  # whether leavers hand over in a structured way


@dataclass(eq=False, slots=True)
class Use:
    """A practice that an organisation tries or runs, or once tried or ran."""

    practice: Practice
    since: int  # month in which its stage began
    fidelity: float = 0.0  # 0..1
    institutional: bool = False
    champion: Post | None = None  # who knows it best
    champion_left: int = NEVER
    grant: Grant | None = None  # pays it; None for regular money or where it needs none
    unfunded: int = NEVER  # month in which its grant went, NEVER while it is paid

    def settle_on_regular_money(self) -> None:
        self.grant = None
        self.unfunded = NEVER


@dataclass(eq=False, slots=True)
class Tie:
    """A working tie between two organisations, held by a person on each side."""

    a: "Organisation"
    b: "Organisation"
    post_a: Post
    post_b: Post
    trust: float  # (0, 1]
    contact: int  # month of the last contact
    across: bool = field(init=False)  # whether the two have no field in common
    of_a_kind: bool = field(init=False)

    def __post_init__(self) -> None:
        """What is measured of a tie and never changes."""
        one, other = self.a.profile, self.b.profile
        self.across = one.own_fields.isdisjoint(other.own_fields)
        self.of_a_kind = one.kind == other.kind


@dataclass(eq=False, slots=True)
class CooperationNetwork:
    """A cooperation network or community of practice."""

    members: "list[Organisation]"
    territory: Territory
    type: str  # of vocabulary.NETWORK_TYPES
    is_cop: bool
    wide: bool  # works for a country or for Europe
    has_coordinator: bool
    formal: bool
    meetings_per_year: float
    facilitated: bool
    online: bool
    policy_link: bool
    languages: frozenset[int]
    regular_money: bool
    active: bool
    paid_until: int
    months_unpaid: int
    coordinated: bool
    met: bool = False  # this month
    findings: set[int] = field(default_factory=set)


class Contact(NamedTuple):
    """Two persons of two organisations who met this month."""

    a: "Organisation"
    b: "Organisation"
    post_a: Post
    post_b: Post
    depth: float  # 0..1
    trust: float  # 0..1
    network: CooperationNetwork | None  # whose meeting it was; None for a bilateral contact
