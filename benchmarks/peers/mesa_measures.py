"""What the Mesa model's DataCollector measures each month."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.peers.mesa_model import DiffusionModel

# What the model counts in a month.
FLOWS = (
    "exits",
    "knowledge_lost",
    "knowledge_saved",
    "ties_formed",
    "ties_lost",
    "meetings_held",
    "contacts",
    "awareness_gained",
    "transfers",
    "trials_started",
    "adoptions",
    "trials_failed",
    "lapses",
    "restarts",
    "grants_won",
)


def _mean(things: Sequence[object], column: str) -> float:
    """Mean of an attribute of things, 0 where there are none."""
    return sum(map(attrgetter(column), things)) / len(things) if things else 0.0


def _share_of_pairs(model: "DiffusionModel", stage: str) -> float:
    """Share of pairs of organisation and practice in a stage."""
    pairs = len(model.organisations) * len(model.practices)
    return sum(map(len, map(attrgetter(stage), model.organisations))) / pairs


def _share_institutionalised(model: "DiffusionModel") -> float:
    pairs = len(model.organisations) * len(model.practices)
    settled = [
        use
        for organisation in model.organisations
        for use in organisation.using.values()
        if use.institutional
    ]
    return len(settled) / pairs


def _flow(name: str) -> Callable[["DiffusionModel"], int]:
    return lambda model: model.flows[name]


# Columns of the package's monthly table under their names there.
REPORTERS: dict[str, Callable[["DiffusionModel"], float]] = {
    "share_aware": lambda model: _share_of_pairs(model, "aware"),
    "share_trial": lambda model: _share_of_pairs(model, "trials"),
    "share_using": lambda model: _share_of_pairs(model, "using"),
    "share_institutionalised": _share_institutionalised,
    "n_ties": lambda model: len(model.ties),
    "mean_trust": lambda model: _mean(model.ties, "trust"),
    "networks_active": lambda model: _mean(model.networks, "active"),
    "staff_filled": lambda model: _mean(model.posts, "filled"),
    "mean_overload": lambda model: _mean(model.organisations, "overload"),
    "mean_slack": lambda model: _mean(model.organisations, "slack"),
    "grants_active": lambda model: _mean(model.grants, "active"),
    "political_will": lambda model: _mean(model.territories, "will"),
    "n_policy": lambda model: sum(len(territory.policy) for territory in model.territories),
    "n_findings": lambda model: sum(
        len(network.findings) for network in model.networks if network.active
    ),
    "n_heard": lambda model: sum(len(territory.heard) for territory in model.territories),
    "n_drafts": lambda model: sum(len(territory.drafts) for territory in model.territories),
    **{name: _flow(name) for name in FLOWS},
}
