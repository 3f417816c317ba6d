"""Presets put into one composition of the rest: the same settings as Hydra composes in full."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hydra
import pytest

from diffusion.config import Experiment, composing, design, load
from diffusion.config.folders import Folders

SMALL = ["world=synthetic", "world.n=60", "world.n_territories=3"]
OWN = """# @package intervention.{name}
_target_: diffusion.interventions.move_modifiers.MoveModifiers
window: {{from: "${{timing.start}}", until: "${{timing.stop}}"}}
coverage: 0.5
target: random
moves: {{rel_adoption: 1.1}}
summary: Helps
eur_per_year: {price}
eur_per_organisation_year: 0
evidence: []
"""


@pytest.fixture
def in_full(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Compose as if every file needed Hydra."""

    def all_by_hydra(overrides: list[str], own: Path | None = None) -> Experiment:
        with monkeypatch.context() as patch:
            patch.setattr(composing, "_preset", lambda *_: None)
            return design(overrides, own)

    return all_by_hydra


def same(one: Experiment, other: Experiment) -> None:
    assert list(one.scenarios) == list(other.scenarios)
    for name, scenario in one.scenarios.items():
        twin = other.scenarios[name]
        assert scenario == twin
        for group in ("shocks", "interventions"):  # they act in their order
            assert list(getattr(scenario.settings, group)) == list(getattr(twin.settings, group))


@pytest.mark.parametrize(
    "overrides",
    [
        ["intervention=[handover,cop_formation]", "shock=[pandemic,cost_of_living]"],
        ["intervention=[handover]", "timing={start: 3, stop: 9, months: 20}"],
        ["intervention=[handover,repository]", "intervention.handover.coverage=0.4", "budget=9000"],
        ["shock=[pandemic]", "intervention=[cop_formation]", "shock.pandemic={months: 3}"],
        ["experiment=silo", "turnover.share_ngo=0.3"],
    ],
)
def test_settings_are_those_of_a_composition_in_full(overrides: list[str], in_full: Any) -> None:
    same(design([*SMALL, *overrides]), in_full([*SMALL, *overrides]))


@pytest.mark.slow
@pytest.mark.parametrize("name", Folders.find().packaged_experiments())
def test_scenarios_of_experiments_are_those_of_compositions_in_full(
    name: str, in_full: Any
) -> None:
    same(design([f"experiment={name}"]), in_full([f"experiment={name}"]))


def test_hydra_composes_once_however_many_scenarios_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    composing._files.cache_clear()
    composed = []

    def counted(*args: Any, **kwargs: Any) -> Any:
        composed.append(args)
        return hydra.compose(*args, **kwargs)

    monkeypatch.setattr(composing, "hydra_compose", counted)
    experiment = design([*SMALL, "experiment=crisis"])
    assert len(experiment.scenarios) > 100
    assert len(composed) == 2, "the experiment with its list of scenarios, and what they share"


def own_files(folder: Path, **files: str) -> Path:
    for place, text in files.items():
        path = folder / place.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.with_suffix(".yaml").write_text(text, encoding="utf-8")
    return folder


def test_files_that_reach_beyond_themselves_are_left_to_hydra(tmp_path: Path) -> None:
    header, _, body = OWN.format(name="based", price=0).partition("\n")
    own = own_files(
        tmp_path,
        intervention__plain=OWN.format(name="plain", price='"${intervention.handover.coverage}"'),
        intervention__based=f"{header}\ndefaults:\n  - plain@_here_\n  - _self_\n{body}",
        intervention__elsewhere=OWN.format(name="renamed", price=7),
    )
    chosen = [*SMALL, "intervention=[handover,plain,based,elsewhere]"]
    settings: Any = load(chosen, own)
    assert list(settings.interventions) == ["handover", "plain", "based", "renamed"]
    assert (
        settings.interventions["plain"].eur_per_year == settings.interventions["handover"].coverage
    )
    assert settings.interventions["renamed"].eur_per_year == 7


def test_what_an_experiment_says_of_a_preset_holds(tmp_path: Path, in_full: Any) -> None:
    text = (
        "# @package _global_\nname: mine\nquestion: Does it?\nbaseline: none\nscenarios:\n"
        '  none: {label: None, overrides: ["intervention=[handover]", "budget=1"]}\n'
        '  it: {label: It, overrides: ["intervention=[handover]"]}\n'
        "intervention: {handover: {coverage: 0.123}}\n"
    )
    own = own_files(tmp_path, experiment__mine=text)
    experiment: Any = design([*SMALL, "experiment=mine"], own)
    assert experiment.scenarios["it"].settings.interventions["handover"].coverage == 0.123
    same(experiment, in_full([*SMALL, "experiment=mine"], own))


def test_a_file_that_was_edited_is_read_again(tmp_path: Path) -> None:
    for price in (1, 20):
        own = own_files(tmp_path, intervention__mine=OWN.format(name="mine", price=price))
        settings: Any = load([*SMALL, "intervention=[mine]"], own)
        assert settings.interventions["mine"].eur_per_year == price


def test_scenarios_do_not_leak_into_each_other() -> None:
    experiment: Any = design([*SMALL, "intervention=[handover,repository]", "shock=[pandemic]"])
    chosen = {name: list(s.settings.interventions) for name, s in experiment.scenarios.items()}
    assert chosen == {
        "baseline": [],
        "handover": ["handover"],
        "repository": ["repository"],
        "all_together": ["handover", "repository"],
    }
    assert all(list(s.settings.shocks) == ["pandemic"] for s in experiment.scenarios.values())


def test_a_value_that_was_set_is_not_kept_for_the_next() -> None:
    chosen = [*SMALL, "intervention=[handover]"]
    before = load(chosen)
    changed: Any = load([*chosen, "intervention.handover.coverage=0.4"])
    assert changed.interventions["handover"].coverage == 0.4
    assert load(chosen) == before


def test_threads_compose_side_by_side() -> None:
    """Hydra keeps what it composes from in one place, for all of them."""
    composing._files.cache_clear()
    worlds = {"synthetic": [], "erasmi": [], "case": ["world.case=erfurt"]}
    begin = threading.Barrier(len(worlds))

    def kind(world: str) -> str:
        begin.wait()
        return load([f"world={world}", *worlds[world]]).world.kind

    with ThreadPoolExecutor(len(worlds)) as threads:
        assert list(threads.map(kind, worlds)) == list(worlds)
