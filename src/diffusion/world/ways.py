"""A month's contacts read both ways.

Indices are unsigned here, because a loop asks of a signed one whether it counts from the end.
"""

import numpy as np

from diffusion.base.compiled import inner
from diffusion.world.traffic import ARRANGED

# contacts of the same two are told apart by the meeting's key, 0 bilateral, the last arranged
_TAGS = 1 << 21  # more than any network's key
_PRACTICES = 64


@inner
def both_ways(contacts, networks, users, source, to, running, block, depth):  # type: ignore[no-untyped-def]
    """Read each contact both ways: way 2c passes from a to b, way 2c + 1 from b to a.

    Fills in whom a way comes from, what is run there (of `users`) and where it goes, and a number
    that tells it apart from other ways to the same organisation; and its depth.
    """
    tags = np.empty(networks.shape[0] - ARRANGED, np.int64)  # by the network of a contact
    tags[0], tags[1] = _TAGS - 1, 0
    for k in range(networks.shape[0]):
        tags[k - ARRANGED] = networks[k].key + 1
    for c in range(depth.shape[0] // 2):
        contact = contacts[c]
        a, b = np.uint32(contact.a), np.uint32(contact.b)
        tag = tags[contact.network - ARRANGED]
        source[2 * c], source[2 * c + 1] = a, b
        to[2 * c], to[2 * c + 1] = b, a
        running[2 * c], running[2 * c + 1] = users[a], users[b]
        block[2 * c], block[2 * c + 1] = np.int64(a) * _TAGS + tag, np.int64(b) * _TAGS + tag
        depth[2 * c], depth[2 * c + 1] = contact.depth, contact.depth


@inner
def lessons(posts, contacts, to, before, pupils):  # type: ignore[no-untyped-def]
    """What each way can teach: the one who speaks knows it, the pupil does not but heard of it.

    Fills in the posts of the pupils.
    """
    knows, gaps = np.empty(to.shape[0], np.uint64), np.empty(to.shape[0], np.uint64)
    for c in range(to.shape[0] // 2):
        contact = contacts[c]
        pupils[2 * c], pupils[2 * c + 1] = contact.post_b, contact.post_a
    # nothing else in this loop: posts lie far apart, and the processor fetches many ahead
    for x in range(to.shape[0]):
        knows[x] = posts[pupils[x]].knows
    for x in range(to.shape[0]):
        gaps[x] = before[to[x]] & ~knows[x]
    for c in range(to.shape[0] // 2):
        gaps[2 * c] &= knows[2 * c + 1]
        gaps[2 * c + 1] &= knows[2 * c]
    return gaps


@inner
def case(block, source, x, p):  # type: ignore[no-untyped-def]
    """A number that tells practice p on way x apart from all else of the same month and pupil."""
    # 64 of the blocks of a source, one a practice: (source * 64 + p) * tags + tag
    return block[x] + (np.int64(source[x]) * (_PRACTICES - 1) + np.int64(p)) * _TAGS
