"""Policy: what works is drafted, passed and rewarded, and political will moves.

A policy maker starts to draft a practice that its territory runs with a yearly base chance, such
that 0.03 become policy (D16). It is higher where evidence and political will are strong (E032,
E054, E155), where neighbours have it as policy (D17), and where a network has brought it forward as
a finding (E016, E030). A draft passes after some months; when will falls, drafts are dropped
(E032). Policy feeds back: national policy holds in all places of the country; guidelines of
municipal and national funders follow with a lag; regular money takes over what grants paid (E114,
E122, E153); and political will behind it is complete. Will drifts around its mean and is raised by
little practices that work (E055).
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NEVER, NOTHING, bit, count, has, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import monthly_hazard
from diffusion.base.scratch import cleared, scratch
from diffusion.base.turns import occupied, take_lowest, unfinished
from diffusion.world.places import policy_of
from diffusion.world.rule import (
    CompiledRule,
    RuleSettings,
    number,
    per_month,
    per_year,
    ratio,
    share,
)
from diffusion.world.traffic import Event, Flow, log
from diffusion.world.vocabulary import COSTS, FUNDER_KINDS, SCALES

_UPTAKE = int(Decision.POLICY_UPTAKE)
_DRAFT = int(Decision.DRAFT)
_GUIDELINE = int(Decision.GUIDELINE)
_REGULAR_MONEY = int(Decision.REGULAR_MONEY)
_ANCHORING = int(Decision.ANCHORING)
_WILL = int(Decision.POLITICAL_WILL)
_N_POLICIES = int(Flow.POLICIES)
_POLICY = int(Event.POLICY)
_LITTLE = SCALES.index("little")
_LOW = COSTS.index("low")
_NATIONAL = FUNDER_KINDS.index("national")
_HALF = 0.5  # strength of evidence at which it neither helps nor hinders


class Parameters(RuleSettings):
    """How practice becomes policy."""

    uptake_per_year: float = per_year("chance that a territory drafts a practice it fully runs")
    neighbour_odds: float = ratio("multiplier when half of the neighbours have it as policy", 20.0)
    rel_policy_link: float = ratio("multiplier where it was heard as a network's finding", 20.0)
    evidence_slope: float = number("rise of the chance from weak to strong evidence", "1", 0.0, 2.0)
    will_slope: float = number("rise of the chance per unit of will above its mean", "1", 0.0, 2.0)
    months_draft: float = number("mean time from draft to policy", "months", 1.0, 120.0)
    loss_of_drafts: float = number("share of drafts dropped per unit of will lost", "1", 0.0, 10.0)
    months_guidelines: float = number(
        "mean time until guidelines of funders follow", "months", 1.0, 120.0
    )
    p_regular_money: float = per_month("regular money takes over what is policy from a grant")
    will_mean: float = share("political will to which it returns")
    will_persistence: float = share("share of will that carries over a month")
    will_sd: float = number("spread of will", "1", 0.0, 1.0)
    inspiration: float = share("will added where every organisation runs a little practice")


class _Values(NamedTuple):
    uptake: float
    neighbour: float
    link: float
    evidence: float
    will: float
    passes: float
    loss: float
    follows: float
    regular_money: float
    usual: float
    persistence: float
    shock_sd: float
    inspiration: float


@inner
def _count_use(
    orgs, practices, modifiers, territories, national, used, using, inspiring, pull
):  # fmt: skip
    """Organisations and uses per territory; the national row of a country sums its places."""
    small = NOTHING
    for p in range(practices.shape[0]):
        if practices[p].scale == _LITTLE:
            small |= bit(p)
    n = orgs.shape[0]
    running, place, little = scratch(n, np.uint64), scratch(n, np.uint32), scratch(n)
    for i in range(n):
        org = orgs[i]
        running[i], place[i] = org.adopted | org.institutional, org.territory
        little[i] = min(count(running[i] & small), 1) * modifiers[i].rel_inspiration
    first, last, pulled, inspired = 0, np.uint32(0), 0.0, 0.0
    for i in range(n):
        if place[i] != last:  # rarely: neighbours in a place mostly stand together
            used[last], pull[last], inspiring[last] = used[last] + (i - first), pulled, inspired
            first, last = i, place[i]
            pulled, inspired = pull[last], inspiring[last]
        pulled += modifiers[i].add_will
        inspired += little[i]
    used[last], pull[last], inspiring[last] = used[last] + (n - first), pulled, inspired
    who, left, which = scratch(n, np.uint32), scratch(n, np.uint64), scratch(n, np.int64)
    n = occupied(running, who, left)
    while n > 0:
        take_lowest(left, n, which)
        for x in range(n):
            using[place[np.uint32(who[x])], np.uint32(which[x])] += 1.0
        n = unfinished(who, left, n)
    for r in range(territories.shape[0]):
        c = national[territories[r].country]
        if territories[r].is_national == 0 and c >= 0:
            used[c] += used[r]
            inspiring[c] += inspiring[r]
            pull[c] += pull[r]
            for p in range(using.shape[1]):
                using[c, p] += using[r, p]


@inner
def _decide(territories, used, pull, flows, events, values, seed, month):
    """Drafts pass; those of policy makers whose will has fallen may be dropped."""
    key = draws.stream(seed, _DRAFT, month)
    for r in range(territories.shape[0]):
        row = territories[r]
        moved = pull[r] / used[r] if used[r] > 0.0 else 0.0
        shown = min(1.0, max(0.0, row.will + moved))
        dropped = values.loss * max(0.0, row.shown - shown)
        row.shown = shown
        left = row.drafts
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            luck = draws.at(key, r, p)
            if luck < values.passes:
                row.drafts &= ~bit(p)
                row.policy |= bit(p)
                flows[_N_POLICIES] += 1
                log(events, month, _POLICY, -1, p, r, -1)
            elif luck < values.passes + dropped:
                row.drafts &= ~bit(p)
                row.heard &= ~bit(p)  # it has to be brought forward again


@inner
def _count_policies(territories, national, places, having):
    """Places per country, and how many of them have each practice as policy, on national rows."""
    for r in range(territories.shape[0]):
        c = national[territories[r].country]
        if territories[r].is_national == 1 or c < 0:
            continue
        places[c] += 1.0
        left = territories[r].policy
        while left != NOTHING:
            having[c, lowest(left)] += 1.0
            left = without_lowest(left)


@inner
def _draft(
    territories, practices, national, used, using, places, having, values, seed, month
):  # fmt: skip
    """Policy makers start to draft what their territory runs."""
    key = draws.stream(seed, _UPTAKE, month)
    # the odds ratio is given for a rise from none to half (D17)
    n = using.shape[1]
    luck, chances = scratch(n), scratch(n)
    around_most, link_most = max(1.0, values.neighbour**2.0), max(1.0, values.link)
    for r in range(territories.shape[0]):
        row = territories[r]
        c = national[row.country]
        willing = max(0.0, 1.0 + values.will * (row.shown - values.usual))
        neighbours = places[c] - (1.0 - row.is_national) if c >= 0 else 0.0
        for p in range(n):
            luck[p] = draws.at(key, r, p)
            chances[p] = values.uptake * willing * using[r, p] / max(1.0, used[r])
            chances[p] *= 1.0 + values.evidence * (practices[p].strength - _HALF)
        for p in range(n):
            chance = chances[p]
            if luck[p] >= chance * around_most * link_most:
                continue
            if has(row.policy | row.drafts, p):
                continue
            if neighbours > 0.0:
                chance *= values.neighbour ** (2.0 * having[c, p] / neighbours)
            if has(row.heard, p):
                chance *= values.link
            if luck[p] < chance:
                row.drafts |= bit(p)


@inner
def _follow(funders, territories, national, values, seed, month):
    """Municipal and national funders write their policy makers' policy into their guidelines."""
    key = draws.stream(seed, _GUIDELINE, month)
    for f in range(funders.shape[0]):
        row = funders[f]
        r = np.int64(row.territory)
        if r < 0 and row.kind == _NATIONAL:
            r = national[row.country]
        if r < 0:
            continue
        left = territories[r].policy & ~row.guidelines
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            if draws.at(key, f, p) < values.follows:
                row.guidelines |= bit(p)


@inner
def _take_over(orgs, uses, practices, territories, national, values, seed, month):
    """Regular money of the place or country takes over what is policy and hangs on a grant."""
    key = draws.stream(seed, _REGULAR_MONEY, month)
    n = orgs.shape[0]
    paid, who, masks = scratch(n, np.uint64), scratch(n, np.uint32), scratch(n, np.uint64)
    for i in range(n):
        paid[i] = orgs[i].adopted & policy_of(orgs[i], territories, national)
    for x in range(occupied(paid, who, masks)):
        i, left = int(who[x]), masks[x]
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            use = uses[i, p]
            if use.grant >= 0 and draws.at(key, i, p) < values.regular_money:
                use.grant = -2 if practices[p].cost == _LOW else -1
                use.unfunded = NEVER


@inner
def _anchor(networks, seed, month):
    """The administration takes coordination of networks that it is asked to into its budget."""
    key = draws.stream(seed, _ANCHORING, month)
    for k in range(networks.shape[0]):
        row = networks[k]
        if row.anchoring <= 0.0 or row.active == 0 or row.regular_money == 1:
            continue
        if draws.at(key, row.key, 0) < row.anchoring:
            row.regular_money = 1


@inner
def _move_will(territories, used, inspiring, values, seed, month):
    """Will returns to its mean, which little practices raise, and is shaken."""
    key = draws.stream(seed, _WILL, month)
    for r in range(territories.shape[0]):
        row = territories[r]
        share = inspiring[r] / used[r] if used[r] > 0.0 else 0.0
        aim = min(1.0, values.usual + values.inspiration * share)
        drift = values.shock_sd * draws.normal_at(key, r, 0)
        row.will = min(1.0, max(0.0, aim + values.persistence * (row.will - aim) + drift))


@inner
def loop(w, values, seed, month):
    """Policy, for a month."""
    n = w.territories.shape[0]
    used, inspiring, pull, places = cleared(n), cleared(n), cleared(n), cleared(n)
    using = cleared((n, w.practices.shape[0]))
    having = cleared((n, w.practices.shape[0]))
    _count_use(
        w.orgs, w.practices, w.modifiers, w.territories, w.national, used, using, inspiring, pull
    )
    _decide(w.territories, used, pull, w.flows, w.events, values, seed, month)
    _count_policies(w.territories, w.national, places, having)
    _draft(w.territories, w.practices, w.national, used, using, places, having, values, seed, month)
    _follow(w.funders, w.territories, w.national, values, seed, month)
    _take_over(w.orgs, w.uses, w.practices, w.territories, w.national, values, seed, month)
    _anchor(w.networks, seed, month)
    _move_will(w.territories, used, inspiring, values, seed, month)


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Policy(CompiledRule):
    """Lets policy makers take up what works and political will move."""

    name: ClassVar[str] = "policy"
    summary: ClassVar[str] = "What works is drafted and passed as policy, and policy rewards it."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = row_of(
            _Values(
                uptake=monthly_hazard(p.uptake_per_year),
                neighbour=p.neighbour_odds,
                link=p.rel_policy_link,
                evidence=p.evidence_slope,
                will=p.will_slope,
                passes=1.0 / p.months_draft,
                loss=p.loss_of_drafts,
                follows=1.0 / p.months_guidelines,
                regular_money=p.p_regular_money,
                usual=p.will_mean,
                persistence=p.will_persistence,
                shock_sd=p.will_sd * float(np.sqrt(1.0 - p.will_persistence**2)),
                inspiration=p.inspiration,
            )
        )
