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
from diffusion.base.arrays import NOTHING, row_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
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
def _in_coordinated(start, network, networks, a, b):
    """Whether two organisations share a coordinated network."""
    for x in range(start[a], start[a + 1]):
        k = network[x]
        if networks[k].coordinated == 1:
            for y in range(start[b], start[b + 1]):
                if network[y] == k:
                    return True
    return False


@inner
def _affinity(orgs, modifiers, a, b, values):
    """Chance factor, 0..1, that two organisations take to each other."""
    one, other, m_one, m_other = orgs[a], orgs[b], modifiers[a], modifiers[b]
    silo = 0.5 * (one.siloing * m_one.rel_siloing + other.siloing * m_other.rel_siloing)
    distance = 0.0
    if one.fields & other.fields == NOTHING:
        distance += silo * values.field
    if one.kind != other.kind:
        distance += silo * values.kind
    if one.level != other.level:
        distance += values.level
    if one.territory != other.territory:
        distance += values.territory
    if one.country != other.country:
        distance += values.country
    if one.languages & other.languages == NOTHING:
        # one mediated side is enough
        distance += values.language * min(m_one.rel_language_gap, m_other.rel_language_gap)
    return math.exp(-distance)


@inner
def _wish(start, scale, i):
    """Wish for a further partner: 1 without any, a half at `degree_scale`."""
    return scale / (scale + start[i + 1] - start[i])


@inner
def _age(
    ties, sizes, start, partner, tie, joined_start, joined, networks, modifiers, flows, values,
    seed, month,
):  # fmt: skip
    """Trust grows or fades, and what nobody keeps up lapses; the adjacency follows."""
    key = draws.stream(seed, _DECAY, month)
    stamp = np.full(start.shape[0] - 1, -1, np.int32)  # tie for which it was last looked at
    # partners read these at random: close together
    warmth, patience = np.empty(start.shape[0] - 1), np.empty(start.shape[0] - 1)
    for i in range(warmth.shape[0]):
        warmth[i], patience[i] = modifiers[i].rel_trust_gain, modifiers[i].rel_tie_decay
    gone, lost = np.empty(sizes[_TIES], np.int32), 0
    most = max(values.lapse_bridging, values.lapse_embedded) * max(1.0, values.rel_coordinated)
    last, own = np.int64(-1), NOTHING
    for t in range(sizes[_TIES]):
        row = ties[t]
        if has_lapsed(row):
            continue
        a, b = np.int64(row.a), np.int64(row.b)
        if row.contact >= month - 1:
            warmer = 0.5 * (warmth[a] + warmth[b])
            row.trust += min(1.0, values.trust_gain * warmer) * (1.0 - row.trust)
            continue
        row.trust *= 1.0 - values.trust_loss
        slower = 0.5 * (patience[a] + patience[b])
        if a != last:  # ties of one organisation mostly stand together
            last, own = a, draws.half(key, a)
        luck = draws.rest(own, b)
        if luck >= most * slower:
            continue  # whatever the two have in common, the hazard is no higher
        for x in range(start[a], start[a + 1]):
            if not has_lapsed(ties[tie[x]]):
                stamp[partner[x]] = t
        hazard = values.lapse_bridging
        for x in range(start[b], start[b + 1]):
            if stamp[partner[x]] == t and not has_lapsed(ties[tie[x]]):
                hazard = values.lapse_embedded
                break
        hazard *= slower
        if _in_coordinated(joined_start, joined, networks, a, b):
            hazard *= values.rel_coordinated
        if luck < hazard:
            gone[lost] = t
            lost += 1
    for x in range(lost):
        lapse(ties, sizes, gone[x])
    flows[_LOST] += lost
    drop_lapsed(ties, sizes, start, partner, tie)


@inner
def _search(
    orgs, start, partner, tie, joined_start, joined, members_start, members, modifiers, pairs,
    values, seed, month,
):  # fmt: skip
    """Who looks for a partner and thinks of whom: a partner's partner, a fellow member, anybody.

    Writes (seeker, candidate) into `pairs` and returns how many.
    """
    n = orgs.shape[0]
    search = draws.stream(seed, _SEARCH, month)
    key = draws.stream(seed, _CANDIDATE, month)
    found = 0
    for i in range(n):
        eager = values.p_search * _wish(start, values.degree_scale, i) * min(1.0, orgs[i].slack)
        if draws.at(search, i, 0) >= eager * modifiers[i].rel_tie_formation:
            continue
        way = draws.at(key, i, 0)
        own = start[i + 1] - start[i]
        groups = joined_start[i + 1] - joined_start[i]
        if way < values.share_friends and own > 0:
            friend = partner[start[i] + draws.below(key, i, 1, own)]
            c = partner[start[friend] + draws.below(key, i, 2, start[friend + 1] - start[friend])]
        elif way < values.share_friends + values.share_neighbourhood and groups > 0:
            k = joined[joined_start[i] + draws.below(key, i, 3, groups)]
            size = members_start[k + 1] - members_start[k]
            c = members[members_start[k] + draws.below(key, i, 4, size)]
        else:
            c = draws.below(key, i, 5, n)
        if c != i and tie_between(start, partner, tie, i, c) < 0:
            pairs[found, 0] = i
            pairs[found, 1] = c
            found += 1
    return found


@inner
def _accept(
    orgs, start, partner, joined_start, joined, networks, modifiers, pairs, found, wanted, values,
    seed, month,
):  # fmt: skip
    """Which searches end in a tie; writes the pairs as a * n + b and returns how many."""
    key = draws.stream(seed, _ACCEPT, month)
    n = orgs.shape[0]
    stamp = np.full(n, -1, np.int32)
    taken = 0
    # what the two may have in common raises the chance no more; the last factor is for rounding
    most = max(1.0, values.transitivity) ** 5 * max(1.0, values.rel_formation) * (1.0 + 1e-9)
    for x in range(found):
        i, c = pairs[x, 0], pairs[x, 1]
        chance = _affinity(orgs, modifiers, i, c, values) * _wish(start, values.degree_scale, c)
        luck = draws.at(key, i, c)
        if luck >= chance * most:
            continue
        for k in range(start[i], start[i + 1]):
            stamp[partner[k]] = i
        shared = 0
        for k in range(start[c], start[c + 1]):
            if stamp[partner[k]] == i:
                shared += 1
        chance *= values.transitivity ** min(shared, 5)
        if _in_coordinated(joined_start, joined, networks, i, c):
            chance *= values.rel_formation
        if luck < chance:
            wanted[taken] = min(i, c) * n + max(i, c)
            taken += 1
    return taken


@inner
def _after_meetings(
    contacts, n_contacts, orgs, start, partner, tie, networks, modifiers, wanted, taken, values,
    seed, month,
):  # fmt: skip
    """Which strangers who met last month become partners; continues the list of wanted pairs."""
    key = draws.stream(seed, _MEETING, month)
    n = orgs.shape[0]
    most = 2.0 * values.p_meeting * max(1.0, values.rel_formation)
    for c in range(n_contacts):
        met = contacts[c]
        k, a, b = met.network, np.int64(met.a), np.int64(met.b)
        if k == BILATERAL:
            continue
        tag = _ARRANGED_KEY if k == ARRANGED else np.int64(networks[k].key)
        luck = draws.at(key, min(a, b) * n + max(a, b), tag)
        ease = 0.5 * (modifiers[a].rel_tie_formation + modifiers[b].rel_tie_formation)
        if luck >= most * met.depth * ease or tie_between(start, partner, tie, a, b) >= 0:
            continue  # neither affinity nor the wish of either exceeds 1
        chance = values.p_meeting * met.depth * _affinity(orgs, modifiers, a, b, values)
        chance *= ease
        scale = values.degree_scale
        chance *= _wish(start, scale, a) + _wish(start, scale, b)
        if k >= 0 and networks[k].coordinated == 1:
            chance *= values.rel_formation
        if luck < chance:
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
    pairs = np.sort(wanted[:taken])
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
    pairs = np.empty((n, 2), np.int64)
    wanted = np.empty(n + n_contacts, np.int64)
    _age(
        w.ties, w.sizes, start, partner, tie, joined_start, joined, w.networks, w.modifiers,
        w.flows, values, seed, month,
    )  # fmt: skip
    found = _search(
        w.orgs, start, partner, tie, joined_start, joined, w.members.start, w.members.organisation,
        w.modifiers, pairs, values, seed, month,
    )  # fmt: skip
    taken = _accept(
        w.orgs, start, partner, joined_start, joined, w.networks, w.modifiers, pairs, found, wanted,
        values, seed, month,
    )  # fmt: skip
    taken = _after_meetings(
        w.contacts, n_contacts, w.orgs, start, partner, tie, w.networks, w.modifiers, wanted, taken,
        values, seed, month,
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
