"""A made-up world of any size: mean degree, clustering, modularity and mix of kinds as asked."""

from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, Field

from diffusion.base.arrays import FloatArray, IntArray, table_of
from diffusion.base.draws import Decision
from diffusion.base.errors import WorldError
from diffusion.world import vocabulary
from diffusion.world.labels import Numbered
from diffusion.world.practices import PracticesSettings, catalogue
from diffusion.world.state import State
from diffusion.world.tables import Members, Networks
from diffusion.world.worlds.ground import ALWAYS, Ground
from diffusion.world.worlds.linking import circle_sizes
from diffusion.world.worlds.luck import BoolArray, Use, ascending_within, choice, luck, whole
from diffusion.world.worlds.settle import settle
from diffusion.world.worlds.settled import Settled, Share, ShareByKind, column

_FIRST_COP = vocabulary.index(vocabulary.NETWORK_TYPES, vocabulary.COP_TYPES[0])


def _known_countries(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        vocabulary.index(vocabulary.COUNTRIES, name)
    if not names or len(set(names)) < len(names):
        raise ValueError("name at least one country, and each once")
    return names


class SyntheticWorld(Settled):
    """n organisations in territories of similar size, with networks and communities of practice."""

    kind: Literal["synthetic"]
    n: int = Field(ge=10, le=5_000_000, description="organisations")
    n_territories: int = Field(ge=1, le=100_000)
    countries: Annotated[tuple[str, ...], AfterValidator(_known_countries)]
    modularity: float = Field(ge=0.0, le=0.95, description="of the division into territories")
    kind_mix: ShareByKind = Field(description="weights")
    network_share: Share = Field(description="organisations in a cooperation network")
    cop_share: Share = Field(description="organisations in a community of practice")
    network_size: float = Field(ge=2.0, le=500.0)
    cop_size: float = Field(ge=2.0, le=500.0)
    meetings_per_year: float = Field(ge=0.0, le=52.0)
    facilitated_share: Share
    bridging_share: Share
    policy_link_share: Share
    regular_money_share: Share

    @np.errstate(over="ignore")
    def build(self, practices: PracticesSettings, seed: int) -> State:
        """The state at month 0; the same seed gives the same bits.

        Raises:
            WorldError: more territories than organisations, a modularity that so few territories
                can't have, or a mean degree that so few organisations can't have.
        """
        chosen = catalogue(practices)
        layout = _layout(self.n, self.n_territories, self.countries, self.modularity)
        ground = _ground(self, layout, len(chosen.ids), seed)
        return settle(ground, chosen, self, practices.related_cases, seed)


class _Layout(NamedTuple):
    """What does not depend on the seed."""

    territory: IntArray  # of each organisation
    territory_country: IntArray  # national rows included, which come last
    is_national: IntArray
    mixed: float  # share of ties drawn across all territories
    names: tuple[str, ...]  # of territories


@lru_cache(maxsize=2)
def _layout(n: int, n_territories: int, countries: tuple[str, ...], modularity: float) -> _Layout:
    if n_territories > n:
        raise WorldError(
            f"world.n_territories is {n_territories}, more than the {n} organisations; "
            f"ask for at most world.n"
        )
    territory = (np.arange(n) * n_territories) // n
    codes = np.array([vocabulary.index(vocabulary.COUNTRIES, name) for name in countries])
    used = min(codes.shape[0], n_territories)
    country = codes[(np.arange(n_territories) * used) // n_territories]
    territory_country = np.concatenate((country, codes))
    is_national = np.repeat([0, 1], [n_territories, codes.shape[0]])
    for array in (territory, territory_country, is_national):
        array.setflags(write=False)
    return _Layout(
        territory=territory,
        territory_country=territory_country,
        is_national=is_national,
        mixed=_mixed_share(modularity, territory, n_territories),
        names=(
            *(f"Territory {t + 1}" for t in range(n_territories)),
            *(f"{name} (national)" for name in countries),
        ),
    )


def _mixed_share(modularity: float, territory: IntArray, n_territories: int) -> float:
    """Share of ties drawn across all territories, from the modularity asked for."""
    shares = np.bincount(territory) / territory.shape[0]
    most = 1.0 - float(np.sum(shares**2))
    if modularity > most:
        raise WorldError(
            f"world.modularity is {modularity:g}; with {n_territories} "
            f"territories it can be at most {most:.2f}: ask for less, or for more territories"
        )
    return 1.0 - modularity / most if most > 0.0 else 1.0


def _ground(settings: SyntheticWorld, layout: _Layout, n_practices: int, seed: int) -> Ground:
    n = settings.n
    practices = np.arange(n_practices)
    networks, members, network_names = _networks(settings, layout, seed)
    group, row_organisation, first = _circles(layout, seed)
    origin = whole(luck(seed, Decision.WORLD_PRACTICE, Use.TERRITORY, practices), n)
    began = whole(
        luck(seed, Decision.WORLD_PRACTICE, Use.YEAR, practices), settings.init_months_running
    )
    weights = column(settings.kind_mix, vocabulary.KINDS)
    nothing = np.zeros(n, np.int64)
    return Ground(
        kind=choice(luck(seed, Decision.WORLD_ORGANISATION, Use.KIND, np.arange(n)), weights),
        territory=layout.territory,
        level=nothing,
        fields=np.zeros(n, np.uint64),
        fields_given=np.zeros(n, np.bool_),
        founding_year=nothing,
        posts=nothing,
        territory_country=layout.territory_country,
        territory_is_national=layout.is_national,
        territory_will=np.full(layout.is_national.shape[0], np.nan),
        networks=networks,
        members=members,
        circle_group=group,
        circle_organisation=row_organisation,
        circle_first=first,
        near_share=1.0 - layout.mixed,
        country_share=0.0,
        origin_organisation=origin,
        origin_practice=practices,
        origin_month=-1 - began,
        practice_country=layout.territory_country[layout.territory[origin]],
        organisation_names=Numbered("Organisation", n),
        network_names=network_names,
        territory_names=list(layout.names),
    )


def _circles(layout: _Layout, seed: int) -> tuple[IntArray, IntArray, BoolArray]:
    """Two places in circles each: in the own territory, or in the mixed group."""
    n = layout.territory.shape[0]
    row = np.arange(2 * n)
    crosses = luck(seed, Decision.WORLD_TIE, Use.MIXED, row) < layout.mixed
    group = np.concatenate((layout.territory, layout.territory))
    group[crosses] = layout.is_national.shape[0]  # the number of no territory
    return group, row % n, row < n


def _networks(
    settings: SyntheticWorld, layout: _Layout, seed: int
) -> tuple[Networks, Members, list[str]]:
    """Networks and communities of practice, each within one territory."""
    territory = layout.territory
    plain = _groups(territory, settings.network_share, settings.network_size, 0, seed)
    cops = _groups(territory, settings.cop_share, settings.cop_size, 1, seed)
    n_plain, n_cops = plain[1].shape[0], cops[1].shape[0]
    start = np.zeros(n_plain + n_cops + 1, np.int64)
    np.concatenate((plain[1], cops[1])).cumsum(out=start[1:])
    members = Members(start, np.concatenate((plain[0], cops[0])))
    is_cop = np.arange(n_plain + n_cops) >= n_plain
    names = [f"Network {i + 1}" for i in range(n_plain)]
    names += [f"Community of practice {i + 1}" for i in range(n_cops)]
    coordinator = members.organisation[start[:-1]]
    home = territory[coordinator]
    country = layout.territory_country[home]
    return _attributes(settings, is_cop, coordinator, home, country, seed), members, names


def _groups(
    territory: IntArray, share: float, size: float, which: int, seed: int
) -> tuple[IntArray, IntArray]:
    """Organisations that are in a group, group by group, and the sizes of the groups.

    Nobody is in a group alone.
    """
    who = np.arange(territory.shape[0])
    u = luck(seed, Decision.WORLD_MEMBERSHIP, Use.MEMBER_SCORE, who, 2 * which)
    inside = (u < share).nonzero()[0]
    mixed = luck(seed, Decision.WORLD_MEMBERSHIP, Use.MEMBER_SCORE, inside, 2 * which + 1)
    inside = inside[ascending_within(territory[inside], mixed)]
    sizes = circle_sizes(territory[inside], size)
    return inside[(sizes > 1).repeat(sizes)], sizes[sizes > 1]


def _attributes(
    settings: SyntheticWorld,
    is_cop: BoolArray,
    coordinator: IntArray,
    home: IntArray,
    country: IntArray,
    seed: int,
) -> Networks:
    """How the networks are coordinated, paid and run."""
    k = np.arange(is_cop.shape[0])
    regular = _network_luck(seed, Use.REGULAR, k) < settings.regular_money_share
    kind = choice(_network_luck(seed, Use.NETWORK_TYPE, k), np.ones(_FIRST_COP))
    coordinators = choice(
        _network_luck(seed, Use.COORDINATOR, k), np.ones(len(vocabulary.COORDINATORS) - 1)
    )
    end = 1 + whole(_network_luck(seed, Use.MONEY_END, k), settings.months_grant["national"])
    return table_of(
        Networks,
        k.shape[0],
        key=k,
        type=np.where(is_cop, _FIRST_COP, kind),
        is_cop=is_cop,
        territory=home,
        country=country,
        coordinator=coordinator,
        coordinator_kind=1 + coordinators,
        formalisation=choice(
            _network_luck(seed, Use.FORMALISATION, k), np.ones(len(vocabulary.FORMALISATIONS))
        ),
        meetings_per_year=settings.meetings_per_year,
        facilitated=_network_luck(seed, Use.FACILITATED, k) < settings.facilitated_share,
        bridging=_network_luck(seed, Use.BRIDGING, k) < settings.bridging_share,
        policy_link=_network_luck(seed, Use.POLICY_LINK, k) < settings.policy_link_share,
        regular_money=regular,
        active=1,
        paid_until=np.where(regular, ALWAYS, end),
        paid=1,
        coordinated=1,
        founded=-1 - whole(_network_luck(seed, Use.FOUNDED, k), settings.init_months_running),
    )


def _network_luck(seed: int, use: Use, k: IntArray) -> FloatArray:
    return luck(seed, Decision.WORLD_NETWORK, use, k)
