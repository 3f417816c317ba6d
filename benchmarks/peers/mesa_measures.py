"""What the Mesa model's DataCollector measures: the package's tables, under their names there.

Each month all columns of the monthly table; once a year the shape of the network and shares by
group; once the money has stopped, what is left of what was in use then.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from operator import attrgetter, gt
from typing import TYPE_CHECKING

from benchmarks.peers.mesa_noted import SURVIVAL
from benchmarks.peers.mesa_yearly import GROUPS, clustering, largest_component, modularity
from diffusion.model.yearly import SLOW_EVERY
from diffusion.world.vocabulary import SCALES

if TYPE_CHECKING:
    from benchmarks.peers.mesa_model import DiffusionModel
    from benchmarks.peers.mesa_organisation import Organisation

Measure = Callable[["DiffusionModel"], float]

# What the model counts in a month, as far as it is a column.
FLOWS = (
    "exits",
    "knowledge_lost",
    "knowledge_saved",
    "ties_formed",
    "ties_lost",
    "meetings_held",
    "attendances",
    "contacts",
    "awareness_gained",
    "transfers",
    "trials_started",
    "adoptions",
    "trials_failed",
    "lapses",
    "restarts",
    "grants_won",
    "eur_granted",
    "eur_own",
    "eur_spent",
    "eur_returned",
)
# Measured once a year, NaN in other months.
SHAPE: dict[str, Measure] = {
    "clustering": clustering,
    "modularity": modularity,
    "largest_component": largest_component,
}


def _over(part: float, whole: float) -> float:
    """Part / whole; 0 where there is no whole."""
    return part / whole if whole else 0.0


def _total(things: Iterable[object], column: str) -> float:
    """Sum of an attribute of things."""
    total: float = sum(map(attrgetter(column), things))
    return total


def _mean(things: Collection[object], column: str) -> float:
    """Mean of an attribute of things, 0 where there are none."""
    return _over(_total(things, column), len(things))


def _practices(things: Iterable[object], stage: str) -> int:
    """Pairs of thing and practice, where an attribute of things holds practices."""
    return sum(map(len, map(attrgetter(stage), things)))


def _share_of_pairs(stage: str, who: str = "organisations") -> Measure:
    """Share of pairs of organisation and practice in a stage, among all or some organisations."""

    def share(model: "DiffusionModel") -> float:
        organisations = getattr(model, who)
        return _over(_practices(organisations, stage), len(organisations) * len(model.practices))

    return share


def _share_institutionalised(model: "DiffusionModel") -> float:
    pairs = len(model.organisations) * len(model.practices)
    settled = [
        use
        for organisation in model.organisations
        for use in organisation.using.values()
        if use.institutional
    ]
    return len(settled) / pairs


def _using_scale(scale: str) -> Measure:
    def share(model: "DiffusionModel") -> float:
        numbers = [practice.number for practice in model.practices if practice.scale == scale]
        users = sum(model.uses[number] for number in numbers)
        return _over(users, len(numbers) * len(model.organisations))

    return share


def _gini_territories(model: "DiffusionModel") -> float:
    """Gini coefficient of uses per organisation over territories."""
    each = sorted(_practices(ones, "using") / len(ones) for ones in model.residents.values())
    n, total = len(each), sum(each)
    if total == 0.0:
        return 0.0
    ranked = sum(rank * value for rank, value in enumerate(each, 1))
    return 2.0 * ranked / (n * total) - (n + 1.0) / n


def _gap(asked: "Sequence[tuple[Organisation, frozenset[int], int]]") -> float:
    """Share of organisations that know too few of the practices they are asked for."""
    lacking = sum(len(one.aware & practices) < need for one, practices, need in asked)
    return _over(lacking, len(asked))


def _gap_other_actors(model: "DiffusionModel") -> float:
    """Share of organisations with too few partners without a common field."""
    others = Counter(chain.from_iterable((tie.a, tie.b) for tie in model.ties_across))
    enough = sum(number >= model.few_others for number in others.values())
    return 1.0 - enough / len(model.organisations)


def _density(model: "DiffusionModel") -> float:
    n = len(model.organisations)
    return _over(2.0 * len(model.ties), n * (n - 1.0))


def _ei_index(model: "DiffusionModel") -> float:
    """Ties to other kinds less those to the own kind, over all ties."""
    return 1.0 - 2.0 * _mean(model.ties, "of_a_kind") if model.ties else 0.0


def _share_in_cop(model: "DiffusionModel") -> float:
    members = {
        member
        for network in model.networks
        if network.is_cop and network.active
        for member in network.members
    }
    return len(members) / len(model.organisations)


def _share_newly_using(model: "DiffusionModel") -> float:
    n_used = map(len, map(attrgetter("ever_used"), model.organisations))
    newly: int = sum(map(gt, n_used, model.n_used_first))
    return newly / len(model.organisations)


def _yearly(measure: Measure) -> Measure:
    def if_due(model: "DiffusionModel") -> float:
        return measure(model) if (model.steps - 1) % SLOW_EVERY == 0 else math.nan

    return if_due


def _flow(name: str) -> Measure:
    return lambda model: model.flows[name]


REPORTERS: dict[str, Measure] = {
    "share_aware": _share_of_pairs("aware"),
    "share_trial": _share_of_pairs("trials"),
    "share_using": _share_of_pairs("using"),
    "share_institutionalised": _share_institutionalised,
    "n_using": lambda model: model.uses.total(),
    "share_organisations_using": lambda model: (
        sum(map(bool, map(attrgetter("using"), model.organisations))) / len(model.organisations)
    ),
    **{f"using_{scale}": _using_scale(scale) for scale in SCALES},
    "using_migrant_led": _share_of_pairs("using", "migrant_led"),
    "using_small": _share_of_pairs("using", "small"),
    "gini_territories": _gini_territories,
    "cross_silo_transfers": lambda model: _over(
        model.flows["cross_transfers"], model.flows["transfers"]
    ),
    "gap_own_field": lambda model: _gap(model.asked_own),
    "gap_related_fields": lambda model: _gap(model.asked_related),
    "gap_other_actors": _gap_other_actors,
    "persons_knowing": lambda model: _practices(model.posts, "knows"),
    "n_ties": lambda model: len(model.ties),
    "density": _density,
    "mean_trust": lambda model: _mean(model.ties, "trust"),
    "cross_silo_ties": lambda model: _over(len(model.ties_across), len(model.ties)),
    "ei_index": _ei_index,
    **{name: _yearly(measure) for name, measure in SHAPE.items()},
    "networks_active": lambda model: _mean(model.networks, "active"),
    "networks_coordinated": lambda model: _over(
        _total(model.networks, "coordinated"), _total(model.networks, "active")
    ),
    "share_in_cop": _share_in_cop,
    "memberships": lambda model: _practices(model.networks, "members"),
    "memberships_migrant_led": lambda model: _over(
        _practices(model.migrant_led, "networks"), _practices(model.networks, "members")
    ),
    "staff_filled": lambda model: _mean(model.posts, "filled"),
    "volunteers_filled": lambda model: _mean(model.volunteers, "filled"),
    "mean_overload": lambda model: _mean(model.organisations, "overload"),
    "mean_slack": lambda model: _mean(model.organisations, "slack"),
    "grants_active": lambda model: _mean(model.grants, "active"),
    "grants_active_weak": lambda model: _mean(model.weak_grants, "active"),
    "eur_held": lambda model: _total(model.grants, "purse") + _total(model.accounts, "purse"),
    "political_will": lambda model: _mean(model.territories, "will"),
    "n_policy": lambda model: _practices(model.territories, "policy"),
    "n_findings": lambda model: sum(
        len(network.findings) for network in model.networks if network.active
    ),
    "n_heard": lambda model: _practices(model.territories, "heard"),
    "n_drafts": lambda model: _practices(model.territories, "drafts"),
    **{name: _flow(name) for name in FLOWS},
    "n_ever_used": lambda model: _practices(model.organisations, "ever_used"),
    "share_newly_using": _share_newly_using,
}
TABLES = {"groups": GROUPS, "survival": SURVIVAL}
