"""The shared last steps of world building: from the ground plan to a complete state."""

import warnings

import numpy as np

from diffusion.base.arrays import table_of
from diffusion.base.draws import Decision
from diffusion.base.errors import DiffusionWarning, WorldError
from diffusion.world.practices import Catalogue
from diffusion.world.state import Names, State
from diffusion.world.tables import Territories
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.knowledge import spread
from diffusion.world.worlds.linking import ties as all_ties
from diffusion.world.worlds.luck import Use, luck, normals
from diffusion.world.worlds.money import accounts as first_accounts
from diffusion.world.worlds.money import funders as all_funders
from diffusion.world.worlds.money import grants as first_grants
from diffusion.world.worlds.people import meeting_languages, within
from diffusion.world.worlds.people import organisations as all_organisations
from diffusion.world.worlds.people import posts as all_posts
from diffusion.world.worlds.settled import Settled

_TOLERATED = 0.97  # of the mean degree asked for
_DRAWN = ("organisations", "uses", "ties", "networks", "funders", "territories")


def settle(
    ground: Ground, catalogue: Catalogue, settings: Settled, related_cases: int, seed: int
) -> State:
    """Staff, money, ties and first knowledge on a ground plan; every draw from the run's seed.

    A mean degree that is clearly missed is told by a warning.

    Raises:
        WorldError: settings so far from the usual ones that they give what is no number, or a mean
            degree that so few organisations can't have.
    """
    organisations = all_organisations(ground, settings, related_cases, seed)
    ground.networks.languages = meeting_languages(ground, organisations)
    funders, funder_names = all_funders(ground, catalogue.practices, settings, seed)
    grants, n_active = first_grants(ground, organisations, funders, settings, seed)
    posts = all_posts(ground, organisations, n_active, settings, seed)
    territories = _territories(ground, settings, seed)
    # ties need most memory on the way, what is known of each use takes most: ties come first
    ties = all_ties(ground, organisations, settings, seed)
    uses = spread(
        ground, catalogue.practices, organisations, posts, grants, territories, settings, seed
    )
    state = State(
        seed=seed,
        practices=catalogue.practices,
        organisations=organisations,
        uses=uses,
        posts=posts,
        ties=ties,
        networks=ground.networks,
        members=ground.members,
        grants=grants,
        funders=funders,
        territories=territories,
        names=Names(
            organisations=ground.organisation_names,
            networks=ground.network_names,
            territories=ground.territory_names,
            funders=funder_names,
            practices=catalogue.ids,
            practice_titles=catalogue.titles,
        ),
    )
    state.accounts = first_accounts(organisations, grants, settings)
    _check_numbers(state)
    _tell_of_few_ties(state, settings.mean_degree)
    return state


def _tell_of_few_ties(state: State, asked: float) -> None:
    """Circles and chance run out of new pairs in crowded worlds, and in closed territories.

    All seeds tell it in the same words, so that Python shows it once a process.
    """
    n = state.n_organisations
    if 2.0 * state.n_ties < _TOLERATED * asked * n:
        warnings.warn(
            f"world.mean_degree is {asked:g}, which this world of {n} organisations misses by more "
            f"than {1.0 - _TOLERATED:.0%}, for it runs out of new pairs; ask for less, for more "
            f"organisations, or for less world.modularity where a world has it",
            DiffusionWarning,
            stacklevel=3,
        )


def _check_numbers(state: State) -> None:
    """Rules compare with what is no number without a word, and tables of results hide it."""
    for name in _DRAWN:
        table = getattr(state, name)
        for column, place in table.layout.places.items():
            if place.kind.kind != "f" or np.isfinite(table[column].sum()):
                continue
            raise WorldError(
                f"{column} of {name} is no finite number somewhere in the world that these "
                f"settings give; bring the changed settings of the world nearer to their defaults"
            )


def _territories(ground: Ground, settings: Settled, seed: int) -> Territories:
    every = np.arange(ground.territory_country.shape[0])
    u = 2.0 * luck(seed, Decision.WORLD_POLICY, Use.WILL, every) - 1.0
    drawn = settings.will_mean + settings.will_spread * u
    known = ~np.isnan(ground.territory_will)
    table = table_of(
        Territories,
        every.shape[0],
        country=ground.territory_country,
        is_national=ground.territory_is_national,
        log_pressure=settings.pressure_sd
        * normals(seed, Decision.WORLD_POLICY, Use.PRESSURE, every),
        will=within(np.where(known, ground.territory_will, drawn), 0.0, 1.0),
    )
    return table
