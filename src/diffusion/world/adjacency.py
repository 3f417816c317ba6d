"""Ties and who is next to whom.

Helpers that loops call take plain arrays and tables, never several packed into one argument: that
would cost a reference count for each of them at each call, and much time to compile.
"""

from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import NOTHING, FloatArray, IntArray, Table, count
from diffusion.base.compiled import compiled, inner
from diffusion.base.picking import picked
from diffusion.base.scratch import cleared, scratch
from diffusion.world.traffic import Live

_TIES = int(Live.TIES)
_TO_DROP = int(Live.LAPSED)
_NEAR = 1 << 16  # ties
_LAPSED = -1.0  # trust of a tie that is to be dropped
_ONE = np.uint64(1)
_FIVE, _LAST_FIVE, _HALF = np.uint64(5), np.uint64(31), np.uint64(32)  # bits


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
        start=np.zeros(n + 1, np.int32),
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
def drop_lapsed(ties, sizes, start, partner, tie, near=_NEAR):  # type: ignore[no-untyped-def]
    """Take lapsed ties out of the table and out of the adjacency, as rebuilding it would.

    Of up to `near` ties the new rows lie in a near cache.
    """
    if sizes[_TO_DROP] == 0:
        return
    live = sizes[_TIES]
    gone, lapsed = scratch(live + 1, np.int32), scratch(live, np.bool_)
    for t in range(live):
        lapsed[t] = has_lapsed(ties[t])
    lost = picked(lapsed, gone)
    gone[lost] = live
    sizes[_TIES], sizes[_TO_DROP] = live - lost, 0
    fewer = cleared(start.shape[0] - 1, np.int64)
    _add_ends(ties, gone, lost, fewer)
    if live <= near:
        _drop_few(ties, live, start, partner, tie)
    else:
        _close_gaps(ties, gone, lost)
        words = cleared((live >> 5) + 1, np.uint64)
        _note_gaps(gone, lost, words)
        _renumber(words, start, partner, tie)
    shift = 0
    for i in range(fewer.shape[0]):
        shift += fewer[i]
        start[i + 1] -= shift


@inner
def _drop_few(ties, live, start, partner, tie):  # type: ignore[no-untyped-def]
    """Close the gaps and renumber by the new row of each tie, which takes less for few ties."""
    moved = scratch(live, np.int32)  # where each tie stands now, -1 where it is gone
    place, kept = 0, 0
    for t in range(live):
        lapsed = has_lapsed(ties[t])
        moved[t] = -1 if lapsed else place
        ties[place] = ties[t]
        place += 0 if lapsed else 1
    for k in range(start[start.shape[0] - 1]):
        row = moved[tie[k]]
        partner[kept] = partner[k]
        tie[kept] = row
        kept += 1 if row >= 0 else 0


@inner
def _renumber(words, start, partner, tie):  # type: ignore[no-untyped-def]
    """Take ties that go out of the adjacency, and give the others their new rows."""
    kept = 0
    for k in range(start[start.shape[0] - 1]):
        row = np.uint64(tie[k])
        word, own = words[row >> _FIVE], _ONE << (row & _LAST_FIVE)
        partner[kept] = partner[k]
        tie[kept] = row - (word >> _HALF) - np.uint64(count(word & (own - _ONE)))
        kept += 1 if word & own == NOTHING else 0


@inner
def _note_gaps(gone, lost, words):  # type: ignore[no-untyped-def]
    """Into empty words, for each 32 ties: a mask of those that go, and above it how many before.

    So that they lie in a near cache, as the new row of each of many ties would not.
    """
    before = NOTHING
    for x in range(lost):
        t = np.uint64(gone[x])
        words[t >> _FIVE] |= _ONE << (t & _LAST_FIVE)
    for place in range(words.shape[0]):
        mask = words[place]
        words[place] = mask | (before << _HALF)
        before += np.uint64(count(mask))


@inner
def _close_gaps(ties, gone, lost):  # type: ignore[no-untyped-def]
    """Move the ties between those that go, run by run; the end of all stands behind these.

    Two columns at a time: for more the compiler does not tell what is read from what is written.
    """
    for x in range(lost):
        first, last, shift = gone[x] + 1, gone[x + 1], x + 1
        for t in range(first, last):
            row, target = ties[t], ties[t - shift]
            target.a, target.b = row.a, row.b
        for t in range(first, last):
            row, target = ties[t], ties[t - shift]
            target.post_a, target.post_b = row.post_a, row.post_b
        for t in range(first, last):
            row, target = ties[t], ties[t - shift]
            target.trust, target.contact = row.trust, row.contact


@inner
def with_ties(ties, first, live, start, partner, tie):  # type: ignore[no-untyped-def]
    """Add the ties from row `first` on to the adjacency, as rebuilding it would."""
    rows = scratch(live - first, np.int32)
    for x in range(rows.shape[0]):
        rows[x] = first + x
    added = cleared(start.shape[0] - 1, np.int64)
    _add_ends(ties, rows, rows.shape[0], added)
    # where new neighbours come in, and how many have come in by then
    most = 2 * rows.shape[0] + 1
    behind, shifts = scratch(most, np.int32), scratch(most, np.int32)
    old, ahead, n = start[start.shape[0] - 1], 0, 0
    for i in range(added.shape[0]):
        ahead += added[i]
        behind[n], shifts[n] = start[i + 1], ahead
        n += min(added[i], 1)
        start[i + 1] += ahead
    for x in range(n - 1, -1, -1):
        shift = shifts[x]
        for k in range(old - 1, behind[x] - 1, -1):
            # an index without a sign can't count from the end: the run moves as a block
            source, target = np.uint64(k), np.uint64(k + shift)
            partner[target], tie[target] = partner[source], tie[source]
        old = behind[x]
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
def _add_ends(ties, rows, n_rows, ends):  # type: ignore[no-untyped-def]
    """Add to `ends` how many of some ties each organisation has."""
    for x in range(n_rows):
        ends[ties[rows[x]].a] += 1
        ends[ties[rows[x]].b] += 1


@inner
def tie_between(start, partner, tie, a, b):  # type: ignore[no-untyped-def]
    """Row of the tie between two organisations, -1 if there is none."""
    if start[b + 1] - start[b] < start[a + 1] - start[a]:
        a, b = b, a
    for k in range(start[a], start[a + 1]):
        if partner[k] == b:
            return tie[k]
    return -1
