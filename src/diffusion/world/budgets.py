"""Where money comes from: budget years of funders, and what organisations have of their own."""

import math

import numpy as np

from diffusion.base.compiled import inner
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.base.scratch import cleared
from diffusion.world import ledger
from diffusion.world.vocabulary import FUNDER_KINDS, GRANT_MAKERS, OWN_SOURCES

_NATIONAL, _MUNICIPAL = FUNDER_KINDS.index("national"), FUNDER_KINDS.index("municipal")
_GRANT_MAKERS, _SOURCES = len(GRANT_MAKERS), len(OWN_SOURCES)
_FEES = OWN_SOURCES.index("membership_fees")
_DONATIONS = OWN_SOURCES.index("donations")
_IN_KIND = OWN_SOURCES.index("in_kind")
_INCOME = OWN_SOURCES.index("own_income")


@inner
def feel(territories, felt, rate):  # type: ignore[no-untyped-def]
    """Public budgets feel demand with a mean lag of 1 / rate months.

    Args:
        felt: becomes what the places of each country feel on average, log points, by code of the
            country; 0 before.
    """
    countries = felt.shape[0]
    places = cleared(countries)
    for r in range(territories.shape[0]):
        place = territories[r]
        place.log_felt += rate * (place.log_pressure - place.log_felt)
        felt[place.country] += place.log_felt
        places[place.country] += 1.0
    for c in range(countries):
        felt[c] /= max(1.0, places[c])


@inner
def open_years(funders, terms, territories, felt, response, month):  # type: ignore[no-untyped-def]
    """Sets this month's guidelines, and begins the budget year of those whose call it is.

    Budgets of municipal and national funders follow felt demand with the elasticity `response`.
    """
    for f in range(funders.shape[0]):
        funder, term = funders[f], terms[f]
        if funder.kind >= _GRANT_MAKERS:
            continue
        funder.rewards = funder.guidelines | term.rewards
        if funder.call_month != month % MONTHS_A_YEAR:
            continue
        demand = 0.0
        if funder.kind == _MUNICIPAL:
            demand = territories[funder.territory].log_felt
        elif funder.kind == _NATIONAL:
            demand = felt[funder.country]
        level = term.rel_budget * math.exp(response * demand)
        ledger.open_budget(funder, np.int64(funder.budget * level) + np.int64(term.add_eur))
        funder.level = level + term.add_eur / max(1.0, funder.budget)
        kept = min(1.0, max(0.0, funder.set_aside + term.add_set_aside))
        funder.reserved = np.int64(kept * funder.purse)


@inner
def own_money(accounts, funders, terms, flows, month):  # type: ignore[no-untyped-def]
    """What members, donors, hosts and customers give, and what organisations spend of it.

    Fees come in the first month of a year and are spent evenly over it, the rest month by month.
    """
    rate, given = cleared(_SOURCES), cleared(_SOURCES, np.int64)
    for f in range(funders.shape[0]):
        if funders[f].kind >= _GRANT_MAKERS:
            rate[funders[f].kind - _GRANT_MAKERS] = terms[f].rel_budget
    so_far = month % MONTHS_A_YEAR
    if so_far > 0:
        rate[_FEES] = 0.0
    left = np.int64(MONTHS_A_YEAR - so_far)
    for i in range(accounts.shape[0]):
        account = accounts[i]
        fees = np.int64(account.fees * rate[_FEES])
        donations = np.int64(account.donations * rate[_DONATIONS])
        in_kind = np.int64(account.in_kind * rate[_IN_KIND])
        income = np.int64(account.income * rate[_INCOME])
        given[_FEES] += fees
        given[_DONATIONS] += donations
        given[_IN_KIND] += in_kind
        given[_INCOME] += income
        monthly = donations + in_kind + income
        spent = monthly + (account.purse + fees) // left
        ledger.live(account, monthly + fees, spent, flows)
    for f in range(funders.shape[0]):
        if funders[f].kind >= _GRANT_MAKERS:
            ledger.give(funders[f], given[funders[f].kind - _GRANT_MAKERS])


@inner
def spend_grants(orgs, grants, accounts, places, flows, month):  # type: ignore[no-untyped-def]
    """What is left of grants is spent evenly, as far as there is staff to do so.

    `places` is room for as many numbers as there are lines.
    """
    n = 0
    for g in range(grants.shape[0]):
        places[n] = g
        n += 1 if grants[g].active == 1 else 0
    for x in range(n):
        line = grants[places[x]]
        org = orgs[line.organisation]
        left = np.int64(line.ends - month) * np.int64(org.n_posts)
        ledger.spend(line, accounts[line.organisation], np.int64(org.staff), left, flows)


@inner
def can_share(org, account, grants, funders, terms, g, month):  # type: ignore[no-untyped-def]
    """Whether own money bears the own share of a line, and of those that run or are promised."""
    needed = 0.0
    for h in range(org.first_grant, org.first_grant + org.n_grants):
        line = grants[h]
        if h != g and line.active == 0 and line.renewed < 1 and line.starts <= month:
            continue
        funder = funders[line.funder]
        share = min(0.95, max(0.0, funder.own_share * terms[line.funder].rel_own_share))
        needed += funder.grant_eur / max(1, funder.months_grant) * share / (1.0 - share)
    has_own = account.fees / MONTHS_A_YEAR + account.donations + account.in_kind + account.income
    return needed <= has_own
