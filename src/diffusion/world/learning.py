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
from diffusion.base.picking import picked, some
from diffusion.base.scratch import scratch

_LEARN = int(Decision.LEARN_FROM_COLLEAGUE)
_DECAY = int(Decision.SKILL_DECAY)
_MEMORY = int(Decision.MEMORY_LOSS)
_ONE = np.uint64(1)
_AT_LEAST = 12  # posts of an organisation that are written to at once


@inner
def together(posts, org):  # type: ignore[no-untyped-def]
    """What the staff of an organisation know together."""
    known = NOTHING
    for j in range(org.first_post, org.first_post + org.n_posts):
        known |= posts[j].knows & (_ONE - bit(posts[j].filled))
    return known


@inner
def _running(orgs, of_posts):  # type: ignore[no-untyped-def]
    """Fills, for each post, what its organisation runs; there is room for `_AT_LEAST` more."""
    for i in range(orgs.shape[0]):
        org = orgs[i]
        running, first = org.trial | org.adopted | org.institutional, np.uint64(org.first_post)
        # whatever is written too far the organisations after it set right
        for k in range(_AT_LEAST):
            of_posts[first + np.uint64(k)] = running
        for k in range(_AT_LEAST, org.n_posts):
            of_posts[first + np.uint64(k)] = running


@inner
def _pupils(orgs, posts, odd, whom, learn, width, values):  # type: ignore[no-untyped-def]
    """Lists who may learn or forget something this month, and which practices.

    These are missing or idle, and never both. Returns how many persons, and how many practices.
    """
    all_learn = NOTHING if max(values.p_colleague, values.p_written) <= draws.RARE else ~NOTHING
    all_forget = NOTHING if values.p_decay <= draws.RARE else ~NOTHING
    _running(orgs, odd)
    any_odd, pairs = scratch(posts.shape[0], np.bool_), 0
    for j in range(posts.shape[0]):
        post, runs, few = posts[j], odd[j], draws.rare(draws.half(learn, j), 0, width)
        may = few | (runs & all_learn) | (~runs & all_forget)
        odd[j] = (runs ^ post.knows) & may & (NOTHING - np.uint64(post.filled))
        any_odd[j] = odd[j] != NOTHING
    found = picked(any_odd, whom)
    for x in range(found):
        odd[x] = odd[whom[x]]
    for x in range(found):
        post = posts[whom[x]]
        org = orgs[post.organisation]
        odd[x] &= post.knows | org.knows | org.written  # nobody can teach what nobody knows
        pairs += count(odd[x])
    return found, pairs


@inner
def _lucky(orgs, posts, odd, whom, found, who, what, ease, values, seed, month):  # type: ignore[no-untyped-def]
    """Lists which person learns or forgets which practice; returns how many times that happens."""
    learn, decay = draws.stream(seed, _LEARN, month), draws.stream(seed, _DECAY, month)
    cases = ease.shape[0] // 2
    width, pairs, kept = draws.width(cases), 0, 0
    luck, chance = scratch(who.shape[0]), scratch(who.shape[0])
    forgets = scratch(who.shape[0], np.bool_)
    for x in range(found):
        left = odd[x]
        while left != NOTHING:
            who[pairs], what[pairs] = whom[x], lowest(left)
            left = without_lowest(left)
            pairs += 1
    # what nobody knows is read, what a colleague knows is taught, what oneself knows is forgotten
    chances = scratch(3)
    chances[0], chances[1], chances[2] = values.p_written, values.p_colleague, values.p_decay
    for x in range(pairs):
        post, p = posts[who[x]], what[x]
        own, known = has(post.knows, p), has(orgs[post.organisation].knows, p)
        forgets[x] = own
        chance[x] = chances[np.uint32(own + known)] * ease[np.uint32(p + cases * own)]
    for x in range(pairs):
        few = draws.rare(draws.half(learn, who[x]), 0, width)
        u = draws.at(decay if forgets[x] else learn, who[x], what[x])
        luck[x] = draws.among(few, what[x], u)
    for x in range(pairs):
        who[kept], what[kept] = who[x], what[x]
        kept += 1 if luck[x] < chance[x] else 0
    return kept


@inner
def teach(orgs, uses, posts, practices, values, seed, month):  # type: ignore[no-untyped-def]
    """Colleagues teach each other what runs; what is not needed is forgotten."""
    m, cases = posts.shape[0], practices.shape[0]
    ease, width = scratch(2 * cases), draws.width(cases)  # of learning, and of forgetting
    for p in range(cases):
        ease[p], ease[cases + p] = 1.0 - values.brake * practices[p].complexity, 1.0
    odd, whom = scratch(m + _AT_LEAST, np.uint64), scratch(m, np.int32)
    learn = draws.stream(seed, _LEARN, month)
    found, pairs = _pupils(orgs, posts, odd, whom, learn, width, values)
    who, what = scratch(pairs, np.int32), scratch(pairs, np.int32)
    for x in range(_lucky(orgs, posts, odd, whom, found, who, what, ease, values, seed, month)):
        j, p = int(who[x]), int(what[x])
        post = posts[j]
        i = int(post.organisation)
        org = orgs[i]
        post.knows ^= bit(p)
        if has(post.knows, p):
            org.knows |= bit(p)
            continue
        org.knows = together(posts, org)
        if uses[i, p].champion == j:
            uses[i, p].champion = -1
            org.led &= ~bit(p)


@inner
def fade(orgs, practices, values, seed, month):  # type: ignore[no-untyped-def]
    """What is written down and not used becomes useless."""
    key = draws.stream(seed, _MEMORY, month)
    width = draws.width(practices.shape[0])
    all_fade = NOTHING if values.p_memory_loss <= draws.RARE else ~NOTHING
    shelved, whom = scratch(orgs.shape[0], np.uint64), scratch(orgs.shape[0], np.int32)
    for i in range(orgs.shape[0]):
        org = orgs[i]
        few = draws.rare(draws.half(key, i), 0, width) | all_fade
        shelved[i] = org.written & ~(org.trial | org.adopted | org.institutional) & few
    for x in range(some(shelved, whom)):
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
    whom, headless = scratch(orgs.shape[0], np.int32), scratch(orgs.shape[0], np.uint64)
    for i in range(orgs.shape[0]):
        headless[i] = _without_champion(orgs[i])
    for x in range(some(headless, whom)):
        i = int(whom[x])
        org = orgs[i]
        open_to = headless[i]
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
