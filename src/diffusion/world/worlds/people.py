"""Organisations and their staff: languages, fields, capacity, posts."""

import math
from functools import lru_cache

import numpy as np

from diffusion.base.arrays import (
    BITS,
    NEVER,
    FloatArray,
    IntArray,
    MaskArray,
    masks_of,
    table_of,
)
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.practices import related_of
from diffusion.world.tables import Organisations, Posts
from diffusion.world.worlds.fields import FIELD_SHARES
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import (
    BoolArray,
    Use,
    blocks,
    choice,
    luck,
    luck_table,
    normals,
    whole,
)
from diffusion.world.worlds.settled import Settled, column

ABSORPTIVE_BOUNDS = (0.3, 2.0)  # G04
MONTHS_IN_POST_MAX = 360
_ENGLISH = np.uint64(vocabulary.mask(vocabulary.LANGUAGES, ["en"]))
_NATIONAL = vocabulary.index(vocabulary.LEVELS, "national")
_FIXED_TERM = vocabulary.index(vocabulary.CONTRACTS, "fixed_term")
_VOLUNTEER = vocabulary.index(vocabulary.CONTRACTS, "volunteer")
_NATIVE = np.array(  # the language of each country, as a mask
    [
        vocabulary.mask(vocabulary.LANGUAGES, [vocabulary.COUNTRY_LANGUAGE[country]])
        for country in vocabulary.COUNTRIES
    ],
    np.uint64,
)
_GRID = 2000
_NARROWEST = 1e-18  # variance relative to the most there can be; less moves no threshold
_REACH = 10.0  # standard deviations from the mean, beyond which nobody is found


def organisations(
    ground: Ground, settings: Settled, related_cases: int, seed: int
) -> Organisations:
    """The fixed attributes of all organisations; staff and grants rows are filled in later."""
    n = ground.n
    who = np.arange(n)
    fields = ground.fields | _drawn_fields(ground, settings, seed)
    migrant_led = _chance(seed, Use.MIGRANT_LED, who) < _per_kind(
        settings.migrant_led_share, ground.kind
    )
    years = settings.start_year - settings.founding_year_earliest
    drawn_year = settings.founding_year_earliest + whole(_chance(seed, Use.YEAR, who), years + 1)
    spread = 2.0 * _chance(seed, Use.PROJECT_SHARE, who) - 1.0
    project_share = within(
        _per_kind(settings.project_share, ground.kind) + settings.project_share_spread * spread,
        0.0,
        1.0,
    )
    support = 2.0 * _chance(seed, Use.SUPPORT, who) - 1.0
    log_absorptive = settings.absorptive_sd * normals(
        seed, Decision.WORLD_ORGANISATION, Use.ABSORPTIVE, who
    )
    table = table_of(
        Organisations,
        n,
        kind=ground.kind,
        territory=ground.territory,
        country=ground.country,
        level=ground.level,
        fields=fields,
        related=related_of(fields, related_cases),
        languages=_languages(ground, migrant_led, settings, seed),
        migrant_led=migrant_led,
        founding_year=np.where(ground.founding_year == 0, drawn_year, ground.founding_year),
        project_share=project_share,
        absorptive=within(np.exp(log_absorptive), *ABSORPTIVE_BOUNDS),
        support=within(settings.support_mean + settings.support_spread * support, 0.0, 1.0),
        threshold=beta_quantile(
            _chance(seed, Use.THRESHOLD, who), settings.threshold_mean, settings.threshold_sd
        ),
        handover=_chance(seed, Use.HANDOVER, who) < settings.handover_share,
        slack=1.0,
        siloing=settings.siloing,
    )
    return table


def posts(
    ground: Ground,
    organisations: Organisations,
    n_active_grants: IntArray,
    settings: Settled,
    seed: int,
) -> Posts:
    """Posts of every organisation: contract, who pays, filled or vacant, since when.

    Vacant posts are an organisation's last ones, so that its filled posts are
    first_post .. first_post + staff - 1 at the start. Every organisation has somebody.
    """
    orgs = organisations
    who = np.arange(ground.n)
    low = _per_kind(settings.posts_low, ground.kind)
    high = _per_kind(settings.posts_high, ground.kind)
    n_posts = (low + whole(_staff(seed, Use.POSTS, who), high - low + 1)).astype(np.int64)
    n_posts = np.where(ground.posts > 0, ground.posts, n_posts)
    first = n_posts.cumsum() - n_posts
    owner = who.repeat(n_posts)
    place = np.arange(owner.shape[0]) - first.repeat(n_posts)
    vacant = _staff(seed, Use.VACANT, owner, place) < settings.vacant_share
    staff = np.maximum(1, n_posts - np.add.reduceat(vacant, first, dtype=np.int64))
    volunteer = _staff(seed, Use.CONTRACT, owner, place) < _per_kind(
        settings.volunteer_share, ground.kind
    ).repeat(n_posts)
    fixed = _staff(seed, Use.FIXED_TERM, owner, place) < (
        settings.fixed_term_factor * orgs.project_share
    ).repeat(n_posts)
    fixed &= ~volunteer & (n_active_grants > 0).repeat(n_posts)
    contract = np.where(fixed, _FIXED_TERM, np.where(volunteer, _VOLUNTEER, 0))
    mean = column(settings.months_in_post, vocabulary.CONTRACTS)[contract]
    months = -np.log(1.0 - _staff(seed, Use.HIRED, owner, place)) * mean
    grant = np.full(owner.shape[0], -1)
    paid, place_paid = owner[fixed], place[fixed]
    grant[fixed] = orgs.first_grant[paid] + whole(
        _staff(seed, Use.POST_GRANT, paid, place_paid), n_active_grants[paid]
    )
    table = table_of(
        Posts,
        owner.shape[0],
        organisation=owner,
        contract=contract,
        grant=grant,
        filled=place < staff.repeat(n_posts),
        left=NEVER,
        hired=-1 - np.minimum(months, MONTHS_IN_POST_MAX).astype(np.int64),
    )
    orgs.first_post = first
    orgs.n_posts = n_posts
    orgs.staff = staff
    return table


def within(values: FloatArray, low: float, high: float) -> FloatArray:
    """The values, cut off at both bounds."""
    return np.minimum(np.maximum(values, low), high)


def beta_quantile(u: FloatArray, mean: float, sd: float) -> FloatArray:
    """Quantiles of the Beta distribution with that mean and sd, from its tabulated CDF."""
    grid, cdf = _beta_table(mean, sd)
    return np.interp(u, cdf, grid)


@lru_cache(maxsize=16)
def _beta_table(mean: float, sd: float) -> tuple[FloatArray, FloatArray]:
    variance = max(sd**2, _NARROWEST * mean * (1.0 - mean))
    concentration = mean * (1.0 - mean) / variance - 1.0
    a, b = mean * concentration, (1.0 - mean) * concentration
    middle = (np.arange(_GRID) + 0.5) / _GRID
    density = middle ** (a - 1.0) * (1.0 - middle) ** (b - 1.0)
    edges = np.arange(_GRID + 1) / _GRID
    if density.sum() < np.finfo(np.float64).tiny:
        edges, density = _narrow_density(mean, _REACH * math.sqrt(variance), a, b)
    cdf = np.concatenate(([0.0], np.cumsum(density)))
    return edges, cdf / cdf[-1]


def _narrow_density(mean: float, reach: float, a: float, b: float) -> tuple[FloatArray, FloatArray]:
    """Edges of cells around the mean, and the density in them relative to its top.

    For a spread so small that the density itself is too low for a number all over 0..1.
    """
    apart = np.linspace(max(-mean, -reach), min(1.0 - mean, reach), _GRID + 1)
    middle = (apart[1:] + apart[:-1]) / 2.0
    log_density = (a - 1.0) * np.log1p(middle / mean) + (b - 1.0) * np.log1p(-middle / (1.0 - mean))
    return mean + apart, np.exp(log_density - log_density.max())


def _drawn_fields(ground: Ground, settings: Settled, seed: int) -> MaskArray:
    """Fields of work in the proportions of the survey, at least one for whom none are given."""
    first_odds, odds = _field_odds(settings.field_other_share, settings.fields_each)
    further = np.arange(1, len(vocabulary.FIELDS))
    result = np.zeros(ground.n, np.uint64)
    for rows in blocks(ground.n):
        who = np.arange(rows.start, rows.stop)
        has = np.empty((who.shape[0], len(vocabulary.FIELDS)), np.bool_)
        has[:, 0] = _chance(seed, Use.GENERAL, who) < _per_kind(
            settings.general_share, ground.kind[rows]
        )
        u = luck_table(seed, Decision.WORLD_ORGANISATION, Use.FIELD, who, further)
        np.less(u, odds[1:], out=has[:, 1:])
        first = choice(_chance(seed, Use.FIELD_FIRST, who), first_odds)
        result[rows] = masks_of(has) | BITS[first]
    result[ground.fields_given] = 0
    return result


@lru_cache(maxsize=8)
def _field_odds(other_share: float, fields_each: float) -> tuple[FloatArray, FloatArray]:
    """Weights of an organisation's first field, and the odds of each further one."""
    shares = np.where(np.isnan(FIELD_SHARES), other_share, FIELD_SHARES)
    shares[0] = 0.0
    return shares, np.minimum(1.0, shares * (fields_each - 1.0) / shares.sum())


def _languages(ground: Ground, migrant_led: BoolArray, settings: Settled, seed: int) -> MaskArray:
    """The country's language for all but some migrant-led ones, and English where it is used."""
    who = np.arange(ground.n)
    spoken: MaskArray = _NATIVE[ground.country]
    led = migrant_led.nonzero()[0]
    weights = column(settings.migrant_languages, vocabulary.LANGUAGES)
    own = BITS[choice(_chance(seed, Use.MIGRANT_LANGUAGE, led), weights)]
    only_own = _chance(seed, Use.LOCAL_LANGUAGE, led) >= settings.local_language_share
    spoken[led[only_own]] = 0
    spoken[led] |= own
    share = np.where(
        ground.level >= _NATIONAL, settings.english_wide_share, settings.english_local_share
    )
    spoken[_chance(seed, Use.ENGLISH, who) < share] |= _ENGLISH
    return spoken


def meeting_languages(ground: Ground, organisations: Organisations) -> MaskArray:
    """Languages in which networks meet, one mask a network.

    The country's own, English in networks wider than a region, and any language that at least
    half of the members work in.
    """
    networks, members = ground.networks, ground.members
    masks: MaskArray = _NATIVE[networks.country]
    masks[networks.level >= _NATIONAL] |= _ENGLISH
    counts = members.start[1:] - members.start[:-1]
    spoken = organisations.languages[members.organisation]
    speaks = (spoken[:, None] & BITS[: len(vocabulary.LANGUAGES)]) != 0
    speakers = np.add.reduceat(speaks, members.start[:-1], axis=0, dtype=np.int64)
    return masks | masks_of(2 * speakers >= counts[:, None])


def _per_kind(values: dict[str, float], kind: IntArray) -> FloatArray:
    result: FloatArray = column(values, vocabulary.KINDS)[kind]
    return result


def _chance(seed: int, use: Use, who: IntArray, whom: int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_ORGANISATION, use, who, whom)


def _staff(seed: int, use: Use, who: IntArray, whom: IntArray | int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_STAFF, use, who, whom)
