"""Seats at a meeting: whom a member sends, who sits where, whom everybody meets at a table."""

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, bit, has, lowest
from diffusion.base.compiled import inner
from diffusion.base.fetching import TOGETHER, is_far, soon

_LAST_BIT = 63
_AHEAD = 32  # rows of attendance that are fetched at once


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
def fetch_member(orgs, modifiers, i):  # type: ignore[no-untyped-def]
    """Have the processor fetch what is asked of an organisation that may attend."""
    soon(orgs, i, "territory")
    soon(orgs, i, "languages")
    soon(orgs, i, "fields")
    soon(orgs, i, "kind")
    soon(orgs, i, "siloing")
    soon(orgs, i, "first_post")
    soon(orgs, i, "n_posts")
    soon(modifiers, i, "rel_siloing")


@inner
def fetch_seats(start, partner, tie, seat, attendance, fetched, until, rows):  # type: ignore[no-untyped-def]
    """Have the processor fetch what meetings ask for whose rows of `attendance` come next.

    That is done up to row `fetched` and will be needed up to row `until`; returns how far it is
    done now. Of the rows behind, where their partners stand is fetched, which must be known first.
    """
    if fetched >= until + _AHEAD or not is_far(seat.shape[0]):
        return fetched
    for x in range(fetched + _AHEAD, min(fetched + 2 * _AHEAD, rows)):
        soon(start, attendance[x].organisation)
        soon(seat, attendance[x].organisation)
    for x in range(fetched, min(fetched + _AHEAD, rows)):
        i = attendance[x].organisation
        soon(partner, start[i])
        soon(partner, start[i + 1])
        soon(tie, start[i])
    return fetched + _AHEAD


@inner
def renew(ties, contacts, tied, talk, n_tied, month):  # type: ignore[no-untyped-def]
    """Ties of those who met have had a contact, whose trust is that of the tie if it is more."""
    for first in range(0, n_tied, TOGETHER):
        last = min(first + TOGETHER, n_tied)
        for x in range(first, last if is_far(ties.shape[0]) else first):
            soon(ties, tied[x], "trust")
            soon(ties, tied[x], "contact")
        for x in range(first, last):
            row, contact = ties[tied[x]], contacts[talk[x]]
            row.contact = month
            contact.trust = max(contact.trust, row.trust)


@inner
def meet_at_tables(  # type: ignore[no-untyped-def]
    start, partner, tie, attendance, order, first, last, size, seat, known, contacts, n, depth,
    trust, tied, talk, n_tied,
):  # fmt: skip
    """Contacts of everyone at a table of a meeting with everyone else at it.

    Rows `first` to `last` of `attendance` are the meeting, `order` is their order by place. Of each
    organisation `seat` says where it sat before; `known` has room for the partners of any. `n`
    contacts are there before, and `n_tied` of partners, whose ties are listed in `tied` and the
    contacts in `talk`, for `renew`; returns how many of both there are now.
    """
    for x in range(first, last):
        i = attendance[order[x]].organisation
        seat[i] = x
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
            tied[n_tied], talk[n_tied] = tie[z], n + seat[partner[z]] - x - 1
            n_tied += 1
        n += end - x - 1
    return n, n_tied
