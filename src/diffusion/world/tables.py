"""The tables of a state: what is known of one organisation, post, network, grant line ...

Rows of organisations, posts, networks, grant lines and practices never move, hence their index is
their identity (and keys their luck); ties are compacted freely, because a tie's luck is keyed by
its two organisations. What an organisation or a person knows and runs is a mask: bit p =
practice p, at most 64 practices.
"""

from typing import NamedTuple

from diffusion.base.arrays import (
    NEVER,
    EuroArray,
    FloatArray,
    IntArray,
    MaskArray,
    Table,
    table_of,
)
from diffusion.base.table_type import typed_once
from diffusion.world.adjacency import Adjacency, Ties
from diffusion.world.modifiers import FunderModifiers, Modifiers
from diffusion.world.pushes import Promotions, Pushes
from diffusion.world.traffic import Arranged, Attendance, Contacts


class Practices(Table):
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


class Organisations(Table):
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
    knows: MaskArray  # union of what its staff knows (derived; whoever changes that keeps it)
    led: MaskArray  # practices of which one of its staff is the champion (derived)


class Uses(Table):
    """What changes slowly for an organisation i and a practice p: shape (n, P)."""

    since: IntArray  # month in which the present stage began
    fidelity: FloatArray  # 0..1
    fit: FloatArray  # 0..1, best over the places it was learned from
    champion: IntArray  # post of the person who knows it best, -1 if there is none
    champion_left: IntArray  # month in which the last such person left, NEVER otherwise
    grant: IntArray  # grant line that pays it; -1 regular money; -2 needs none
    unfunded: IntArray  # month since which its grant is gone, NEVER while it is paid


class Posts(Table):
    """One row a staff post (or volunteer place)."""

    organisation: IntArray
    contract: IntArray  # code of vocabulary.CONTRACTS
    grant: IntArray  # grant line that pays a fixed-term post, -1 otherwise
    filled: IntArray  # 0 or 1
    hired: IntArray  # month in which the present person started (may be negative)
    person: IntArray  # counts the persons who held the post: a new person has new luck
    # month in which the last person left, NEVER before the first; whoever vacates a post notes it,
    # for then its ties are handed over
    left: IntArray
    knows: MaskArray  # practices this person knows how to run
    learned: MaskArray  # practices that others teach it this month; nothing between rules


class Networks(Table):
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
    active: IntArray  # 0 = dormant, or not yet founded
    paid_until: IntArray  # own coordinator money lasts until this month
    sponsored: IntArray  # 1 if an intervention pays its coordination this month
    shared: IntArray  # 1 if an intervention has its members share coordination this month
    mixed: IntArray  # 1 if an intervention has its meetings facilitated this month
    add_rhythm: FloatArray  # what interventions add to its rhythm this month, as a share of it
    add_turnout: FloatArray  # likewise to the attendance of its members
    add_depth: FloatArray  # likewise to the depth of contacts at its meetings
    cut: IntArray  # 1 if a shock stops its own coordination money this month, unless regular
    remote: FloatArray  # chance that it can't meet in person this month, set by shocks
    paid: IntArray  # 1 if coordination is paid this month, by whomever
    coordinated: IntArray  # 1 while coordination works: paid, within the lag, or small
    months_unpaid: IntArray  # since coordination was last paid
    founded: IntArray  # month, may be negative, or yet to come
    met: IntArray  # 1 if it met this month
    met_online: IntArray  # 1 if it met, and online
    months_met: IntArray  # meetings held so far
    findings: MaskArray  # practices of which it has written down what works
    linked: IntArray  # 1 if an intervention links it to policy makers this month
    add_consultations: FloatArray  # consultations a year that an intervention adds this month
    add_heard: FloatArray  # chance that a finding is heard, added likewise
    anchoring: FloatArray  # chance this month that its coordination becomes regular, likewise


# what interventions and shocks do to networks holds for a month
NETWORK_HELP = (
    "sponsored",
    "shared",
    "mixed",
    "add_rhythm",
    "add_turnout",
    "add_depth",
    "linked",
    "add_consultations",
    "add_heard",
    "anchoring",
    "cut",
    "remote",
)


class Members(NamedTuple):
    """Members of network k: organisation[start[k] : start[k+1]]."""

    start: IntArray
    organisation: IntArray


class Memberships(NamedTuple):
    """Networks of organisation i: network[start[i] : start[i+1]] (Members, turned round)."""

    start: IntArray
    network: IntArray


class Grants(Table):
    """Grant lines: the project money of an organisation, one row a line."""

    organisation: IntArray
    funder: IntArray
    active: IntArray  # 1 while money flows
    ends: IntArray  # month in which the present grant ends
    renewed: IntArray  # decision on the follow-up: 1 yes, 0 no, -1 not yet taken
    starts: IntArray  # month in which a promised grant starts, NEVER otherwise
    shut: IntArray  # 1 if a shock closes its programme to applications this month
    months: IntArray  # length of the grant that runs or is promised
    idea: IntArray  # practice that its application proposed, -1 none
    award: EuroArray  # EUR promised, 0 otherwise
    purse: EuroArray  # EUR of the running grant that are not spent yet


class Accounts(Table):
    """One row an organisation: money of its own, and all that it received and spent.

    received = spent + returned + purse + what is left on its grant lines, in every month.
    """

    fees: EuroArray  # EUR a year from members, paid at the start of the year
    donations: EuroArray  # EUR a month
    in_kind: EuroArray  # rooms, goods and services given, in EUR a month
    income: EuroArray  # earned, or from its own budget, EUR a month
    purse: EuroArray  # own EUR that are not spent yet
    received: EuroArray  # since the start, grants and own money, with what it had then
    spent: EuroArray
    returned: EuroArray  # left over when a grant ended


class Funders(Table):
    """One row a funder.

    received = granted + committed + purse + lapsed, in every month. What members, donors and
    customers give goes straight to organisations: received = granted.
    """

    kind: IntArray  # code of vocabulary.FUNDER_KINDS
    country: IntArray  # -1 for the EU
    territory: IntArray  # of a municipal funder, -1 otherwise
    call_month: IntArray  # 0..11; its budget year begins with the call. -1 without calls
    budget: EuroArray  # EUR a year
    grant_eur: EuroArray  # EUR of a grant of the usual length
    months_grant: IntArray  # usual length of a grant
    months_to_start: IntArray  # from the call to the money
    success_rate: FloatArray
    min_staff: FloatArray  # smallest applicant
    guidelines: MaskArray  # practices its guidelines reward
    own_share: FloatArray  # share of a project's cost that the applicant bears
    application_days: FloatArray  # person-days that an application takes
    quality: FloatArray  # 0 = judges by hard targets .. 1 = by quality
    set_aside: FloatArray  # share of a call's money kept for small and migrant-led applicants
    # changing
    rewards: MaskArray  # guidelines of this month, with what interventions add
    level: FloatArray  # this year's budget relative to the usual one
    reserved: EuroArray  # of this month's call: left for small and migrant-led applicants
    purse: EuroArray  # of this year's budget, not promised to anybody
    committed: EuroArray  # promised, not paid yet
    received: EuroArray  # since the start, with what was in its grants then
    granted: EuroArray  # paid to organisations
    returned: EuroArray  # by organisations, of grants that ended; does not come back into calls
    lapsed: EuroArray  # left over at the end of a budget year


class Territories(Table):
    """One row a territory, with its policy maker; the last rows are the countries' own."""

    country: IntArray
    is_national: IntArray
    log_pressure: FloatArray  # log of demand relative to normal
    log_felt: FloatArray  # the same as budgets feel it, with a lag
    will: FloatArray  # political will, 0..1
    policy: MaskArray  # practices written into policy
    heard: MaskArray  # practices of which networks have told it
    drafts: MaskArray  # practices on their way into policy
    shown: FloatArray  # will that it showed last, 0..1, moved by interventions


class _Tables(NamedTuple):
    practices: Practices
    orgs: Organisations
    uses: Uses
    exposure: FloatArray  # (n, P): remembered contacts with users of it, fading over 12 months
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
    funder_modifiers: FunderModifiers
    accounts: Accounts
    pushes: Pushes
    promotions: Promotions
    arranged: Arranged
    contacts: Contacts
    attendance: Attendance
    events: IntArray  # the event log, see traffic.log
    flows: IntArray  # counts of the month, see traffic.Flow
    sizes: IntArray  # live rows of the tables with spare capacity, see traffic.Live
    national: IntArray  # row of each country's own territory, or -1


@typed_once
class Tables(_Tables):
    """All tables of a state, as one argument for compiled loops."""


def empty_uses(n: int, n_practices: int) -> Uses:
    """No organisation runs anything."""
    shape = (n, n_practices)
    return table_of(Uses, shape, champion=-1, champion_left=NEVER, grant=-2, unfunded=NEVER)
