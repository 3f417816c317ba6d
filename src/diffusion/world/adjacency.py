"""Ties and who is next to whom.

Helpers that loops call take plain arrays and tables, never several packed into one argument: that
would cost a reference count for each of them at each call, and much time to compile.
"""

from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray, Table
from diffusion.base.compiled import compiled, inner
from diffusion.world.traffic import Live

_TIES = int(Live.TIES)
_TO_DROP = int(Live.LAPSED)
_LAPSED = -1.0  # trust of a tie that is to be dropped


class Ties(Table):
    """Working ties; the first `sizes[Live.TIES]` rows are live, the rest is spare capacity."""

    a: IntArray  # organisation, a < b
    b: IntArray
    post_a: IntArray  # the person at a's end
    post_b: IntArray
    trust: FloatArray  # (0, 1]
    contact: IntArray  # month of the last contact


class Adjacency(NamedTuple):
    """Neighbours of organisation i: partner[start[i] : start[i+1]], in the order of their ties.

    Whoever takes ties out or adds some does the same here (`drop_lapsed`, `with_ties`).
    """

    start: IntArray  # shape (n + 1,)
    partner: IntArray  # organisations; capacity 2 * ties
    tie: IntArray  # row in Ties


def empty_adjacency(n: int, capacity: int) -> Adjacency:
    """Room for the neighbours of n organisations with up to `capacity` ties."""
    return Adjacency(
        start=np.zeros(n + 1, np.int64),
        partner=np.zeros(2 * capacity, np.int32),
        tie=np.zeros(2 * capacity, np.int32),
    )


@compiled
def rebuild_adjacency(ties, live, start, partner, tie):  # type: ignore[no-untyped-def]
    """Counting sort of the live ties into the neighbours of each organisation."""
    n = start.shape[0] - 1
    start[:] = 0
    for t in range(live):
        row = ties[t]
        start[row.a + 1] += 1
        start[row.b + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    # `start[i]` serves as the cursor of row i and is shifted back afterwards
    for t in range(live):
        row = ties[t]
        a, b = row.a, row.b
        partner[start[a]] = b
        tie[start[a]] = t
        start[a] += 1
        partner[start[b]] = a
        tie[start[b]] = t
        start[b] += 1
    for i in range(n, 0, -1):
        start[i] = start[i - 1]
    start[0] = 0


@inner
def lapse(ties, sizes, t):  # type: ignore[no-untyped-def]
    """Mark a tie as lapsed: `drop_lapsed` takes it out, together with the others of its rule."""
    ties[t].trust = _LAPSED
    sizes[_TO_DROP] += 1


@inner
def has_lapsed(row):  # type: ignore[no-untyped-def]
    """Whether a tie is marked as lapsed."""
    return row.trust < 0.0


@inner
def drop_lapsed(ties, sizes, start, partner, tie):  # type: ignore[no-untyped-def]
    """Take lapsed ties out of the table and out of the adjacency, as rebuilding it would."""
    if sizes[_TO_DROP] == 0:
        return
    live, lost = sizes[_TIES], 0
    gone = np.empty(live + 1, np.int32)
    for t in range(live):
        gone[lost] = t
        lost += 1 if has_lapsed(ties[t]) else 0  # else the next one takes its place
    sizes[_TIES], sizes[_TO_DROP] = live - lost, 0
    fewer = _ends(ties, gone, lost, start.shape[0] - 1)
    moved = np.empty(live, np.int32)  # where each tie stands now, -1 where it is gone
    place = 0
    for t in range(live):
        lapsed = has_lapsed(ties[t])
        moved[t] = -1 if lapsed else place
        ties[place] = ties[t]
        place += 0 if lapsed else 1
    kept = 0
    for k in range(start[start.shape[0] - 1]):
        row = moved[tie[k]]
        partner[kept] = partner[k]
        tie[kept] = row
        kept += 1 if row >= 0 else 0
    shift = 0
    for i in range(fewer.shape[0]):
        shift += fewer[i]
        start[i + 1] -= shift


@inner
def with_ties(ties, first, live, start, partner, tie):  # type: ignore[no-untyped-def]
    """Add the ties from row `first` on to the adjacency, as rebuilding it would."""
    rows = np.empty(live - first, np.int32)
    for x in range(rows.shape[0]):
        rows[x] = first + x
    added = _ends(ties, rows, rows.shape[0], start.shape[0] - 1)
    old, shift = start[start.shape[0] - 1], 2 * rows.shape[0]
    before = np.zeros(old + 1, np.int32)  # how many new neighbours come right before each old one
    ahead = 0
    for i in range(added.shape[0]):
        before[start[i + 1]] += added[i]
        ahead += added[i]
        start[i + 1] += ahead
    shift -= before[old]
    for k in range(old - 1, -1, -1):
        partner[k + shift] = partner[k]
        tie[k + shift] = tie[k]
        shift -= before[k]
    for t in range(first, live):
        a, b = ties[t].a, ties[t].b
        k = start[a + 1] - added[a]
        partner[k] = b
        tie[k] = t
        added[a] -= 1
        k = start[b + 1] - added[b]
        partner[k] = a
        tie[k] = t
        added[b] -= 1


@inner
def _ends(ties, rows, n_rows, n):  # type: ignore[no-untyped-def]
    """How many of some ties each of n organisations has."""
    ends = np.zeros(n, np.int64)
    for x in range(n_rows):
        ends[ties[rows[x]].a] += 1
        ends[ties[rows[x]].b] += 1
    return ends


@inner
def tie_between(start, partner, tie, a, b):  # type: ignore[no-untyped-def]
    """Row of the tie between two organisations, -1 if there is none."""
    if start[b + 1] - start[b] < start[a + 1] - start[a]:
        a, b = b, a
    for k in range(start[a], start[a + 1]):
        if partner[k] == b:
            return tie[k]
    return -1
