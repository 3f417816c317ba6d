"""Groups of a case that are made of members of its networks: working groups, tables, platforms."""

from collections.abc import Iterable

import numpy as np

from diffusion.base.arrays import IntArray
from diffusion.evidence import sources
from diffusion.evidence.sources import Row
from diffusion.world import vocabulary
from diffusion.world.practices import field_mask
from diffusion.world.worlds.case_plans import WIDER, Own
from diffusion.world.worlds.cases import Case
from diffusion.world.worlds.erasmi_census import Census
from diffusion.world.worlds.erasmi_members import Joined, scores
from diffusion.world.worlds.erasmi_networks import Plan, roll
from diffusion.world.worlds.luck import Use, ascending

FIRST_GROUP = 60  # keys of luck beyond those of networks that are joined, before natural ones
SMALLEST = 2  # members without the coordinator


def add_groups(groups: Joined, own: Own, people: Census, case: Case, seed: int) -> None:
    """Add the groups of a case to its networks, which come first in `groups`.

    The community inside a larger network is drawn from that network's members; groups within are
    dealt out, so that every member is in one; delegates are one member of each network. All have
    the coordinator of the case's network.
    """
    base = 0
    if own.inner is not None:
        inside = _ordered(_others(groups, 0), len(groups.plans), seed)[: own.inner.size]
        _append(groups, own.inner, inside, groups.coordinators[0])
        base = len(groups.plans) - 1
    for row in case.groups:
        if row["form"] == "wider":
            _widen(groups, case.key + WIDER, base)
        elif row["form"] == "delegates":
            plan = _plan(groups.plans[base], row, 0, seed)
            _append(groups, plan, _delegates(groups, own, people, seed), groups.coordinators[base])
        elif row["form"] == "within":
            _deal(groups, base, row, people, seed)


def _deal(groups: Joined, base: int, row: Row, people: Census, seed: int) -> None:
    """Cut the members of a network, or those of the kinds asked for, into groups."""
    parent, count = groups.plans[base], int(row["count"])
    rest = _others(groups, base)
    codes = [vocabulary.KINDS.index(kind) for kind in sources.cells(row["kinds"])]
    if codes:
        mine = np.isin(people.kind[rest], codes)
        rest = rest[mine] if mine.sum() >= SMALLEST * count else rest
    # offices of the network come first, so that every group has one
    offices = [
        organisation
        for one, organisation in zip(parent.named, people.members.get(parent.key, []), strict=True)
        if not one.counted
    ]
    first = rest[np.isin(rest, offices)]
    order = np.concatenate((first, _ordered(np.setdiff1d(rest, first), len(groups.plans), seed)))
    coordinator = groups.coordinators[base]
    for j in range(count):
        _append(groups, _plan(parent, row, j, seed), order[j::count], coordinator)


def _plan(parent: Plan, row: Row, j: int, seed: int) -> Plan:
    """A group: what its row does not say is as in the network that it belongs to."""
    name = f"{row['name']} {j + 1}" if int(row["count"]) > 1 else row["name"]
    meetings = parent.meetings_per_year
    if row["meetings_low"]:
        low, high = int(row["meetings_low"]), int(row["meetings_high"])
        meetings = float(low + int(roll(seed, Use.CASE_MEETINGS, j) * (high - low + 1)))
    return parent._replace(
        key=f"{parent.key}_{row['name'].lower().replace(' ', '_')}_{j + 1}",
        name=f"{name} ({parent.name})",
        type=row["type"] or parent.type,
        fields=field_mask(row["fields"]) or parent.fields,
        meetings_per_year=meetings,
        named=(),
        framework="",
        begins=0,
    )


def _delegates(groups: Joined, own: Own, people: Census, seed: int) -> IntArray:
    """One member of each of the case's own networks, a municipality where there is one."""
    city = vocabulary.KINDS.index("municipality")
    sent = []
    for k in range(len(own.plans)):
        order = _ordered(_others(groups, k), k, seed)
        sent.append(order[(people.kind[order] != city).argmin()])
    return np.unique(sent)


def _widen(groups: Joined, key: str, base: int) -> None:
    """A circle around a network has its members, and those that joined the circle."""
    k = [plan.key for plan in groups.plans].index(key)
    inside, around = groups.members[base], groups.members[k]
    groups.members[k] = np.concatenate((inside, around[~np.isin(around, inside)]))
    groups.coordinators[k] = groups.coordinators[base]


def _append(groups: Joined, plan: Plan, members: Iterable[int] | IntArray, own: int) -> None:
    first = [own] if own >= 0 else []
    groups.plans.append(plan)
    groups.members.append(np.array([*first, *members], np.int64))
    groups.coordinators.append(own)


def _others(groups: Joined, k: int) -> IntArray:
    """The members of a network without its coordinator."""
    members = groups.members[k]
    others: IntArray = members[members != groups.coordinators[k]]
    return others


def _ordered(who: IntArray, k: int, seed: int) -> IntArray:
    """By lot; `k` keys the luck."""
    return who[ascending(scores(seed, np.full(who.shape[0], FIRST_GROUP + k), who))]
