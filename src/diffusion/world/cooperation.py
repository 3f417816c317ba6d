"""Cooperation networks, funders and policy makers as Mesa agents: views of their rows."""

import math
from typing import TYPE_CHECKING

from diffusion.base.arrays import IntArray
from diffusion.world import vocabulary
from diffusion.world.holdings import Grant
from diffusion.world.view import (
    AgentView,
    derived,
    derived_flag,
    derived_number,
    flag,
    number,
    practice_set,
    whole,
    word,
    word_set,
)

if TYPE_CHECKING:
    from diffusion.world.organisation import Organisation


class CooperationNetwork(AgentView):
    """A cooperation network or community of practice."""

    table = "networks"

    type = word("one of the surveyed types, or a kind of community", vocabulary.NETWORK_TYPES)
    is_cop = derived_flag("a community of practice")
    country = word("country", vocabulary.COUNTRIES)
    level = word("local, regional, national or europe", vocabulary.LEVELS)
    coordinator_kind = word("who coordinates", vocabulary.COORDINATORS)
    formalisation = word("how formal it is", vocabulary.FORMALISATIONS, writable=True)
    meetings_per_year = number("meetings a year while coordination is paid", 0.0, 52.0)
    facilitated = flag("meetings are facilitated so that tables mix")
    online = flag("meets online")
    bridging = flag("links sectors")
    policy_link = flag("what works is carried to policy makers")
    languages = word_set("languages in which it meets", vocabulary.LANGUAGES, writable=True)
    regular_money = flag("its own coordination money does not end")
    active = flag("False while it is dormant")
    sponsored = derived_flag("an intervention pays its coordination this month")
    shared = derived_flag("an intervention has members share its coordination this month")
    mixed = derived_flag("an intervention has its meetings facilitated this month")
    add_rhythm = derived("what interventions add to its rhythm this month, as a share of it")
    add_turnout = derived("likewise to the attendance of its members")
    add_depth = derived("likewise to the depth of contacts at its meetings")
    cut = derived_flag("a shock stops its own coordination money this month, unless regular")
    remote = derived_number("chance that it can't meet in person this month")
    coordinated = derived_flag("coordination works: paid, within the lag, or small")
    paid = derived_flag("coordination is paid this month, by whomever")
    paid_until = whole("own coordination money lasts until this month", low=-10_000)
    months_unpaid = derived("months since coordination was last paid")
    founded = derived("month of foundation; negative: before the run")
    met = derived_flag("it met this month")
    met_online = derived_flag("it met this month, and online")
    months_met = derived("meetings held so far")
    findings = practice_set("practices of which it has written down what works", writable=True)
    linked = derived_flag("an intervention links it to policy makers this month")
    add_consultations = derived_number("consultations a year that interventions add this month")
    add_heard = derived_number("chance that a finding is heard that interventions add this month")
    anchoring = derived_number("chance that its coordination becomes regular this month")

    @property
    def name(self) -> str:
        return self.model.state.names.networks[self.row]

    @property
    def territory(self) -> str:
        """Name of its territory."""
        return self.model.state.names.territories[int(self._cell("territory"))]

    @property
    def coordinator(self) -> "Organisation | None":
        """The organisation that coordinates it, None if nobody does."""
        row = int(self._cell("coordinator"))
        return None if row < 0 else self.model.organisations[row]

    @property
    def member_rows(self) -> IntArray:
        """Rows of its members."""
        members = self.model.state.members
        return members.organisation[members.start[self.row] : members.start[self.row + 1]]

    @property
    def members(self) -> "list[Organisation]":
        """Its member organisations."""
        return [self.model.organisations[int(row)] for row in self.member_rows]

    @property
    def n_members(self) -> int:
        return len(self.member_rows)


class Funder(AgentView):
    """A funder: its calls, its budget, and what its guidelines reward."""

    table = "funders"

    kind = word("a grant maker or a source of own money", vocabulary.FUNDER_KINDS)
    call_month = whole("month of the year in which it calls, 0..11; -1 without calls", -1, 11)
    budget = whole("EUR a year")
    grant_eur = whole("EUR of a grant of the usual length")
    months_grant = whole("usual length of a grant", low=1)
    months_to_start = whole("months from the call to the money")
    success_rate = number("share of applications that win", 0.0, 1.0)
    min_staff = number("smallest applicant, in filled posts")
    own_share = number("share of a project's cost that the applicant bears", 0.0, 0.95)
    application_days = number("person-days that an application takes")
    quality = number("0 = judges by hard targets .. 1 = by quality", 0.0, 1.0)
    set_aside = number("share of a call kept for small and migrant-led applicants", 0.0, 1.0)
    guidelines = practice_set("practices that its guidelines reward", writable=True)
    rewards = practice_set("what guidelines reward this month, with what interventions add")
    level = derived_number("this year's budget relative to the usual one")
    reserved = derived("EUR of this month's call left for small and migrant-led applicants")
    purse = derived("EUR of this year's budget that nobody was promised")
    committed = derived("EUR promised, not paid yet")
    received = derived("EUR received so far")
    granted = derived("EUR paid to organisations so far")
    returned = derived("EUR of ended grants that came back from organisations")
    lapsed = derived("EUR left over at the ends of budget years")

    @property
    def name(self) -> str:
        return self.model.state.names.funders[self.row]

    @property
    def country(self) -> str | None:
        """Its country, None for the EU."""
        code = int(self._cell("country"))
        return None if code < 0 else vocabulary.COUNTRIES[code]

    @property
    def territory(self) -> str | None:
        """Name of the territory of a municipal funder, None otherwise."""
        row = int(self._cell("territory"))
        return None if row < 0 else self.model.state.names.territories[row]

    @property
    def grants(self) -> list[Grant]:
        """The grant lines it pays, running or not."""
        rows = (self.model.state.grants.funder == self.row).nonzero()[0]
        return [Grant(self.model, int(row)) for row in rows]


class PolicyMaker(AgentView):
    """The policy maker of a territory, or of a country."""

    table = "territories"

    country = word("country", vocabulary.COUNTRIES)
    is_national = derived_flag("decides for the whole country")
    will = number("political will", 0.0, 1.0)
    policy = practice_set("practices written into policy", writable=True)
    heard = practice_set("practices of which networks have told it", writable=True)
    drafts = practice_set("practices on their way into policy", writable=True)
    shown = derived_number("will that it showed last, moved by interventions")

    @property
    def name(self) -> str:
        return self.model.state.names.territories[self.row]

    @property
    def pressure(self) -> float:
        """Demand of newcomers relative to normal."""
        return math.exp(float(self._cell("log_pressure")))

    @property
    def felt_pressure(self) -> float:
        """The same as public budgets feel it, with a lag."""
        return math.exp(float(self._cell("log_felt")))

    @property
    def organisations(self) -> "list[Organisation]":
        """The organisations of its territory or country."""
        table, codes = self.model.state.organisations, self.model.state.territories.country
        inside = table.territory == self.row
        if self.is_national:
            inside = table.country == codes[self.row]
        return [self.model.organisations[int(row)] for row in inside.nonzero()[0]]
