"""A made-up world of any size: mean degree, clustering, modularity and mix of kinds as asked."""

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from diffusion.base.arrays import FloatArray, IntArray, table_of
from diffusion.base.draws import Decision
from diffusion.base.errors import WorldError
from diffusion.world import vocabulary
from diffusion.world.practices import PracticesSettings, catalogue
from diffusion.world.state import State
from diffusion.world.tables import Members, Networks
from diffusion.world.worlds.ground import ALWAYS, Ground
from diffusion.world.worlds.linking import cut
from diffusion.world.worlds.luck import Use, choice, luck, whole
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

    def build(self, practices: PracticesSettings, seed: int) -> State:
        """The state at month 0; the same seed gives the same bits.

        Raises:
            WorldError: more territories than organisations, or a modularity that so few
                territories can't have.
        """
        chosen = catalogue(practices)
        return settle(
            _ground(self, len(chosen.ids), seed), chosen, self, practices.related_cases, seed
        )


def _ground(settings: SyntheticWorld, n_practices: int, seed: int) -> Ground:
    n = settings.n
    if settings.n_territories > n:
        raise WorldError(
            f"world.n_territories is {settings.n_territories}, more than the {n} organisations; "
            f"ask for at most world.n"
        )
    who = np.arange(n)
    territory = (who * settings.n_territories) // n
    codes = np.array([vocabulary.index(vocabulary.COUNTRIES, c) for c in settings.countries])
    used = min(codes.shape[0], settings.n_territories)
    country = codes[(np.arange(settings.n_territories) * used) // settings.n_territories]
    mixed = _mixed_share(settings, territory)
    networks, members, names = _networks(settings, territory, country, seed)
    group, row_organisation, first = _circles(settings, territory, mixed, seed)
    origin = whole(luck(seed, Decision.WORLD_PRACTICE, Use.TERRITORY, np.arange(n_practices)), n)
    weights = column(settings.kind_mix, vocabulary.KINDS)
    return Ground(
        kind=choice(luck(seed, Decision.WORLD_ORGANISATION, Use.KIND, who), weights),
        territory=territory,
        level=np.zeros(n, np.int64),
        fields=np.zeros(n, np.uint64),
        fields_given=np.zeros(n, np.int64),
        founding_year=np.zeros(n, np.int64),
        territory_country=np.concatenate((country, codes)),
        territory_is_national=np.repeat([0, 1], [settings.n_territories, codes.shape[0]]),
        territory_will=np.full(settings.n_territories + codes.shape[0], np.nan),
        networks=networks,
        members=members,
        circle_group=group,
        circle_organisation=row_organisation,
        circle_first=first,
        near_share=1.0 - mixed,
        country_share=0.0,
        origin_organisation=origin,
        origin_practice=np.arange(n_practices),
        origin_month=-1
        - whole(
            luck(seed, Decision.WORLD_PRACTICE, Use.YEAR, np.arange(n_practices)),
            settings.init_months_running,
        ),
        practice_country=country[territory[origin]],
        organisation_names=[f"Organisation {i + 1}" for i in range(n)],
        network_names=names,
        territory_names=[f"Territory {t + 1}" for t in range(settings.n_territories)]
        + [f"{name} (national)" for name in settings.countries],
    )


def _mixed_share(settings: SyntheticWorld, territory: IntArray) -> float:
    """Share of ties drawn across all territories, from the modularity asked for."""
    shares = np.bincount(territory) / territory.shape[0]
    most = 1.0 - float(np.sum(shares**2))
    if settings.modularity > most:
        raise WorldError(
            f"world.modularity is {settings.modularity:g}; with {settings.n_territories} "
            f"territories it can be at most {most:.2f}: ask for less, or for more territories"
        )
    return 1.0 - settings.modularity / most if most > 0.0 else 1.0


def _circles(
    settings: SyntheticWorld, territory: IntArray, mixed: float, seed: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Two places in circles each: in the own territory, or in the mixed group."""
    n = settings.n
    who = np.tile(np.arange(n), 2)
    row = np.arange(2 * n)
    crosses = luck(seed, Decision.WORLD_TIE, Use.MIXED, row) < mixed
    group = np.where(crosses, settings.n_territories, territory[who])
    return group, who, (row < n).astype(np.int64)


def _networks(
    settings: SyntheticWorld, territory: IntArray, country: IntArray, seed: int
) -> tuple[Networks, Members, list[str]]:
    """Networks and communities of practice, each within one territory."""
    plain = _groups(territory, settings.network_share, settings.network_size, 0, seed)
    cops = _groups(territory, settings.cop_share, settings.cop_size, 1, seed)
    sizes = np.concatenate((np.bincount(plain[1]), np.bincount(cops[1])))
    sizes = sizes[sizes > 0]
    n_plain = np.unique(plain[1]).shape[0]
    start = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    members = Members(start, np.concatenate((plain[0], cops[0])))
    is_cop = (np.arange(sizes.shape[0]) >= n_plain).astype(np.int64)
    names = [f"Network {i + 1}" for i in range(n_plain)]
    names += [f"Community of practice {i + 1}" for i in range(sizes.shape[0] - n_plain)]
    coordinator = members.organisation[start[:-1]]
    home = territory[coordinator]
    return _attributes(settings, is_cop, coordinator, home, country[home], seed), members, names


def _groups(
    territory: IntArray, share: float, size: float, which: int, seed: int
) -> tuple[IntArray, IntArray]:
    """Organisations that are in a group and the group's number; nobody is in a group alone."""
    who = np.arange(territory.shape[0])
    u = luck(seed, Decision.WORLD_MEMBERSHIP, Use.MEMBER_SCORE, who, 2 * which)
    inside = np.flatnonzero(u < share)
    mixed = luck(seed, Decision.WORLD_MEMBERSHIP, Use.MEMBER_SCORE, inside, 2 * which + 1)
    inside = inside[np.lexsort((mixed, territory[inside]))]
    number = cut(territory[inside], size)
    several = np.bincount(number)[number] > 1
    return inside[several], number[several]


def _attributes(
    settings: SyntheticWorld,
    is_cop: IntArray,
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
        type=np.where(is_cop == 1, _FIRST_COP, kind),
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
