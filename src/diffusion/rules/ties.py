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
from diffusion.base.arrays import NOTHING
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.world.adjacency import rebuild_adjacency, tie_between
from diffusion.world.rule import CompiledRule, RuleSettings, number, per_month, ratio, share
from diffusion.world.state import State
from diffusion.world.traffic import Flow

_DECAY = int(Decision.TIE_DECAY)
_SEARCH = int(Decision.TIE_SEARCH)
_CANDIDATE = int(Decision.TIE_CANDIDATE)
_ACCEPT = int(Decision.TIE_ACCEPT)
_MEETING = int(Decision.TIE_FROM_MEETING)
_HOLDER = int(Decision.TIE_HOLDER)
_FORMED = int(Flow.TIES_FORMED)
_LOST = int(Flow.TIES_LOST)


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
def _in_coordinated(start, network, coordinated, a, b):
    """Whether two organisations share a coordinated network."""
    for x in range(start[a], start[a + 1]):
        k = network[x]
        if coordinated[k] == 1:
            for y in range(start[b], start[b + 1]):
                if network[y] == k:
                    return True
    return False


@inner
def _shared_partners(start, partner, stamp, mark, b):
    """How many neighbours of b carry the stamp `mark`."""
    shared = 0
    for k in range(start[b], start[b + 1]):
        if stamp[partner[k]] == mark:
            shared += 1
    return shared


@inner
def _affinities(orgs, modifiers, first, second, found, values):
    """Chance factor, 0..1, that the organisations of each pair take to each other."""
    affinity = np.empty(found)
    for x in range(found):
        a, b = first[x], second[x]
        silo = 0.5 * (
            orgs.siloing[a] * modifiers.rel_siloing[a] + orgs.siloing[b] * modifiers.rel_siloing[b]
        )
        distance = 0.0
        if orgs.fields[a] & orgs.fields[b] == NOTHING:
            distance += silo * values.field
        if orgs.kind[a] != orgs.kind[b]:
            distance += silo * values.kind
        if orgs.level[a] != orgs.level[b]:
            distance += values.level
        if orgs.territory[a] != orgs.territory[b]:
            distance += values.territory
        if orgs.country[a] != orgs.country[b]:
            distance += values.country
        if orgs.languages[a] & orgs.languages[b] == NOTHING:
            gaps = modifiers.rel_language_gap  # one mediated side is enough
            distance += values.language * min(gaps[a], gaps[b])
        affinity[x] = math.exp(-distance)
    return affinity


@inner
def _wish(start, scale, i):
    """Wish for a further partner: 1 without any, a half at `degree_scale`."""
    return scale / (scale + start[i + 1] - start[i])


@inner
def _age(ties, adjacency, memberships, networks, modifiers, stamp, flows, values, seed, month):
    key = draws.stream(seed, _DECAY, month)
    start, partner, tie = adjacency.start, adjacency.partner, adjacency.tie
    trust = ties.trust
    stamp[:] = -1
    for a in range(start.shape[0] - 1):
        for k in range(start[a], start[a + 1]):
            stamp[partner[k]] = a
        for k in range(start[a], start[a + 1]):
            b, t = partner[k], tie[k]
            if b < a:
                continue
            if ties.contact[t] >= month - 1:
                trust[t] += values.trust_gain * (1.0 - trust[t])
                continue
            trust[t] *= 1.0 - values.trust_loss
            hazard = values.lapse_bridging
            if _shared_partners(start, partner, stamp, a, b) > 0:
                hazard = values.lapse_embedded
            hazard *= 0.5 * (modifiers.rel_tie_decay[a] + modifiers.rel_tie_decay[b])
            if _in_coordinated(memberships.start, memberships.network, networks.coordinated, a, b):
                hazard *= values.rel_coordinated
            if draws.at(key, a, b) < hazard:
                trust[t] = 0.0  # marks the row for removal
    kept = 0
    for t in range(ties.size[0]):
        if trust[t] <= 0.0:
            flows[_LOST] += 1
            continue
        ties.a[kept], ties.b[kept] = ties.a[t], ties.b[t]
        ties.post_a[kept], ties.post_b[kept] = ties.post_a[t], ties.post_b[t]
        trust[kept], ties.contact[kept] = trust[t], ties.contact[t]
        kept += 1
    ties.size[0] = kept


@inner
def _search(
    orgs, adjacency, memberships, members, modifiers, seekers, thought_of, values, seed, month
):
    """Who looks for a partner and thinks of whom: a partner's partner, a fellow member, anybody."""
    n = orgs.kind.shape[0]
    search = draws.stream(seed, _SEARCH, month)
    key = draws.stream(seed, _CANDIDATE, month)
    start, partner = adjacency.start, adjacency.partner
    found = 0
    for i in range(n):
        eager = values.p_search * _wish(start, values.degree_scale, i) * min(1.0, orgs.slack[i])
        if draws.at(search, i, 0) >= eager * modifiers.rel_tie_formation[i]:
            continue
        way = draws.at(key, i, 0)
        own = start[i + 1] - start[i]
        joined = memberships.start[i + 1] - memberships.start[i]
        if way < values.share_friends and own > 0:
            friend = partner[start[i] + draws.below(key, i, 1, own)]
            c = partner[start[friend] + draws.below(key, i, 2, start[friend + 1] - start[friend])]
        elif way < values.share_friends + values.share_neighbourhood and joined > 0:
            k = memberships.network[memberships.start[i] + draws.below(key, i, 3, joined)]
            size = members.start[k + 1] - members.start[k]
            c = members.organisation[members.start[k] + draws.below(key, i, 4, size)]
        else:
            c = draws.below(key, i, 5, n)
        if c != i and tie_between(start, partner, adjacency.tie, i, c) < 0:
            seekers[found] = i
            thought_of[found] = c
            found += 1
    return found


@inner
def _accept(
    adjacency, memberships, networks, stamp, seekers, thought_of, affinity, found, wanted, values,
    seed, month,
):  # fmt: skip
    """Which searches end in a tie; writes the pairs as a * n + b and returns how many."""
    key = draws.stream(seed, _ACCEPT, month)
    start, partner = adjacency.start, adjacency.partner
    n = start.shape[0] - 1
    stamp[:] = -1
    taken = 0
    for x in range(found):
        i, c = seekers[x], thought_of[x]
        for k in range(start[i], start[i + 1]):
            stamp[partner[k]] = i
        shared = _shared_partners(start, partner, stamp, i, c)
        chance = affinity[x] * _wish(start, values.degree_scale, c)
        chance *= values.transitivity ** min(shared, 5)
        if _in_coordinated(memberships.start, memberships.network, networks.coordinated, i, c):
            chance *= values.rel_formation
        if draws.at(key, i, c) < chance:
            wanted[taken] = min(i, c) * n + max(i, c)
            taken += 1
    return taken


@inner
def _strangers_met(contacts, adjacency, first, second, met):
    """Last month's contacts at meetings between organisations without a tie."""
    found = 0
    for c in range(contacts.size[0]):
        a, b = contacts.a[c], contacts.b[c]
        if contacts.network[c] < 0:
            continue
        if tie_between(adjacency.start, adjacency.partner, adjacency.tie, a, b) < 0:
            first[found], second[found], met[found] = a, b, c
            found += 1
    return found


@inner
def _after_meetings(
    contacts,
    adjacency,
    networks,
    modifiers,
    met,
    affinity,
    found,
    wanted,
    taken,
    values,
    seed,
    month,
):
    """Which strangers become partners; continues the list of wanted pairs."""
    key = draws.stream(seed, _MEETING, month)
    start = adjacency.start
    n = start.shape[0] - 1
    for x in range(found):
        c = met[x]
        k, a, b = contacts.network[c], contacts.a[c], contacts.b[c]
        chance = values.p_meeting * contacts.depth[c] * affinity[x]
        chance *= 0.5 * (modifiers.rel_tie_formation[a] + modifiers.rel_tie_formation[b])
        scale = values.degree_scale
        chance *= _wish(start, scale, a) + _wish(start, scale, b)
        if networks.coordinated[k] == 1:
            chance *= values.rel_formation
        if draws.at(key, min(a, b) * n + max(a, b), networks.key[k]) < chance:
            wanted[taken] = min(a, b) * n + max(a, b)
            taken += 1
    return taken


@inner
def _holder(filled, first_post, n_posts, key, i, other):
    """The person of organisation i who holds a new tie: any filled post, else the first."""
    offset = draws.below(key, i, other, n_posts)
    for k in range(n_posts):
        j = first_post + (offset + k) % n_posts
        if filled[j] == 1:
            return j
    return first_post


@inner
def _form(orgs, posts, ties, wanted, taken, flows, values, seed, month):
    key = draws.stream(seed, _HOLDER, month)
    n = orgs.kind.shape[0]
    first, size = orgs.first_post, orgs.n_posts
    pairs = np.sort(wanted[:taken])
    last = -1
    for x in range(taken):
        if pairs[x] == last:
            continue
        last = pairs[x]
        a, b = last // n, last % n
        t = ties.size[0]
        ties.size[0] = t + 1
        ties.a[t], ties.b[t] = a, b
        ties.post_a[t] = _holder(posts.filled, first[a], size[a], key, a, b)
        ties.post_b[t] = _holder(posts.filled, first[b], size[b], key, b, a)
        ties.trust[t] = values.trust_new
        ties.contact[t] = month
        flows[_FORMED] += 1


@inner
def loop(w, values, seed, month):
    """Ties, for a month; the adjacency is rebuilt whenever ties went or came."""
    n = w.orgs.kind.shape[0]
    room = n + w.contacts.size[0]
    stamp = np.empty(n, np.int64)
    first, second = np.empty(room, np.int64), np.empty(room, np.int64)
    met, wanted = np.empty(room, np.int64), np.empty(room, np.int64)
    rebuild_adjacency(w.ties, w.adjacency)  # turnover broke some
    _age(
        w.ties, w.adjacency, w.memberships, w.networks, w.modifiers, stamp, w.flows, values, seed,
        month,
    )  # fmt: skip
    rebuild_adjacency(w.ties, w.adjacency)
    found = _search(
        w.orgs, w.adjacency, w.memberships, w.members, w.modifiers, first, second, values, seed,
        month,
    )  # fmt: skip
    affinity = _affinities(w.orgs, w.modifiers, first, second, found, values)
    taken = _accept(
        w.adjacency, w.memberships, w.networks, stamp, first, second, affinity, found, wanted,
        values, seed, month,
    )  # fmt: skip
    found = _strangers_met(w.contacts, w.adjacency, first, second, met)
    affinity = _affinities(w.orgs, w.modifiers, first, second, found, values)
    taken = _after_meetings(
        w.contacts, w.adjacency, w.networks, w.modifiers, met, affinity, found, wanted, taken,
        values, seed, month,
    )  # fmt: skip
    _form(w.orgs, w.posts, w.ties, wanted, taken, w.flows, values, seed, month)
    rebuild_adjacency(w.ties, w.adjacency)


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values, seed, month)


class TieDynamics(CompiledRule):
    """Lets trust grow and fade, drops dead ties, forms new ones."""

    name: ClassVar[str] = "ties"
    summary: ClassVar[str] = "Ties strengthen with contact, fade without, and form between people."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = _Values(
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

    def prepare(self, state: State) -> None:
        # at most one search an organisation and one tie a contact
        state.reserve_ties(state.n_organisations + int(state.contacts.size[0]))
