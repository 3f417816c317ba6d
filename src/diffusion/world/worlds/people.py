"""Organisations and their staff: languages, fields, capacity, posts."""

from functools import lru_cache

import numpy as np

from diffusion.base.arrays import NEVER, FloatArray, IntArray, MaskArray, table_of
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.practices import related_of
from diffusion.world.tables import Organisations, Posts
from diffusion.world.worlds.fields import FIELD_SHARES
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import BoolArray, Use, choice, luck, normals, whole
from diffusion.world.worlds.settled import Settled, column

ABSORPTIVE_BOUNDS = (0.3, 2.0)  # G04
MONTHS_IN_POST_MAX = 360
_ENGLISH = np.uint64(vocabulary.mask(vocabulary.LANGUAGES, ["en"]))
_GRID = 2000


def organisations(
    ground: Ground, settings: Settled, related_cases: int, seed: int
) -> Organisations:
    """The fixed attributes of all organisations; staff and grants rows are filled in later."""
    n = ground.n
    who = np.arange(n)
    drawn = _drawn_fields(ground.kind, settings, seed)
    fields = ground.fields | np.where(ground.fields_given == 1, np.uint64(0), drawn)
    migrant_led = _chance(seed, Use.MIGRANT_LED, who) < _per_kind(
        settings.migrant_led_share, ground.kind
    )
    years = settings.start_year - settings.founding_year_earliest
    drawn_year = settings.founding_year_earliest + whole(_chance(seed, Use.YEAR, who), years + 1)
    spread = 2.0 * _chance(seed, Use.PROJECT_SHARE, who) - 1.0
    project_share = np.clip(
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
        absorptive=np.clip(np.exp(log_absorptive), *ABSORPTIVE_BOUNDS),
        support=np.clip(settings.support_mean + settings.support_spread * support, 0.0, 1.0),
        threshold=beta_quantile(
            _chance(seed, Use.THRESHOLD, who), settings.threshold_mean, settings.threshold_sd
        ),
        handover=_chance(seed, Use.HANDOVER, who) < settings.handover_share,
        slack=1.0,
        siloing=settings.siloing,
    )
    return table


def posts(
    organisations: Organisations, n_active_grants: IntArray, settings: Settled, seed: int
) -> Posts:
    """Posts of every organisation: contract, who pays, filled or vacant, since when.

    Vacant posts are an organisation's last ones, so that its filled posts are
    first_post .. first_post + staff - 1 at the start. Every organisation has somebody.
    """
    n = organisations.kind.shape[0]
    who = np.arange(n)
    low = _per_kind(settings.posts_low, organisations.kind)
    high = _per_kind(settings.posts_high, organisations.kind)
    n_posts = (low + whole(_staff(seed, Use.POSTS, who), high - low + 1)).astype(np.int64)
    first = np.cumsum(n_posts) - n_posts
    owner = np.repeat(who, n_posts)
    place = np.arange(owner.shape[0]) - first[owner]
    vacancies = np.bincount(
        owner, _staff(seed, Use.VACANT, owner, place) < settings.vacant_share, minlength=n
    )
    staff = np.maximum(1, n_posts - vacancies.astype(np.int64))
    volunteer = _staff(seed, Use.CONTRACT, owner, place) < _per_kind(
        settings.volunteer_share, organisations.kind[owner]
    )
    fixed = (
        _staff(seed, Use.FIXED_TERM, owner, place)
        < settings.fixed_term_factor * organisations.project_share[owner]
    )
    fixed &= ~volunteer & (n_active_grants[owner] > 0)
    contract = np.where(
        volunteer,
        vocabulary.index(vocabulary.CONTRACTS, "volunteer"),
        np.where(fixed, vocabulary.index(vocabulary.CONTRACTS, "fixed_term"), 0),
    )
    line = organisations.first_grant[owner] + whole(
        _staff(seed, Use.POST_GRANT, owner, place), n_active_grants[owner]
    )
    mean = column(settings.months_in_post, vocabulary.CONTRACTS)[contract]
    months = -np.log(1.0 - _staff(seed, Use.HIRED, owner, place)) * mean
    table = table_of(
        Posts,
        owner.shape[0],
        organisation=owner,
        contract=contract,
        grant=np.where(fixed, line, -1),
        filled=place < staff[owner],
        left=NEVER,
        hired=-1 - np.minimum(months, MONTHS_IN_POST_MAX).astype(np.int64),
    )
    organisations.first_post[:] = first
    organisations.n_posts[:] = n_posts
    organisations.staff[:] = staff
    return table


def beta_quantile(u: FloatArray, mean: float, sd: float) -> FloatArray:
    """Quantiles of the Beta distribution with that mean and sd, from its tabulated CDF."""
    grid, cdf = _beta_table(mean, sd)
    return np.interp(u, cdf, grid)


@lru_cache(maxsize=16)
def _beta_table(mean: float, sd: float) -> tuple[FloatArray, FloatArray]:
    concentration = mean * (1.0 - mean) / sd**2 - 1.0
    a, b = mean * concentration, (1.0 - mean) * concentration
    middle = (np.arange(_GRID) + 0.5) / _GRID
    density = middle ** (a - 1.0) * (1.0 - middle) ** (b - 1.0)
    cdf = np.concatenate(([0.0], np.cumsum(density)))
    return np.arange(_GRID + 1) / _GRID, cdf / cdf[-1]


def _drawn_fields(kind: IntArray, settings: Settled, seed: int) -> MaskArray:
    """Fields of work in the proportions of the survey, at least one each."""
    who = np.arange(kind.shape[0])
    shares = np.where(np.isnan(FIELD_SHARES), settings.field_other_share, FIELD_SHARES)
    shares[0] = 0.0
    scaled = np.minimum(1.0, shares * (settings.fields_each - 1.0) / shares.sum())
    result = np.uint64(1) << choice(_chance(seed, Use.FIELD_FIRST, who), shares).astype(np.uint64)
    for bit in range(1, len(vocabulary.FIELDS)):
        has = _chance(seed, Use.FIELD, who, bit) < scaled[bit]
        result |= has.astype(np.uint64) << np.uint64(bit)
    general = _chance(seed, Use.GENERAL, who) < _per_kind(settings.general_share, kind)
    masks: MaskArray = result | general.astype(np.uint64)
    return masks


def _languages(ground: Ground, migrant_led: BoolArray, settings: Settled, seed: int) -> MaskArray:
    """The country's language for all but some migrant-led ones, and English where it is used."""
    who = np.arange(ground.n)
    local = _native_languages()[ground.country]
    weights = column(settings.migrant_languages, vocabulary.LANGUAGES)
    own = np.uint64(1) << choice(_chance(seed, Use.MIGRANT_LANGUAGE, who), weights).astype(
        np.uint64
    )
    shares_local = _chance(seed, Use.LOCAL_LANGUAGE, who) < settings.local_language_share
    mixed = np.where(shares_local, own | local, own)
    wide = ground.level >= vocabulary.index(vocabulary.LEVELS, "national")
    share = np.where(wide, settings.english_wide_share, settings.english_local_share)
    english = _chance(seed, Use.ENGLISH, who) < share
    spoken: MaskArray = np.where(migrant_led, mixed, local)
    spoken[english] |= _ENGLISH
    return spoken


def meeting_languages(ground: Ground, organisations: Organisations) -> MaskArray:
    """Languages in which networks meet, one mask a network.

    The country's own, English in networks wider than a region, and any language that at least
    half of the members work in.
    """
    networks, members = ground.networks, ground.members
    masks = _native_languages()[networks.country]
    masks[networks.level >= vocabulary.index(vocabulary.LEVELS, "national")] |= _ENGLISH
    counts = np.diff(members.start)
    network = np.repeat(np.arange(counts.shape[0]), counts)
    spoken = organisations.languages[members.organisation]
    for bit in range(len(vocabulary.LANGUAGES)):
        has = (spoken >> np.uint64(bit)) & np.uint64(1)
        speakers = np.bincount(network, has.astype(np.float64), minlength=counts.shape[0])
        masks[2 * speakers >= counts] |= np.uint64(1 << bit)
    return masks


def _native_languages() -> MaskArray:
    words = [vocabulary.COUNTRY_LANGUAGE[country] for country in vocabulary.COUNTRIES]
    return np.array([vocabulary.mask(vocabulary.LANGUAGES, [word]) for word in words], np.uint64)


def _per_kind(values: dict[str, float], kind: IntArray) -> FloatArray:
    result: FloatArray = column(values, vocabulary.KINDS)[kind]
    return result


def _chance(seed: int, use: Use, who: IntArray, whom: int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_ORGANISATION, use, who, whom)


def _staff(seed: int, use: Use, who: IntArray, whom: IntArray | int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_STAFF, use, who, whom)
