"""Natural communities of practice: those that nobody had to found, until enough are in one.

The SPRING survey gives the share of organisations in a community of practice and whom such
communities primarily consist of. Each natural one is made of the groups that are behind so far.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray
from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_census import Census
from diffusion.world.worlds.erasmi_cops import cop_months, cop_size
from diffusion.world.worlds.erasmi_members import Joined, add, scores
from diffusion.world.worlds.erasmi_networks import Plan, roll
from diffusion.world.worlds.erasmi_places import Places
from diffusion.world.worlds.luck import Use, ascending, choice
from diffusion.world.worlds.settled import column

FIRST_NATURAL = 120  # keys of luck beyond those of the SPRING communities
NATURAL_MAX = 130
SMALLEST = 3  # fewer don't make a community
LARGE_NETWORK = 20  # members from which a network holds a community of practice within it
PRIMARY_FROM = 0.3  # share of members from which a group counts as what a community consists of
PRIMARY = {  # ss_017 .. ss_020
    "ngos": ("ngo",),
    "public_bodies": vocabulary.PUBLIC_KINDS,
    "grassroots_volunteer_based": ("volunteer_group",),
    "diaspora_organisations": ("migrant_organisation",),
}
_ANYBODY = len(PRIMARY)
_GROUP_OF_KIND = np.array(
    [
        next((g for g, kinds in enumerate(PRIMARY.values()) if kind in kinds), -1)
        for kind in vocabulary.KINDS
    ]
)


class SpringShares(NamedTuple):
    """Share of organisations in a CoP; share of CoPs (by members) primarily of each group."""

    in_cop: float
    primary: FloatArray


@lru_cache(maxsize=1)
def spring_shares() -> SpringShares:
    """What the SPRING survey says on membership and composition (ss_014, ss_017 to ss_020)."""
    rows = {row["answer"]: row for row in sources.table("spring_survey")}
    primary = np.array([float(rows[group]["share"]) for group in PRIMARY])
    return SpringShares(float(rows["organisation_in_a_cop"]["share"]), primary)


def is_primary(kinds: IntArray) -> FloatArray:
    """1.0 for each group of PRIMARY that makes up enough of these members, else 0.0."""
    counts = np.bincount(_GROUP_OF_KIND[kinds] + 1, minlength=_ANYBODY + 1)[1:]
    result: FloatArray = (counts >= PRIMARY_FROM * kinds.shape[0]).astype(np.float64)
    return result


def add_natural(
    groups: Joined, people: Census, places: Places, settings: Ecosystem, seed: int
) -> None:
    """Add natural communities one after the other until the surveyed share is in one."""
    target = spring_shares()
    in_cop = np.zeros(people.kind.shape[0], np.bool_)
    weight, total = np.zeros(len(PRIMARY)), 0.0
    for plan, members in zip(groups.plans, groups.members, strict=True):
        if plan.type in vocabulary.COP_TYPES and plan.begins == 0:
            in_cop[members] = True
            weight += members.shape[0] * is_primary(people.kind[members])
            total += members.shape[0]
    country = places.with_national()[people.territory]
    group = _GROUP_OF_KIND[people.kind]
    large = [m for m in groups.members if m.shape[0] >= LARGE_NETWORK]
    wanted = round(target.in_cop * in_cop.shape[0])
    weights = column(settings.cop_type_weights, vocabulary.COP_TYPES)
    luck = np.array([roll(seed, Use.COP_TYPE, j) for j in range(NATURAL_MAX)])
    for j, kind in enumerate(choice(luck, weights).tolist()):
        lacking = wanted - int(in_cop.sum())
        if lacking <= 0:
            return
        behind = target.primary - weight / max(total, 1.0)
        plan, pool = _natural_plan(
            j,
            vocabulary.COP_TYPES[kind],
            behind,
            people,
            group,
            country,
            places,
            large,
            settings,
            seed,
        )
        members = _seats(j, plan.size, pool, group, behind, settings, seed)
        if members.shape[0] < SMALLEST:
            continue
        new = (~in_cop[members]).cumsum()
        members = members[: max(SMALLEST, int(new.searchsorted(lacking)) + 1)]
        in_cop[members] = True
        weight += members.shape[0] * is_primary(people.kind[members])
        total += members.shape[0]
        add(groups, plan, members, -1, people.kind, country)


def _seats(
    j: int,
    size: int,
    pool: IntArray,
    groups: IntArray,
    behind: FloatArray,
    settings: Ecosystem,
    seed: int,
) -> IntArray:
    """Members from a pool: most seats for the groups that are behind, the rest for anybody.

    Seats of the groups are interleaved, so that a shortened list keeps the mix.
    """
    score = scores(seed, np.full(pool.shape[0], FIRST_NATURAL + j), pool)
    order = pool[ascending(score)]
    group = groups[order]
    present = np.bincount(group + 1, minlength=_ANYBODY + 1)[1:] > 0
    wanted = (present & (behind > 0.0)).nonzero()[0].tolist()
    part = min(settings.cop_primary_part, 1.0 / max(1, len(wanted)))
    place = np.full(order.shape[0], np.inf)
    others = np.ones(order.shape[0], np.bool_)
    for g in wanted:
        mine = group == g
        others &= ~mine
        if part > 0.0:
            place[mine] = (np.arange(mine.sum()) + 0.5) / part
    place[others] = (np.arange(others.sum()) + 0.5) / max(1e-9, 1.0 - part * len(wanted))
    chosen: IntArray = order[place.argsort(kind="stable")[:size]]
    return chosen


def _natural_plan(
    j: int,
    kind: str,
    behind: FloatArray,
    people: Census,
    group: IntArray,
    country: IntArray,
    places: Places,
    large: list[IntArray],
    settings: Ecosystem,
    seed: int,
) -> tuple[Plan, IntArray]:
    """A natural community of practice and the organisations that could join it.

    It forms around somebody of the group that is most behind.
    """
    size = cop_size(FIRST_NATURAL + j, settings, seed)
    embedded = kind == "cop_embedded" and bool(large)
    around = (group == behind.argmax()).nonzero()[0]
    if embedded:
        around = large[int(roll(seed, Use.COP_PLACE, NATURAL_MAX + j) * len(large))]
    anchor = int(around[int(roll(seed, Use.COP_PLACE, j) * around.shape[0])])
    home = int(people.territory[anchor])
    pool = (people.territory == home).nonzero()[0]
    if embedded:
        pool = around
    elif kind == "cop_specialised" or (group[pool] == group[anchor]).sum() < PRIMARY_FROM * size:
        pool = (country == country[anchor]).nonzero()[0]
    local = bool(home < len(places.names) and (people.territory[pool] == home).all())
    coordinated = roll(seed, Use.COP_ATTRIBUTE, 8 * j) >= settings.cop_uncoordinated_share
    plan = Plan(
        key=f"natural_cop_{j + 1}",
        name=f"Community of practice {j + 1}",
        type=kind,
        country=vocabulary.COUNTRIES[int(country[anchor])],
        home=home if local else -1,
        scope="home" if local else "country",
        level="local" if local else "national",
        size=size,
        kinds={},
        coordinator="ngo" if coordinated else "none",
        coordinator_name="",
        formalisation="soft_formal" if coordinated else "informal",
        fields=0,
        meetings_per_year=settings.cop_meetings_per_year,
        facilitated=roll(seed, Use.COP_ATTRIBUTE, 8 * j + 1) < settings.cop_facilitated_share,
        online=roll(seed, Use.COP_ATTRIBUTE, 8 * j + 2) < settings.cop_online_share,
        bridging=True,
        policy_link=roll(seed, Use.COP_ATTRIBUTE, 8 * j + 3) < settings.cop_policy_link_share,
        regular_money=roll(seed, Use.COP_ATTRIBUTE, 8 * j + 4) < settings.cop_regular_money_share,
        months_funded=cop_months(FIRST_NATURAL + j, settings, seed) if coordinated else 0,
        founding_year=settings.start_year
        - int(roll(seed, Use.COP_ATTRIBUTE, 8 * j + 5) * settings.cop_years_max),
    )
    return plan, pool
