"""Who joins which network."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.worlds.erasmi_census import N_KINDS, Census
from diffusion.world.worlds.erasmi_networks import Plan, coordinator_codes
from diffusion.world.worlds.erasmi_places import Places
from diffusion.world.worlds.luck import BoolArray, Use, ascending_within, luck


@dataclass
class Joined:
    """Plans with their members (the coordinator first where there is one) and coordinators."""

    plans: list[Plan]
    members: list[IntArray]
    coordinators: list[int]


def joined(
    plans: list[Plan],
    counts: IntArray,
    scopes: BoolArray,
    people: Census,
    places: Places,
    seed: int,
) -> Joined:
    """Members of the planned networks, so many of each kind as `counts` says."""
    countries = places.with_national()[people.territory]
    network, who = scopes.take(people.territory, axis=1).nonzero()
    score = scores(seed, network, who)
    wide = np.array([plan.scope == "europe" for plan in plans])
    score = np.where(wide[network], score / _even(countries, people.kind)[who], score)
    coordinators = np.array([people.named.get(plan.key, -1) for plan in plans])
    wanted = counts.copy()
    for k in (wide & (coordinators < 0)).nonzero()[0]:
        own = _seat(plans[k], people.kind, countries, score[network == k])
        coordinators[k] = own
        wanted[k, people.kind[own]] -= own >= 0
    others = who != coordinators[network]
    for row, plan in enumerate(plans):
        if plan.key in people.members:
            others &= (network != row) | ~np.isin(who, people.members[plan.key])
    chosen = _lowest(score[others], network[others], who[others], people.kind, wanted)
    result = Joined([], [], [])
    for plan, own, members in zip(plans, coordinators.tolist(), chosen, strict=True):
        first = ([own] if own >= 0 else []) + people.members.get(plan.key, [])
        members = np.concatenate((np.array(first, np.int64), members))
        add(result, plan, members, own, people.kind, countries)
    return result


def _seat(plan: Plan, kinds: IntArray, countries: IntArray, score: FloatArray) -> int:
    """Who coordinates a Europe-wide network without a sheet: somebody in its country, or -1."""
    code = vocabulary.index(vocabulary.COUNTRIES, plan.country)
    for kind in coordinator_codes(plan):
        able = ((countries == code) & (kinds == kind)).nonzero()[0]
        if able.shape[0]:
            return int(able[score[able].argmin()])
    return -1


def _lowest(
    score: FloatArray, network: IntArray, who: IntArray, kinds: IntArray, wanted: IntArray
) -> list[IntArray]:
    """For each network those with the lowest scores, so many of each kind as it wants.

    Args:
        score: of each pair of a network and somebody in its scope.
        network: of each pair.
        who: organisation of each pair.
        kinds: of all organisations.
        wanted: shape (networks, kinds).
    """
    cell = network * N_KINDS + kinds[who]
    order = ascending_within(cell, score)
    cell = cell[order]
    in_cell = np.bincount(cell, minlength=wanted.size)
    place = np.arange(cell.shape[0]) - (in_cell.cumsum() - in_cell)[cell]
    inside = place < wanted.ravel()[cell]
    sizes = np.bincount(cell[inside] // N_KINDS, minlength=wanted.shape[0]).tolist()
    who = who[order[inside]]
    return [who[end - size : end] for size, end in zip(sizes, accumulate(sizes), strict=True)]


def add(
    result: Joined, plan: Plan, chosen: IntArray, own: int, kinds: IntArray, countries: IntArray
) -> None:
    """Add a network with its members; without a named coordinator a fitting member coordinates.

    Members of the kind that the survey or sheet names come first, those in the network's country
    before others.
    """
    coordinator = own
    if own < 0 and plan.coordinator != "none":
        abroad = countries[chosen] != vocabulary.COUNTRIES.index(plan.country)
        rank = [N_KINDS] * N_KINDS
        for place, kind in enumerate(coordinator_codes(plan)):
            rank[kind] = place
        coordinator = int(chosen[(2 * np.array(rank)[kinds[chosen]] + abroad).argmin()])
    result.plans.append(plan)
    result.members.append(chosen)
    result.coordinators.append(coordinator)


def _even(countries: IntArray, kinds: IntArray) -> FloatArray:
    """Weights that let every country send as many of a kind to a Europe-wide network."""
    cell = countries * len(vocabulary.KINDS) + kinds
    weights: FloatArray = 1.0 / np.bincount(cell)[cell]
    return weights


def scores(seed: int, network: IntArray, who: IntArray) -> FloatArray:
    """How late organisations come to networks, with a number each: the lowest scores join."""
    return -np.log(1.0 - luck(seed, Decision.WORLD_MEMBERSHIP, Use.MEMBER_SCORE, network, who))
