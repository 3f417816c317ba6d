"""How those who work together come to know, and to forget.

Colleagues teach each other what runs, what is written down can be read, and what does not run is
forgotten. Chance looks at all posts in passes without a branch, which the compiler makes vector
instructions of; only those whose luck may do are looked at one by one.
"""

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, bit, count, has, lowest, without_lowest
from diffusion.base.compiled import inner
from diffusion.base.draws import Decision

_LEARN = int(Decision.LEARN_FROM_COLLEAGUE)
_DECAY = int(Decision.SKILL_DECAY)
_MEMORY = int(Decision.MEMORY_LOSS)
_ONE = np.uint64(1)


@inner
def _together(posts, org):  # type: ignore[no-untyped-def]
    """What the staff of an organisation know together."""
    known = NOTHING
    for j in range(org.first_post, org.first_post + org.n_posts):
        known |= posts[j].knows & (_ONE - bit(posts[j].filled))
    return known


@inner
def _pupils(posts, running, teachable, odd, whom, learn, width, values):  # type: ignore[no-untyped-def]
    """Lists who may learn or forget something this month, and which practices.

    These are missing or idle, and never both. Returns how many persons, and how many practices.
    """
    all_learn = NOTHING if max(values.p_colleague, values.p_written) <= draws.RARE else ~NOTHING
    all_forget = NOTHING if values.p_decay <= draws.RARE else ~NOTHING
    for j in range(posts.shape[0]):
        odd[j] = draws.half(learn, j)
    for j in range(posts.shape[0]):
        odd[j] = draws.rare(odd[j], 0, width)
    found, pairs = 0, 0
    for j in range(posts.shape[0]):
        post = posts[j]
        i, knows, few = np.uint32(post.organisation), post.knows, odd[j]
        missing = teachable[i] & ~knows & (few | all_learn)
        idle = knows & ~running[i] & (few | all_forget)
        odd[j] = (missing | idle) & (_ONE - bit(post.filled))
    for j in range(posts.shape[0]):
        whom[found] = j
        found += 1 if odd[j] != NOTHING else 0
    for x in range(found):
        odd[x] = odd[whom[x]]
        pairs += count(odd[x])
    return found, pairs


@inner
def _lucky(posts, known, odd, whom, found, who, what, ease, values, seed, month):  # type: ignore[no-untyped-def]
    """Lists which person learns or forgets which practice; returns how many times that happens."""
    learn, decay = draws.stream(seed, _LEARN, month), draws.stream(seed, _DECAY, month)
    width, pairs, kept = draws.width(ease.shape[0]), 0, 0
    luck, chance = np.empty(who.shape[0]), np.empty(who.shape[0])
    forgets = np.empty(who.shape[0], np.bool_)
    for x in range(found):
        left, post = odd[x], posts[whom[x]]
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            taught = values.p_colleague if has(known[post.organisation], p) else values.p_written
            forgets[pairs] = has(post.knows, p)
            chance[pairs] = values.p_decay if forgets[pairs] else taught * ease[p]
            who[pairs], what[pairs] = whom[x], p
            pairs += 1
    for x in range(pairs):
        few = draws.rare(draws.half(learn, who[x]), 0, width)
        u = draws.at(decay if forgets[x] else learn, who[x], what[x])
        luck[x] = draws.among(few, what[x], u)
    for x in range(pairs):
        who[kept], what[kept] = who[x], what[x]
        kept += 1 if luck[x] < chance[x] else 0
    return kept


@inner
def teach(orgs, uses, posts, practices, known, values, seed, month):  # type: ignore[no-untyped-def]
    """Colleagues teach each other what runs; what is not needed is forgotten."""
    n, m = orgs.shape[0], posts.shape[0]
    ease = np.empty(practices.shape[0])
    width = draws.width(ease.shape[0])
    for p in range(ease.shape[0]):
        ease[p] = 1.0 - values.brake * practices[p].complexity
    running, teachable = np.empty(n, np.uint64), np.empty(n, np.uint64)
    for i in range(n):
        org = orgs[i]
        org.knows = known[i]
        running[i] = org.trial | org.adopted | org.institutional
        teachable[i] = running[i] & (known[i] | org.written)
    odd, whom = np.empty(m, np.uint64), np.empty(m, np.int32)
    learn = draws.stream(seed, _LEARN, month)
    found, pairs = _pupils(posts, running, teachable, odd, whom, learn, width, values)
    who, what = np.empty(pairs, np.int32), np.empty(pairs, np.int32)
    for x in range(_lucky(posts, known, odd, whom, found, who, what, ease, values, seed, month)):
        j, p = int(who[x]), int(what[x])
        post = posts[j]
        i = int(post.organisation)
        org = orgs[i]
        post.knows ^= bit(p)
        if has(post.knows, p):
            org.knows |= bit(p)
            continue
        org.knows = _together(posts, org)
        if uses[i, p].champion == j:
            uses[i, p].champion = -1
            org.led &= ~bit(p)


@inner
def fade(orgs, practices, values, seed, month):  # type: ignore[no-untyped-def]
    """What is written down and not used becomes useless."""
    key = draws.stream(seed, _MEMORY, month)
    width = draws.width(practices.shape[0])
    all_fade = NOTHING if values.p_memory_loss <= draws.RARE else ~NOTHING
    shelved, whom, found = np.empty(orgs.shape[0], np.uint64), np.empty(orgs.shape[0], np.int32), 0
    for i in range(orgs.shape[0]):
        org = orgs[i]
        few = draws.rare(draws.half(key, i), 0, width) | all_fade
        shelved[i] = org.written & ~(org.trial | org.adopted | org.institutional) & few
    for i in range(orgs.shape[0]):
        whom[found] = i
        found += 1 if shelved[i] != NOTHING else 0
    for x in range(found):
        i = int(whom[x])
        own, left = draws.half(key, i), shelved[i]
        few = draws.rare(own, 0, width)
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            if draws.among(few, p, draws.rest(own, p)) < values.p_memory_loss:
                orgs[i].written &= ~bit(p)


@inner
def _without_champion(org):  # type: ignore[no-untyped-def]
    """Practices that run, that somebody knows, and that nobody leads."""
    return org.knows & (org.trial | org.adopted | org.institutional) & ~org.led


@inner
def name_champions(orgs, uses, posts):  # type: ignore[no-untyped-def]
    """Of each running practice that has no champion, who has known it for longest."""
    whom, found = np.empty(orgs.shape[0], np.int32), 0
    for i in range(orgs.shape[0]):
        whom[found] = i
        found += 1 if _without_champion(orgs[i]) != NOTHING else 0
    for x in range(found):
        i = int(whom[x])
        org = orgs[i]
        open_to = _without_champion(org)
        while open_to != NOTHING:
            p = lowest(open_to)
            open_to = without_lowest(open_to)
            best = -1
            for j in range(org.first_post, org.first_post + org.n_posts):
                if has(posts[j].knows, p) and (best < 0 or posts[j].hired < posts[best].hired):
                    best = j
            if best >= 0:
                uses[i, p].champion = best
                org.led |= bit(p)
