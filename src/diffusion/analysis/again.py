"""A stored run once more: whatever a table does not hold can be looked at in the run itself."""

from collections.abc import Mapping
from typing import Any

from diffusion.config.settings import settings_of
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation


def settings_again(manifest: Mapping[str, Any], scenario: str, replicate: int = 0) -> ModelSettings:
    """The settings of a stored run, from the manifest of its results folder."""
    data = manifest["config"][scenario]
    chosen = {"shock": data["shocks"], "intervention": data["interventions"]}
    settings = settings_of({**data, **data["rules"], **chosen})
    return settings.model_copy(update={"seed": int(manifest["seed"]) + replicate})


def run_again(
    manifest: Mapping[str, Any], scenario: str, months: int, replicate: int = 0
) -> Simulation:
    """The run itself, identical to the stored one, after its first `months` months."""
    simulation = Simulation(settings_again(manifest, scenario, replicate))
    for _ in range(months):
        simulation.step()
    return simulation
