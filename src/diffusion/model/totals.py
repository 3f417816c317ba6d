"""Sums over the whole world, taken once a month in a few passes over the tables.

Shares and means are derived from them for all months at once, when a table is asked for.
"""

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
from diffusion.base.compiled import compiled
from diffusion.world.vocabulary import CONTRACTS

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


@compiled
def take(
    orgs, posts, ties, networks, joined_start, joined, grants, accounts, territories, n_ties,
    ledger, totals, by_practice, by_territory, m, stop, few_others,
):  # fmt: skip
    """Fill row m of the totals, of the uses by practice, and of those by territory."""
    total = totals[m]
    _take_ties(orgs, ties, n_ties, ledger, total)
    practices, places = by_practice[m], by_territory[m]
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
        total.ever_used += count(note.ever)
        if note.ever & ~note.first != NOTHING:
            total.newly_using += 1
        n_using = count(using)
        places[org.territory] += n_using
        total.using += n_using
        total.organisations_using += 1 if n_using > 0 else 0
        total.using_migrant_led += n_using if note.migrant_led == 1 else 0
        total.using_small += n_using if note.small == 1 else 0
        while using != NOTHING:
            practices[lowest(using)] += 1
            using = without_lowest(using)
        total.aware += count(org.aware)
        total.trial += count(org.trial)
        total.institutional += count(org.institutional)
        total.lack_own += 1 if count(org.aware & note.own) < note.need_own else 0
        total.lack_related += 1 if count(org.aware & note.related) < note.need_related else 0
        total.lack_others += 1 if note.others < few_others else 0
        total.eur_held += accounts[i].purse
        total.overload += org.overload
        total.slack += org.slack
        joins = joined_start[i + 1] - joined_start[i]
        total.memberships += joins
        total.memberships_migrant_led += joins if note.migrant_led == 1 else 0
        for x in range(joined_start[i], joined_start[i + 1]):
            network = networks[joined[x]]
            if network.is_cop == 1 and network.active == 1:
                total.in_cop += 1
                break
    for j in range(posts.shape[0]):
        total.posts_filled += posts[j].filled
        total.volunteers += posts[j].filled if posts[j].contract == _VOLUNTEER else 0
        total.persons_knowing += count(posts[j].knows)
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


@compiled
def _take_ties(orgs, ties, n_ties, ledger, total):
    for i in range(ledger.shape[0]):
        ledger[i].others = 0
    for t in range(n_ties):
        tie = ties[t]
        a, b = tie.a, tie.b
        total.trust += tie.trust
        if orgs[a].kind == orgs[b].kind:
            total.ties_one_kind += 1
        if ledger[a].fields & ledger[b].fields == NOTHING:
            total.ties_across += 1
            ledger[a].others += 1
            ledger[b].others += 1
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
    known = np.arange(65)
    table = np.array([0] + [int(np.argmax(known / n >= cutoff)) for n in range(1, 65)])
    return table[sizes]
