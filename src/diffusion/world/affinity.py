"""What draws two organisations together or keeps them apart: unlikeness, partners, networks.

The weights are cells of `values`, the parameters of the rule that asks: the fall of log odds
without a common `field`, for another `kind`, `level`, `territory` and `country`, and without a
common `language`.
"""

import numpy as np

from diffusion.base.arrays import NOTHING
from diffusion.base.compiled import inner
from diffusion.base.fetching import TOGETHER, is_far, soon
from diffusion.base.scratch import scratch
from diffusion.world.adjacency import has_lapsed

_AHEAD = 16  # pairs that are fetched at once
_FEW = 1024  # comparisons of all partners with all; beyond, marks take less


@inner
def all_alike(column):  # type: ignore[no-untyped-def]
    """Whether all organisations have the same value."""
    alike = True
    for i in range(column.shape[0]):
        alike &= column[i] == column[0]
    return alike


@inner
def distance(orgs, modifiers, a, b, values):  # type: ignore[no-untyped-def]
    """Fall of the log odds, >= 0, that two organisations take to each other."""
    one, other, m_one, m_other = orgs[a], orgs[b], modifiers[a], modifiers[b]
    silo = 0.5 * (one.siloing * m_one.rel_siloing + other.siloing * m_other.rel_siloing)
    # one mediated side is enough
    gap = min(m_one.rel_language_gap, m_other.rel_language_gap)
    # what is alike counts 0 times rather than taking a branch, which nobody could guess
    far = silo * values.field * (one.fields & other.fields == NOTHING)
    far += silo * values.kind * (one.kind != other.kind)
    far += values.level * (one.level != other.level)
    far += values.territory * (one.territory != other.territory)
    far += values.country * (one.country != other.country)
    far += values.language * gap * (one.languages & other.languages == NOTHING)
    return far


@inner
def fetch(orgs, modifiers, start, i):  # type: ignore[no-untyped-def]
    """Have the processor fetch what `distance` and `wish` ask of an organisation."""
    soon(orgs, i, "siloing")
    soon(orgs, i, "fields")
    soon(orgs, i, "kind")
    soon(orgs, i, "level")
    soon(orgs, i, "territory")
    soon(orgs, i, "country")
    soon(orgs, i, "languages")
    soon(modifiers, i, "rel_siloing")
    soon(modifiers, i, "rel_language_gap")
    soon(start, i)


@inner
def fetch_pairs(orgs, modifiers, start, pairs, x):  # type: ignore[no-untyped-def]
    """Have the processor fetch what is asked of both of the next pairs; x is the pair at hand."""
    if x % _AHEAD == 0 and is_far(orgs.shape[0]):
        for y in range(x + _AHEAD, min(x + 2 * _AHEAD, pairs.shape[0])):
            fetch(orgs, modifiers, start, pairs[y, 0])
            fetch(orgs, modifiers, start, pairs[y, 1])


@inner
def wish(start, scale, i):  # type: ignore[no-untyped-def]
    """Wish for a further partner: 1 without any, a half at `scale` partners."""
    return scale / (scale + start[i + 1] - start[i])


@inner
def most_shared(start, a, b, limit):  # type: ignore[no-untyped-def]
    """As many partners as two may share at most, counted up to a limit."""
    return min(limit, min(start[a + 1] - start[a], start[b + 1] - start[b]))


@inner
def _unmark(marks):  # type: ignore[no-untyped-def]
    """Take back the marks of partners, of all organisations.

    A mark says where in the adjacency an organisation stands as a partner. No place belongs to two
    organisations, so marks that were made for others are in nobody's way.
    """
    for i in range(marks.shape[0]):
        marks[i] = -1


@inner
def _look_up(start, partner, one, other, first, n, ends):  # type: ignore[no-untyped-def]
    """Where the partners of both of some pairs stand, written to rows 0 to 3 of `ends`; how many.

    The pairs are those from `first` on, of n; instead of partners it may be networks. They lie
    anywhere: here no look-up waits for another, as it would where the next step depends on what was
    found, and both ends of what is compared next are fetched.
    """
    size = min(TOGETHER, n - first)
    for x in range(size):
        a, b = np.uint32(one[first + x]), np.uint32(other[first + x])
        ends[0, x], ends[1, x] = start[a], start[a + np.uint32(1)]
        ends[2, x], ends[3, x] = start[b], start[b + np.uint32(1)]
    for x in range(size):
        for k in range(4):
            soon(partner, ends[k, x])
    return size


@inner
def share_partners(start, partner, one, other, n_pairs, shared, linked):  # type: ignore[no-untyped-def]
    """How many partners the two of each of n pairs share, and whether they are partners themselves.

    Args:
        one, other: organisations, a pair each.
        shared, linked: written here, a cell a pair.
    """
    ends = scratch((4, min(TOGETHER, n_pairs)), np.int64)
    marks = scratch(start.shape[0] - 1, np.int32)
    _unmark(marks)
    for first in range(0, n_pairs, TOGETHER):
        for x in range(_look_up(start, partner, one, other, first, n_pairs, ends)):
            n, begin, end = 0, ends[0, x], ends[1, x]
            for k in range(begin, end):
                marks[partner[k]] = k
            for k in range(ends[2, x], ends[3, x]):
                n += 1 if begin <= marks[partner[k]] < end else 0
            shared[first + x] = n
            linked[first + x] = begin <= marks[other[first + x]] < end


@inner
def strangers_of(start, partner, one, other, n, found):  # type: ignore[no-untyped-def]
    """Which of the first n pairs are no partners: writes their numbers to `found`; how many."""
    ends, strangers = scratch((4, min(TOGETHER, n)), np.int64), 0
    for first in range(0, n, TOGETHER):
        for x in range(_look_up(start, partner, one, other, first, n, ends)):
            side = 0 if ends[1, x] - ends[0, x] <= ends[3, x] - ends[2, x] else 2
            sought = other[first + x] if side == 0 else one[first + x]
            linked = 0
            for k in range(ends[side, x], ends[side + 1, x]):
                linked |= partner[k] == sought
            found[strangers] = first + x
            strangers += 1 - linked
    return strangers


@inner
def share_a_partner(ties, start, partner, tie, losing, one, other, n_pairs, shared):  # type: ignore[no-untyped-def]
    """Whether the two of each of n pairs share a partner by ties that have not lapsed.

    Args:
        losing: of each organisation, whether one of its ties has lapsed.
        one, other: organisations, a pair each.
        shared: written here, a cell a pair.
    """
    ends = scratch((4, min(TOGETHER, n_pairs)), np.int64)
    marks = scratch(start.shape[0] - 1, np.int32)
    _unmark(marks)
    for first in range(0, n_pairs, TOGETHER):
        for x in range(_look_up(start, partner, one, other, first, n_pairs, ends)):
            lapsed = losing[one[first + x]] | losing[other[first + x]]
            found, begin, end, stop = False, ends[2, x], ends[3, x], ends[1, x]
            many = (stop - ends[0, x]) * (end - begin) > _FEW
            if many:
                for place in range(begin, end):
                    marks[partner[place]] = place
            for k in range(ends[0, x], stop):
                c = partner[k]
                place = marks[c] if many else begin
                while not many and place < end and partner[place] != c:
                    place += 1
                if begin <= place < end:
                    found = not lapsed or not (
                        has_lapsed(ties[tie[k]]) or has_lapsed(ties[tie[place]])
                    )
                    if found:
                        break
            shared[first + x] = found


@inner
def lucky(luck, chance, factor, start, network, networks, one, other, n_pairs, decided):  # type: ignore[no-untyped-def]
    """Whether the luck of n pairs is below their chance, times a factor in a coordinated network.

    Args:
        start, network: memberships.
        one, other: organisations, a pair each.
        decided: written here, a cell a pair.
    """
    pairs, n = scratch(n_pairs, np.int32), np.int64(0)
    first, second = scratch(n_pairs, np.int32), scratch(n_pairs, np.int32)
    for x in range(n_pairs):
        decided[x] = luck[x] < chance[x]
        pairs[n], first[n], second[n] = x, one[x], other[x]
        # without any network none is coordinated
        n += (decided[x] != (luck[x] < chance[x] * factor)) & (network.shape[0] > 0)
    ends = scratch((4, min(TOGETHER, n_pairs)), np.int64)
    for begin in range(0, n, TOGETHER):
        for y in range(_look_up(start, network, first, second, begin, n, ends)):
            both = False
            for k in range(ends[0, y], ends[1, y]):
                for place in range(ends[2, y], ends[3, y]):
                    same = network[place] == network[k]
                    both |= same and networks[network[k]].coordinated == 1
            decided[pairs[begin + y]] ^= both
