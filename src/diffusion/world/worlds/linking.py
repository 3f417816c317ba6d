"""The first ties: small circles of close partners, and chance ties with homophily.

Circles are cut from the members of a network or of a territory, so that sharing a membership or
a place makes a tie likely and partners of partners know each other; within them like tends to sit
with like. Chance ties are drawn by place, with odds for the same kind, field and language. How
many of all ties are chance ties is found so that the clustering comes out as asked.
"""

from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray, table_of
from diffusion.base.draws import Decision
from diffusion.world.adjacency import Ties
from diffusion.world.network import clustering
from diffusion.world.tables import Organisations, Posts
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import Use, luck, normals, whole
from diffusion.world.worlds.settled import Settled

CHANCE_MAX = 0.95  # at least so many circle ties remain
_STEPS = 6
_SAMPLE = 20_000  # organisations whose clustering is measured in very large worlds
_OVERSAMPLE = 6
_SUPPLY = 1.1  # circle ties offered, relative to what is needed


class Pairs(NamedTuple):
    """Distinct pairs of organisations a < b, in the order in which they are used."""

    a: IntArray
    b: IntArray


def ties(
    ground: Ground, organisations: Organisations, posts: Posts, settings: Settled, seed: int
) -> Ties:
    """Ties with about the asked mean degree and clustering, each held by a filled post."""
    n = ground.n
    needed = round(n * settings.mean_degree / 2.0)
    close = _circles(ground, organisations, settings, needed, seed)
    far = _chance(ground, organisations, settings, needed, close, seed)
    n_close = _balance(n, needed, close, far, settings.clustering)
    a = np.concatenate((close.a[:n_close], far.a[: needed - n_close]))
    b = np.concatenate((close.b[:n_close], far.b[: needed - n_close]))
    spread = settings.trust_high - settings.trust_low
    trust = settings.trust_low + spread * _luck(seed, Use.TRUST, a, b)
    trust[n_close:] *= settings.trust_chance
    return table_of(
        Ties,
        a.shape[0],
        a=a,
        b=b,
        post_a=_holder(organisations, a, _luck(seed, Use.HOLDER_A, a, b)),
        post_b=_holder(organisations, b, _luck(seed, Use.HOLDER_B, a, b)),
        trust=trust,
        contact=-1 - whole(_luck(seed, Use.CONTACT, a, b), settings.months_since_contact),
    )


def _balance(n: int, needed: int, close: Pairs, far: Pairs, target: float) -> int:
    """The number of circle ties that gives the clustering asked for (bisection)."""
    low = max(needed - far.a.shape[0], int((1.0 - CHANCE_MAX) * needed), 0)
    high = min(needed, close.a.shape[0])
    low = min(low, high)
    for _ in range(_STEPS):
        middle = (low + high) // 2
        a = np.concatenate((close.a[:middle], far.a[: needed - middle]))
        b = np.concatenate((close.b[:middle], far.b[: needed - middle]))
        if clustering(n, a, b, _SAMPLE) < target:
            low = middle
        else:
            high = middle
    return int((low + high) // 2)


def _circles(
    ground: Ground, organisations: Organisations, settings: Settled, needed: int, seed: int
) -> Pairs:
    """All pairs that sit in one circle, whole circles in random order."""
    n = ground.n
    each = float(np.clip(1.9 - 1.2 * settings.clustering, 1.0, 1.8))
    rows = np.arange(ground.circle_group.shape[0])
    first = ground.circle_first == 1
    further = luck(seed, Decision.WORLD_TIE, Use.SECOND_CIRCLE, rows)
    n_further = round((each - 1.0) * n)
    further[first] = 2.0
    chosen = first.copy()
    chosen[np.argsort(further, kind="stable")[:n_further]] = True
    chosen &= (further < 1.5) | first
    group = ground.circle_group[chosen]
    who = ground.circle_organisation[chosen]
    order = np.lexsort((_seat(organisations, settings, who, rows[chosen], seed), group))
    group, who = group[order], who[order]
    size = max(3.0, 1.0 + 2.0 * _SUPPLY * needed / max(1, who.shape[0]))
    circle = cut(group, size)
    rank = luck(seed, Decision.WORLD_TIE, Use.CIRCLE_ORDER, np.arange(int(circle.max()) + 1))
    left, right, of_circle = _within(circle)
    return _distinct(who[left], who[right], n, np.argsort(rank[of_circle], kind="stable"))


def _seat(
    organisations: Organisations, settings: Settled, who: IntArray, row: IntArray, seed: int
) -> FloatArray:
    """Where somebody sits in the order from which circles are cut: by field and kind, or any."""
    fields = organisations.fields[who] >> np.uint64(1)
    lowest = fields & (~fields + np.uint64(1))
    primary = np.log2(np.maximum(lowest, np.uint64(1)).astype(np.float64)) / 16.0
    by_kind = organisations.kind[who] / 8.0 / 16.0
    u = luck(seed, Decision.WORLD_TIE, Use.CIRCLE, row)
    alike = luck(seed, Decision.WORLD_TIE, Use.CIRCLE_ALIKE, row) < settings.alike_share
    seats: FloatArray = np.where(alike, primary + by_kind + u / 8.0 / 16.0, u)
    return seats


def cut(group: IntArray, size: float) -> IntArray:
    """Cut every run of equal groups into circles of about `size` places; returns circle numbers."""
    starts = np.flatnonzero(np.diff(group, prepend=group[:1] - 1))
    ends = np.append(starts[1:], group.shape[0])
    counts: IntArray = ends - starts
    circles = np.maximum(1, np.rint(counts / size)).astype(np.int64)
    base = np.cumsum(circles) - circles
    of_group = np.repeat(np.arange(starts.shape[0]), counts)
    place = np.arange(group.shape[0]) - starts[of_group]
    numbers: IntArray = base[of_group] + (place * circles[of_group]) // counts[of_group]
    return numbers


def _within(circle: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """All pairs of places in the same circle: left, right, number of the circle."""
    lefts, rights = [], []
    for distance in range(1, int(np.bincount(circle).max())):
        left = np.flatnonzero(circle[:-distance] == circle[distance:])
        lefts.append(left)
        rights.append(left + distance)
    if not lefts:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing
    left = np.concatenate(lefts)
    return left, np.concatenate(rights), circle[left]


def _distinct(one: IntArray, other: IntArray, n: int, order: IntArray) -> Pairs:
    """Distinct pairs a < b, kept in the given order of first appearance."""
    code = (np.minimum(one, other) * n + np.maximum(one, other))[order]
    keep = np.unique(code[one[order] != other[order]], return_index=True)[1]
    code = code[one[order] != other[order]][np.sort(keep)]
    return Pairs(code // n, code % n)


def _chance(
    ground: Ground,
    organisations: Organisations,
    settings: Settled,
    needed: int,
    close: Pairs,
    seed: int,
) -> Pairs:
    """Chance ties: one end by pull, the other by place, kept by homophily; none is a circle tie."""
    n = ground.n
    rows = np.arange(_OVERSAMPLE * needed)
    pull = np.cumsum(_pull(ground, settings, seed))
    one = np.searchsorted(pull, _luck(seed, Use.CHANCE_ONE, rows) * pull[-1], side="right")
    one = np.minimum(one, n - 1)
    other = _elsewhere(ground, one, rows, seed)
    odds = np.where(
        organisations.kind[one] == organisations.kind[other], settings.homophily_kind, 1
    )
    for masks, factor in (
        (organisations.fields, settings.homophily_field),
        (organisations.languages, settings.homophily_language),
    ):
        odds = odds * np.where(masks[one] & masks[other], factor, 1.0)
    highest = settings.homophily_kind * settings.homophily_field * settings.homophily_language
    accepted = _luck(seed, Use.CHANCE_ACCEPT, rows) * highest < odds
    order = np.concatenate((np.flatnonzero(accepted), np.flatnonzero(~accepted)))
    pairs = _distinct(one, other, n, order[: 2 * needed])
    new = ~np.isin(pairs.a * n + pairs.b, close.a * n + close.b)
    return Pairs(pairs.a[new][:needed], pairs.b[new][:needed])


def _elsewhere(ground: Ground, one: IntArray, rows: IntArray, seed: int) -> IntArray:
    """The other end: in the same territory, the same country, or anywhere."""
    u = _luck(seed, Use.CHANCE_SCOPE, rows)
    pick = _luck(seed, Use.CHANCE_OTHER, rows)
    other = whole(pick, ground.n)
    for group, low, high in (
        (ground.country, ground.near_share, ground.near_share + ground.country_share),
        (ground.territory, 0.0, ground.near_share),
    ):
        order = np.argsort(group, kind="stable")
        counts = np.bincount(group)
        start = np.cumsum(counts) - counts
        mine = group[one]
        inside = order[start[mine] + whole(pick, counts[mine])]
        other = np.where((u >= low) & (u < high), inside, other)
    return other


def _pull(ground: Ground, settings: Settled, seed: int) -> FloatArray:
    who = np.arange(ground.n)
    pull = np.exp(settings.hub_sd * normals(seed, Decision.WORLD_TIE, Use.HUB, who))
    coordinators = ground.networks.coordinator[ground.networks.coordinator >= 0]
    pull[np.unique(coordinators)] *= settings.coordinator_pull
    return pull


def _holder(organisations: Organisations, who: IntArray, u: FloatArray) -> IntArray:
    result: IntArray = organisations.first_post[who] + whole(u, organisations.staff[who])
    return result


def _luck(seed: int, use: Use, who: IntArray, whom: IntArray | int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_TIE, use, who, whom)
