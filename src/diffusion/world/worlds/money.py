"""Funders, the grant lines that organisations start with, and what they have of their own."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from diffusion.base.arrays import (
    NEVER,
    EuroArray,
    FloatArray,
    IntArray,
    MaskArray,
    bare,
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


def funders(
    ground: Ground, practices: Practices, settings: Settled, seed: int
) -> tuple[Funders, list[str]]:
    """The EU, a national funder and a foundation a country, a municipal funder a territory.

    Rows: EU, then national by country, foundation by country, municipal by territory, then one
    for each source of own money, so that a funder's row follows from its kind and place. Budgets
    are filled in with the grants.
    """
    territories = ground.territory_country.shape[0]
    own = np.arange(len(vocabulary.OWN_SOURCES))
    kind = np.concatenate(
        (_WIDE_KINDS, np.full(territories, MUNICIPAL), len(vocabulary.GRANT_MAKERS) + own)
    )
    n, gives = kind.shape[0], kind < len(vocabulary.GRANT_MAKERS)
    country = np.concatenate((_WIDE_COUNTRIES, ground.territory_country, np.full(own.size, -1)))
    calls = whole(luck(seed, Decision.WORLD_FUNDING, Use.CALL_MONTH, np.arange(n)), MONTHS_A_YEAR)
    quality = _by_maker(settings.quality)[kind]
    grant_eur = _by_maker(settings.grant_eur)[kind] * np.where(country < 0, 1.0, _prices()[country])
    table = table_of(
        Funders,
        n,
        kind=kind,
        country=country,
        territory=np.where(kind == MUNICIPAL, np.arange(n) - _N_WIDE, -1),
        call_month=np.where(gives, calls, -1),
        grant_eur=np.rint(grant_eur),
        months_grant=_by_maker(settings.months_grant)[kind],
        months_to_start=_by_maker(settings.months_to_start)[kind],
        success_rate=_by_maker(settings.success_rate)[kind],
        min_staff=_by_maker(settings.min_staff)[kind],
        own_share=_by_maker(settings.own_share)[kind],
        application_days=_by_maker(settings.application_days)[kind],
        quality=quality,
        set_aside=_by_maker(settings.set_aside)[kind],
        guidelines=_guidelines(practices, kind, quality, settings.guideline_cutoff),
        level=gives,
    )
    municipal = (f"Municipal fund, {name}" for name in ground.territory_names)
    return table, [*_WIDE_NAMES, *municipal, *_OWN_NAMES]


def _guidelines(
    practices: Practices, kind: IntArray, quality: FloatArray, cutoff: float
) -> MaskArray:
    """What the EU and foundations reward from the start; the others follow policy.

    Who judges by hard targets rewards what has numbers behind it, who judges by quality what can
    be adapted: a practice is rewarded if (1 - quality) * strength of its evidence + quality *
    adaptability reaches the cut-off.
    """
    scores = np.outer(1.0 - quality, practices.strength) + np.outer(quality, practices.adaptability)
    wide = (kind == EU) | (kind == FOUNDATION)
    return masks_of((scores >= cutoff) & wide[:, None])


def _by_maker(values: Mapping[str, float]) -> FloatArray:
    """The values of grant makers by code of the kind; 0 for sources of own money."""
    given = column(values, vocabulary.GRANT_MAKERS)
    every: FloatArray = np.concatenate((given, np.zeros(len(vocabulary.OWN_SOURCES))))
    return every


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
    orgs = bare(organisations)
    n = orgs.shape[0]
    who = np.arange(n)
    expected = settings.grant_lines_max * orgs["project_share"]
    lines = np.minimum(settings.grant_lines_max, expected + _draw(seed, Use.LINES, who))
    n_grants = lines.astype(np.int64)
    first = n_grants.cumsum() - n_grants
    owner = who.repeat(n_grants)
    place = np.arange(owner.shape[0]) - first.repeat(n_grants)
    flowing = _draw(seed, Use.LINE_ACTIVE, owner, place) < settings.grant_active_share
    n_active = np.bincount(owner[flowing], minlength=n)
    active = place < n_active.repeat(n_grants)
    funder = _funder_rows(ground, owner, place, settings, seed)
    payers = bare(funders)
    months_grant, grant_eur = payers["months_grant"], payers["grant_eur"]
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
    orgs["first_grant"] = first
    orgs["n_grants"] = n_grants
    _fill_purses(funders, table, settings.call_generosity)
    return table, n_active


def _fill_purses(funders: Funders, grants: Grants, generosity: float) -> None:
    """Yearly budgets, what is left of the present year's, and what flowing grants still hold."""
    rows = bare(funders)
    n = rows.shape[0]
    lines = np.bincount(grants.funder, minlength=n)
    a_year = lines * float(MONTHS_A_YEAR) / np.maximum(1, rows["months_grant"])
    gives = rows["kind"] < len(vocabulary.GRANT_MAKERS)
    awards = np.where(gives, np.maximum(1, np.rint(generosity * a_year)), 0)
    rows["budget"] = awards * rows["grant_eur"]
    to_come = np.where(gives, rows["call_month"], 0)  # months until the next budget year
    rows["purse"] = rows["budget"] * to_come // MONTHS_A_YEAR
    held: EuroArray = np.zeros(n, np.int64)
    np.add.at(held, grants.funder, grants.purse)
    rows["granted"] = held
    rows["received"] = held + rows["purse"]


def accounts(organisations: Organisations, grants: Grants, settings: Settled) -> Accounts:
    """Own money of each organisation, by its kind, posts and country, and what its grants hold."""
    orgs = bare(organisations)
    n = orgs.shape[0]
    posts = orgs["n_posts"] * _prices()[orgs["country"]]

    def yearly(values: Mapping[str, float]) -> FloatArray:
        a_post: FloatArray = column(values, vocabulary.KINDS)[orgs["kind"]]
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
