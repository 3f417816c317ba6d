"""What draws two organisations together or keeps them apart: unlikeness, partners, networks.

The weights are cells of `values`, the parameters of the rule that asks: the fall of log odds
without a common `field`, for another `kind`, `level`, `territory` and `country`, and without a
common `language`.
"""

import numpy as np

from diffusion.base.arrays import NOTHING
from diffusion.base.compiled import inner
from diffusion.world.adjacency import has_lapsed


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
def wish(start, scale, i):  # type: ignore[no-untyped-def]
    """Wish for a further partner: 1 without any, a half at `scale` partners."""
    return scale / (scale + start[i + 1] - start[i])


@inner
def most_shared(start, a, b, limit):  # type: ignore[no-untyped-def]
    """As many partners as two may share at most, counted up to a limit."""
    return min(limit, min(start[a + 1] - start[a], start[b + 1] - start[b]))


@inner
def unmarked(n):  # type: ignore[no-untyped-def]
    """Room for the marks of partners, for n organisations.

    A mark says where in the adjacency an organisation stands as a partner. No place belongs to two
    organisations, so marks that were made for others are in nobody's way.
    """
    marks = np.empty(n, np.int32)
    for i in range(n):
        marks[i] = -1
    return marks


@inner
def n_shared(start, partner, marks, a, b):  # type: ignore[no-untyped-def]
    """How many partners two organisations share; those of a stay marked."""
    first, last, shared = start[a], start[a + 1], 0
    for k in range(first, last):
        marks[partner[k]] = k
    for k in range(start[b], start[b + 1]):
        shared += 1 if first <= marks[partner[k]] < last else 0
    return shared


@inner
def have_common_partner(ties, start, partner, tie, marks, a, b):  # type: ignore[no-untyped-def]
    """Whether two organisations share a partner by ties that have not lapsed."""
    first, last = start[a], start[a + 1]
    for k in range(first, last):
        marks[partner[k]] = k
    for k in range(start[b], start[b + 1]):
        place = marks[partner[k]]
        if first <= place < last and not (has_lapsed(ties[tie[k]]) or has_lapsed(ties[tie[place]])):
            return True
    return False


@inner
def in_coordinated(start, network, networks, a, b):  # type: ignore[no-untyped-def]
    """Whether two organisations share a coordinated network."""
    for x in range(start[a], start[a + 1]):
        k = network[x]
        if networks[k].coordinated == 1:
            for y in range(start[b], start[b + 1]):
                if network[y] == k:
                    return True
    return False
