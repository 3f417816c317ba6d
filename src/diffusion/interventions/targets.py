"""Whom an intervention means: targets such as `hubs@kind:ngo`, and who of them comes first.

A target is one word, or several joined by `@`: at most one order (`hubs`), and filters that must
all hold (`small`, `kind:ngo`).
"""

import zlib
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.base.errors import SettingError, nearest
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

ORDERS = ("random", "hubs", "brokers", "periphery")
SIZES = ("small", "large")
TARGETS = (*ORDERS, *SIZES, "migrant_led", "language_minority")
VALUED = {  # filters that take a value
    "kind": "kind:<kind>",
    "field": "field:<field>",
    "size": "size:<small or large>",
    "territory": "territory:<name or row>",
    "named": "named:<name;name>",
}
ALLOWED = (
    ", ".join((*TARGETS, *VALUED.values())) + ", or an order and filters joined as in hubs@kind:ngo"
)
SMALL_POSTS = 4  # an organisation with fewer posts counts as small

_Held = npt.NDArray[np.bool_]


def check_target(target: str) -> None:
    """Raise a `SettingError` for a target that does not exist.

    Names of territories and organisations are known only when there is a world; `eligible`
    checks them.
    """
    parts = target.split("@")
    for part in parts:
        filter_, colon, value = part.partition(":")
        if colon and filter_ in VALUED:
            _check_value(filter_, value)
        elif part not in TARGETS:
            raise SettingError(
                f"target '{part}' is not known; allowed: {ALLOWED}"
                f"{nearest(part, (*TARGETS, *VALUED))}"
            )
    orders = [part for part in parts if part in ORDERS]
    if len(orders) > 1:
        raise SettingError(
            f"target '{target}' gives {len(orders)} orders ({', '.join(orders)}); choose one"
        )


def _check_value(filter_: str, value: str) -> None:
    if filter_ in ("kind", "field", "size"):
        index({"kind": KINDS, "field": FIELDS, "size": SIZES}[filter_], value)
    elif not value.strip(" ;"):
        raise SettingError(f"target '{filter_}:' names nothing; write {VALUED[filter_]}")


def _checked(target: str) -> str:
    try:
        check_target(target)
    except SettingError as error:
        raise ValueError(str(error)) from error
    return target


Target = Annotated[str, AfterValidator(_checked)]


def order_of(target: str) -> str:
    """The order in a target; `random` if it has none."""
    return next((part for part in target.split("@") if part in ORDERS), "random")


def eligible(state: State, target: str) -> IntArray:
    """Rows of the organisations that a target can mean at all.

    Raises:
        SettingError: it names a territory or an organisation that this world does not have.
    """
    keep = np.ones(state.n_organisations, bool)
    for part in target.split("@"):
        if part not in ORDERS:
            keep &= _holds(state, part)
    return np.flatnonzero(keep)


def _holds(state: State, part: str) -> _Held:
    """Whether a filter holds, for each organisation."""
    orgs = state.organisations
    filter_, _, value = part.partition(":")
    held: _Held = np.zeros(state.n_organisations, bool)
    if filter_ == "kind":
        held = orgs.kind == index(KINDS, value)
    elif filter_ == "field":
        held = (orgs.fields & np.uint64(mask(FIELDS, [value]))) != 0
    elif part in ("small", "size:small"):
        held = orgs.n_posts < SMALL_POSTS
    elif part in ("large", "size:large"):
        held = orgs.n_posts >= SMALL_POSTS
    elif part == "migrant_led":
        held = orgs.migrant_led == 1
    elif part == "language_minority":
        held = (orgs.languages & native_languages()[orgs.country]) == 0
    elif filter_ == "territory":
        held = _in_territory(state, value)
    else:
        held[_named(state, value)] = True
    return held


def _in_territory(state: State, name: str) -> _Held:
    """Organisations of a territory; of the whole country, if it is a national one."""
    names, territories, orgs = list(state.names.territories), state.territories, state.organisations
    row = int(name) if name.isdigit() else names.index(name) if name in names else len(names)
    if row >= len(names):
        raise SettingError(
            f"target 'territory:{name}': this world has no such territory; give a name, or a row "
            f"from 0 to {len(names) - 1}{nearest(name, names)}"
        )
    national = bool(territories.is_national[row])
    inside: _Held = orgs.country == territories.country[row] if national else orgs.territory == row
    return inside


def _named(state: State, labels: str) -> IntArray:
    """Rows of the organisations with these names, which `;` parts."""
    wanted = {label.strip() for label in labels.split(";") if label.strip()}
    rows = {name: row for row, name in enumerate(state.names.organisations) if name in wanted}
    for label in sorted(wanted - set(rows)):
        raise SettingError(
            f"target 'named:{labels}': this world has no organisation '{label}'"
            f"{nearest(label, state.names.organisations)}"
        )
    return np.array(sorted(rows.values()), np.int64)


def native_languages() -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The language mask of each country code."""
    masks = [mask(LANGUAGES, [COUNTRY_LANGUAGE[country]]) for country in COUNTRIES]
    return np.array(masks, np.uint64)


def ranked(state: State, rows: IntArray, target: str, salt: int) -> IntArray:
    """The given organisations, those that the target names first; ties are broken by keyed luck.

    Hubs have most ties, brokers most ties to organisations without a common field, the
    periphery fewest ties.
    """
    order: FloatArray = draws.uniforms(state.seed, Decision.TARGET, salt % 2**31, rows)
    first = order_of(target)
    if first == "hubs":
        order -= _degree(state, rows)
    elif first == "periphery":
        order += _degree(state, rows)
    elif first == "brokers":
        order -= _bridges(state)[rows]
    chosen: IntArray = rows[np.argsort(order, kind="stable")]
    return chosen


def _degree(state: State, rows: IntArray) -> IntArray:
    """Ties of each of the organisations."""
    degree: IntArray = state.adjacency.start[rows + 1] - state.adjacency.start[rows]
    return degree


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
        SettingError: the target means nobody in this world, or the coverage comes to nobody.
    """
    rows = eligible(state, target)
    if rows.size == 0:
        raise SettingError(
            f"intervention '{name}': target '{target}' means no organisation of this world; "
            f"choose another target"
        )
    count = covered(coverage, rows.size, "organisations", name)
    return ranked(state, rows, target, salt_of(name))[:count]


def reach_networks(
    state: State,
    target: str,
    coverage: float,
    name: str,
    min_members: int = 1,
    may: _Held | None = None,
) -> IntArray:
    """Networks that an intervention reaches: the first `coverage` of those that it can mean.

    These are the world's own, of which at least half of the members pass the target's filters.
    `hubs` takes the largest first, `periphery` the smallest, any other target a random order.

    Args:
        min_members: of the smallest network that it can mean.
        may: for each network whether it may be reached; all of them by default.

    Raises:
        SettingError: no network of this world is left, or the coverage comes to none.
    """
    sizes = np.diff(state.members.start)
    possible = (sizes >= min_members) & (2 * members_meant(state, eligible(state, target)) >= sizes)
    possible &= state.networks.key < state.n_networks  # not groups that another lever founded
    rows = np.flatnonzero(possible if may is None else possible & may)
    if rows.size == 0:
        raise SettingError(
            f"intervention '{name}': this world has no network that it could reach, with at least "
            f"{min_members} members, half of them such as target '{target}' means; choose another "
            f"target, or fewer members"
        )
    luck = draws.uniforms(state.seed, Decision.TARGET_NETWORK, salt_of(name) % 2**31, rows)
    order = {"hubs": luck - sizes[rows], "periphery": luck + sizes[rows]}
    ordered: IntArray = rows[np.argsort(order.get(order_of(target), luck), kind="stable")]
    return ordered[: covered(coverage, rows.size, "networks", name)]


def members_meant(state: State, meant: IntArray) -> IntArray:
    """How many of the given organisations are members of each network."""
    inside = np.zeros(state.n_organisations, np.int64)
    inside[meant] = 1
    upto = np.concatenate([[0], np.cumsum(inside[state.members.organisation])])
    counted: IntArray = np.diff(upto[state.members.start])
    return counted


def covered(coverage: float, n: int, units: str, name: str) -> int:
    """How many of `n` units a coverage is, at least one.

    Raises:
        SettingError: it comes to none.
    """
    count = round(coverage * n)
    if count == 0:
        raise SettingError(
            f"intervention '{name}': coverage = {coverage:g} of the {n} {units} that it can mean "
            f"comes to none of them; one is a coverage of {1.0 / n:.3g}"
        )
    return count


def salt_of(*parts: object) -> int:
    """A stable number for names, to key luck and the identity of founded networks."""
    return zlib.crc32("/".join(map(str, parts)).encode())
