"""What a results folder says about itself: the experiment, its settings, and what computed it."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count
from typing import Any

import diffusion
from diffusion.config import Experiment, Scenario
from diffusion.runner.design import Run, design_hash
from diffusion.runner.store import SCHEMA_VERSION

_LIBRARIES = ("numpy", "numba", "pandas", "pyarrow", "scipy", "networkx", "mesa", "hydra-core")


def manifest_of(experiment: Experiment, runs: Sequence[Run]) -> dict[str, Any]:
    """The manifest of an experiment, fit for JSON."""
    return {
        "schema": SCHEMA_VERSION,
        "experiment": experiment.name,
        "question": experiment.question,
        "baseline": experiment.baseline,
        "shows": experiment.shows.model_dump(mode="json"),
        "scenarios": {name: _about(one) for name, one in experiment.scenarios.items()},
        "timing": experiment.timing.model_dump(mode="json"),
        "replicates": experiment.replicates,
        "seed": experiment.seed,
        "runs": len(runs),
        "design": design_hash(runs),
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
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _about(scenario: Scenario) -> dict[str, Any]:
    return {
        "label": scenario.label,
        "against": scenario.against,
        "interventions": list(scenario.settings.interventions),
        "shocks": list(scenario.settings.shocks),
        "explain": [one.explain() for _, _, one in scenario.settings.acting()],
        "budget": scenario.settings.budget,
        "overrides": list(scenario.overrides),
    }
