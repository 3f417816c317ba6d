"""Sums over the whole world, taken once a month in a few passes over the tables.

Shares and means are derived from them for all months at once, when a table is asked for.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import (
    NEVER,
    NOTHING,
    EuroArray,
    FloatArray,
    IntArray,
    MaskArray,
    Table,
    bit,
    count,
    lowest,
    without_lowest,
)
from diffusion.base.compiled import compiled, inner
from diffusion.base.fetching import TOGETHER, is_far, soon
from diffusion.base.scratch import scratch
from diffusion.base.table_type import typed_once
from diffusion.world.traffic import Live
from diffusion.world.vocabulary import CONTRACTS, FIELDS

_TIES = int(Live.TIES)
_VOLUNTEER = CONTRACTS.index("volunteer")
_KIND = len(FIELDS)  # bits from here on stand for kinds
_FIELDS = np.uint32((1 << _KIND) - 1)
_ONE = np.uint64(1)


class Totals(Table):
    """One row a month: row m is the world after m months. Practices are counted per organisation:
    ten organisations that use three practices each make thirty.
    """

    aware: IntArray
    trial: IntArray
    using: IntArray
    institutional: IntArray
    ever_used: IntArray
    cohort_in_use: IntArray  # of what was in use when the money stopped; 0 before that
    cohort_unbroken: IntArray  # of these, never interrupted
    using_migrant_led: IntArray
    using_small: IntArray
    persons_knowing: IntArray  # persons times practices they know how to run
    # organisations
    organisations_using: IntArray
    newly_using: IntArray  # use or used something that they did not at the start
    lack_own: IntArray  # know too little of their own field
    lack_related: IntArray
    lack_others: IntArray  # too few partners without a common field
    in_cop: IntArray
    memberships: IntArray  # in networks, dormant ones too
    memberships_migrant_led: IntArray
    overload: FloatArray
    slack: FloatArray
    # everything else
    posts_filled: IntArray
    volunteers: IntArray  # filled places of volunteers
    ties: IntArray
    ties_across: IntArray  # between organisations without a common field
    ties_one_kind: IntArray
    trust: FloatArray
    networks: IntArray
    networks_active: IntArray
    networks_coordinated: IntArray
    grants_active: IntArray
    grants_active_weak: IntArray  # of small or migrant-led organisations
    eur_held: EuroArray  # on grant lines and of organisations' own
    will: FloatArray
    policies: IntArray
    findings: IntArray  # of networks that are not dormant
    heard: IntArray  # by policy makers
    drafts: IntArray


class Ledger(Table):
    """One row an organisation: what measuring needs to remember of it."""

    fields: MaskArray  # without `general`
    own: MaskArray  # practices of its own fields
    related: MaskArray
    need_own: IntArray  # practices of its own fields that it must know of, not to lack knowledge
    need_related: IntArray
    migrant_led: IntArray  # 0 or 1
    small: IntArray  # 0 or 1
    first: MaskArray  # used at the start
    ever: MaskArray
    cohort: MaskArray  # in use when the money stopped
    unbroken: MaskArray  # of these, never interrupted since


class _Recorded(NamedTuple):
    ledger: Ledger
    totals: Totals  # a row a month, as the next three have
    by_practice: IntArray  # uses, shape (months, practices)
    by_territory: IntArray  # uses, shape (months, territories)
    flows: IntArray  # shape (months, flows)
    stop: int  # month in which the money stops
    few_others: int  # fewer partners without a common field than these are too few


@typed_once
class Recorded(_Recorded):
    """Where `take` writes, and what it must know."""


@compiled
def take(w, recorded, m):
    """Measure the world after m months: fill row m of everything that is recorded."""
    total, ledger = recorded.totals[m], recorded.ledger
    _take_ties(w.orgs, w.ties, w.sizes[_TIES], ledger, recorded.few_others, total)
    if m >= recorded.stop:
        _take_cohort(w.orgs, ledger, m == recorded.stop, total)
    _take_organisations(
        w.orgs, w.memberships.start, w.accounts, ledger, total,
        recorded.by_practice[m], recorded.by_territory[m],
    )  # fmt: skip
    _take_networks(w.orgs.shape[0], w.networks, w.members.start, w.members.organisation, total)
    _take_rest(w.posts, w.grants, w.territories, ledger, total)
    for f in range(w.flows.shape[0]):  # as a slice, numba would compile its errors too
        recorded.flows[m, f] = w.flows[f]


@inner
def _take_cohort(orgs, ledger, stops, total):
    """What is left of what was in use when the money stopped; it does if `stops`."""
    in_use, unbroken = 0, 0
    for i in range(orgs.shape[0]):
        org, note = orgs[i], ledger[i]
        using = org.adopted | org.institutional
        cohort = using if stops else note.cohort
        lasting = using if stops else note.unbroken & using
        note.cohort = cohort
        note.unbroken = lasting
        in_use += count(using & cohort)
        unbroken += count(lasting)
    total.cohort_in_use, total.cohort_unbroken = in_use, unbroken


@inner
def _take_organisations(orgs, joined_start, accounts, ledger, total, practices, places):
    """What organisations know and run, and how they stand."""
    # sums in variables: written to the row at each organisation they would be read back each time
    ever_used, newly_using, n_using, organisations = 0, 0, 0, 0
    trial, aware, institutional, lack_own, lack_related = 0, 0, 0, 0, 0
    by_small, by_migrant_led, joins_migrant_led, held = 0, 0, 0, 0
    overload, slack = 0.0, 0.0
    n = orgs.shape[0]
    masks = scratch(n, np.uint64)
    for i in range(n):
        org, note = orgs[i], ledger[i]
        masks[i] = org.adopted | org.institutional
        note.ever |= masks[i]
        aware += count(org.aware)
        trial += count(org.trial)
        institutional += count(org.institutional)
        lack_own += 1 if count(org.aware & note.own) < note.need_own else 0
        lack_related += 1 if count(org.aware & note.related) < note.need_related else 0
    for i in range(n):
        note = ledger[i]
        uses = count(masks[i])
        n_using += uses
        organisations += min(uses, 1)
        ever_used += count(note.ever)
        newly_using += min(count(note.ever & ~note.first), 1)
        by_small += uses * note.small
        by_migrant_led += uses * note.migrant_led
        joins_migrant_led += (joined_start[i + 1] - joined_start[i]) * note.migrant_led
    for i in range(n):  # what has to wait for the organisation before
        org = orgs[i]
        places[np.uint32(org.territory)] += count(masks[i])
        held += accounts[i].purse
        overload += org.overload
        slack += org.slack
    _count_practices(masks, practices)
    total.ever_used, total.newly_using, total.using = ever_used, newly_using, n_using
    total.organisations_using, total.eur_held = organisations, held
    total.aware, total.trial, total.institutional = aware, trial, institutional
    total.lack_own, total.lack_related = lack_own, lack_related
    total.using_small, total.using_migrant_led = by_small, by_migrant_led
    total.memberships, total.memberships_migrant_led = joined_start[n], joins_migrant_led
    total.overload, total.slack = overload, slack


@inner
def _count_practices(masks, practices):
    """Add to `practices` how many masks hold each."""
    for p in range(practices.shape[0]):
        uses = np.int64(0)
        for i in range(masks.shape[0]):
            uses += np.int64((masks[i] >> np.uint64(p)) & _ONE)
        practices[p] += uses


@inner
def _take_networks(n, networks, members_start, members, total):
    """How many networks there are, and how many of the n organisations are in an active cop."""
    active, coordinated, findings, in_cop = 0, 0, 0, 0
    inside = scratch(n, np.int64)
    for i in range(n):
        inside[i] = 0
    for k in range(networks.shape[0]):
        network = networks[k]
        if network.active == 1:
            active += 1
            coordinated += network.coordinated
            findings += count(network.findings)
            if network.is_cop == 1:
                for x in range(members_start[k], members_start[k + 1]):
                    inside[members[x]] = 1
    for i in range(n):
        in_cop += inside[i]
    total.networks, total.networks_active = networks.shape[0], active
    total.networks_coordinated, total.findings = coordinated, findings
    total.in_cop = in_cop


@inner
def _take_rest(posts, grants, territories, ledger, total):
    """Staff, money and policy."""
    filled, volunteers, knowing = 0, 0, 0
    for j in range(posts.shape[0]):
        post = posts[j]
        filled += post.filled
        volunteers += post.filled if post.contract == _VOLUNTEER else 0
        knowing += count(post.knows)
    total.posts_filled, total.volunteers, total.persons_knowing = filled, volunteers, knowing
    active, weak, held = 0, 0, 0
    for g in range(grants.shape[0]):
        line = grants[g]
        note = ledger[line.organisation]
        active += line.active
        weak += line.active & (note.small | note.migrant_led)
        held += line.purse
    total.grants_active, total.grants_active_weak = active, weak
    total.eur_held += held
    will, policies, heard, drafts = 0.0, 0, 0, 0
    for r in range(territories.shape[0]):
        territory = territories[r]
        will += territory.will
        policies += count(territory.policy)
        heard += count(territory.heard)
        drafts += count(territory.drafts)
    total.will, total.policies, total.heard, total.drafts = will, policies, heard, drafts


@inner
def _take_ties(orgs, ties, n_ties, ledger, few_others, total):
    """Trust, and whom ties hold together; without a branch, for either case is common."""
    n = orgs.shape[0]
    marks = scratch(n, np.uint32)  # fields and kind close together, for ties ask at random
    others = scratch(n, np.int32)  # partners without a common field
    for i in range(n):
        others[i] = 0
        marks[i] = ledger[i].fields | bit(_KIND + orgs[i].kind)
    trust, one_kind, across = 0.0, 0, 0
    for first in range(0, n_ties, TOGETHER):
        last = min(first + TOGETHER, n_ties)
        for t in range(first, last if is_far(n) else first):
            soon(marks, ties[t].a)
            soon(marks, ties[t].b)
            soon(others, ties[t].a)
            soon(others, ties[t].b)
        for t in range(first, last):
            tie = ties[t]
            # an index without a sign can't count from the end, which loops would test each time
            a, b = np.uint32(tie.a), np.uint32(tie.b)
            trust += tie.trust
            common = marks[a] & marks[b]
            one_kind += 1 if common > _FIELDS else 0
            apart = 1 if common & _FIELDS == 0 else 0
            across += apart
            others[a] += apart
            others[b] += apart
    lack_others = 0
    for i in range(n):
        lack_others += 1 if others[i] < few_others else 0
    total.trust, total.ties_one_kind, total.ties_across = trust, one_kind, across
    total.ties, total.lack_others = n_ties, lack_others


@compiled
def take_groups(
    orgs, networks, joined_start, joined, by_practice, by_kind, by_territory, by_type, type_size
):
    """Uses in three stages (aware, using, institutional) by practice, kind, territory, type.

    Args:
        by_practice, by_kind, by_territory, by_type: shape (3, groups); what is found is added.
            The last column of by_type stands for organisations without a network.
        type_size: organisations in a network of each type; added likewise.
    """
    none = by_type.shape[1] - 1
    for i in range(orgs.shape[0]):
        org = orgs[i]
        types = NOTHING
        for x in range(joined_start[i], joined_start[i + 1]):
            types |= bit(networks[joined[x]].type)
        if types == NOTHING:
            types = bit(none)
        left = types
        while left != NOTHING:
            type_size[lowest(left)] += 1
            left = without_lowest(left)
        for stage in range(3):
            mask = org.institutional
            if stage == 0:
                mask = org.aware
            elif stage == 1:
                mask |= org.adopted
            size = count(mask)
            by_kind[stage, org.kind] += size
            by_territory[stage, org.territory] += size
            left = types
            while left != NOTHING:
                by_type[stage, lowest(left)] += size
                left = without_lowest(left)
            while mask != NOTHING:
                by_practice[stage, lowest(mask)] += 1
                mask = without_lowest(mask)


@compiled
def note_history(orgs, uses, using, unfunded):
    """What each organisation uses, and which of that has lost its grant."""
    for i in range(orgs.shape[0]):
        mask, gone = orgs[i].adopted | orgs[i].institutional, NOTHING
        using[i] = mask
        while mask != NOTHING:
            p = lowest(mask)
            mask = without_lowest(mask)
            if uses[i, p].unfunded > NEVER:
                gone |= bit(p)
        unfunded[i] = gone


def enough(sizes: IntArray, cutoff: float) -> IntArray:
    """The fewest practices of each number that make a share of at least `cutoff`; 0 of none."""
    return _fewest(cutoff)[sizes]


@lru_cache(maxsize=16)
def _fewest(cutoff: float) -> IntArray:
    known = np.arange(65)
    return np.array([0] + [int(np.argmax(known / n >= cutoff)) for n in range(1, 65)])
