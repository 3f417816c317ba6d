"""Funders, the grant lines that organisations start with, and what they have of their own."""

from collections.abc import Mapping
from functools import cache, lru_cache

import numpy as np

from diffusion.base.arrays import (
    NEVER,
    EuroArray,
    FloatArray,
    IntArray,
    MaskArray,
    copied,
    masks_of,
    table_of,
)
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.evidence.costs import relative_labour_cost
from diffusion.world import vocabulary
from diffusion.world.tables import Accounts, Funders, Grants, Organisations, Practices
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import Use, choice, luck, whole
from diffusion.world.worlds.settled import Settled, column

EU, NATIONAL, MUNICIPAL, FOUNDATION = range(len(vocabulary.GRANT_MAKERS))
_COUNTRIES = np.arange(len(vocabulary.COUNTRIES))
_N_WIDE = 1 + 2 * len(vocabulary.COUNTRIES)  # funders of a country or of all of Europe
_WIDE_KINDS = np.repeat([EU, NATIONAL, FOUNDATION], [1, *2 * [len(vocabulary.COUNTRIES)]])
_WIDE_COUNTRIES = np.concatenate(([-1], _COUNTRIES, _COUNTRIES))
_WIDE_NAMES = (
    "EU programmes",
    *(f"National fund, {country}" for country in vocabulary.COUNTRIES),
    *(f"Foundation, {country}" for country in vocabulary.COUNTRIES),
)
_OWN_NAMES = ("Members", "Donors", "Hosts and givers in kind", "Customers and own budgets")
# columns of funders that settings give by grant maker, 0 for sources of own money
_TERMS = (
    "grant_eur",
    "months_grant",
    "months_to_start",
    "success_rate",
    "min_staff",
    "own_share",
    "application_days",
    "quality",
    "set_aside",
)


def funders(
    ground: Ground, practices: Practices, settings: Settled, seed: int
) -> tuple[Funders, list[str]]:
    """The EU, a national funder and a foundation a country, a municipal funder a territory.

    Rows: EU, then national by country, foundation by country, municipal by territory, then one
    for each source of own money, so that a funder's row follows from its kind and place. Budgets
    are filled in with the grants.
    """
    table = copied(
        _without_calls(
            np.ascontiguousarray(ground.territory_country, np.int64).tobytes(),
            practices.strength.tobytes(),
            practices.adaptability.tobytes(),
            settings.guideline_cutoff,
            tuple(_makers(getattr(settings, name)) for name in _TERMS),
        )
    )
    n = len(table)
    calls = whole(luck(seed, Decision.WORLD_FUNDING, Use.CALL_MONTH, np.arange(n)), MONTHS_A_YEAR)
    gives = table.kind < len(vocabulary.GRANT_MAKERS)
    table.call_month = np.where(gives, calls, -1)
    municipal = (f"Municipal fund, {name}" for name in ground.territory_names)
    return table, [*_WIDE_NAMES, *municipal, *_OWN_NAMES]


@lru_cache(maxsize=8)
def _without_calls(
    territory_country: bytes,
    strength: bytes,
    adaptability: bytes,
    cutoff: float,
    terms: tuple[tuple[float, ...], ...],
) -> Funders:
    """What does not depend on the seed; not to be written to.

    Args:
        territory_country: code of the country of each territory.
        strength, adaptability: of each practice.
        cutoff: see `_guidelines`.
        terms: the columns `_TERMS`, a value for each kind of grant maker.
    """
    places = np.frombuffer(territory_country, np.int64)
    own = np.arange(len(vocabulary.OWN_SOURCES))
    kind = np.concatenate(
        (_WIDE_KINDS, np.full(places.size, MUNICIPAL), len(vocabulary.GRANT_MAKERS) + own)
    )
    country = np.concatenate((_WIDE_COUNTRIES, places, np.full(own.size, -1)))
    none = (0.0,) * own.size
    columns = {
        name: np.array(values + none)[kind] for name, values in zip(_TERMS, terms, strict=True)
    }
    columns["grant_eur"] = np.rint(
        columns["grant_eur"] * np.where(country < 0, 1.0, _prices()[country])
    )
    return table_of(
        Funders,
        kind.size,
        kind=kind,
        country=country,
        territory=np.where(kind == MUNICIPAL, np.arange(kind.size) - _N_WIDE, -1),
        guidelines=_guidelines(
            np.frombuffer(strength), np.frombuffer(adaptability), kind, columns["quality"], cutoff
        ),
        level=kind < len(vocabulary.GRANT_MAKERS),
        **columns,
    )


def _guidelines(
    strength: FloatArray,
    adaptability: FloatArray,
    kind: IntArray,
    quality: FloatArray,
    cutoff: float,
) -> MaskArray:
    """What the EU and foundations reward from the start; the others follow policy.

    Who judges by hard targets rewards what has numbers behind it, who judges by quality what can
    be adapted: a practice is rewarded if (1 - quality) * strength of its evidence + quality *
    adaptability reaches the cut-off.
    """
    scores = np.outer(1.0 - quality, strength) + np.outer(quality, adaptability)
    wide = (kind == EU) | (kind == FOUNDATION)
    return masks_of((scores >= cutoff) & wide[:, None])


def _makers(values: Mapping[str, float]) -> tuple[float, ...]:
    """The values of grant makers by code of the kind."""
    return tuple(map(values.__getitem__, vocabulary.GRANT_MAKERS))


@cache
def _prices() -> FloatArray:
    """Labour cost of each country relative to the EU (I01)."""
    prices = [relative_labour_cost(country) for country in vocabulary.COUNTRIES]
    return np.array(prices, np.float64)


def grants(
    ground: Ground, organisations: Organisations, funders: Funders, settings: Settled, seed: int
) -> tuple[Grants, IntArray]:
    """Grant lines in proportion to project money, with staggered ends, and the calls' budgets.

    An organisation's active lines come first. Returns also the number of active lines each.
    """
    orgs = organisations
    n = orgs.shape[0]
    who = np.arange(n)
    expected = settings.grant_lines_max * orgs.project_share
    lines = np.minimum(settings.grant_lines_max, expected + _draw(seed, Use.LINES, who))
    n_grants = lines.astype(np.int64)
    first = n_grants.cumsum() - n_grants
    owner = who.repeat(n_grants)
    place = np.arange(owner.shape[0]) - first.repeat(n_grants)
    flowing = _draw(seed, Use.LINE_ACTIVE, owner, place) < settings.grant_active_share
    n_active = np.bincount(owner[flowing], minlength=n)
    active = place < n_active.repeat(n_grants)
    funder = _funder_rows(ground, owner, place, settings, seed)
    payers = funders
    months_grant, grant_eur = payers.months_grant, payers.grant_eur
    left = whole(_draw(seed, Use.ENDS, owner, place), months_grant[funder])
    table = table_of(
        Grants,
        owner.shape[0],
        organisation=owner,
        funder=funder,
        active=active,
        ends=np.where(active, left + 1, NEVER),
        renewed=-1,
        starts=NEVER,
        months=np.where(active, months_grant[funder], 0),
        idea=-1,
        purse=np.where(active, grant_eur[funder] * (left + 1) // months_grant[funder], 0),
    )
    orgs.first_grant = first
    orgs.n_grants = n_grants
    _fill_purses(funders, table, settings.call_generosity)
    return table, n_active


def _fill_purses(funders: Funders, grants: Grants, generosity: float) -> None:
    """Yearly budgets, what is left of the present year's, and what flowing grants still hold."""
    rows = funders
    n = rows.shape[0]
    lines = np.bincount(grants.funder, minlength=n)
    a_year = lines * float(MONTHS_A_YEAR) / np.maximum(1, rows.months_grant)
    gives = rows.kind < len(vocabulary.GRANT_MAKERS)
    awards = np.where(gives, np.maximum(1, np.rint(generosity * a_year)), 0)
    rows.budget = awards * rows.grant_eur
    to_come = np.where(gives, rows.call_month, 0)  # months until the next budget year
    rows.purse = rows.budget * to_come // MONTHS_A_YEAR
    held: EuroArray = np.zeros(n, np.int64)
    np.add.at(held, grants.funder, grants.purse)
    rows.granted = held
    rows.received = held + rows.purse


def accounts(organisations: Organisations, grants: Grants, settings: Settled) -> Accounts:
    """Own money of each organisation, by its kind, posts and country, and what its grants hold."""
    orgs = organisations
    n = orgs.shape[0]
    posts = orgs.n_posts * _prices()[orgs.country]

    def yearly(values: Mapping[str, float]) -> FloatArray:
        a_post: FloatArray = column(values, vocabulary.KINDS)[orgs.kind]
        amount: FloatArray = posts * a_post
        return amount

    held: EuroArray = np.zeros(n, np.int64)
    np.add.at(held, grants.organisation, grants.purse)
    return table_of(
        Accounts,
        n,
        fees=np.rint(yearly(settings.fees_eur)),
        donations=np.rint(yearly(settings.donations_eur) / MONTHS_A_YEAR),
        in_kind=np.rint(yearly(settings.in_kind_eur) / MONTHS_A_YEAR),
        income=np.rint(yearly(settings.income_eur) / MONTHS_A_YEAR),
        received=held,
    )


def _funder_rows(
    ground: Ground, owner: IntArray, place: IntArray, settings: Settled, seed: int
) -> IntArray:
    """Rows of the funders that pay each line: of its kind, in the organisation's place."""
    weights = column(settings.grant_funder, vocabulary.GRANT_MAKERS)
    kind = choice(_draw(seed, Use.FUNDER, owner, place), weights)
    country = ground.country[owner]
    rows: IntArray = _N_WIDE + ground.territory[owner]
    rows[kind == EU] = 0
    for wide, start in ((NATIONAL, 1), (FOUNDATION, 1 + len(vocabulary.COUNTRIES))):
        mine = kind == wide
        rows[mine] = start + country[mine]
    return rows


def _draw(seed: int, use: Use, who: IntArray, whom: IntArray | int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_FUNDING, use, who, whom)
