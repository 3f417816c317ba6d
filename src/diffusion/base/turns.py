"""Going through the bits of many masks in turns: the first of each, then the second of each ...

A loop over the bits of one mask ends after a number of steps that no processor foresees, and what
it does with one bit waits for the bit before. In turns nothing branches on a mask, and what is done
for one place is independent of all others:

    n = occupied(masks, places, left)
    while n > 0:
        take_lowest(left, n, taken)
        ...  # for x in range(n): bit taken[x] of masks[places[x]]
        n = unfinished(places, left, n)
"""

from diffusion.base.arrays import NOTHING, lowest, without_lowest
from diffusion.base.compiled import inner
from diffusion.base.picking import some


@inner
def occupied(masks, places, left):  # type: ignore[no-untyped-def]
    """Note at which places masks are not empty, and these masks, in order; returns how many."""
    n = some(masks, places)
    for x in range(n):
        left[x] = masks[places[x]]
    return n


@inner
def take_lowest(left, n, taken):  # type: ignore[no-untyped-def]
    """Take the lowest bit out of each of n masks, none of them 0; `taken` are their positions."""
    for x in range(n):
        taken[x] = lowest(left[x])
        left[x] = without_lowest(left[x])


@inner
def unfinished(places, left, n):  # type: ignore[no-untyped-def]
    """Keep those of n places, and of their masks, where bits are left; returns how many."""
    kept = 0
    for x in range(n):
        places[kept] = places[x]
        left[kept] = left[x]
        kept += 1 if left[x] != NOTHING else 0
    return kept
