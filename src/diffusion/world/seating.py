"""Seats at a meeting: whom a member sends, who sits where, whom everybody meets at a table."""

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, bit, has, lowest
from diffusion.base.compiled import inner, soon

_LAST_BIT = 63


@inner
def delegate(posts, org, key, i, whom):  # type: ignore[no-untyped-def]
    """The person whom organisation i sends: a filled post, -1 if nobody is there."""
    offset = draws.below(key, i, whom, org.n_posts)
    for k in range(offset, offset + org.n_posts):
        j = org.first_post + (k if k < org.n_posts else k - org.n_posts)
        if posts[j].filled == 1:
            return j
    return -1


@inner
def place_of(org, modifier, network, noise, luck):  # type: ignore[no-untyped-def]
    """Where somebody sits: by lot if facilitated, else by field and kind, blurred by chance."""
    if network.facilitated == 1 or network.mixed == 1:
        return luck
    own = lowest(org.fields) if org.fields != NOTHING else 0
    like = (own + org.kind / 8.0) / 16.0
    silo = min(1.0, org.siloing * modifier.rel_siloing * (1.0 - noise))
    return silo * like + (1.0 - silo) * luck


@inner
def seated(attendance, place, first, rows, rank, order):  # type: ignore[no-untyped-def]
    """Order who attends the meeting that begins in row `first` by place; returns where it ends."""
    last, k = first, attendance[first].network
    while last < rows and attendance[last].network == k:
        # whoever comes later and sits before moves the others up; equal places keep their order
        own, before = place[last], first
        for x in range(first, last):
            up = 1 if place[x] > own else 0
            rank[x] += up
            before += 1 - up
        rank[last] = before
        last += 1
    for x in range(first, last):
        order[rank[x]] = x
    return last


@inner
def _partners_at_table(start, partner, i, sitting, seat, x, end, known):  # type: ignore[no-untyped-def]
    """Where in the adjacency of organisation i those stand who sit behind seat x and before end.

    Returns how many of them are in `known`. `sitting` has a bit for each at the table, by which
    most partners are told apart without looking up where they sit.
    """
    maybe, found = 0, 0
    for z in range(start[i], start[i + 1]):
        known[maybe] = z
        maybe += 1 if has(sitting, partner[z] & _LAST_BIT) else 0
    for k in range(maybe):
        z = known[k]
        known[found] = z
        y = seat[partner[z]]  # whoever is elsewhere has a seat of before, or none
        found += 1 if (x < y) & (y < end) else 0
    return found


@inner
def meet_at_tables(  # type: ignore[no-untyped-def]
    ties, start, partner, tie, attendance, order, first, last, size, seat, known, contacts, n,
    depth, trust, month,
):  # fmt: skip
    """Contacts of everyone at a table of a meeting with everyone else at it.

    Rows `first` to `last` of `attendance` are the meeting, `order` is their order by place. Of each
    organisation `seat` says where it sat before; `known` has room for the partners of any. `n`
    contacts are there before; returns how many there are now.
    """
    for x in range(first, last):
        i = attendance[order[x]].organisation
        seat[i] = x
        soon(partner, start[i])
        soon(partner, start[i + 1])
        soon(tie, start[i])
    end, sitting = first, NOTHING
    for x in range(first, last):
        if x == end:
            end, sitting = min(last, x + size), NOTHING
            for y in range(x, end):
                sitting |= bit(attendance[order[y]].organisation & _LAST_BIT)
        if x + 1 == end:
            continue  # whoever sits last has met everybody
        one = attendance[order[x]]
        for y in range(x + 1, end):
            other = attendance[order[y]]
            contact = contacts[n + y - x - 1]
            contact.a, contact.b = one.organisation, other.organisation
            contact.post_a, contact.post_b = one.post, other.post
            contact.depth, contact.trust = depth, trust
            contact.network = one.network
        for k in range(
            _partners_at_table(start, partner, one.organisation, sitting, seat, x, end, known)
        ):
            z = known[k]
            row = ties[tie[z]]
            row.contact = month
            contacts[n + seat[partner[z]] - x - 1].trust = max(trust, row.trust)
        n += end - x - 1
    return n
