"""Ties: trust grows with contact and decays without; new ties come from meetings, friends, chance.

A tie without a contact in the past month lapses with probability 0.024 where the two share a
partner and 0.06 where they share none (C01, C02), times 0.65 inside a coordinated network (C11).
New ties arise between people who met, between partners of partners (1.3 per shared partner, C06)
and by chance; unlikeness in field, kind, level, territory and language stands in their way
(C09), and siloing scales that. A coordinator doubles what meetings yield (C10).
"""

import math
from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import row_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.world import acquaintance, affinity
from diffusion.world.adjacency import drop_lapsed, has_lapsed, lapse, tie_between, with_ties
from diffusion.world.rule import CompiledRule, RuleSettings, number, per_month, ratio, share
from diffusion.world.state import State
from diffusion.world.traffic import ARRANGED, BILATERAL, Flow, Live

_DECAY = int(Decision.TIE_DECAY)
_SEARCH = int(Decision.TIE_SEARCH)
_CANDIDATE = int(Decision.TIE_CANDIDATE)
_ACCEPT = int(Decision.TIE_ACCEPT)
_MEETING = int(Decision.TIE_FROM_MEETING)
_HOLDER = int(Decision.TIE_HOLDER)
_TIES = int(Live.TIES)
_CONTACTS = int(Live.CONTACTS)
_FORMED = int(Flow.TIES_FORMED)
_LOST = int(Flow.TIES_LOST)
_CLOSE = 5  # partners in common that draw two together; more don't count
_ARRANGED_KEY = 1 << 21  # more than any network's key


class Parameters(RuleSettings):
    """How ties live."""

    p_lapse_embedded: float = per_month("lapse without contact, with a common partner")
    p_lapse_bridging: float = per_month("lapse without contact, without a common partner")
    rel_lapse_coordinated: float = ratio("lapse inside a coordinated network", 2.0)
    trust_gain: float = per_month("share of the missing trust that a contact adds")
    trust_loss: float = per_month("share of trust lost in a month without contact")
    trust_new: float = share("trust of a new tie")
    p_search: float = per_month("chance that an organisation looks for a partner")
    share_friends: float = share("share of searches among partners of partners")
    share_neighbourhood: float = share("share of searches within the own networks")
    p_from_meeting: float = per_month("chance that a meeting makes a tie of two who met")
    rel_formation_coordinated: float = ratio("tie formation inside a coordinated network", 10.0)
    transitivity: float = ratio("odds of a tie per shared partner", 5.0)
    degree_scale: float = number(
        "partners at which the wish for more has halved", "ties", 1.0, 500.0
    )
    homophily_field: float = number("fall of log odds without a common field", "log odds", 0.0, 5.0)
    homophily_kind: float = number("the same for another kind", "log odds", 0.0, 5.0)
    homophily_level: float = number("the same for another level", "log odds", 0.0, 5.0)
    homophily_territory: float = number("the same for another territory", "log odds", 0.0, 5.0)
    homophily_country: float = number("the same for another country", "log odds", 0.0, 5.0)
    homophily_language: float = number("the same without a common language", "log odds", 0.0, 5.0)


class _Values(NamedTuple):
    lapse_embedded: float
    lapse_bridging: float
    rel_coordinated: float
    trust_gain: float
    trust_loss: float
    trust_new: float
    p_search: float
    share_friends: float
    share_neighbourhood: float
    p_meeting: float
    rel_formation: float
    transitivity: float
    degree_scale: float
    field: float
    kind: float
    level: float
    territory: float
    country: float
    language: float


@inner
def _trust(ties, warmth, luck, values, seed, month):
    """Trust grows or fades; `luck` of ties that nobody kept up, infinite for the others."""
    key, live = draws.stream(seed, _DECAY, month), luck.shape[0]
    trust = np.empty(live)
    gain, kept, alike = min(1.0, values.trust_gain * warmth[0]), 1.0 - values.trust_loss, True
    for i in range(warmth.shape[0]):
        alike &= warmth[i] == warmth[0]
    for t in range(live):
        row = ties[t]
        before, met = row.trust, row.contact >= month - 1
        u = draws.at(key, row.a, row.b)
        after = before + gain * (1.0 - before) if met else before * kept
        trust[t] = before if has_lapsed(row) else after
        luck[t] = math.inf if met | has_lapsed(row) else u
    if not alike:
        for t in range(live):
            row = ties[t]
            if row.contact >= month - 1 and not has_lapsed(row):
                warmer = 0.5 * (warmth[row.a] + warmth[row.b])
                trust[t] = row.trust + min(1.0, values.trust_gain * warmer) * (1.0 - row.trust)
    for t in range(live):
        ties[t].trust = trust[t]


@inner
def _endangered(luck, most, few):
    """Ties whose luck is below every hazard there may be, written to `few`; how many."""
    found = 0
    for t in range(luck.shape[0]):
        few[found] = t
        found += 1 if luck[t] < most else 0  # else the next one takes its place
    return found


@inner
def _age(
    ties, sizes, start, partner, tie, joined_start, joined, networks, warmth, patience, flows,
    values, seed, month,
):  # fmt: skip
    """Trust grows or fades, and what nobody keeps up lapses; the adjacency follows."""
    luck, few = np.empty(sizes[_TIES]), np.empty(sizes[_TIES] + 1, np.int32)
    _trust(ties, warmth, luck, values, seed, month)
    slowest, coordinated = 0.0, values.rel_coordinated
    for i in range(patience.shape[0]):
        slowest = max(slowest, patience[i])
    most = max(values.lapse_bridging, values.lapse_embedded) * max(1.0, coordinated) * slowest
    least = min(values.lapse_bridging, values.lapse_embedded)
    found, in_doubt, lost = _endangered(luck, most, few), 0, 0
    doubtful, hazards = np.empty(found + 1, np.int32), np.empty(found + 1)
    for x in range(found):
        t = few[x]
        slower = 0.5 * (patience[ties[t].a] + patience[ties[t].b])
        surely = luck[t] < min(least * slower, least * slower * coordinated)
        doubtful[in_doubt], hazards[in_doubt] = t, slower
        in_doubt += 0 if surely else 1
        few[lost] = t
        lost += 1 if surely else 0
    marks = affinity.unmarked(start.shape[0] - 1)
    for x in range(in_doubt):
        a, b = np.int64(ties[doubtful[x]].a), np.int64(ties[doubtful[x]].b)
        embedded = affinity.have_common_partner(ties, start, partner, tie, marks, a, b)
        hazards[x] *= values.lapse_embedded if embedded else values.lapse_bridging
    for x in range(in_doubt):
        t, hazard = doubtful[x], hazards[x]
        a, b = np.int64(ties[t].a), np.int64(ties[t].b)
        if (luck[t] < hazard) != (luck[t] < hazard * coordinated):
            hazard *= (
                coordinated
                if affinity.in_coordinated(joined_start, joined, networks, a, b)
                else 1.0
            )
        few[lost] = t
        lost += 1 if luck[t] < hazard else 0
    for x in range(lost):
        lapse(ties, sizes, few[x])
    flows[_LOST] += lost
    drop_lapsed(ties, sizes, start, partner, tie)


@inner
def _seek(orgs, start, ease, seekers, values, seed, month):
    """Who looks for a partner; returns how many."""
    key, n = draws.stream(seed, _SEARCH, month), orgs.shape[0]
    p_search, scale = values.p_search, values.degree_scale
    seeks = np.empty(n, np.int32)
    for i in range(n):
        eager = p_search * affinity.wish(start, scale, i) * min(1.0, orgs[i].slack)
        seeks[i] = 1 if draws.at(key, i, 0) < eager * ease[i] else 0
    found = 0
    for i in range(n):
        seekers[found] = i
        found += seeks[i]
    return found


@inner
def _nearest(orgs, start, modifiers, pairs, luck, chance, most, few, values):
    """Pairs that may become partners, whatever they share; writes them to `few`, how many.

    `chance` becomes that of two who share nothing.
    """
    scale, found, left = values.degree_scale, 0, 0
    for x in range(luck.shape[0]):
        i, c = pairs[x, 0], pairs[x, 1]
        d = affinity.distance(orgs, modifiers, i, c, values)
        bound = most[affinity.most_shared(start, i, c, _CLOSE)] * affinity.wish(start, scale, c)
        # exp(-d) <= 1 / (1 + d + d * d / 2)
        beyond = luck[x] * (1.0 + d + 0.5 * d * d) >= bound
        chance[x] = d
        few[found] = x
        found += 0 if beyond else 1  # else the next one takes its place
    for y in range(found):
        x = few[y]
        i, c = pairs[x, 0], pairs[x, 1]
        chance[x] = math.exp(-chance[x]) * affinity.wish(start, scale, c)
        few[left] = x
        left += 1 if luck[x] < chance[x] * most[affinity.most_shared(start, i, c, _CLOSE)] else 0
    return left


@inner
def _accept(
    orgs, start, partner, joined_start, joined, networks, modifiers, pairs, found, wanted, values,
    seed, month,
):  # fmt: skip
    """Which searches end in a tie; writes the pairs as a * n + b and returns how many."""
    key, n, coordinated = draws.stream(seed, _ACCEPT, month), orgs.shape[0], values.rel_formation
    closer, most = np.empty(_CLOSE + 1), np.empty(_CLOSE + 1)
    for k in range(_CLOSE + 1):
        closer[k] = values.transitivity**k
        # what the two may have in common raises the chance no more; the last factor is for rounding
        most[k] = max(1.0, closer[k]) * max(1.0, coordinated) * (1.0 + 1e-9)
    luck, chance, few = np.empty(found), np.empty(found), np.empty(found + 1, np.int32)
    for x in range(found):
        luck[x] = draws.at(key, pairs[x, 0], pairs[x, 1])
    n_few = _nearest(orgs, start, modifiers, pairs, luck, chance, most, few, values)
    marks, taken = affinity.unmarked(n), 0
    for y in range(n_few):
        x = few[y]
        i, c = pairs[x, 0], pairs[x, 1]
        chance[x] *= closer[min(affinity.n_shared(start, partner, marks, i, c), _CLOSE)]
        # partners already?
        luck[x] = math.inf if start[i] <= marks[c] < start[i + 1] else luck[x]
    for y in range(n_few):
        x = few[y]
        i, c, likely = pairs[x, 0], pairs[x, 1], chance[x]
        if (luck[x] < likely) != (luck[x] < likely * coordinated):
            likely *= (
                coordinated
                if affinity.in_coordinated(joined_start, joined, networks, i, c)
                else 1.0
            )
        wanted[taken] = min(i, c) * n + max(i, c)
        taken += 1 if luck[x] < likely else 0
    return taken


@inner
def _after_meetings(
    contacts, n_contacts, orgs, start, partner, tie, networks, modifiers, ease, wanted, taken,
    values, seed, month,
):  # fmt: skip
    """Which strangers who met last month become partners; continues the list of wanted pairs."""
    key, n = draws.stream(seed, _MEETING, month), orgs.shape[0]
    most, scale = 2.0 * values.p_meeting * max(1.0, values.rel_formation), values.degree_scale
    strangers, n_strangers = np.empty(n_contacts + 1, np.int32), 0
    for x in range(n_contacts):
        strangers[n_strangers] = x
        n_strangers += 1 if contacts[x].network != BILATERAL else 0
    luck, few, n_few = np.empty(n_strangers), np.empty(n_strangers + 1, np.int32), 0
    for x in range(n_strangers):
        met = contacts[strangers[x]]
        k, a, b = met.network, np.int64(met.a), np.int64(met.b)
        tag = _ARRANGED_KEY if k == ARRANGED else np.int64(networks[k].key)
        luck[x] = draws.at(key, min(a, b) * n + max(a, b), tag)
        few[n_few] = x
        # neither affinity nor the wish of either exceeds 1
        n_few += 1 if luck[x] < most * met.depth * (0.5 * (ease[a] + ease[b])) else 0
    for x in range(n_few):
        met = contacts[strangers[few[x]]]
        k, a, b = met.network, np.int64(met.a), np.int64(met.b)
        if tie_between(start, partner, tie, a, b) >= 0:
            continue
        likeness = math.exp(-affinity.distance(orgs, modifiers, a, b, values))
        chance = values.p_meeting * met.depth * likeness
        chance *= 0.5 * (ease[a] + ease[b])
        chance *= affinity.wish(start, scale, a) + affinity.wish(start, scale, b)
        if k >= 0 and networks[k].coordinated == 1:
            chance *= values.rel_formation
        if luck[few[x]] < chance:
            wanted[taken] = min(a, b) * n + max(a, b)
            taken += 1
    return taken


@inner
def _holder(posts, org, key, i, other):
    """The person of organisation i who holds a new tie: any filled post, else the first."""
    offset = draws.below(key, i, other, org.n_posts)
    for k in range(org.n_posts):
        j = org.first_post + (offset + k) % org.n_posts
        if posts[j].filled == 1:
            return j
    return org.first_post


@inner
def _form(orgs, posts, ties, sizes, wanted, taken, flows, values, seed, month):
    key = draws.stream(seed, _HOLDER, month)
    n = orgs.shape[0]
    pairs = acquaintance.in_order(wanted, taken, n)
    t, last = sizes[_TIES], -1
    for x in range(taken):
        if pairs[x] == last:
            continue
        last = pairs[x]
        a, b = last // n, last % n
        row = ties[t]
        row.a, row.b = a, b
        row.post_a = _holder(posts, orgs[a], key, a, b)
        row.post_b = _holder(posts, orgs[b], key, b, a)
        row.trust = values.trust_new
        row.contact = month
        flows[_FORMED] += 1
        t += 1
    sizes[_TIES] = t


@inner
def has_room(w):
    """Whether all ties that a month may add have room: what `TieDynamics.prepare` sees to."""
    return w.sizes[_TIES] + w.orgs.shape[0] + w.sizes[_CONTACTS] <= w.ties.shape[0]


@inner
def loop(w, values, seed, month):
    """Ties, for a month."""
    n, n_contacts = w.orgs.shape[0], w.sizes[_CONTACTS]
    start, partner, tie = w.adjacency.start, w.adjacency.partner, w.adjacency.tie
    joined_start, joined = w.memberships.start, w.memberships.network
    pairs = np.empty((n + 1, 2), np.int64)
    seekers, wanted = np.empty(n + 1, np.int32), np.empty(n + n_contacts, np.int64)
    # ties and contacts read them at random: close together
    warmth, patience, ease = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        modifier = w.modifiers[i]
        warmth[i], patience[i] = modifier.rel_trust_gain, modifier.rel_tie_decay
        ease[i] = modifier.rel_tie_formation
    _age(
        w.ties, w.sizes, start, partner, tie, joined_start, joined, w.networks, warmth, patience,
        w.flows, values, seed, month,
    )  # fmt: skip
    found = _seek(w.orgs, start, ease, seekers, values, seed, month)
    found = acquaintance.candidates(
        n, start, partner, joined_start, joined, w.members.start, w.members.organisation, seekers,
        found, pairs, values.share_friends, values.share_neighbourhood,
        draws.stream(seed, _CANDIDATE, month),
    )  # fmt: skip
    taken = _accept(
        w.orgs, start, partner, joined_start, joined, w.networks, w.modifiers, pairs, found, wanted,
        values, seed, month,
    )  # fmt: skip
    taken = _after_meetings(
        w.contacts, n_contacts, w.orgs, start, partner, tie, w.networks, w.modifiers, ease, wanted,
        taken, values, seed, month,
    )  # fmt: skip
    before = w.sizes[_TIES]
    _form(w.orgs, w.posts, w.ties, w.sizes, wanted, taken, w.flows, values, seed, month)
    with_ties(w.ties, before, w.sizes[_TIES], start, partner, tie)


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class TieDynamics(CompiledRule):
    """Lets trust grow and fade, drops dead ties, forms new ones."""

    name: ClassVar[str] = "ties"
    summary: ClassVar[str] = "Ties strengthen with contact, fade without, and form between people."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = row_of(
            _Values(
                lapse_embedded=p.p_lapse_embedded,
                lapse_bridging=p.p_lapse_bridging,
                rel_coordinated=p.rel_lapse_coordinated,
                trust_gain=p.trust_gain,
                trust_loss=p.trust_loss,
                trust_new=p.trust_new,
                p_search=p.p_search,
                share_friends=p.share_friends,
                share_neighbourhood=p.share_neighbourhood,
                p_meeting=p.p_from_meeting,
                rel_formation=p.rel_formation_coordinated,
                transitivity=p.transitivity,
                degree_scale=p.degree_scale,
                field=p.homophily_field,
                kind=p.homophily_kind,
                level=p.homophily_level,
                territory=p.homophily_territory,
                country=p.homophily_country,
                language=p.homophily_language,
            )
        )

    def prepare(self, state: State) -> None:
        # at most one search an organisation and one tie a contact
        state.reserve_ties(state.n_organisations + state.n_contacts)
