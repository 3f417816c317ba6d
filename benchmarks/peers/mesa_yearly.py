"""What the Mesa model measures once a year: the shape of its network, and uses by group."""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from benchmarks.peers.mesa_entities import Practice
from diffusion.model.yearly import STAGES
from diffusion.world.vocabulary import FIELDS, KINDS, NETWORK_TYPES, SCALES

if TYPE_CHECKING:
    from benchmarks.peers.mesa_model import DiffusionModel
    from benchmarks.peers.mesa_organisation import Organisation

GROUPS = ("month", "dimension", "value", "n", *STAGES)


def clustering(model: "DiffusionModel") -> float:
    """Mean local clustering coefficient; organisations with fewer than two ties count as 0."""
    near = {organisation: set(organisation.ties) for organisation in model.organisations}
    total = 0.0
    for partners in near.values():
        degree = len(partners)
        if degree > 1:
            closed = sum(len(partners & near[partner]) for partner in partners)
            total += closed / (degree * (degree - 1))
    return total / len(near)


def modularity(model: "DiffusionModel") -> float:
    """Newman's modularity of the division into territories."""
    if not model.ties:
        return 0.0
    ends = Counter(chain.from_iterable((tie.a.territory, tie.b.territory) for tie in model.ties))
    within = sum(tie.a.territory is tie.b.territory for tie in model.ties)
    n = len(model.ties)
    return within / n - sum((end / (2.0 * n)) ** 2 for end in ends.values())


def largest_component(model: "DiffusionModel") -> float:
    """Share of organisations in the largest connected component."""
    left = set(model.organisations)
    largest = 0
    while left:
        found = [left.pop()]
        for organisation in found:  # grows while it is walked
            reached = left & organisation.ties.keys()
            left -= reached
            found += reached
        largest = max(largest, len(found))
    return largest / len(model.organisations)


def groups_of_practices(practices: list[Practice]) -> list[tuple[str, str, list[int]]]:
    """Dimension, name and numbers of practices of each group that has any."""
    groups = [("practice", practice.name, [practice.number]) for practice in practices]
    for scale in SCALES:
        groups.append(("scale", scale, [one.number for one in practices if one.scale == scale]))
    for field, name in enumerate(FIELDS):
        groups.append(("field", name, [one.number for one in practices if field in one.fields]))
    return [group for group in groups if group[2]]


def groups_of_organisations(
    model: "DiffusionModel",
) -> "list[tuple[str, str, list[Organisation]]]":
    """Dimension, name and members of each group that has any."""
    groups: list[tuple[str, str, list[Organisation]]] = []
    for kind in KINDS:
        inside = [one for one in model.organisations if one.profile.kind == kind]
        groups.append(("kind", kind, inside))
    for territory in model.territories:
        groups.append(("territory", territory.name, model.residents.get(territory, [])))
    for name in NETWORK_TYPES:
        inside = [
            one
            for one in model.organisations
            if any(network.type == name for network in one.networks)
        ]
        groups.append(("network_type", name, inside))
    alone = [one for one in model.organisations if not one.networks]
    groups.append(("network_type", "none", alone))
    return [group for group in groups if group[2]]


def shares_by_group(model: "DiffusionModel") -> Iterator[dict[str, object]]:
    """This month's rows of the table of groups."""
    organisations, n_practices = model.organisations, len(model.practices)
    reached = [{one: stage(one) for one in organisations} for stage in _STAGES]
    users = [Counter(chain.from_iterable(stage.values())) for stage in reached]
    month = model.steps - 1
    for dimension, name, numbers in model.groups_of_practices:
        pairs = len(numbers) * len(organisations)
        shares = (sum(of[number] for number in numbers) / pairs for of in users)
        yield dict(zip(GROUPS, (month, dimension, name, pairs, *shares), strict=True))
    for dimension, name, inside in model.groups_of_organisations:
        pairs = len(inside) * n_practices
        shares = (sum(len(of[one]) for one in inside) / pairs for of in reached)
        yield dict(zip(GROUPS, (month, dimension, name, pairs, *shares), strict=True))


def _aware(organisation: "Organisation") -> Collection[int]:
    return organisation.aware


def _using(organisation: "Organisation") -> Collection[int]:
    return organisation.using


def _institutionalised(organisation: "Organisation") -> Collection[int]:
    return [number for number, use in organisation.using.items() if use.institutional]


_STAGES = (_aware, _using, _institutionalised)  # as STAGES
