"""Every file in `configs/` and `experiments/` composes, and what it describes runs two months."""

from pathlib import Path
from typing import Any

import pytest

from diffusion.config import Experiment, design, load
from diffusion.config.folders import Folders
from diffusion.model.settings import ModelSettings
from diffusion.model.sharing import simulate_together
from diffusion.model.simulation import Simulation
from tests.simulating import each_alone

FOLDERS = Folders.find()
WORLD = ("world.n=80", "world.n_territories=4", "practices.limit=null")
SMALL = ["world=synthetic", *WORLD]
WITHIN = {"intervention": ("intervention.working_groups.min_members=5",)}  # for a small world
MONTHS = "timing={start: 0, stop: 1, months: 2}"


def _choices(group: str) -> list[str]:
    return [f"{group}={name}" for name in FOLDERS.options(group)]


def _two_months(settings: ModelSettings) -> Simulation:
    simulation = Simulation(settings).run()
    assert simulation.month == 2
    assert simulation.months()["share_using"].between(0.0, 1.0).all()
    return simulation


@pytest.mark.parametrize("choice", _choices("world"))
def test_every_world_runs(choice: str) -> None:
    assert _two_months(load([choice, MONTHS])).state.n_organisations > 10


def _presets(group: str) -> dict[str, ModelSettings]:
    return each_alone(group, *WORLD, *WITHIN.get(group, ()), months=2, start=0, stop=1)


@pytest.mark.parametrize("name", FOLDERS.options("intervention"))
def test_every_intervention_runs(name: str) -> None:
    simulation = _two_months(_presets("intervention")[name])
    assert list(simulation.settings.interventions) == [name]
    assert len(simulation.settings.interventions[name].explain()) > 40


@pytest.mark.parametrize("name", FOLDERS.options("shock"))
def test_every_shock_runs(name: str) -> None:
    simulation = _two_months(_presets("shock")[name])
    assert list(simulation.settings.shocks) == [name]
    assert len(simulation.settings.shocks[name].explain()) > 40


@pytest.mark.slow
@pytest.mark.parametrize(
    ("group", "name"),
    [(group, name) for group in ("intervention", "shock") for name in FOLDERS.options(group)],
)
def test_a_preset_alone_is_as_among_all(group: str, name: str) -> None:
    within = [line for line in WITHIN.get(group, ()) if f".{name}." in line]
    alone = load([*SMALL, "seed=1", f"{group}=[{name}]", *within, MONTHS])
    assert alone == _presets(group)[name]


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
    _two_months(load([*SMALL, choice, MONTHS]))


@pytest.mark.parametrize("choice", _choices("executor"))
def test_every_executor_is_accepted(choice: str) -> None:
    assert design([*SMALL, choice]).executor["_target_"].startswith("diffusion.runner.")


def _experiments() -> list[Any]:
    """Experiments; those of dozens of scenarios take long to run."""
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
    every = [scenario.settings for scenario in experiment.scenarios.values()]
    assert [run.month for _, run in simulate_together(every)] == [2] * len(every)


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
