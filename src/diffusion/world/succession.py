"""What becomes of the ties of those who leave: they lapse, or go to somebody else."""

import numpy as np

from diffusion.base import draws
from diffusion.base.compiled import inner
from diffusion.base.draws import Decision
from diffusion.base.fetching import TOGETHER, is_far, soon
from diffusion.base.picking import picked
from diffusion.base.scratch import scratch
from diffusion.world.adjacency import has_lapsed, lapse
from diffusion.world.seating import delegate
from diffusion.world.traffic import Flow, Live

_TIE_LAPSE = int(Decision.TIE_LAPSE_ON_EXIT)
_TIES_LOST = int(Flow.TIES_LOST)
_TIES = int(Live.TIES)


@inner
def _p_lapse(org, modifier, values):  # type: ignore[no-untyped-def]
    """Chance that a tie lapses with its contact person."""
    habit = min(1.0, org.handover + modifier.add_handover)
    return values.p_tie_loss * (1.0 - habit * values.handover)


@inner
def hand_over_ties(orgs, posts, ties, sizes, modifiers, adrift, flows, values, seed, month):  # type: ignore[no-untyped-def]
    """Ties of those who left lapse, or somebody else takes them over.

    `adrift` says of which posts ties may be without a person that somebody else can take over.
    """
    key = draws.stream(seed, _TIE_LAPSE, month)
    moved, loose = scratch(sizes[_TIES], np.int32), scratch(sizes[_TIES], np.bool_)
    for first in range(0, sizes[_TIES], TOGETHER):
        last = min(first + TOGETHER, sizes[_TIES])
        for t in range(first, last if is_far(adrift.shape[0]) else first):
            soon(adrift, ties[t].post_a)
            soon(adrift, ties[t].post_b)
        for t in range(first, last):
            row = ties[t]
            loose[t] = adrift[np.uint32(row.post_a)] | adrift[np.uint32(row.post_b)]
    n = picked(loose, moved)
    held, found = scratch(2 * n, np.int64), 0  # 2t for a's end of tie t, 2t + 1 for b's
    for x in range(n):
        t = int(moved[x])
        row = ties[t]
        held[found] = 2 * t
        found += 1 if adrift[np.uint32(row.post_a)] else 0
        held[found] = 2 * t + 1
        found += 1 if adrift[np.uint32(row.post_b)] else 0
    for first in range(0, found, TOGETHER):
        last = min(first + TOGETHER, found)
        _find_heirs(
            orgs, posts, ties, sizes, modifiers, held[first:last], key, flows, values, month
        )  # fmt: skip


@inner
def _find_heirs(orgs, posts, ties, sizes, modifiers, held, key, flows, values, month):  # type: ignore[no-untyped-def]
    """Some ends of ties lapse with the person who held them, or go to somebody else."""
    own, empty, far = scratch(held.shape[0], np.int32), 0, is_far(posts.shape[0])
    for x in range(held.shape[0]):
        row = ties[held[x] >> 1]
        own[x] = row.post_b if held[x] & 1 == 1 else row.post_a
    for x in range(held.shape[0] if far else 0):
        soon(posts, own[x], "filled")
        soon(posts, own[x], "organisation")
    for x in range(held.shape[0]):
        held[empty], own[empty] = held[x], own[x]
        empty += 1 - posts[own[x]].filled
    for x in range(empty if far else 0):
        i = posts[own[x]].organisation
        soon(posts, own[x], "left")
        soon(ties, held[x] >> 1, "a")
        soon(ties, held[x] >> 1, "b")
        soon(ties, held[x] >> 1, "trust")
        soon(orgs, i, "first_post")
        soon(orgs, i, "n_posts")
        soon(orgs, i, "handover")
        soon(modifiers, i, "add_handover")
    for x in range(empty):
        t, end = held[x] >> 1, held[x] & 1
        row = ties[t]
        i, other = np.int64(row.a), np.int64(row.b)
        if end == 1:
            i, other = other, i
        if has_lapsed(row):
            continue  # at its other end
        gone = posts[own[x]].left == month
        if gone and draws.at(key, i, other) < _p_lapse(orgs[i], modifiers[i], values):
            lapse(ties, sizes, t)
            flows[_TIES_LOST] += 1
            continue
        heir = delegate(posts, orgs[i], key, np.int64(own[x]), other)
        if heir >= 0 and end == 0:
            row.post_a = heir
        elif heir >= 0:
            row.post_b = heir
