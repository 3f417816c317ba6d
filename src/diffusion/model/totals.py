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
from diffusion.world.traffic import Live
from diffusion.world.vocabulary import CONTRACTS

_TIES = int(Live.TIES)
_VOLUNTEER = CONTRACTS.index("volunteer")


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
    others: IntArray  # partners without a common field, this month
    first: MaskArray  # used at the start
    ever: MaskArray
    cohort: MaskArray  # in use when the money stopped
    unbroken: MaskArray  # of these, never interrupted since


class Recorded(NamedTuple):
    """Where `take` writes, and what it must know."""

    ledger: Ledger
    totals: Totals  # a row a month, as the next three have
    by_practice: IntArray  # uses, shape (months, practices)
    by_territory: IntArray  # uses, shape (months, territories)
    flows: IntArray  # shape (months, flows)
    stop: int  # month in which the money stops
    few_others: int  # fewer partners without a common field than these are too few


@compiled
def take(w, recorded, m):
    """Measure the world after m months: fill row m of everything that is recorded."""
    total, ledger = recorded.totals[m], recorded.ledger
    _take_ties(w.orgs, w.ties, w.sizes[_TIES], ledger, total)
    _take_organisations(
        w.orgs, w.networks, w.memberships.start, w.memberships.network, w.accounts, ledger, total,
        recorded.by_practice[m], recorded.by_territory[m], m, recorded.stop, recorded.few_others,
    )  # fmt: skip
    _take_rest(w.posts, w.networks, w.grants, w.territories, ledger, total)
    for f in range(w.flows.shape[0]):  # as a slice, numba would compile its errors too
        recorded.flows[m, f] = w.flows[f]


@inner
def _take_organisations(
    orgs, networks, joined_start, joined, accounts, ledger, total, practices, places, m, stop,
    few_others,
):  # fmt: skip
    """What organisations know and run, and how they stand."""
    # sums in variables: written to the row at each organisation they would be read back each time
    ever_used, n_using, organisations, trial, aware, institutional = 0, 0, 0, 0, 0, 0
    lack_own, lack_related, lack_others, held, memberships, in_cop = 0, 0, 0, 0, 0, 0
    overload, slack = 0.0, 0.0
    for i in range(orgs.shape[0]):
        org, note = orgs[i], ledger[i]
        using = org.adopted | org.institutional
        if m == stop:
            note.cohort = using
            note.unbroken = using
        if m >= stop:
            note.unbroken &= using
            total.cohort_in_use += count(using & note.cohort)
            total.cohort_unbroken += count(note.unbroken)
        note.ever |= using
        ever_used += count(note.ever)
        if note.ever & ~note.first != NOTHING:
            total.newly_using += 1
        joins = joined_start[i + 1] - joined_start[i]
        uses = count(using)
        if uses > 0:
            places[org.territory] += uses
            n_using += uses
            organisations += 1
            total.using_small += uses if note.small == 1 else 0
            while using != NOTHING:
                practices[lowest(using)] += 1
                using = without_lowest(using)
        if note.migrant_led == 1:
            total.using_migrant_led += uses
            total.memberships_migrant_led += joins
        aware += count(org.aware)
        trial += count(org.trial)
        institutional += count(org.institutional)
        lack_own += 1 if count(org.aware & note.own) < note.need_own else 0
        lack_related += 1 if count(org.aware & note.related) < note.need_related else 0
        lack_others += 1 if note.others < few_others else 0
        held += accounts[i].purse
        overload += org.overload
        slack += org.slack
        memberships += joins
        for x in range(joined_start[i], joined_start[i + 1]):
            network = networks[joined[x]]
            if network.is_cop == 1 and network.active == 1:
                in_cop += 1
                break
    total.ever_used, total.using, total.organisations_using = ever_used, n_using, organisations
    total.aware, total.trial, total.institutional = aware, trial, institutional
    total.lack_own, total.lack_related, total.lack_others = lack_own, lack_related, lack_others
    total.memberships, total.in_cop, total.eur_held = memberships, in_cop, held
    total.overload, total.slack = overload, slack


@inner
def _take_rest(posts, networks, grants, territories, ledger, total):
    """Staff, networks, money and policy."""
    filled, volunteers, knowing = 0, 0, 0
    for j in range(posts.shape[0]):
        post = posts[j]
        filled += post.filled
        volunteers += post.filled if post.contract == _VOLUNTEER else 0
        knowing += count(post.knows)
    total.posts_filled, total.volunteers, total.persons_knowing = filled, volunteers, knowing
    total.networks = networks.shape[0]
    for k in range(networks.shape[0]):
        if networks[k].active == 1:
            total.networks_active += 1
            total.networks_coordinated += networks[k].coordinated
            total.findings += count(networks[k].findings)
    for g in range(grants.shape[0]):
        line = grants[g]
        total.grants_active += line.active
        total.eur_held += line.purse
        note = ledger[line.organisation]
        if line.active == 1 and (note.small == 1 or note.migrant_led == 1):
            total.grants_active_weak += 1
    for r in range(territories.shape[0]):
        total.will += territories[r].will
        total.policies += count(territories[r].policy)
        total.heard += count(territories[r].heard)
        total.drafts += count(territories[r].drafts)


@inner
def _take_ties(orgs, ties, n_ties, ledger, total):
    for i in range(ledger.shape[0]):
        ledger[i].others = 0
    trust, one_kind, across = 0.0, 0, 0
    for t in range(n_ties):
        tie = ties[t]
        a, b = tie.a, tie.b
        trust += tie.trust
        if orgs[a].kind == orgs[b].kind:
            one_kind += 1
        if ledger[a].fields & ledger[b].fields == NOTHING:
            across += 1
            ledger[a].others += 1
            ledger[b].others += 1
    total.trust, total.ties_one_kind, total.ties_across = trust, one_kind, across
    total.ties = n_ties


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
