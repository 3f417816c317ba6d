"""A month's contacts read both ways.

Indices are unsigned here, because a loop asks of a signed one whether it counts from the end.
"""

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING
from diffusion.base.compiled import inner
from diffusion.base.fetching import TOGETHER, is_far, soon
from diffusion.base.scratch import scratch
from diffusion.world.memory import AWARE, BEFORE, USERS, WIDTH
from diffusion.world.traffic import ARRANGED

# contacts of the same two are told apart by the meeting's key, 0 bilateral, the last arranged
_TAGS = 1 << 21  # more than any network's key
_PRACTICES = 64


@inner
def note_tags(networks, tags):  # type: ignore[no-untyped-def]
    """Fill in what tells contacts of two apart, by the network of the contact less `ARRANGED`."""
    tags[0], tags[1] = _TAGS - 1, 0
    for k in range(networks.shape[0]):
        tags[k - ARRANGED] = networks[k].key + 1


@inner
def both_ways(  # type: ignore[no-untyped-def]
    contacts, first, tags, minds, source, to, running, news, heard, block, depth
):
    """Read contacts from row `first` on both ways: the first from a to b, then from b to a, ...

    Of each way fills in whom it comes from and where it goes, what is run at its source, what is
    known there and unheard of where it goes, what was heard of there before (all from `minds`), a
    number that tells it apart from other ways to the same organisation, and its depth.
    """
    cells, far = minds.reshape(-1), is_far(minds.shape[0])
    for c in range(depth.shape[0] // 2 if far else 0):
        soon(cells, np.int64(contacts[first + c].a) * WIDTH)
        soon(cells, np.int64(contacts[first + c].b) * WIDTH)
    for c in range(depth.shape[0] // 2):
        contact = contacts[first + c]
        a, b = np.uint32(contact.a), np.uint32(contact.b)
        tag = tags[contact.network - ARRANGED]
        source[2 * c], source[2 * c + 1] = a, b
        to[2 * c], to[2 * c + 1] = b, a
        block[2 * c], block[2 * c + 1] = np.int64(a) * _TAGS + tag, np.int64(b) * _TAGS + tag
        depth[2 * c], depth[2 * c + 1] = contact.depth, contact.depth
    # all that is looked up of two organisations, which lie anywhere, at one place each
    for c in range(depth.shape[0] // 2):
        a, b = source[2 * c], to[2 * c]
        of_a, of_b = minds[a, BEFORE], minds[b, BEFORE]
        running[2 * c], running[2 * c + 1] = minds[a, USERS], minds[b, USERS]
        heard[2 * c], heard[2 * c + 1] = of_b, of_a
        news[2 * c], news[2 * c + 1] = of_a & ~minds[b, AWARE], of_b & ~minds[a, AWARE]


@inner
def may_pass(to, running, news, block, depth, few, key, n_practices, values):  # type: ignore[no-untyped-def]
    """Leave of the news of each way what has the luck to pass, or a chance that is no rare one.

    Fills in which of the practices have rare luck.
    """
    draws.rare_each(key, to, block, draws.width(n_practices), few)
    for x in range(to.shape[0]):
        all_users = ~NOTHING if values.p_user * depth[x] > draws.RARE else NOTHING
        all_informed = ~NOTHING if values.p_informed * depth[x] > draws.RARE else NOTHING
        news[x] &= few[x] | (all_users & running[x]) | (all_informed & ~running[x])


@inner
def lessons(posts, contacts, first, heard, pupils, gaps):  # type: ignore[no-untyped-def]
    """Fill in what each way can teach, and the posts of the pupils.

    The one who speaks knows it, the pupil does not but heard of it.
    """
    knows = scratch(heard.shape[0], np.uint64)
    for c in range(heard.shape[0] // 2):
        contact = contacts[first + c]
        pupils[2 * c], pupils[2 * c + 1] = contact.post_b, contact.post_a
    for x in range(heard.shape[0] if is_far(posts.shape[0]) else 0):
        soon(posts, pupils[x], "knows")
    for x in range(heard.shape[0]):
        knows[x] = posts[pupils[x]].knows
    for x in range(heard.shape[0]):
        gaps[x] = heard[x] & ~knows[x]
    for c in range(heard.shape[0] // 2):
        gaps[2 * c] &= knows[2 * c + 1]
        gaps[2 * c + 1] &= knows[2 * c]


@inner
def case(block, source, x, p):  # type: ignore[no-untyped-def]
    """A number that tells practice p on way x apart from all else of the same month and pupil."""
    # 64 of the blocks of a source, one a practice: (source * 64 + p) * tags + tag
    return block[x] + (np.int64(source[x]) * (_PRACTICES - 1) + np.int64(p)) * _TAGS


@inner
def most_likely(  # type: ignore[no-untyped-def]
    practices, contacts, first, way, what, rel_pupil, rel_teacher, values, bound
):
    """The most that the chance of each lesson can be: of two who share a language and a field."""
    for y in range(bound.shape[0]):
        contact, practice = contacts[first + (way[y] >> 1)], practices[what[y]]
        # factors in the order of those of the chance, so that rounding can't lift it above this
        strength = contact.depth * contact.trust * rel_pupil * rel_teacher
        most = values.p_know_how * strength * (1.0 - values.brake * practice.complexity)
        bound[y] = most if contact.depth >= values.deep else 0.0


@inner
def take_in(posts, minds, taught, n_taught):  # type: ignore[no-untyped-def]
    """The posts that were taught know what they learned, and their organisations heard of it."""
    cells = minds.reshape(-1)
    for first in range(0, n_taught, TOGETHER):
        last = min(first + TOGETHER, n_taught)
        until = last if is_far(posts.shape[0]) else first
        for z in range(first, until):
            soon(posts, taught[z], "knows")
            soon(posts, taught[z], "learned")
            soon(posts, taught[z], "organisation")
        for z in range(first, until):
            soon(cells, np.int64(posts[taught[z]].organisation) * WIDTH)
        for z in range(first, last):
            post = posts[taught[z]]
            post.knows |= post.learned
            # the organisation may have forgotten of it this month
            minds[post.organisation, AWARE] |= post.learned
            post.learned = NOTHING
