"""What a results folder says about itself: the experiment, its settings, and what computed it."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from os import cpu_count
from typing import TYPE_CHECKING, Any

import diffusion
from diffusion.model.code_digest import LIBRARIES, code_digest, version_of
from diffusion.runner.design import Run, design_hash
from diffusion.runner.store import SCHEMA_VERSION

if TYPE_CHECKING:
    from diffusion.config import Experiment, Scenario

_FURTHER = ("pandas", "pyarrow", "scipy", "networkx", "mesa", "hydra-core")


def manifest_of(
    experiment: "Experiment", runs: Sequence[Run], replicates: int | None = None
) -> dict[str, Any]:
    """The manifest of an experiment, fit for JSON.

    Args:
        runs: all that it may come to.
        replicates: those wanted for now, if not all.
    """
    wanted = experiment.most if replicates is None else replicates
    layout, until = experiment.layout, experiment.until
    further = {} if layout is None else {"layout": layout.about()}
    if until is not None:
        further["until"] = {"replicates": experiment.replicates, **until.model_dump(mode="json")}
    return {
        "schema": SCHEMA_VERSION,
        "experiment": experiment.name,
        "question": experiment.question,
        "baseline": experiment.baseline,
        "shows": experiment.shows.model_dump(mode="json"),
        "scenarios": {name: _about(one) for name, one in experiment.scenarios.items()},
        "timing": experiment.timing.model_dump(mode="json"),
        **further,
        "replicates": wanted,
        "seed": experiment.seed,
        "runs": sum(run.replicate < wanted for run in runs),
        "design": design_hash(runs),
        "code": code_digest(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": {
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": cpu_count(),
        },
        "config": {name: one.settings.plain() for name, one in experiment.scenarios.items()},
    }


def versions() -> dict[str, str]:
    """Versions of the model, of Python and of the libraries that numbers could depend on."""
    found = {"diffusion": diffusion.__version__, "python": platform.python_version()}
    return found | {name: version_of(name) for name in (*LIBRARIES, *_FURTHER)}


def _about(scenario: "Scenario") -> dict[str, Any]:
    return {
        "label": scenario.label,
        "against": scenario.against,
        "interventions": list(scenario.settings.interventions),
        "shocks": list(scenario.settings.shocks),
        "explain": [one.explain() for _, _, one in scenario.settings.acting()],
        "budget": scenario.settings.budget,
        "overrides": list(scenario.overrides),
    }
