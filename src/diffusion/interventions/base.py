"""What every intervention is: a window, a coverage, whom it reaches, a cost, a sentence.

An intervention is a frozen description. `begin` binds it to a world and says which rows it
reaches; `act` moves modifiers of these rows, or marks posts as paid, in each month of its window.
Both are neutral again at the start of the next month, so it undoes itself. It remembers nothing
but the rows: that is why a run can be saved, and forked, at any month.
"""

import zlib
from abc import ABC, abstractmethod
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.base.errors import SettingError, nearest
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.evidence.costs import relative_labour_cost
from diffusion.world.state import GENERAL, State
from diffusion.world.vocabulary import (
    COUNTRIES,
    COUNTRY_LANGUAGE,
    FIELDS,
    KINDS,
    LANGUAGES,
    index,
    mask,
)

TARGETS = ("random", "hubs", "brokers", "periphery", "small", "migrant_led", "language_minority")
SMALL_POSTS = 4  # an organisation with fewer posts counts as small


class Window(BaseModel):
    """Months in which it acts: from the first up to, but not including, the last."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: int = Field(alias="from", ge=0, description="first month in which it acts")
    until: int = Field(ge=1, description="month in which it has ended")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until <= self.start:
            raise ValueError(
                f"the window ends (until = {self.until}) before it starts (from = {self.start}): "
                f"until must be later than from"
            )
        return self

    def __contains__(self, month: int) -> bool:
        return self.start <= month < self.until


Direction = Literal["up", "down"]


class Expected(BaseModel):
    """What the sources say that it does: columns of the monthly table and where they move.

    A column is compared with the same run without the lever: its mean over the months of the
    window, and its mean over the months after it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    during: dict[str, Direction] = {}
    after: dict[str, Direction] = {}


class Intervention(BaseModel, ABC):
    """A lever that can be switched on by name, alone or together with others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: Window
    coverage: float = Field(ge=0.0, le=1.0, description="share of those eligible that it reaches")
    target: str = Field(
        description="who comes first: " + ", ".join(TARGETS) + ", kind:<kind>, field:<field>"
    )
    evidence: tuple[str, ...] = Field(description="ids of the claims it rests on")
    covers: tuple[str, ...] = Field((), description="levers of the sources that it stands for")
    expected: Expected = Field(Expected(), description="what it should change, and where to")

    @field_validator("target")
    @classmethod
    def _known_target(cls, target: str) -> str:
        try:
            check_target(target)
        except SettingError as error:
            raise ValueError(str(error)) from error
        return target

    @abstractmethod
    def begin(self, state: State, name: str) -> IntArray:
        """Bind it to a world in the first month of its window.

        Args:
            name: under which it is switched on; keys its luck.

        Returns:
            Rows of the organisations, networks or whatever else it reaches until it ends.

        Raises:
            SettingError: it means nobody in this world.
        """

    @abstractmethod
    def act(self, state: State, rows: IntArray) -> float:
        """Move what rules read for the month `state.month`; returns this month's cost in EUR.

        Args:
            rows: what `begin` returned.
        """

    @abstractmethod
    def explain(self) -> str:
        """One sentence that says what it does, for whom, when and at what price."""

    def months(self) -> str:
        """Its window in words."""
        return f"from month {self.window.start} to month {self.window.until}"


def check_target(target: str) -> None:
    """Raise a `SettingError` for a target that does not exist."""
    if target.startswith("kind:"):
        index(KINDS, target[5:])
    elif target.startswith("field:"):
        index(FIELDS, target[6:])
    elif target not in TARGETS:
        raise ValueError(
            f"target '{target}' is not known; allowed: {', '.join(TARGETS)}, kind:<kind>, "
            f"field:<field>{nearest(target, TARGETS)}"
        )


def eligible(state: State, target: str) -> IntArray:
    """Rows of the organisations that a target can mean at all."""
    orgs = state.organisations
    keep = np.ones(state.n_organisations, bool)
    if target.startswith("kind:"):
        keep = orgs.kind == index(KINDS, target[5:])
    elif target.startswith("field:"):
        keep = (orgs.fields & np.uint64(mask(FIELDS, [target[6:]]))) != 0
    elif target == "small":
        keep = orgs.n_posts < SMALL_POSTS
    elif target == "migrant_led":
        keep = orgs.migrant_led == 1
    elif target == "language_minority":
        keep = (orgs.languages & native_languages()[orgs.country]) == 0
    return np.flatnonzero(keep)


def native_languages() -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The language mask of each country code."""
    masks = [mask(LANGUAGES, [COUNTRY_LANGUAGE[country]]) for country in COUNTRIES]
    return np.array(masks, np.uint64)


def ranked(state: State, rows: IntArray, target: str, salt: int) -> IntArray:
    """The given organisations, those that the target names first; ties are broken by keyed luck.

    Hubs have most ties, brokers most ties to organisations without a common field, the
    periphery fewest ties.
    """
    luck = draws.uniforms(state.seed, Decision.TARGET, salt % 2**31, rows)
    degree = np.diff(state.adjacency.start)[rows].astype(np.float64)
    order: FloatArray = luck
    if target == "hubs":
        order = -degree + luck
    elif target == "periphery":
        order = degree + luck
    elif target == "brokers":
        order = -_bridges(state)[rows] + luck
    chosen: IntArray = rows[np.argsort(order, kind="stable")]
    return chosen


def _bridges(state: State) -> FloatArray:
    """Ties of each organisation to organisations without a common field."""
    n = state.n_ties
    a, b = state.ties.a[:n], state.ties.b[:n]
    fields = state.organisations.fields & ~GENERAL
    across = ((fields[a] & fields[b]) == 0).astype(np.float64)
    bridges: FloatArray = np.zeros(state.n_organisations)
    np.add.at(bridges, a, across)
    np.add.at(bridges, b, across)
    return bridges


def reach(state: State, target: str, coverage: float, name: str) -> IntArray:
    """Organisations that an intervention reaches: the first `coverage` of those eligible.

    Raises:
        SettingError: the target means nobody in this world.
    """
    rows = eligible(state, target)
    if rows.size == 0:
        raise SettingError(
            f"intervention '{name}': target '{target}' means no organisation of this world; "
            f"choose another target"
        )
    count = round(coverage * rows.size)
    return ranked(state, rows, target, salt_of(name))[:count]


def reach_networks(
    state: State,
    target: str,
    coverage: float,
    name: str,
    may: npt.NDArray[np.bool_] | None = None,
) -> IntArray:
    """Networks that an intervention reaches: the first `coverage` of those that it can mean.

    These are the world's own, of which at least half of the members are such as the target means.
    `hubs` takes the largest first, `periphery` the smallest, any other target a random order.

    Args:
        may: for each network whether it may be reached; all of them by default.

    Raises:
        SettingError: no network of this world is left.
    """
    sizes = np.diff(state.members.start)
    inside = np.isin(state.members.organisation, eligible(state, target))
    upto = np.concatenate([[0], np.cumsum(inside)])
    meant = 2 * np.diff(upto[state.members.start]) >= sizes
    meant &= state.networks.key < state.n_networks  # not groups that another lever founded
    rows = np.flatnonzero(meant if may is None else meant & may)
    if rows.size == 0:
        raise SettingError(
            f"intervention '{name}': target '{target}' means no network of this world that it "
            f"could reach; choose another target"
        )
    luck = draws.uniforms(state.seed, Decision.TARGET_NETWORK, salt_of(name) % 2**31, rows)
    order = {"hubs": luck - sizes[rows], "periphery": luck + sizes[rows]}.get(target, luck)
    chosen: IntArray = rows[np.argsort(order, kind="stable")]
    return chosen[: round(coverage * rows.size)]


def salt_of(*parts: object) -> int:
    """A stable number for names, to key luck and the identity of founded networks."""
    return zlib.crc32("/".join(map(str, parts)).encode())


def monthly_cost(eur_per_year: float, countries: IntArray) -> float:
    """Monthly cost of units at a yearly EU price each, by their countries' labour cost (I01, I02).

    Args:
        countries: country code of each unit.
    """
    units = np.bincount(countries, minlength=len(COUNTRIES))
    weights = [relative_labour_cost(COUNTRIES[c]) * units[c] for c in np.flatnonzero(units)]
    return eur_per_year / MONTHS_A_YEAR * float(sum(weights))
