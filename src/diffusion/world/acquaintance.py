"""Whom organisations think of, a partner's partner, a fellow member or anybody; who holds a tie."""

import numpy as np

from diffusion.base import draws
from diffusion.base.compiled import inner
from diffusion.base.fetching import is_far, soon
from diffusion.base.scratch import cleared, scratch

_AHEAD = 16  # pairs that are fetched at once


@inner
def candidates(  # type: ignore[no-untyped-def]
    n, start, partner, joined_start, joined, members_start, members, seekers, found, pairs,
    share_friends, share_fellows, key,
):  # fmt: skip
    """Writes (seeker, candidate) into `pairs`, in the order of their ways; returns how many.

    Args:
        n: organisations.
        seekers: who thinks of somebody, the first `found` of them.
        share_friends: of seekers who have partners, that think of a partner's partner.
        share_fellows: of seekers who are members somewhere, that think of a fellow member.
        key: of their luck.
    """
    ways = scratch((3, found + 1), np.int32)
    n_friends, n_fellows = _ways(
        start, joined_start, seekers, found, ways, share_friends, share_fellows, key
    )
    taken = 0
    # a pass for each look-up, behind the fellows: so none waits for another
    for x in range(n_friends):
        i = np.int64(ways[0, x])
        ways[1, n_fellows + x] = partner[start[i] + draws.below(key, i, 1, start[i + 1] - start[i])]
    for x in range(n_friends):
        i, f = np.int64(ways[0, x]), ways[1, n_fellows + x]
        ways[1, n_fellows + x] = start[f] + draws.below(key, i, 2, start[f + 1] - start[f])
    for x in range(n_friends):
        i, c = np.int64(ways[0, x]), partner[ways[1, n_fellows + x]]
        pairs[taken, 0], pairs[taken, 1] = i, c
        taken += 1 if c != i else 0  # else the next one takes its place
    for x in range(n_fellows):
        i = np.int64(ways[1, x])
        k = joined[joined_start[i] + draws.below(key, i, 3, joined_start[i + 1] - joined_start[i])]
        size = members_start[k + 1] - members_start[k]
        c = members[members_start[k] + draws.below(key, i, 4, size)]
        pairs[taken, 0], pairs[taken, 1] = i, c
        taken += 1 if c != i else 0
    for x in range(found - n_friends - n_fellows):
        i = np.int64(ways[2, x])
        c = draws.below(key, i, 5, n)
        pairs[taken, 0], pairs[taken, 1] = i, c
        taken += 1 if c != i else 0
    return taken


@inner
def _ways(start, joined_start, seekers, found, ways, share_friends, share_fellows, key):  # type: ignore[no-untyped-def]
    """Sort seekers into rows of `ways`: friends, fellows, anybody; how many in the first two."""
    luck, share = scratch(found), share_friends + share_fellows
    for x in range(found):
        luck[x] = draws.at(key, seekers[x], 0)
    n_friends, n_fellows, n_others = 0, 0, 0
    for x in range(found):
        i = seekers[x]
        friend = min(1 if luck[x] < share_friends else 0, start[i + 1] - start[i])
        fellow = min(1 if luck[x] < share else 0, joined_start[i + 1] - joined_start[i])
        fellow = min(fellow, 1 - friend)
        ways[0, n_friends], ways[1, n_fellows], ways[2, n_others] = i, i, i
        n_friends += friend
        n_fellows += fellow
        n_others += 1 - friend - fellow
    return n_friends, n_fellows


@inner
def put_in_order(wanted, n, pairs):  # type: ignore[no-untyped-def]
    """Fill in pairs of n organisations, a * n + b, from the smallest on: each to its a, one by one.

    Few pairs have an organisation in common; numba's own sorting takes long to compile.
    """
    place, taken = cleared(n + 1, np.int32), pairs.shape[0]
    for x in range(taken):
        pairs[x] = -1
        place[wanted[x] // n + 1] += 1
    for i in range(n):
        place[i + 1] += place[i]
    for x in range(taken):
        a = wanted[x] // n
        y = place[a]
        while y > 0 and pairs[y - 1] > wanted[x]:
            pairs[y] = pairs[y - 1]
            y -= 1
        pairs[y] = wanted[x]
        place[a] += 1


@inner
def fetch_holders(posts, orgs, n, pairs, x):  # type: ignore[no-untyped-def]
    """Have the processor fetch what is asked of the next pairs; x is the pair at hand.

    Of the pairs behind, where the posts of both stand is fetched, which must be known first.
    """
    if x % _AHEAD == 0 and is_far(n):
        for y in range(x + 2 * _AHEAD, min(x + 3 * _AHEAD, pairs.shape[0])):
            for i in (pairs[y] // n, pairs[y] % n):
                soon(orgs, i, "first_post")
                soon(orgs, i, "n_posts")
        for y in range(x + _AHEAD, min(x + 2 * _AHEAD, pairs.shape[0])):
            for i in (pairs[y] // n, pairs[y] % n):
                soon(posts, orgs[i].first_post, "filled")


@inner
def holder(posts, org, key, i, other):  # type: ignore[no-untyped-def]
    """The person of organisation i who holds a new tie: any filled post, else the first."""
    offset = draws.below(key, i, other, org.n_posts)
    for k in range(org.n_posts):
        j = org.first_post + (offset + k) % org.n_posts
        if posts[j].filled == 1:
            return j
    return org.first_post
