"""Which partners may talk in a month, and whether the persons who hold their tie are there."""

import math

import numpy as np

from diffusion.base import draws
from diffusion.base.compiled import inner
from diffusion.base.fetching import TOGETHER, is_far, soon
from diffusion.base.picking import picked
from diffusion.base.scratch import scratch

ROUNDING = 1e-9  # far more than what a sum of a few numbers below 10 is off
_SIXTH = 1.0 / 6.0


@inner
def may_talk(time, ties, live, frequency, key, talks, over, may):  # type: ignore[no-untyped-def]
    """Ties whose partners may talk: how many `talks` to expect, and what luck is `over` a bound.

    Returns how many ties stand in `may`.
    """
    hopeful = scratch(live, np.bool_)
    # time is looked up apart from luck: the processor draws for several ties at once, and would
    # look up several at once too, which takes it longer than one by one
    for first in range(0, live, TOGETHER):
        last = min(first + TOGETHER, live)
        for t in range(first, last if is_far(time.shape[0]) else first):
            soon(time, ties[t].a)
            soon(time, ties[t].b)
        for t in range(first, last):
            over[t] = time[ties[t].a] * time[ties[t].b]
    for t in range(live):
        tie = ties[t]
        x = frequency * tie.trust * math.sqrt(over[t])
        talks[t] = x
        # 1 - exp(-x) lies between three terms of its series and four
        over[t] = draws.at(key, tie.a, tie.b) - x * (1.0 - x * (0.5 - x * _SIXTH))
        hopeful[t] = over[t] < ROUNDING
    return picked(hopeful, may)


@inner
def are_there(posts, ties, which, n, there):  # type: ignore[no-untyped-def]
    """Fill in whether both persons are there who hold each of n ties."""
    for first in range(0, n, TOGETHER):
        last = min(first + TOGETHER, n)
        for k in range(first, last if is_far(posts.shape[0]) else first):
            soon(posts, ties[which[k]].post_a, "filled")
            soon(posts, ties[which[k]].post_b, "filled")
        for k in range(first, last):
            tie = ties[which[k]]
            there[k] = posts[tie.post_a].filled & posts[tie.post_b].filled
