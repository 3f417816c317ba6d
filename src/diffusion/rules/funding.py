"""Funding: who has money, for how long, and what it is for; every EUR is accounted for.

Each grant line is an alternating-renewal process: money, gap, money. The follow-up is decided two
months before the end (so that staff on it can see it coming, B12): renewed with probability 0.40
(B04), without a gap in 0.3 of the cases, else after a gap (B08). A line without money applies at
its funder's yearly call: eligibility by size and by own money to co-finance with (B09), success by
kind of funder (B05, B06), lower for small and migrant-led applicants (E133, E141). Writing takes
time (B13, B14). Evaluation by hard targets puts little practices at a disadvantage, evaluation by
quality rewards who runs its practices well (E070, E143, E152). An application proposes a
practice; what guidelines reward is proposed first (E056).

A call never promises more than is left of the funder's yearly budget, which follows the arrivals
in its territory with a lag. Members, donors and customers give without calls. `world/ledger.py`
moves the money.

A network's coordination money is a line of its own kind, without amounts; the network feels a loss
only after a lag (C12). Small networks govern themselves (C12, Provan and Kenis 2008).
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NEVER, NOTHING, count, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.base.picking import picked
from diffusion.base.scratch import cleared, scratch
from diffusion.world import budgets, ledger
from diffusion.world.rule import CompiledRule, RuleSettings, months, number, per_month, ratio, share
from diffusion.world.traffic import Event, Flow, log
from diffusion.world.vocabulary import COORDINATORS, SCALES

_RENEWAL = int(Decision.RENEWAL)
_GAP = int(Decision.GAP)
_CALL = int(Decision.CALL)
_CALL_RANK = int(Decision.CALL_RANK)
_IDEA = int(Decision.PROGRAMME_IDEA)
_COORDINATOR = int(Decision.COORDINATOR_FUNDING)
_LIFE = int(Decision.NETWORK_LIFE)
_WON = int(Flow.GRANTS_WON)
_ENDED = int(Event.GRANT_ENDED)
_STARTED = int(Event.GRANT_STARTED)
_NO_COORDINATOR = COORDINATORS.index("none")
_HARDEST = len(SCALES) - 1
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
    working_days: float = number("working days of a post a month", "days", 10.0, 25.0)
    evaluation_tilt: float = share("success gained or lost by the best and worst evaluation")
    budget_response: float = number("elasticity of public budgets to demand", "1", 0.0, 2.0)
    budget_lag: int = months("until public budgets feel demand, on average", 1, 60)
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
    working_days: float
    tilt: float
    response: float
    lag_rate: float
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
def _size(funder, months):
    """EUR of a grant of so many months: what the funder pays a month stays the same."""
    return funder.grant_eur * months // np.int64(max(1, funder.months_grant))


@inner
def _standing(org, uses, practices, i, quality, tilt):
    """Success by how the funder judges what an organisation runs, 1 - tilt .. 1 + tilt.

    Hard targets count the scale of practices, quality counts how faithfully they are run.
    """
    running = org.adopted | org.institutional
    if running == NOTHING:
        return 1.0
    number, score = count(running), 0.0
    q = min(1.0, max(0.0, quality))
    while running != NOTHING:
        p = lowest(running)
        running = without_lowest(running)
        score += (1.0 - q) * practices[p].scale / _HARDEST + q * uses[i, p].fidelity
    return 1.0 + tilt * (2.0 * score / number - 1.0)


@inner
def _turning(grants, places, values, seed, month):
    """Notes the lines of which something is decided, or that end or begin; returns how many."""
    gap, due = draws.stream(seed, _GAP, month), scratch(grants.shape[0], np.bool_)
    for g in range(grants.shape[0]):
        line = grants[g]
        noticed = (month >= line.ends - _NOTICE_MONTHS) & (line.renewed < 0)
        flows = line.active == 1
        awaited = (line.renewed == 1) | (line.starts == month)
        due[g] = (flows & (noticed | (month >= line.ends))) | ((not flows) & awaited)
    turning = 0
    for x in range(picked(due, places)):
        # a promised follow-up waits for its gap to pass, a grant won at a call for its start
        line = grants[places[x]]
        passed = draws.at(gap, places[x], 0) < values.p_gap_ends
        places[turning] = places[x]
        turning += 1 if (line.active == 1) | passed | (line.starts == month) else 0
    return turning


@inner
def _turn(
    orgs, uses, practices, grants, funders, terms, modifiers, accounts, turning, n, flows, events,
    values, seed, month,
):  # fmt: skip
    """Grants end and begin, and their uses note since when their money is gone."""
    renewal = draws.stream(seed, _RENEWAL, month)
    for x in range(n):
        g = turning[x]
        line = grants[g]
        i, f = line.organisation, line.funder
        org, funder, account = orgs[i], funders[f], accounts[i]
        begins = line.active != 1
        if not begins:
            if line.renewed < 0:
                standing = _standing(
                    org, uses, practices, i, funder.quality + terms[f].add_quality, values.tilt
                )
                p = values.p_renewal
                if org.institutional != NOTHING:
                    p = values.p_renewal_institutionalised
                p *= modifiers[i].rel_renewal * terms[f].rel_renewal
                p *= standing
                line.renewed = 0
                if draws.at(renewal, g, 0) < p:
                    months = _months(funder, terms[f], modifiers[i])
                    eur = _size(funder, months)
                    if eur <= funder.purse:
                        line.renewed, line.months = 1, months
                        ledger.commit(funder, line, eur)
            if month < line.ends:
                continue
            begins = line.renewed == 1 and draws.at(renewal, g, 1) < values.p_no_gap
            ledger.give_back(funder, line, account, flows)
            if not begins:
                line.active = 0
                _note(org, uses, i, g, month)
                log(events, month, _ENDED, i, -1, f, -1)
        if begins:
            flows[_WON] += 1
            line.active, line.renewed, line.starts = 1, -1, NEVER
            line.ends = month + max(1, line.months)
            ledger.pay_out(funder, line, account, flows)
            _note(org, uses, i, g, np.int64(NEVER))
            log(events, month, _STARTED, i, -1, f, -1)


@inner
def _months(funder, term, modifier):
    """Length of a grant under this month's rules."""
    return max(1, round(funder.months_grant * term.rel_length * modifier.rel_grant_length))


@inner
def _note(org, uses, i, g, since):
    """What an organisation runs on a grant line notes since when its money is gone."""
    running = org.trial | org.adopted | org.institutional
    while running != NOTHING:
        use = uses[i, lowest(running)]
        running = without_lowest(running)
        if use.grant == g:
            use.unfunded = since


@inner
def _idea(org, rewards, key, g):
    """The practice that an application proposes, -1 if it has no idea.

    Of own or related fields, known of and not running; what guidelines reward comes first.
    """
    ideas = org.aware & (org.own_practices | org.related_practices)
    ideas &= ~(org.trial | org.adopted | org.institutional)
    if ideas & rewards != NOTHING:
        ideas &= rewards
    if ideas == NOTHING:
        return -1
    for _ in range(draws.below(key, g, 0, count(ideas))):
        ideas = without_lowest(ideas)
    return lowest(ideas)


@inner
def _applying(grants, funders, places, month):
    """Notes the lines without money whose funders call this month; returns how many."""
    calling = scratch(funders.shape[0], np.bool_)
    for f in range(funders.shape[0]):
        calling[f] = funders[f].call_month == month % MONTHS_A_YEAR
    may = scratch(grants.shape[0], np.bool_)
    for g in range(grants.shape[0]):
        line = grants[g]
        paid = (line.active == 1) | (line.renewed == 1) | (line.starts > month)
        may[g] = calling[np.uint32(line.funder)] & (not (paid | (line.shut == 1)))
    return picked(may, places)


@inner
def _calls(
    orgs, uses, practices, grants, funders, terms, modifiers, accounts, applying, n, values, seed,
    month,
):  # fmt: skip
    """Lines without money apply at the yearly calls of their funders."""
    call = draws.stream(seed, _CALL, month)
    idea = draws.stream(seed, _IDEA, month)
    # whoever comes first takes the budget: the first in line is drawn anew each month
    first = draws.below(draws.stream(seed, _CALL_RANK, month), 0, 0, grants.shape[0])
    before = 0
    for x in range(n):
        before += 1 if applying[x] < first else 0
    for x in range(n):
        g = applying[before + x if before + x < n else before + x - n]
        line = grants[g]
        f, i = line.funder, line.organisation
        funder = funders[f]
        org, term = orgs[i], terms[f]
        if org.slack < values.application_slack:
            continue
        months = _months(funder, term, modifiers[i])
        eur = _size(funder, months)
        small, led = org.n_posts < values.small_staff, org.migrant_led == 1
        among_like = (small or led) and funder.reserved >= eur and funder.reserved > 0
        if not among_like and org.staff < funder.min_staff * term.rel_min_staff:
            continue
        if not budgets.can_share(org, accounts[i], grants, funders, terms, g, month):
            continue
        days = funder.application_days * term.rel_effort * modifiers[i].rel_application_effort
        org.slack = max(0.0, org.slack - days / (values.working_days * org.n_posts))
        chance = funder.success_rate * modifiers[i].rel_grant_success * term.rel_success
        chance *= funder.level
        if small and not among_like:
            chance *= 1.0 - term.rel_barrier * (1.0 - values.rel_small)
        if led and not among_like:
            chance *= 1.0 - term.rel_barrier * (1.0 - values.rel_migrant_led)
        if (org.adopted | org.institutional) & funder.rewards != NOTHING:
            chance *= values.rel_guideline
        quality = funder.quality + term.add_quality
        chance *= _standing(org, uses, practices, i, quality, values.tilt)
        if draws.at(call, g, 0) >= chance:
            continue
        if eur > (funder.purse if among_like else funder.purse - funder.reserved):
            continue
        if among_like:
            funder.reserved -= eur
        ledger.commit(funder, line, eur)
        line.months, line.starts = months, month + max(1, funder.months_to_start)
        line.idea = _idea(org, funder.rewards, idea, g)


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
        if not own and row.cut == 0 and row.coordinator_kind != _NO_COORDINATOR:
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
        holds = small or row.shared == 1 or row.months_unpaid <= values.lag
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
    felt = cleared(w.national.shape[0])
    budgets.feel(w.territories, felt, values.lag_rate)
    budgets.open_years(w.funders, w.funder_modifiers, w.territories, felt, values.response, month)
    budgets.own_money(w.accounts, w.funders, w.funder_modifiers, w.flows, month)
    lines = scratch(w.grants.shape[0], np.int32)
    turning = _turning(w.grants, lines, values, seed, month)
    _turn(
        w.orgs, w.uses, w.practices, w.grants, w.funders, w.funder_modifiers, w.modifiers,
        w.accounts, lines, turning, w.flows, w.events, values, seed, month,
    )  # fmt: skip
    budgets.spend_grants(w.orgs, w.grants, w.accounts, lines, w.flows, month)
    applying = _applying(w.grants, w.funders, lines, month)
    _calls(
        w.orgs, w.uses, w.practices, w.grants, w.funders, w.funder_modifiers, w.modifiers,
        w.accounts, lines, applying, values, seed, month,
    )  # fmt: skip
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
                working_days=p.working_days,
                tilt=p.evaluation_tilt,
                response=p.budget_response,
                lag_rate=1.0 / p.budget_lag,
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
