"""Funders and the grant lines that organisations start with."""

import numpy as np

from diffusion.base.arrays import NEVER, FloatArray, IntArray, table_of
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.tables import Funders, Grants, Organisations
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import Use, choice, luck, whole
from diffusion.world.worlds.settled import Settled, column

EU, NATIONAL, MUNICIPAL, FOUNDATION = range(len(vocabulary.FUNDER_KINDS))
CALLS_A_YEAR = 12


def funders(ground: Ground, settings: Settled, seed: int) -> tuple[Funders, list[str]]:
    """The EU, a national funder and a foundation a country, a municipal funder a territory.

    Rows: EU, then national by country, foundation by country, municipal by territory, so that a
    funder's row follows from its kind and place. Budgets are filled in with the grants.
    """
    countries = len(vocabulary.COUNTRIES)
    territories = ground.territory_country.shape[0]
    kind = np.repeat([EU, NATIONAL, FOUNDATION, MUNICIPAL], [1, countries, countries, territories])
    every = np.arange(countries)
    country = np.concatenate(([-1], every, every, ground.territory_country))
    territory = np.concatenate((np.full(1 + 2 * countries, -1), np.arange(territories)))
    names = ["EU programmes"]
    names += [f"National fund, {country}" for country in vocabulary.COUNTRIES]
    names += [f"Foundation, {country}" for country in vocabulary.COUNTRIES]
    names += [f"Municipal fund, {name}" for name in ground.territory_names]
    n = kind.shape[0]
    table = table_of(
        Funders,
        n,
        kind=kind,
        country=country,
        territory=territory,
        call_month=whole(
            luck(seed, Decision.WORLD_FUNDING, Use.CALL_MONTH, np.arange(n)), CALLS_A_YEAR
        ),
        months_grant=column(settings.months_grant, vocabulary.FUNDER_KINDS)[kind],
        months_to_start=column(settings.months_to_start, vocabulary.FUNDER_KINDS)[kind],
        success_rate=column(settings.success_rate, vocabulary.FUNDER_KINDS)[kind],
        min_staff=column(settings.min_staff, vocabulary.FUNDER_KINDS)[kind],
    )
    return table, names


def grants(
    organisations: Organisations, funders: Funders, settings: Settled, seed: int
) -> tuple[Grants, IntArray]:
    """Grant lines in proportion to project money, with staggered ends, and the calls' budgets.

    An organisation's active lines come first. Returns also the number of active lines each.
    """
    n = organisations.kind.shape[0]
    who = np.arange(n)
    expected = settings.grant_lines_max * organisations.project_share
    lines = np.minimum(settings.grant_lines_max, (expected + _draw(seed, Use.LINES, who)))
    n_grants = lines.astype(np.int64)
    first = np.cumsum(n_grants) - n_grants
    owner = np.repeat(who, n_grants)
    place = np.arange(owner.shape[0]) - first[owner]
    flowing = _draw(seed, Use.LINE_ACTIVE, owner, place) < settings.grant_active_share
    n_active = np.bincount(owner, flowing, minlength=n).astype(np.int64)
    active = place < n_active[owner]
    funder = _funder_rows(organisations, owner, place, settings, seed)
    left = whole(_draw(seed, Use.ENDS, owner, place), funders.months_grant[funder])
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
    ending = np.bincount(funder, minlength=funders.kind.shape[0]) * 12.0 / funders.months_grant
    budget = np.maximum(1, np.rint(settings.call_generosity * ending)).astype(np.int64)
    organisations.first_grant[:] = first
    organisations.n_grants[:] = n_grants
    funders.budget[:] = budget
    return table, n_active


def _funder_rows(
    organisations: Organisations, owner: IntArray, place: IntArray, settings: Settled, seed: int
) -> IntArray:
    weights = column(settings.grant_funder, vocabulary.FUNDER_KINDS)
    kind = choice(_draw(seed, Use.FUNDER, owner, place), weights)
    countries = len(vocabulary.COUNTRIES)
    country = organisations.country[owner]
    rows: IntArray = np.select(
        [kind == EU, kind == NATIONAL, kind == FOUNDATION],
        [np.zeros_like(kind), 1 + country, 1 + countries + country],
        1 + 2 * countries + organisations.territory[owner],
    )
    return rows


def _draw(seed: int, use: Use, who: IntArray, whom: IntArray | int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_FUNDING, use, who, whom)
