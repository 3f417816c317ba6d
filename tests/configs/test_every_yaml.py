"""Every file in `configs/` and `experiments/` composes, and what it describes runs two months."""

from pathlib import Path
from typing import Any

import pytest

from diffusion.config import Experiment, design, load
from diffusion.config.folders import Folders
from diffusion.model.simulation import Simulation

FOLDERS = Folders.find()
SMALL = ["world=synthetic", "world.n=80", "world.n_territories=4"]
MONTHS = "timing={start: 0, stop: 1, months: 2}"


def _choices(group: str) -> list[str]:
    return [f"{group}={name}" for name in FOLDERS.options(group)]


def _two_months(overrides: list[str]) -> Simulation:
    simulation = Simulation(load([*overrides, MONTHS])).run()
    assert simulation.month == 2
    assert simulation.months()["share_using"].between(0.0, 1.0).all()
    return simulation


@pytest.mark.parametrize("choice", _choices("world"))
def test_every_world_runs(choice: str) -> None:
    assert _two_months([choice]).state.n_organisations > 10


@pytest.mark.parametrize("choice", _choices("intervention"))
def test_every_intervention_runs(choice: str) -> None:
    name = choice.partition("=")[2]
    small = ["intervention.working_groups.min_members=5"] if name == "working_groups" else []
    simulation = _two_months([*SMALL, choice, *small])
    assert list(simulation.settings.interventions) == [name]
    assert len(simulation.settings.interventions[name].explain()) > 40


@pytest.mark.parametrize("choice", _choices("shock"))
def test_every_shock_runs(choice: str) -> None:
    name = choice.partition("=")[2]
    simulation = _two_months([*SMALL, choice])
    assert list(simulation.settings.shocks) == [name]
    assert len(simulation.settings.shocks[name].explain()) > 40


@pytest.mark.parametrize(
    "choice",
    [
        choice
        for group in FOLDERS.groups()
        if group not in ("world", "intervention", "shock", "experiment", "executor")
        for choice in _choices(group)
    ],
)
def test_every_other_choice_runs(choice: str) -> None:
    _two_months([*SMALL, choice])


@pytest.mark.parametrize("choice", _choices("executor"))
def test_every_executor_is_accepted(choice: str) -> None:
    assert design([*SMALL, choice]).executor["_target_"].startswith("diffusion.runner.")


def _experiments() -> list[Any]:
    """Experiments; those of dozens of scenarios take Hydra long to compose."""
    few = 20
    return [
        pytest.param(
            f"experiment={name}",
            marks=pytest.mark.slow if path.read_text("utf-8").count("label:") > few else (),
        )
        for name, path in FOLDERS.packaged_experiments().items()
    ]


@pytest.mark.parametrize("choice", _experiments())
def test_every_scenario_of_every_experiment_runs(choice: str) -> None:
    experiment: Experiment = design([choice, MONTHS])
    assert experiment.baseline in experiment.scenarios
    assert len(experiment.question) > 20
    for scenario in experiment.scenarios.values():
        assert Simulation(scenario.settings).run().month == 2


def test_no_file_is_left_out() -> None:
    folders = {path for path in FOLDERS.configs.iterdir() if path.is_dir()}
    reached = {path for folder in folders for path in folder.glob("*.yaml")}
    inherited = set((FOLDERS.configs / "world" / "base").glob("*.yaml"))
    every = set(FOLDERS.configs.rglob("*.yaml")) - {FOLDERS.configs / "config.yaml"}
    assert every == reached | inherited


@pytest.mark.parametrize("path", sorted(FOLDERS.experiments.glob("*/")), ids=lambda p: p.name)
def test_every_experiment_opens_with_its_command(path: Path) -> None:
    text = (path / "experiment.yaml").read_text(encoding="utf-8")
    first, second = text.splitlines()[:2]
    assert first == "# @package _global_"
    assert second == f"# diffusion compare experiment={path.name}"
