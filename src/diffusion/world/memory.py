"""What organisations remember from month to month: practices they heard of, and contacts."""

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, bit, has, lowest, without_lowest
from diffusion.base.compiled import inner
from diffusion.base.draws import Decision
from diffusion.base.fetching import soon
from diffusion.base.picking import some
from diffusion.base.scratch import scratch

_ONE = np.uint64(1)
_AHEAD = 24  # rows that are fetched before they are needed
_NEAR = 1 << 17  # numbers that the near caches hold: none of these needs to be fetched
_OF_A_LINE = 8  # numbers that memory hands over together
BEFORE, AWARE, USERS, MET, WIDTH = 0, 1, 2, 3, 4  # columns of minds
_FORGET = int(Decision.FORGET)


@inner
def recall(orgs, rate, before, aware, users, kept, met):  # type: ignore[no-untyped-def]
    """Copy columns of organisations close together, for contacts read them at random.

    What each had heard of before and has now, what it runs, what it can't forget, and its
    remembered contacts, which fade.
    """
    for i in range(orgs.shape[0]):
        org = orgs[i]
        before[i], aware[i], users[i] = org.aware, org.aware, org.adopted | org.institutional
        kept[i] = org.trial | users[i] | org.knows | org.lapsed
        met[i] = org.contacts * rate


@inner
def side_by_side(before, aware, users, met, minds):  # type: ignore[no-untyped-def]
    """Fill in minds: what each had heard of before, has now and runs, and its remembered contacts.

    All that contacts read and write of an organisation lies next to each other there; remembered
    contacts are no masks but numbers, which `numbers_of` shows.
    """
    numbers = numbers_of(minds)
    for i in range(before.shape[0]):
        minds[i, BEFORE], minds[i, AWARE], minds[i, USERS] = before[i], aware[i], users[i]
        numbers[i, MET] = met[i]


@inner
def numbers_of(minds):  # type: ignore[no-untyped-def]
    """The cells of minds as what they hold where they are no masks."""
    return minds.view(np.float64)


@inner
def forget(kept, aware, n_practices, p_forget, seed, month):  # type: ignore[no-untyped-def]
    """Take from what organisations are aware of what they lose, which is none of the `kept`."""
    key = draws.stream(seed, _FORGET, month)
    width = draws.width(n_practices)
    few, loose = scratch(aware.shape[0], np.uint64), scratch(aware.shape[0], np.uint64)
    any_luck = ~NOTHING if p_forget > draws.RARE else NOTHING
    for i in range(aware.shape[0]):
        few[i] = draws.rare(draws.half(key, i), 0, width)
        loose[i] = aware[i] & ~kept[i] & (few[i] | any_luck)
    for i in range(aware.shape[0]):
        while loose[i] != NOTHING:
            p, loose[i] = lowest(loose[i]), without_lowest(loose[i])
            if draws.among(few[i], p, draws.at(key, i, p)) < p_forget:
                aware[i] &= ~bit(p)


@inner
def fade(exposure, rate):  # type: ignore[no-untyped-def]
    """Remembered contacts with users fade; `exposure` is of all organisations in one row."""
    for x in range(exposure.shape[0]):
        exposure[x] *= rate


@inner
def remember(exposure, to, running, depth, minds):  # type: ignore[no-untyped-def]
    """This month's contacts are remembered, and with users of which practice they were."""
    wide, cells, numbers = exposure.shape[1], exposure.reshape(-1), numbers_of(minds)
    fetched = wide if cells.shape[0] > _NEAR else 0
    busy = scratch(to.shape[0] + _AHEAD, np.uint32)
    n_busy = some(running, busy)
    for x in range(to.shape[0]):
        numbers[to[x], MET] += depth[x]
    for y in range(_AHEAD):
        busy[n_busy + y] = 0
    for y in range(n_busy):
        for p in range(0, fetched, _OF_A_LINE):
            soon(cells, np.int64(to[busy[y + _AHEAD]]) * wide + p)
        x = busy[y]
        i, mask, much = to[x], running[x], depth[x]
        # of all practices, also those that are not run: how many are can't be guessed
        for p in range(exposure.shape[1]):
            exposure[i, p] += much if has(mask, p) else 0.0
