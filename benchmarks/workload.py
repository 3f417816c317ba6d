"""The workload that all groups share; README.md says it in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffusion.config import Experiment
    from diffusion.model.settings import ModelSettings

PLACE = 50  # organisations a territory
PRACTICES = 20
DEGREE = 10  # ties an organisation has on average when a run starts
MONTHS = 120
WARM_UP = 200  # organisations
_WARM_UP_MONTHS = 24  # what is done once a year is done in them too


def settings(n: int, months: int = MONTHS, *overrides: str) -> "ModelSettings":
    """A synthetic world of n organisations, all rules on, the whole monthly table recorded."""
    from diffusion.config import load

    return load(
        [
            "world=synthetic",
            f"world.n={n}",
            f"world.n_territories={max(4, n // PLACE)}",
            f"world.mean_degree={DEGREE}",
            f"practices.limit={PRACTICES}",
            f"timing={{start: {months // 5}, stop: {months // 2}, months: {months}}}",
            *overrides,
        ]
    )


def one_scenario(
    name: str, settings: "ModelSettings", runs: int, results: Path, executor: Mapping[str, Any]
) -> "Experiment":
    """An experiment of runs that differ in their seeds only."""
    from diffusion.config import Experiment, Scenario

    return Experiment(
        name=name,
        question="",
        baseline="run",
        scenarios={"run": Scenario("One run", settings, ())},
        timing=settings.timing,
        replicates=runs,
        seed=settings.seed,
        results=results,
        executor=executor,
    )


def warm_up() -> None:
    """Load the machine code, and what is imported on first use."""
    from diffusion.model.simulation import Simulation

    Simulation(settings(WARM_UP, _WARM_UP_MONTHS)).run().months()


def compile_all() -> None:
    """Put the machine code of the model and its interventions on disk, if it is not there."""
    from diffusion.runner.compiling import compile_model

    compile_model(_fullest())
    simulate_fullest()


def simulate_fullest() -> None:
    """Use all loops once that anything measured here uses."""
    from diffusion.model.simulation import Simulation

    Simulation(_fullest()).run()
    warm_up()


def _fullest() -> "ModelSettings":
    from diffusion.config import design

    return design(["experiment=what_remains"]).scenarios["all_three"].settings
