"""Found communities of practice and pay their facilitation (CoP formation)."""

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from diffusion.base import draws
from diffusion.base.arrays import NEVER, IntArray, resized, table_of
from diffusion.base.draws import Decision
from diffusion.base.errors import SettingError
from diffusion.interventions.base import (
    Intervention,
    covered,
    eligible,
    members_meant,
    monthly_cost,
    native_languages,
    ranked,
    salt_of,
    steady,
)
from diffusion.world.state import State
from diffusion.world.tables import Members, Networks
from diffusion.world.vocabulary import (
    COP_TYPES,
    FIELDS,
    FORMALISATIONS,
    LANGUAGES,
    LEVELS,
    NETWORK_TYPES,
    index,
    mask,
)

_LOCAL = ("cop_local", "informal_group")  # one in a territory
_FOUNDED_KEYS = 1_000_000  # keys of founded groups start here, clear of the world's own networks


class FoundGroup(Intervention):
    """Founds communities of practice at the start of its window and pays them until its end.

    `cop_local` founds one in each covered territory, `cop_embedded` one inside each covered
    network, `cop_specialised` one for each covered field across places, `informal_group` a group
    without presentations in each covered territory. `target` says who is invited first. Trust
    among members is not given: it grows out of their contacts. When the money ends the community
    goes on unpaid and may fall dormant; one without a price is unpaid from the start.

    Source: E017, E019, E020, E023, E025, E030, E105, E140; E01-E09.
    """

    type: Literal["cop_local", "cop_embedded", "cop_specialised", "informal_group"]
    formalisation: Literal["informal", "mixed", "soft_formal", "formal"] = "soft_formal"
    size: int = Field(ge=3, le=500, description="members invited to each community")
    min_members: int = Field(ge=3, le=500, description="smallest community that is founded")
    meetings_per_year: float = Field(gt=0.0, le=12.0, description="at most one a month")
    facilitated: bool
    online: bool
    policy_link: bool = Field(description="whether results are carried to policy makers")
    eur_per_year: float = Field(ge=0.0, le=1e6, description="cost of one; 0 = nobody is paid")

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if self.min_members > self.size:
            raise ValueError(
                f"min_members = {self.min_members} is more than size = {self.size}: "
                f"no community could be founded"
            )
        return self

    def begin(self, state: State, name: str) -> IntArray:
        meant = eligible(state, self.target)
        chosen = _places(self, state, name, meant)
        places = np.sort(chosen)
        first = state.n_networks
        _found(state, self, [_Plan(self, state, name, place, meant) for place in places])
        return first + np.searchsorted(places, chosen)

    @steady
    def act(self, state: State, rows: IntArray) -> float:
        if self.eur_per_year > 0.0:
            state.networks.sponsored[rows] = 1
        return monthly_cost(self.eur_per_year, state.networks.country[rows])

    def explain(self) -> str:
        where = {
            "cop_local": "local communities of practice in {} of territories",
            "cop_embedded": "communities of practice inside {} of the larger networks",
            "cop_specialised": "specialised communities of practice in {} of the fields",
            "informal_group": "informal groups in {} of territories",
        }[self.type].format(f"{self.coverage:.0%}")
        how = "facilitated" if self.facilitated else "not facilitated"
        return (
            f"Founds {where} with up to {self.size} members (first invited: {self.target}), "
            f"{self.meetings_per_year:g} {how} meetings a year "
            f"{'online' if self.online else 'in person'}, {self.months()}, at "
            f"{self.eur_per_year:,.0f} EUR a community and year (EU price)."
        )


def _places(preset: FoundGroup, state: State, name: str, meant: IntArray) -> IntArray:
    """Codes of the territories, networks or fields that get a community, the first paid first.

    Args:
        meant: rows of the organisations that may be invited.
    """
    people = _people(preset, state, meant)
    places = np.flatnonzero(people >= preset.min_members)
    kind = "fields"
    if preset.type != "cop_specialised":
        kind = "territories" if preset.type in _LOCAL else "networks"
    if places.size == 0:
        raise SettingError(
            f"intervention '{name}': no community could be founded, for none of the {kind} of "
            f"this world has min_members = {preset.min_members} organisations that target "
            f"'{preset.target}' means; choose another target, or fewer members"
        )
    luck = draws.uniforms(state.seed, Decision.GROUP_MEMBER, salt_of(name) % 2**31, places)
    chosen: IntArray = places[np.argsort(luck, kind="stable")]
    return chosen[: covered(preset.coverage, places.size, kind, name)]


def _people(preset: FoundGroup, state: State, meant: IntArray) -> IntArray:
    """How many organisations could be invited in each territory, network or field."""
    people: IntArray
    orgs, networks = state.organisations, state.networks
    if preset.type in _LOCAL:
        people = np.bincount(orgs.territory[meant], minlength=len(state.territories))
        return np.where(state.territories.is_national == 0, people, 0)
    if preset.type == "cop_embedded":
        own = (networks.is_cop == 0) & (networks.key < _FOUNDED_KEYS)
        return np.where(own, members_meant(state, meant), 0)
    bits = np.arange(len(FIELDS), dtype=np.uint64)[:, None]
    people = ((orgs.fields[meant] >> bits) & np.uint64(1)).sum(axis=1).astype(np.int64)
    people[0] = 0  # `general` is no field of its own
    return people


class _Plan:
    """One community: where it sits, and whom it invites."""

    def __init__(
        self, preset: FoundGroup, state: State, name: str, place: int, meant: IntArray
    ) -> None:
        orgs, rows = state.organisations, meant
        if preset.type in _LOCAL:
            rows = rows[orgs.territory[rows] == place]
        elif preset.type == "cop_embedded":
            start, end = state.members.start[place], state.members.start[place + 1]
            rows = np.intersect1d(rows, state.members.organisation[start:end])
        else:
            rows = rows[(orgs.fields[rows] & np.uint64(1 << place)) != 0]
        invited = ranked(state, rows, preset.target, salt_of(name, place))[: preset.size]
        self.members: IntArray = np.sort(invited)
        self.key = _FOUNDED_KEYS + salt_of(preset.type, name, place) % _FOUNDED_KEYS
        self.label = f"{name}: {self._label(preset, state, place)}"
        self.coordinator = int(self.members[np.argmax(orgs.support[self.members])])
        self.territory = int(orgs.territory[self.coordinator])

    @staticmethod
    def _label(preset: FoundGroup, state: State, place: int) -> str:
        if preset.type in _LOCAL:
            return state.names.territories[place]
        return state.names.networks[place] if preset.type == "cop_embedded" else FIELDS[place]


def _found(state: State, preset: FoundGroup, plans: list[_Plan]) -> None:
    """Append the communities to the networks of the world."""
    territory = np.array([plan.territory for plan in plans])
    country = state.territories.country[territory]
    local = preset.type in _LOCAL
    languages: npt.NDArray[np.uint64] = native_languages()[country]
    if not local:
        languages = languages | np.uint64(mask(LANGUAGES, ["en"]))
    new = table_of(
        Networks,
        len(plans),
        key=[plan.key for plan in plans],
        type=index(NETWORK_TYPES, preset.type),
        is_cop=int(preset.type in COP_TYPES),
        territory=territory,
        country=country,
        level=index(LEVELS, "local" if local else "national"),
        coordinator=[plan.coordinator for plan in plans],
        formalisation=index(FORMALISATIONS, preset.formalisation),
        meetings_per_year=preset.meetings_per_year,
        facilitated=int(preset.facilitated),
        online=int(preset.online),
        bridging=1,
        policy_link=int(preset.policy_link),
        languages=languages,
        active=1,
        paid_until=NEVER,
        founded=state.month,
    )
    before = state.n_networks
    state.networks = resized(state.networks, before + len(plans))
    state.networks[before:] = new
    sizes = np.array([plan.members.size for plan in plans])
    old = state.members
    state.set_members(
        Members(
            start=np.concatenate([old.start, old.start[-1] + np.cumsum(sizes)]).astype(np.int64),
            organisation=np.concatenate([old.organisation, *(plan.members for plan in plans)]),
        )
    )
    state.names.networks.extend(plan.label for plan in plans)
