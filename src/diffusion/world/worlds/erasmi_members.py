"""Who joins which network."""

from dataclasses import dataclass

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.worlds.erasmi_census import Census, kind_counts
from diffusion.world.worlds.erasmi_networks import Plan, coordinator_kinds
from diffusion.world.worlds.erasmi_places import Places
from diffusion.world.worlds.luck import BoolArray, Use, luck


@dataclass
class Joined:
    """Plans with their members (the coordinator first where there is one) and coordinators."""

    plans: list[Plan]
    members: list[IntArray]
    coordinators: list[int]


def joined(
    plans: list[Plan],
    scopes: BoolArray,
    people: Census,
    places: Places,
    seed: int,
) -> Joined:
    """Members of the planned networks."""
    n = people.kind.shape[0]
    scores = -np.log(1.0 - score_luck(seed, np.arange(len(plans))[:, None], np.arange(n)))
    countries = np.append(np.array(places.countries), np.arange(len(vocabulary.COUNTRIES)))[
        people.territory
    ]
    even = _even_weights(countries, people.kind)
    result = Joined([], [], [])
    for k, plan in enumerate(plans):
        score = scores[k] / even if plan.scope == "europe" else scores[k]
        inside = scopes[k][people.territory]
        own = people.named.get(plan.key, -1)
        counts = kind_counts(plan)
        if own < 0 and plan.scope == "europe":
            own = _seat(plan, people.kind, countries, score)
            counts[people.kind[own]] -= own >= 0
        chosen = _members(counts, inside, people.kind, score, own)
        add(result, plan, chosen, own, people.kind, countries)
    return result


def _seat(plan: Plan, kinds: IntArray, countries: IntArray, score: FloatArray) -> int:
    """Who coordinates a Europe-wide network without a sheet: somebody in its country, or -1."""
    code = vocabulary.index(vocabulary.COUNTRIES, plan.country)
    for kind in coordinator_kinds(plan):
        able = np.flatnonzero((countries == code) & (kinds == vocabulary.KINDS.index(kind)))
        if able.shape[0]:
            return int(able[np.argmin(score[able])])
    return -1


def _members(
    counts: IntArray, inside: BoolArray, kinds: IntArray, score: FloatArray, own: int
) -> IntArray:
    """So many of each kind as planned, from whoever is inside the network's scope."""
    chosen = [np.array([own], np.int64)] if own >= 0 else []
    for kind in np.flatnonzero(counts > 0):
        candidates = np.flatnonzero(inside & (kinds == kind))
        candidates = candidates[candidates != own]
        best = np.argsort(score[candidates], kind="stable")[: counts[kind]]
        chosen.append(candidates[best])
    return np.concatenate(chosen)


def add(
    result: Joined, plan: Plan, chosen: IntArray, own: int, kinds: IntArray, countries: IntArray
) -> None:
    """Add a network with its members; without a named coordinator a fitting member coordinates.

    Members of the kind that the survey or sheet names come first, those in the network's country
    before others.
    """
    coordinator = own
    if own < 0 and plan.coordinator != "none":
        at_home = countries[chosen] == vocabulary.index(vocabulary.COUNTRIES, plan.country)
        rank = np.full(chosen.shape[0], len(vocabulary.KINDS))
        for place, kind in enumerate(coordinator_kinds(plan)):
            rank[kinds[chosen] == vocabulary.KINDS.index(kind)] = place
        coordinator = int(chosen[np.argmin(2 * rank + ~at_home)])
    result.plans.append(plan)
    result.members.append(chosen)
    result.coordinators.append(coordinator)


def _even_weights(countries: IntArray, kinds: IntArray) -> FloatArray:
    """Weights that let every country send as many of a kind to a Europe-wide network."""
    cell = countries * len(vocabulary.KINDS) + kinds
    weights: FloatArray = 1.0 / np.bincount(cell)[cell]
    return weights


def score_luck(seed: int, who: IntArray, whom: IntArray) -> FloatArray:
    """Luck of an organisation (whom) with a network (who)."""
    return luck(seed, Decision.WORLD_MEMBERSHIP, Use.MEMBER_SCORE, who, whom)
