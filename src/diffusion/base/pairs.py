"""How loops pick the few cases in which anything happens.

What may happen is first narrowed down for all cases at once, in plain passes over plain arrays and
without branches, and only then followed up case by case: a branch that the processor guesses wrong
costs more than many of these steps. Indices and counts of them are unsigned here, because a
loop asks of a signed one whether it counts from the end.
"""

import numpy as np

from diffusion.base.arrays import BITS, NOTHING, count, lowest, without_lowest
from diffusion.base.compiled import inner
from diffusion.base.picking import some
from diffusion.base.scratch import scratch

_LAST = BITS[63]
_1, _2, _3 = np.uint64(1), np.uint64(2), np.uint64(3)


@inner
def pairs(masks):  # type: ignore[no-untyped-def]
    """Every place in `masks` with every position of a bit that is set there, in this order.

    Returns places and positions, and how many there are.
    """
    where, total = scratch(masks.shape[0], np.uint32), 0
    n_some = some(masks, where)
    for y in range(n_some):
        total += count(masks[where[y]])
    # four bits are written without asking whether there are as many, hence places more than needed
    both, n = scratch(total + 3, np.int64), NOTHING
    for y in range(n_some):
        first = np.int64(where[y]) * 64
        one = masks[where[y]]
        two = without_lowest(one)
        three = without_lowest(two)
        four = without_lowest(three)
        both[n] = first + lowest(one)
        both[n + _1] = first + lowest(two | _LAST)
        both[n + _2] = first + lowest(three | _LAST)
        both[n + _3] = first + lowest(four | _LAST)
        n += np.uint64(min(count(one), 4))
        left = without_lowest(four)
        while left != NOTHING:
            both[n] = first + lowest(left)
            n += _1
            left = without_lowest(left)
    found = np.empty((2, total), np.uint32)
    place, position = found[0], found[1]
    for y in range(total):
        place[y], position[y] = both[y] >> 6, both[y] & 63
    return place, position, total
