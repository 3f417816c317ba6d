"""The first ties: small circles of close partners, and chance ties with homophily.

Circles are cut from the members of a network or of a territory, so that sharing a membership or
a place makes a tie likely and partners of partners know each other; within them like tends to sit
with like. Chance ties are drawn by place, with odds for the same kind, field and language. How
many of all ties are chance ties is found so that the clustering comes out as asked.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import (
    BITS,
    NOTHING,
    FloatArray,
    IntArray,
    MaskArray,
    table_of,
)
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.errors import WorldError
from diffusion.base.scratch import scratch
from diffusion.world import vocabulary
from diffusion.world.adjacency import Ties
from diffusion.world.network import clustering
from diffusion.world.tables import Organisations
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import (
    BEFORE_THE_RUN,
    Choice,
    Use,
    ascending,
    ascending_within,
    blocks,
    first_of,
    luck,
    normals,
    whole,
)
from diffusion.world.worlds.settled import Settled

CHANCE_MAX = 0.95  # at least so many circle ties remain
_STEPS = 6
_SAMPLE = 20_000  # organisations whose clustering is measured in very large worlds
_OVERSAMPLE = 6
_SUPPLY = 1.1  # circle ties offered, relative to what is needed
_NO_PAIR = -1
_TIE = Decision.WORLD_TIE.value
_SCOPE, _OTHER = first_of(Use.CHANCE_SCOPE), first_of(Use.CHANCE_OTHER)
_ACCEPT = first_of(Use.CHANCE_ACCEPT)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
# bits of traits: kinds, then fields, then languages
_FIELDS_FROM = np.uint64(len(vocabulary.KINDS))
_LANGUAGES_FROM = _FIELDS_FROM + np.uint64(len(vocabulary.FIELDS))
_KINDS = BITS[_FIELDS_FROM] - BITS[0]
_FIELDS = BITS[_LANGUAGES_FROM] - BITS[_FIELDS_FROM]
_LANGUAGES = ~(_KINDS | _FIELDS)


def ties(ground: Ground, organisations: Organisations, settings: Settled, seed: int) -> Ties:
    """Ties with about the asked mean degree and clustering, each held by a filled post.

    Raises:
        WorldError: a mean degree that so few organisations can't have.
    """
    n = ground.n
    if settings.mean_degree > n - 1:
        raise WorldError(
            f"world.mean_degree is {settings.mean_degree:g}; with {n} organisations it can be at "
            f"most {n - 1}: ask for less, or for more organisations"
        )
    needed = round(n * settings.mean_degree / 2.0)
    offered = _circles(ground, organisations, settings, needed, seed)
    pairs = Pairs(offered.shape[0] + needed)
    close = pairs.new([offered], offered.shape[0])
    least = min(int((1.0 - CHANCE_MAX) * needed), close.shape[0])
    far = pairs.new(_chance(ground, organisations, settings, needed, seed), needed - least)
    n_close = _balance(n, needed, close, far, settings.clustering)
    pair = np.concatenate((close[:n_close], far[: needed - n_close]))
    a, b = pair // n, pair % n
    spread = settings.trust_high - settings.trust_low
    trust = settings.trust_low + spread * _luck(seed, Use.TRUST, a, b)
    trust[n_close:] *= settings.trust_chance
    return table_of(
        Ties,
        a.shape[0],
        a=a,
        b=b,
        post_a=_holders(organisations, a, _luck(seed, Use.HOLDER_A, a, b)),
        post_b=_holders(organisations, b, _luck(seed, Use.HOLDER_B, a, b)),
        trust=trust,
        contact=-1 - whole(_luck(seed, Use.CONTACT, a, b), settings.months_since_contact),
    )


class Pairs:
    """The pairs that have come up so far; a pair a < b is the number a * n + b.

    Args:
        capacity: how many can be told apart.
    """

    def __init__(self, capacity: int) -> None:
        self._table = np.full(1 << (capacity + capacity // 2).bit_length(), _NO_PAIR)

    def new(self, parts: Iterable[IntArray], most: int) -> IntArray:
        """The first pairs that have not come up before, each once and in their order."""
        kept = np.empty(most, np.int64)
        size = 0
        for part in parts:
            size = _keep_new(part, self._table, kept, size)
            if size == most:
                break
        return kept[:size]


@compiled
def _keep_new(numbers, table, kept, size):  # type: ignore[no-untyped-def]
    """Append the pairs that the hash table does not hold to kept[:size], until that is full."""
    last = table.shape[0] - 1
    for number in numbers:
        if size == kept.shape[0]:
            break
        if number == _NO_PAIR:
            continue
        slot = np.int64((np.uint64(number) * _SPREAD) >> np.uint64(20)) & last
        while table[slot] != _NO_PAIR and table[slot] != number:
            slot = (slot + 1) & last
        if table[slot] == _NO_PAIR:
            table[slot] = number
            kept[size] = number
            size += 1
    return size


def _balance(n: int, needed: int, close: IntArray, far: IntArray, target: float) -> int:
    """The number of circle ties that gives the clustering asked for (bisection)."""
    high: int = min(needed, close.shape[0])
    low: int = min(max(needed - far.shape[0], int((1.0 - CHANCE_MAX) * needed)), high)
    close_a, close_b = close // n, close % n
    far_a, far_b = far // n, far % n
    for _ in range(_STEPS):
        middle = (low + high) // 2
        a = np.concatenate((close_a[:middle], far_a[: needed - middle]))
        b = np.concatenate((close_b[:middle], far_b[: needed - middle]))
        if clustering(n, a, b, _SAMPLE) < target:
            low = middle
        else:
            high = middle
    return (low + high) // 2


def _circles(
    ground: Ground, organisations: Organisations, settings: Settled, needed: int, seed: int
) -> IntArray:
    """All pairs that sit in one circle, whole circles in random order."""
    n = ground.n
    each = min(max(1.9 - 1.2 * settings.clustering, 1.0), 1.8)
    chosen = ground.circle_first.copy()
    further = (~chosen).nonzero()[0]
    order = ascending(_luck(seed, Use.SECOND_CIRCLE, further))
    chosen[further[order[: round((each - 1.0) * n)]]] = True
    rows = chosen.nonzero()[0]
    group, who = ground.circle_group[rows], ground.circle_organisation[rows]
    order = ascending_within(group, _seat(ground, organisations, settings, who, rows, seed))
    sizes = circle_sizes(group, max(3.0, 1.0 + 2.0 * _SUPPLY * needed / max(1, who.shape[0])))
    rank = _luck(seed, Use.CIRCLE_ORDER, np.arange(sizes.shape[0]))
    left, right = _within(sizes, ascending(rank))
    who = who[order]
    return _numbers(who[left], who[right], n)


def _seat(
    ground: Ground,
    organisations: Organisations,
    settings: Settled,
    who: IntArray,
    row: IntArray,
    seed: int,
) -> FloatArray:
    """Where somebody sits in the order from which circles are cut: by field and kind, or any."""
    fields = organisations.fields >> np.uint64(1)
    below_lowest = ~fields & (fields - np.uint64(1))
    primary = np.where(fields == 0, 0, np.bitwise_count(below_lowest)) / 16.0
    place = (primary + ground.kind / 8.0 / 16.0)[who]
    u = _luck(seed, Use.CIRCLE, row)
    alike = _luck(seed, Use.CIRCLE_ALIKE, row) < settings.alike_share
    return np.where(alike, place + u / 8.0 / 16.0, u)


def circle_sizes(group: IntArray, size: float) -> IntArray:
    """How many sit in each circle if every group is cut into circles of about `size` places.

    Args:
        group: the group of everybody, whole numbers from 0 in any order.
        size: asked for, 1 or more.

    Returns:
        Sizes of the circles of the lowest group, then of the next, and so on.
    """
    counts = np.bincount(group)
    counts = counts[counts > 0]
    circles = np.maximum(1, np.rint(counts / size)).astype(np.int64)
    place = np.arange(circles.sum()) - (circles.cumsum() - circles).repeat(circles)
    counts, circles = counts.repeat(circles), circles.repeat(circles)
    # circle c of k holds the places p of m with p * k // m == c
    until = ((place + 1) * counts + circles - 1) // circles
    sizes: IntArray = until - (place * counts + circles - 1) // circles
    return sizes


def _within(sizes: IntArray, order: IntArray) -> tuple[IntArray, IntArray]:
    """All pairs of places in the same circle, circles in the given order: left, right."""
    first = (sizes.cumsum() - sizes)[order]
    sizes = sizes[order]
    start, lefts, rights = _pairs_by_size(int(sizes.max()))
    n_pairs = sizes * (sizes - 1) // 2
    pair = np.arange(n_pairs.sum())
    pair += (start[sizes] - n_pairs.cumsum() + n_pairs).repeat(n_pairs)
    first = first.repeat(n_pairs)
    return first + lefts[pair], first + rights[pair]


@lru_cache(maxsize=16)
def _pairs_by_size(largest: int) -> tuple[IntArray, IntArray, IntArray]:
    """Pairs of places in circles of 0, 1 ... `largest`: start for each size, left, right.

    Neighbours come first, then next neighbours, and so on.
    """
    sizes = np.arange(largest + 1)
    lefts = [np.arange(size - apart) for size in sizes for apart in range(1, size)]
    rights = [np.arange(apart, size) for size in sizes for apart in range(1, size)]
    n_pairs = sizes * (sizes - 1) // 2
    nothing = np.zeros(0, np.int64)
    return (
        n_pairs.cumsum() - n_pairs,
        np.concatenate((nothing, *lefts)),
        np.concatenate((nothing, *rights)),
    )


def _numbers(one: IntArray, other: IntArray, n: int) -> IntArray:
    """The number of each pair, -1 for an organisation and itself."""
    numbers: IntArray = np.minimum(one, other) * n + np.maximum(one, other)
    numbers[one == other] = _NO_PAIR
    return numbers


def _chance(
    ground: Ground, organisations: Organisations, settings: Settled, needed: int, seed: int
) -> Iterator[IntArray]:
    """Pairs for chance ties: one end by pull, the other by place.

    Those accepted by homophily come first, then the others, in parts and no more than can be
    needed.
    """
    kind, field, language = (
        settings.homophily_kind,
        settings.homophily_field,
        settings.homophily_language,
    )
    by_pull = Choice(_pull(ground, settings, seed))
    areas = _areas(ground)
    traits = _traits(ground, organisations)
    room = 2 * needed
    refused = []
    for part in blocks(_OVERSAMPLE * needed, 3 * needed):
        rows = np.arange(part.start, part.stop)
        one = by_pull(_luck(seed, Use.CHANCE_ONE, rows))
        numbers = np.empty(one.shape[0], np.int64)
        accepted = np.empty(one.shape[0], np.bool_)
        _find_partners(
            seed, part.start, one, *areas, traits, kind, field, language, numbers, accepted
        )
        chosen = numbers[accepted][:room]
        room -= chosen.shape[0]
        yield chosen
        refused.append(numbers[~accepted])
    for numbers in refused:
        chosen = numbers[:room]
        room -= chosen.shape[0]
        yield chosen


@compiled
def _find_partners(  # type: ignore[no-untyped-def]
    seed, first, one, near, wide, traits, kind, field, language, numbers, accepted
):
    """The other end of each pair, in its areas or anywhere, and whether homophily accepts it.

    Args:
        first: the number of the first draw.
        kind, field, language: odds for those who have it in common.
        numbers: of the pairs, as `_numbers` gives them.
    """
    key, n, rows = draws.stream(seed, _TIE, BEFORE_THE_RUN), traits.shape[0], one.shape[0]
    scope, pick, refusal = scratch(rows), scratch(rows), scratch(rows)
    for k in range(rows):
        half = draws.half(key, first + k)
        scope[k] = draws.rest(half, _SCOPE)
        pick[k] = draws.rest(half, _OTHER)
        refusal[k] = draws.rest(half, _ACCEPT) * (kind * field * language)
    for k in range(rows):
        i, u = one[k], scope[k]
        # all three are looked up, because which it is can't be foreseen
        j = int(pick[k] * n)
        in_country, in_territory = _inhabitant(wide, i, pick[k]), _inhabitant(near, i, pick[k])
        j = in_country if wide.low <= u < wide.high else j
        j = in_territory if near.low <= u < near.high else j
        common = traits[i] & traits[j]
        odds = kind if common & _KINDS != NOTHING else 1.0
        odds *= field if common & _FIELDS != NOTHING else 1.0
        odds *= language if common & _LANGUAGES != NOTHING else 1.0
        accepted[k] = refusal[k] < odds
        numbers[k] = min(i, j) * n + max(i, j) if i != j else _NO_PAIR


@inner
def _inhabitant(area, i, pick):  # type: ignore[no-untyped-def]
    place = area.place[i]
    return area.inhabitants[area.start[place] + int(pick * area.counts[place])]


class _Area(NamedTuple):
    """Where the other end of a chance tie is sought if luck lies in low .. high."""

    low: float
    high: float
    place: IntArray  # of each organisation
    inhabitants: IntArray  # organisations by place
    start: IntArray  # of each place among the inhabitants
    counts: IntArray


def _areas(ground: Ground) -> tuple[_Area, _Area]:
    """The own territory and the own country; where nobody seeks, all are in one place."""
    wide = ground.near_share + ground.country_share
    return (
        _area(ground.territory, 0.0, ground.near_share),
        _area(ground.country, ground.near_share, wide),
    )


def _area(place: IntArray, low: float, high: float) -> _Area:
    place = place.astype(np.int64) if low < high else np.zeros(place.shape[0], np.int64)
    counts = np.bincount(place)
    return _Area(low, high, place, place.argsort(kind="stable"), counts.cumsum() - counts, counts)


def _traits(ground: Ground, organisations: Organisations) -> MaskArray:
    """Kind, fields and languages of each organisation as one mask."""
    traits: MaskArray = BITS[ground.kind]
    traits |= organisations.fields << _FIELDS_FROM
    traits |= organisations.languages << _LANGUAGES_FROM
    return traits


def _pull(ground: Ground, settings: Settled, seed: int) -> FloatArray:
    """How likely each organisation is to be one end of a chance tie."""
    who = np.arange(ground.n)
    pull = np.exp(settings.hub_sd * normals(seed, Decision.WORLD_TIE, Use.HUB, who))
    coordinator = ground.networks.coordinator
    coordinates = np.zeros(ground.n, np.bool_)
    coordinates[coordinator[coordinator >= 0]] = True
    pull[coordinates] *= settings.coordinator_pull
    return pull


def _holders(organisations: Organisations, who: IntArray, u: FloatArray) -> IntArray:
    """Posts that hold ties: any of the filled ones of each organisation."""
    orgs = organisations
    posts: IntArray = orgs.first_post[who] + whole(u, orgs.staff[who])
    return posts


def _luck(seed: int, use: Use, who: IntArray, whom: IntArray | int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_TIE, use, who, whom)
