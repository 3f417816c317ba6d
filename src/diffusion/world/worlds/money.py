"""Funders and the grant lines that organisations start with."""

import numpy as np

from diffusion.base.arrays import NEVER, FloatArray, IntArray, bare, table_of
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.tables import Funders, Grants, Organisations
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import Use, choice, luck, whole
from diffusion.world.worlds.settled import Settled, column

EU, NATIONAL, MUNICIPAL, FOUNDATION = range(len(vocabulary.FUNDER_KINDS))
CALLS_A_YEAR = 12
_COUNTRIES = np.arange(len(vocabulary.COUNTRIES))
_N_WIDE = 1 + 2 * len(vocabulary.COUNTRIES)  # funders of a country or of all of Europe
_WIDE_KINDS = np.repeat([EU, NATIONAL, FOUNDATION], [1, *2 * [len(vocabulary.COUNTRIES)]])
_WIDE_COUNTRIES = np.concatenate(([-1], _COUNTRIES, _COUNTRIES))
_WIDE_NAMES = (
    "EU programmes",
    *(f"National fund, {country}" for country in vocabulary.COUNTRIES),
    *(f"Foundation, {country}" for country in vocabulary.COUNTRIES),
)


def funders(ground: Ground, settings: Settled, seed: int) -> tuple[Funders, list[str]]:
    """The EU, a national funder and a foundation a country, a municipal funder a territory.

    Rows: EU, then national by country, foundation by country, municipal by territory, so that a
    funder's row follows from its kind and place. Budgets are filled in with the grants.
    """
    territories = ground.territory_country.shape[0]
    kind = np.concatenate((_WIDE_KINDS, np.full(territories, MUNICIPAL)))
    n = kind.shape[0]
    table = table_of(
        Funders,
        n,
        kind=kind,
        country=np.concatenate((_WIDE_COUNTRIES, ground.territory_country)),
        territory=np.maximum(np.arange(n) - _N_WIDE, -1),
        call_month=whole(
            luck(seed, Decision.WORLD_FUNDING, Use.CALL_MONTH, np.arange(n)), CALLS_A_YEAR
        ),
        months_grant=column(settings.months_grant, vocabulary.FUNDER_KINDS)[kind],
        months_to_start=column(settings.months_to_start, vocabulary.FUNDER_KINDS)[kind],
        success_rate=column(settings.success_rate, vocabulary.FUNDER_KINDS)[kind],
        min_staff=column(settings.min_staff, vocabulary.FUNDER_KINDS)[kind],
    )
    return table, [*_WIDE_NAMES, *(f"Municipal fund, {name}" for name in ground.territory_names)]


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
    months_grant = bare(funders)["months_grant"]
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
    )
    ending = np.bincount(funder, minlength=months_grant.shape[0]) * 12.0 / months_grant
    orgs["first_grant"] = first
    orgs["n_grants"] = n_grants
    bare(funders)["budget"] = np.maximum(1, np.rint(settings.call_generosity * ending))
    return table, n_active


def _funder_rows(
    ground: Ground, owner: IntArray, place: IntArray, settings: Settled, seed: int
) -> IntArray:
    """Rows of the funders that pay each line: of its kind, in the organisation's place."""
    weights = column(settings.grant_funder, vocabulary.FUNDER_KINDS)
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
