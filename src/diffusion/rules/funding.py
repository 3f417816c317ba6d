"""Funding: grants end, are followed up or not, and are won at yearly calls; coordinators are paid.

Each grant line is an alternating-renewal process: money, gap, money. The follow-up is decided two
months before the end (so that staff on it can see it coming, B12): renewed with probability 0.40
(B04), without a gap in 0.3 of the cases, else after a gap (B08). A line without money applies at
its funder's yearly call: eligibility by size, success by kind of funder (B05, B06), lower for
small and migrant-led applicants (E133, E141), and only with time to write the application (B13).
A call never awards more grants than its budget.

A network's coordination money is a line of the same kind; the network feels a loss only after a
lag (C12). Small networks govern themselves (C12, Provan and Kenis 2008).
"""

from typing import ClassVar, NamedTuple

from diffusion.base import draws
from diffusion.base.arrays import NEVER, NOTHING, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.world.rule import CompiledRule, RuleSettings, months, number, per_month, ratio, share
from diffusion.world.traffic import Event, Flow, log
from diffusion.world.vocabulary import COORDINATORS

_RENEWAL = int(Decision.RENEWAL)
_GAP = int(Decision.GAP)
_CALL = int(Decision.CALL)
_CALL_RANK = int(Decision.CALL_RANK)
_COORDINATOR = int(Decision.COORDINATOR_FUNDING)
_LIFE = int(Decision.NETWORK_LIFE)
_WON = int(Flow.GRANTS_WON)
_ENDED = int(Event.GRANT_ENDED)
_STARTED = int(Event.GRANT_STARTED)
_NO_COORDINATOR = COORDINATORS.index("none")
_NOTICE_MONTHS = 2  # the follow-up is known this long before the end (B12)


class Parameters(RuleSettings):
    """Rules of the money."""

    p_renewal: float = share("chance of a follow-up grant for the same practice")
    p_renewal_institutionalised: float = share("the same, where a practice is institutionalised")
    p_no_gap: float = share("share of follow-ups that start without a gap")
    months_gap: float = number("mean gap where there is one", "months", 1.0, 60.0)
    rel_success_small: float = ratio("success of small applicants", 2.0)
    rel_success_migrant_led: float = ratio("success of migrant-led applicants", 2.0)
    small_staff: float = number("an organisation with fewer posts is small", "posts", 0.0, 50.0)
    rel_success_guideline: float = ratio("success where guidelines reward what it runs", 5.0)
    application_slack: float = number("slack needed to write an application", "1", 0.0, 2.0)
    coordinator_months: int = months("length of a network's coordination grant", 1)
    p_coordinator_renewal: float = share("chance that coordination money is followed up")
    p_coordinator_refund: float = per_month("chance that unpaid coordination finds money again")
    coordinator_lag: int = months("months until a network feels that its post is unpaid", 0, 60)
    self_governed_size: int = number("networks up to this size need no post", "members", 0, 100)
    months_cop_life: float = number("mean life of a coordinated community", "months", 1.0, 600.0)
    rel_cop_life_unpaid: float = share("share of that life without paid facilitation")
    p_network_dormant: float = per_month("chance that an uncoordinated network goes dormant")
    p_network_revival: float = per_month("chance that a dormant network comes back")


class _Values(NamedTuple):
    p_renewal: float
    p_renewal_institutionalised: float
    p_no_gap: float
    p_gap_ends: float
    rel_small: float
    rel_migrant_led: float
    small_staff: float
    rel_guideline: float
    application_slack: float
    coordinator_months: int
    p_coordinator_renewal: float
    p_coordinator_refund: float
    lag: int
    self_governed: int
    hazard_cop: float
    hazard_cop_unpaid: float
    p_dormant: float
    p_revival: float


@inner
def _grants(orgs, uses, grants, funders, modifiers, flows, events, values, seed, month):
    """Grants end and begin, and their uses note since when their money is gone."""
    renewal = draws.stream(seed, _RENEWAL, month)
    gap = draws.stream(seed, _GAP, month)
    for g in range(grants.shape[0]):
        line = grants[g]
        flowed = line.active == 1
        if flowed:
            if month < line.ends - _NOTICE_MONTHS:
                continue
            if line.renewed < 0:
                i = line.organisation
                p = values.p_renewal
                if orgs[i].institutional != NOTHING:
                    p = values.p_renewal_institutionalised
                p *= modifiers[i].rel_renewal
                line.renewed = 1 if draws.at(renewal, g, 0) < p else 0
            if month < line.ends:
                continue
            begins = line.renewed == 1 and draws.at(renewal, g, 1) < values.p_no_gap
        else:
            # a promised follow-up waits for its gap to pass, a grant won at a call for its start
            begins = line.renewed == 1 and draws.at(gap, g, 0) < values.p_gap_ends
            begins = begins or line.starts == month
            if not begins:
                continue
        i, funder = line.organisation, funders[line.funder]
        since = month
        if begins:
            flows[_WON] += 1
            length = round(funder.months_grant * modifiers[i].rel_grant_length)
            line.active, line.renewed, line.starts = 1, -1, NEVER
            line.ends = month + max(1, length)
            since = NEVER
            log(events, month, _STARTED, i, -1, line.funder, -1)
        else:
            line.active = 0
            log(events, month, _ENDED, i, -1, line.funder, -1)
        org = orgs[i]
        running = org.trial | org.adopted | org.institutional
        while running != NOTHING:
            use = uses[i, lowest(running)]
            running = without_lowest(running)
            if use.grant == g:
                use.unfunded = since


@inner
def _calls(orgs, grants, funders, modifiers, awarded, values, seed, month):
    """Lines without money apply at the yearly calls of their funders."""
    call = draws.stream(seed, _CALL, month)
    lines = grants.shape[0]
    if lines == 0:
        return
    awarded[:] = 0
    this_month = month % MONTHS_A_YEAR
    # whoever comes first takes the budget: the first in line is drawn anew each month
    first = draws.below(draws.stream(seed, _CALL_RANK, month), 0, 0, lines)
    for k in range(lines):
        g = first + k if first + k < lines else first + k - lines
        line = grants[g]
        f = line.funder
        funder = funders[f]
        if funder.call_month != this_month or awarded[f] >= funder.budget:
            continue
        if line.active == 1 or line.renewed == 1 or line.starts > month:
            continue
        org = orgs[line.organisation]
        if org.staff < funder.min_staff or org.slack < values.application_slack:
            continue
        chance = funder.success_rate * modifiers[line.organisation].rel_grant_success
        if org.n_posts < values.small_staff:
            chance *= values.rel_small
        if org.migrant_led == 1:
            chance *= values.rel_migrant_led
        if (org.adopted | org.institutional) & funder.guidelines != NOTHING:
            chance *= values.rel_guideline
        if draws.at(call, g, 0) < chance:
            awarded[f] += 1
            line.starts = month + max(1, funder.months_to_start)


@inner
def _coordination(networks, start, values, seed, month):
    """Coordination money comes and goes, and networks live or sleep."""
    money = draws.stream(seed, _COORDINATOR, month)
    life = draws.stream(seed, _LIFE, month)
    for k in range(networks.shape[0]):
        row = networks[k]
        if row.founded > 0 and month <= row.founded:
            row.active = 1 if month == row.founded else 0
            if row.active == 0:
                continue  # nobody has founded it yet
        own = row.regular_money == 1
        if not own and row.coordinator_kind != _NO_COORDINATOR:
            if month == row.paid_until:
                if draws.at(money, row.key, 0) < values.p_coordinator_renewal:
                    row.paid_until = month + values.coordinator_months
            elif month > row.paid_until and (
                draws.at(money, row.key, 1) < values.p_coordinator_refund
            ):
                row.paid_until = month + values.coordinator_months
            own = month < row.paid_until
        paid = own or row.sponsored == 1
        row.paid = 1 if paid else 0
        row.months_unpaid = 0 if paid else row.months_unpaid + 1
        small = start[k + 1] - start[k] <= values.self_governed
        holds = small or row.months_unpaid <= values.lag
        if row.active == 1:
            hazard = 0.0
            if row.is_cop == 1:
                hazard = values.hazard_cop if paid else values.hazard_cop_unpaid
            elif not holds:
                hazard = values.p_dormant
            if hazard > 0.0 and draws.at(life, row.key, 0) < hazard:
                row.active = 0
        elif (paid and row.is_cop == 0) or draws.at(life, row.key, 1) < values.p_revival:
            row.active = 1  # money alone does not bring a community back
        row.coordinated = 1 if row.active == 1 and holds else 0


@inner
def loop(w, values, seed, month):
    """Funding, for a month."""
    _grants(
        w.orgs, w.uses, w.grants, w.funders, w.modifiers, w.flows, w.events, values, seed, month
    )
    _calls(w.orgs, w.grants, w.funders, w.modifiers, w.awarded, values, seed, month)
    _coordination(w.networks, w.members.start, values, seed, month)


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Funding(CompiledRule):
    """Moves every grant line and every network's coordination money on by a month."""

    name: ClassVar[str] = "funding"
    summary: ClassVar[str] = "Grants end, are followed up or won; coordinators are paid or not."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = row_of(
            _Values(
                p_renewal=p.p_renewal,
                p_renewal_institutionalised=p.p_renewal_institutionalised,
                p_no_gap=p.p_no_gap,
                p_gap_ends=1.0 / p.months_gap,
                rel_small=p.rel_success_small,
                rel_migrant_led=p.rel_success_migrant_led,
                small_staff=p.small_staff,
                rel_guideline=p.rel_success_guideline,
                application_slack=p.application_slack,
                coordinator_months=p.coordinator_months,
                p_coordinator_renewal=p.p_coordinator_renewal,
                p_coordinator_refund=p.p_coordinator_refund,
                lag=p.coordinator_lag,
                self_governed=p.self_governed_size,
                hazard_cop=1.0 / p.months_cop_life,
                hazard_cop_unpaid=1.0 / (p.months_cop_life * max(0.01, p.rel_cop_life_unpaid)),
                p_dormant=p.p_network_dormant,
                p_revival=p.p_network_revival,
            )
        )
