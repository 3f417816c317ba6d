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
from diffusion.base.arrays import AT_ONCE, row_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.picking import picked
from diffusion.base.scratch import cleared, scratch
from diffusion.world import acquaintance, affinity
from diffusion.world.adjacency import drop_lapsed, has_lapsed, lapse, with_ties
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
def _endangered(ties, live, warmth, most, few, luck, values, seed, month):
    """Trust grows or fades; ties that nobody kept up and whose luck is below every hazard there is.

    They are written to `few` with their luck, which is negative for those that have lapsed already;
    returns how many.
    """
    key, found, alike = draws.stream(seed, _DECAY, month), 0, affinity.all_alike(warmth)
    trust, u, size = scratch(min(AT_ONCE, live)), scratch(min(AT_ONCE, live)), min(AT_ONCE, live)
    near, low = scratch(size, np.int32), scratch(size, np.bool_)
    gain, kept = min(1.0, values.trust_gain * warmth[0]), 1.0 - values.trust_loss
    for first in range(0, live, AT_ONCE):
        size = min(AT_ONCE, live - first)
        for x in range(size):
            row = ties[first + x]
            before, met, gone = row.trust, row.contact >= month - 1, has_lapsed(row)
            after = before + gain * (1.0 - before) if met else before * kept
            trust[x] = before if gone else after
            unmet = draws.at(key, row.a, row.b)
            u[x] = -1.0 if gone else (math.inf if met else unmet)
        if not alike:
            for x in range(size):
                row = ties[first + x]
                if row.contact >= month - 1 and not has_lapsed(row):
                    warmer = 0.5 * (warmth[row.a] + warmth[row.b])
                    trust[x] = row.trust + min(1.0, values.trust_gain * warmer) * (1.0 - row.trust)
        for x in range(size):
            ties[first + x].trust = trust[x]
            low[x] = u[x] < most
        for x in range(picked(low[:size], near)):
            few[found], luck[found] = first + near[x], u[near[x]]
            found += 1
    return found


@inner
def _age(
    ties, sizes, start, partner, tie, joined_start, joined, networks, warmth, patience, flows,
    values, seed, month,
):  # fmt: skip
    """Trust grows or fades, and what nobody keeps up lapses; the adjacency follows."""
    few, luck = scratch(sizes[_TIES] + 1, np.int32), scratch(sizes[_TIES] + 1)
    slowest, coordinated = 0.0, values.rel_coordinated
    for i in range(patience.shape[0]):
        slowest = max(slowest, patience[i])
    most = max(values.lapse_bridging, values.lapse_embedded) * max(1.0, coordinated) * slowest
    least = min(values.lapse_bridging, values.lapse_embedded)
    found = _endangered(ties, sizes[_TIES], warmth, most, few, luck, values, seed, month)
    in_doubt, lost, n_gone, own = np.int64(0), 0, 0, 0 if affinity.all_alike(patience) else 1
    one, other = scratch(found + 1, np.int32), scratch(found + 1, np.int32)
    doubtful, gone = scratch(found + 1, np.int32), scratch(found + 1, np.int32)
    hazards, lapsing = scratch(found + 1), scratch(found + 1, np.bool_)
    for x in range(found):
        row, u = ties[few[x]], luck[x]
        slower = 0.5 * (patience[np.uint32(row.a * own)] + patience[np.uint32(row.b * own)])
        surely = u < min(least * slower, least * slower * coordinated)
        one[in_doubt], other[in_doubt], doubtful[in_doubt] = row.a, row.b, few[x]
        hazards[in_doubt], luck[in_doubt] = slower, u
        in_doubt += 0 if surely else 1
        gone[n_gone] = few[x]
        n_gone += 1 if u < 0.0 else 0
        few[lost] = few[x]
        lost += 1 if surely & (u >= 0.0) else 0
    losing = cleared(start.shape[0] - 1, np.bool_)
    for x in range(n_gone):
        row = ties[gone[x]]
        losing[row.a], losing[row.b] = True, True
    affinity.share_a_partner(ties, start, partner, tie, losing, one, other, in_doubt, lapsing)
    for x in range(in_doubt):
        hazards[x] *= values.lapse_embedded if lapsing[x] else values.lapse_bridging
    affinity.lucky(
        luck, hazards, coordinated, joined_start, joined, networks, one, other, in_doubt, lapsing
    )  # fmt: skip
    for x in range(in_doubt):
        few[lost] = doubtful[x]
        lost += lapsing[x]
    for x in range(lost):
        lapse(ties, sizes, few[x])
    flows[_LOST] += lost
    drop_lapsed(ties, sizes, start, partner, tie)


@inner
def _seek(orgs, start, ease, seekers, values, seed, month):
    """Who looks for a partner; returns how many."""
    key, n, scale = draws.stream(seed, _SEARCH, month), orgs.shape[0], values.degree_scale
    seeks = scratch(n, np.bool_)
    for i in range(n):
        eager = values.p_search * affinity.wish(start, scale, i) * min(1.0, orgs[i].slack)
        seeks[i] = draws.at(key, i, 0) < eager * ease[i]
    return picked(seeks, seekers)


@inner
def _nearest(orgs, start, modifiers, pairs, luck, chance, most, few, values):
    """Pairs that may become partners, whatever they share; writes them to `few`, how many.

    `chance` becomes that of two who share nothing.
    """
    scale, found, left = values.degree_scale, 0, 0
    for x in range(luck.shape[0]):
        affinity.fetch_pairs(orgs, modifiers, start, pairs, x)
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
    closer, most = scratch(_CLOSE + 1), scratch(_CLOSE + 1)
    for k in range(_CLOSE + 1):
        closer[k] = values.transitivity**k
        # what the two may have in common raises the chance no more; the last factor is for rounding
        most[k] = max(1.0, closer[k]) * max(1.0, coordinated) * (1.0 + 1e-9)
    luck, chance, few = scratch(found), scratch(found), scratch(found + 1, np.int32)
    for x in range(found):
        luck[x] = draws.at(key, pairs[x, 0], pairs[x, 1])
    n_few = _nearest(orgs, start, modifiers, pairs, luck, chance, most, few, values)
    one, other = scratch(n_few, np.int32), scratch(n_few, np.int32)
    u, likely, taken = scratch(n_few), scratch(n_few), 0
    shared, wanting = scratch(n_few, np.int32), scratch(n_few, np.bool_)
    for y in range(n_few):
        one[y], other[y] = pairs[few[y], 0], pairs[few[y], 1]
    affinity.share_partners(start, partner, one, other, n_few, shared, wanting)
    for y in range(n_few):
        # partners already?
        u[y] = math.inf if wanting[y] else luck[few[y]]
        likely[y] = chance[few[y]] * closer[min(shared[y], _CLOSE)]
    affinity.lucky(
        u, likely, coordinated, joined_start, joined, networks, one, other, n_few, wanting
    )  # fmt: skip
    for y in range(n_few):
        i, c = np.int64(one[y]), np.int64(other[y])
        wanted[taken] = min(i, c) * n + max(i, c)
        taken += wanting[y]
    return taken


@inner
def _after_meetings(
    contacts, n_contacts, orgs, start, partner, networks, modifiers, ease, wanted, taken, values,
    seed, month,
):  # fmt: skip
    """Which strangers who met last month become partners; continues the list of wanted pairs."""
    key, n = draws.stream(seed, _MEETING, month), orgs.shape[0]
    most, scale = 2.0 * values.p_meeting * max(1.0, values.rel_formation), values.degree_scale
    strangers, apart = scratch(n_contacts, np.int32), scratch(n_contacts, np.bool_)
    for x in range(n_contacts):
        apart[x] = contacts[x].network != BILATERAL
    n_strangers = picked(apart, strangers)
    luck, few, n_few = scratch(n_strangers), scratch(n_strangers + 1, np.int32), np.int64(0)
    for x in range(n_strangers):
        met = contacts[strangers[x]]
        k, a, b = met.network, np.int64(met.a), np.int64(met.b)
        tag = _ARRANGED_KEY if k == ARRANGED else np.int64(networks[k].key)
        luck[x] = draws.at(key, min(a, b) * n + max(a, b), tag)
        few[n_few] = x
        # neither affinity nor the wish of either exceeds 1
        n_few += 1 if luck[x] < most * met.depth * (0.5 * (ease[a] + ease[b])) else 0
    one, other = scratch(n_few, np.int32), scratch(n_few, np.int32)
    far, new = scratch(n_few), scratch(n_few + 1, np.int32)
    for x in range(n_few):
        met = contacts[strangers[few[x]]]
        one[x], other[x] = met.a, met.b
    n_new = affinity.strangers_of(start, partner, one, other, n_few, new)
    for y in range(n_new):
        far[y] = affinity.distance(orgs, modifiers, one[new[y]], other[new[y]], values)
    for y in range(n_new):
        x = few[new[y]]
        met = contacts[strangers[x]]
        k, a, b = met.network, np.int64(met.a), np.int64(met.b)
        chance = values.p_meeting * met.depth * math.exp(-far[y])
        chance *= 0.5 * (ease[a] + ease[b])
        chance *= affinity.wish(start, scale, a) + affinity.wish(start, scale, b)
        if k >= 0 and networks[k].coordinated == 1:
            chance *= values.rel_formation
        wanted[taken] = min(a, b) * n + max(a, b)
        taken += 1 if luck[x] < chance else 0
    return taken


@inner
def _form(orgs, posts, ties, sizes, wanted, taken, flows, values, seed, month):
    key, n = draws.stream(seed, _HOLDER, month), orgs.shape[0]
    pairs = scratch(taken, np.int64)
    acquaintance.put_in_order(wanted, n, pairs)
    t, last = sizes[_TIES], -1
    for x in range(taken):
        acquaintance.fetch_holders(posts, orgs, n, pairs, x)
        if pairs[x] == last:
            continue
        last = pairs[x]
        a, b = last // n, last % n
        row = ties[t]
        row.a, row.b = a, b
        row.post_a = acquaintance.holder(posts, orgs[a], key, a, b)
        row.post_b = acquaintance.holder(posts, orgs[b], key, b, a)
        row.trust, row.contact = values.trust_new, month
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
    pairs = scratch((n + 1, 2), np.int64)
    seekers, wanted = scratch(n + 1, np.int32), scratch(n + n_contacts, np.int64)
    # ties and contacts read them at random: close together
    warmth, patience, ease = scratch(n), scratch(n), scratch(n)
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
        w.contacts, n_contacts, w.orgs, start, partner, w.networks, w.modifiers, ease, wanted,
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
