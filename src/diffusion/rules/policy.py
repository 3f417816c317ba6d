"""Policy: what works is written into policy, and political will moves.

A policy maker takes up a practice that its territory runs with a yearly base chance of 0.03 (D16),
multiplied where it spreads in neighbouring places (D17) and where a community or coordinated
network with a policy link carries it. Policy feeds back: the practice is rewarded, also by the
guidelines of municipal and national funders, and political will behind it is complete; national
policy holds in all places of the country. Will drifts around its mean and is raised by little
practices that work (E055).
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, bit, has, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import monthly_hazard
from diffusion.world.rule import CompiledRule, RuleSettings, number, per_year, ratio, share
from diffusion.world.traffic import Event, Flow, log
from diffusion.world.vocabulary import FUNDER_KINDS, SCALES

_UPTAKE = int(Decision.POLICY_UPTAKE)
_WILL = int(Decision.POLITICAL_WILL)
_N_POLICIES = int(Flow.POLICIES)
_POLICY = int(Event.POLICY)
_LITTLE = SCALES.index("little")
_NATIONAL = FUNDER_KINDS.index("national")


class Parameters(RuleSettings):
    """How practice becomes policy."""

    uptake_per_year: float = per_year("chance that a territory takes up a practice it fully runs")
    neighbour_odds: float = ratio("multiplier when half of the country runs it", 20.0)
    rel_policy_link: float = ratio("multiplier where a linked network carries it", 20.0)
    will_mean: float = share("political will to which it returns")
    will_persistence: float = share("share of will that carries over a month")
    will_sd: float = number("spread of will", "1", 0.0, 1.0)
    inspiration: float = share("will added where every organisation runs a little practice")


class _Values(NamedTuple):
    uptake: float
    neighbour: float
    link: float
    usual: float
    persistence: float
    shock_sd: float
    inspiration: float


@inner
def _count_use(orgs, practices, territories, national, used, using, little):
    """Organisations and uses per territory; the national row of a country sums its places."""
    small = NOTHING
    for p in range(practices.shape[0]):
        if practices[p].scale == _LITTLE:
            small |= bit(p)
    for i in range(orgs.shape[0]):
        org = orgs[i]
        r = org.territory
        used[r] += 1.0
        running = org.adopted | org.institutional
        if running & small != NOTHING:
            little[r] += 1.0
        while running != NOTHING:
            using[r, lowest(running)] += 1.0
            running = without_lowest(running)
    for r in range(territories.shape[0]):
        c = national[territories[r].country]
        if territories[r].is_national == 0 and c >= 0:
            used[c] += used[r]
            little[c] += little[r]
            for p in range(using.shape[1]):
                using[c, p] += using[r, p]


@inner
def _links(networks, start, member, orgs, carried):
    """Practices that linked, working networks carry to their and their members' policy makers."""
    for k in range(networks.shape[0]):
        row = networks[k]
        if row.active == 0 or row.coordinated == 0 or row.policy_link == 0:
            continue
        mask = NOTHING
        for x in range(start[k], start[k + 1]):
            org = orgs[member[x]]
            mask |= org.adopted | org.institutional
        carried[row.territory] |= mask
        for x in range(start[k], start[k + 1]):
            carried[orgs[member[x]].territory] |= mask


@inner
def _uptake(territories, national, used, using, carried, flows, events, values, seed, month):
    """Policy makers take up what their territory runs."""
    key = draws.stream(seed, _UPTAKE, month)
    # the odds ratio is given for a rise from none to half (D17)
    around_most, link_most = max(1.0, values.neighbour**2.0), max(1.0, values.link)
    for r in range(territories.shape[0]):
        row = territories[r]
        around = national[row.country]
        for p in range(using.shape[1]):
            if using[r, p] <= 0.0 or has(row.policy, p):
                continue
            chance = values.uptake * using[r, p] / used[r]
            luck = draws.at(key, r, p)
            if luck >= chance * around_most * link_most:
                continue
            if around >= 0 and used[around] > 0.0:
                chance *= values.neighbour ** (2.0 * using[around, p] / used[around])
            if has(carried[r], p):
                chance *= values.link
            if luck < chance:
                row.policy |= bit(p)
                flows[_N_POLICIES] += 1
                log(events, month, _POLICY, -1, p, r, -1)


@inner
def _follow(funders, territories, national):
    """Municipal and national funders write their policy makers' policy into their guidelines."""
    for f in range(funders.shape[0]):
        row = funders[f]
        r = np.int64(row.territory)
        if r < 0 and row.kind == _NATIONAL:
            r = national[row.country]
        if r >= 0:
            row.guidelines |= territories[r].policy


@inner
def _move_will(territories, used, little, values, seed, month):
    """Will returns to its mean, which little practices raise, and is shaken."""
    key = draws.stream(seed, _WILL, month)
    for r in range(territories.shape[0]):
        row = territories[r]
        share = little[r] / used[r] if used[r] > 0.0 else 0.0
        aim = min(1.0, values.usual + values.inspiration * share)
        drift = values.shock_sd * draws.normal_at(key, r, 0)
        row.will = min(1.0, max(0.0, aim + values.persistence * (row.will - aim) + drift))


@inner
def loop(w, values, seed, month):
    """Policy, for a month."""
    n = w.territories.shape[0]
    used, little = np.zeros(n), np.zeros(n)
    using = np.zeros((n, w.practices.shape[0]))
    carried = np.zeros(n, np.uint64)
    _count_use(w.orgs, w.practices, w.territories, w.national, used, using, little)
    _links(w.networks, w.members.start, w.members.organisation, w.orgs, carried)
    _uptake(w.territories, w.national, used, using, carried, w.flows, w.events, values, seed, month)
    _follow(w.funders, w.territories, w.national)
    _move_will(w.territories, used, little, values, seed, month)


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Policy(CompiledRule):
    """Lets policy makers take up what works and political will move."""

    name: ClassVar[str] = "policy"
    summary: ClassVar[str] = "What works is carried to policy makers, and policy rewards it."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = row_of(
            _Values(
                uptake=monthly_hazard(p.uptake_per_year),
                neighbour=p.neighbour_odds,
                link=p.rel_policy_link,
                usual=p.will_mean,
                persistence=p.will_persistence,
                shock_sd=p.will_sd * float(np.sqrt(1.0 - p.will_persistence**2)),
                inspiration=p.inspiration,
            )
        )
