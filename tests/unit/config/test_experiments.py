"""Files and overrides turned into settings and experiments."""

from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from diffusion.base.errors import ExtensionError, SettingError
from diffusion.config import design, load, settings_of
from diffusion.config.folders import Folders

SMALL = ["world=synthetic", "world.n=60", "world.n_territories=3"]


def _said(overrides: list[str], config_dir: Path | None = None) -> str:
    with pytest.raises((SettingError, ExtensionError)) as caught:
        design([*SMALL, *overrides], config_dir)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_values_reach_the_settings() -> None:
    settings = load([*SMALL, "seed=0", "turnover.share_ngo=0.31", "timing={start: 1, stop: 2}"])
    assert settings.seed == 0
    assert settings.rules.turnover.share_ngo == 0.31
    assert (settings.timing.start, settings.timing.stop) == (1, 2)
    assert settings.world.kind == "synthetic"


def test_windows_follow_the_timing() -> None:
    settings = load([*SMALL, "intervention=[cop_formation]", "timing.start=3", "timing.stop=9"])
    window = settings.interventions["cop_formation"].window
    assert (window.start, window.until) == (3, 9)


def test_settings_survive_the_way_through_the_manifest() -> None:
    settings = load([*SMALL, "intervention=[cop_formation,language_mediation]", "shock=[pandemic]"])
    data = settings.plain()
    chosen = {"shock": data["shocks"], "intervention": data["interventions"]}
    again = settings_of({**data, **data["rules"], **chosen})
    assert again == settings
    assert again.plain() == data


@pytest.mark.parametrize("own", ["replicates=4", "name=x", "executor=serial", "executor.workers=1"])
def test_a_scenario_can_not_set_what_holds_for_all(own: str) -> None:
    scenario = f"scenarios.all_three.overrides=['{own}']"
    assert "holds for the whole experiment" in _said(["experiment=what_remains", scenario])


@pytest.mark.parametrize(
    ("path", "text", "chosen", "said"),
    [
        ("intervention/mine.yaml", b"coverage: 1\n", "intervention=[mine]", "begins with a line"),
        ("experiment/mine.yaml", b"name: mine\n", "experiment=mine", "# @package _global_"),
        ("experiment/mine.yaml", b"name: \xfc\n", "experiment=mine", "mine.yaml"),
    ],
)
def test_a_file_of_ones_own_that_is_wrong_is_named(
    path: str, text: bytes, chosen: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_bytes(text)
    assert said in _said([chosen], tmp_path)


def test_the_headline_experiment_is_meant_when_nothing_is_said() -> None:
    experiment = design(SMALL)
    assert experiment.name == "what_remains"
    assert list(experiment.scenarios) == [
        "baseline",
        "communities_of_practice",
        "coordinator_funding",
        "language_mediation",
        "all_three",
    ]
    assert experiment.timing.model_dump() == {"months": 120, "start": 24, "stop": 60}
    assert experiment.replicates == 30
    assert not experiment.scenarios["baseline"].settings.interventions
    assert list(experiment.scenarios["all_three"].settings.interventions) == [
        "cop_formation",
        "coordinator_funding",
        "language_mediation",
    ]


def test_scenarios_differ_in_their_interventions_and_nothing_else() -> None:
    experiment = design([*SMALL, "turnover.share_ngo=0.4"])
    bare = {
        name: one.settings.model_copy(update={"interventions": {}})
        for name, one in experiment.scenarios.items()
    }
    assert all(settings == bare["baseline"] for settings in bare.values())
    assert bare["baseline"].rules.turnover.share_ngo == 0.4


def test_user_overrides_beat_the_experiment_file() -> None:
    experiment = design([*SMALL, "experiment=what_remains", "timing.months=80", "replicates=2"])
    assert (experiment.timing.months, experiment.replicates) == (80, 2)


def test_an_override_of_an_intervention_holds_where_it_is_switched_on() -> None:
    experiment = design([*SMALL, "intervention.cop_formation.coverage=0.11"])
    covered = {
        name: one.settings.interventions["cop_formation"].coverage
        for name, one in experiment.scenarios.items()
        if "cop_formation" in one.settings.interventions
    }
    assert covered == {"communities_of_practice": 0.11, "all_three": 0.11}


def test_chosen_interventions_are_compared_each_and_all() -> None:
    experiment = design([*SMALL, "intervention=[cop_formation,language_mediation]"])
    assert {
        name: list(one.settings.interventions) for name, one in experiment.scenarios.items()
    } == {
        "baseline": [],
        "cop_formation": ["cop_formation"],
        "language_mediation": ["language_mediation"],
        "all_together": ["cop_formation", "language_mediation"],
    }
    assert experiment.results == Path("results/cop_formation+language_mediation")


def test_shocks_hold_in_every_scenario_the_baseline_included() -> None:
    shocks = ["shock=[pandemic,funding_cut]", "shock.pandemic.coverage=0.5"]
    for chosen in ([], ["intervention=[cop_formation]"]):
        experiment = design([*SMALL, *shocks, *chosen])
        for scenario in experiment.scenarios.values():
            assert list(scenario.settings.shocks) == ["pandemic", "funding_cut"]
            assert scenario.settings.shocks["pandemic"].coverage == 0.5
    assert experiment.results == Path("results/cop_formation-under-pandemic+funding_cut")
    assert design([*SMALL, *shocks, "name=mine"]).name == "mine"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("shock.pandemic.coverage=0.5", "no scenario has a shock 'pandemic' (they have: none)"),
        ("+typo=1", "'+' would add a new setting"),
        ("turnover.share_ngoo=0.2", "did you mean 'turnover.share_ngo'?"),
        ("turnover={share_ngoo: 0.2}", "there is no setting 'turnover.share_ngoo'"),
        ("turnover.share_ngo=1.5", "turnover.share_ngo = 1.5: allowed 0 to less than 1"),
        ("world.kind=erasmi", "choose one with world=..."),
        ("timing.stop=12", "before it starts"),
        ("replicates=0", "replicates = 0: allowed 1 to"),
        ("executor=none", "choose from: dask, local, ray, serial"),
        ("baseline=basline", "did you mean 'baseline'?"),
        ("intervention=[cop_formation]", "leave out one of the two"),
        ("intervention.cop_formation.coverage=1.5", "coverage = 1.5: allowed more than 0, up to 1"),
        ("intervention.cop_formation.window.until=3", "before it starts"),
        ("intervention.handover.coverage=0.5", "no scenario has an intervention 'handover'"),
        ("intervention.cop_formation.target=hub", "target 'hub' is not known"),
        ("record.groups=[practise]", "group 'practise' is not known"),
        ("world.countries=[germny]", "world: 'germny' is not known"),
        ("name=a/b", "letters, digits"),
        ("seed=${sed}", "sed"),
    ],
)
def test_mistakes_are_one_sentence(override: str, said: str) -> None:
    assert said in _said(["experiment=what_remains", override])


def test_nothing_to_compare() -> None:
    assert "nothing to compare" in _said(["experiment=null"])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "intervention").mkdir()
    (tmp_path / "experiment").mkdir()
    return tmp_path


def test_own_files_add_choices(own: Path) -> None:
    text = (Folders.find().configs / "intervention" / "cop_formation.yaml").read_text()
    mine = text.replace("intervention.cop_formation", "intervention.mine")
    (own / "intervention" / "mine.yaml").write_text(mine)
    settings = load([*SMALL, "intervention=[mine]"], own)
    assert list(settings.interventions) == ["mine"]


def test_own_folders_may_have_odd_names(own: Path) -> None:
    odd = own / "it's a folder, really=yes"
    (odd / "demand").mkdir(parents=True)
    text = (Folders.find().configs / "demand" / "default.yaml").read_text()
    (odd / "demand" / "mine.yaml").write_text(text)
    assert load([*SMALL, "demand=mine"], odd) == load(SMALL)


def test_own_files_must_not_hide_packaged_ones(own: Path) -> None:
    (own / "intervention" / "cop_formation.yaml").write_text("{}")
    assert "give it another name" in _said([], own)


def test_a_wrong_import_path_says_what_to_do(own: Path) -> None:
    head = "# @package intervention.mine\n"
    (own / "intervention" / "mine.yaml").write_text(head + "_target_: nowhere.to.be.Found\n")
    assert "can't be imported" in _said(["intervention=[mine]"], own)
    (own / "intervention" / "mine.yaml").write_text(head + "_target_: pathlib.Path\n")
    assert "is no Intervention" in _said(["intervention=[mine]"], own)
    (own / "intervention" / "mine.yaml").write_text(head + "coverage: 1\n")
    assert "needs a line such as" in _said(["intervention=[mine]"], own)


def test_a_file_that_is_no_yaml_is_named_with_its_line(own: Path) -> None:
    (own / "intervention" / "mine.yaml").write_text("a: 1\nb: {from: ${timing.start}}\n")
    said = _said(["intervention=[mine]"], own)
    assert "mine.yaml, line 2 is no valid YAML" in said


def test_an_experiment_file_with_an_unknown_entry_is_refused(own: Path) -> None:
    (own / "experiment" / "mine.yaml").write_text("# @package _global_\nreplicate: 3\n")
    assert "did you mean 'replicates'?" in _said(["experiment=mine"], own)


def test_a_scenario_may_have_a_shock_of_its_own(own: Path) -> None:
    (own / "experiment" / "mine.yaml").write_text(
        "# @package _global_\n"
        "name: mine\n"
        "scenarios:\n"
        "  baseline: {label: Calm}\n"
        "  crisis: {label: Crisis, overrides: ['shock=[pandemic]']}\n"
    )
    experiment = design([*SMALL, "experiment=mine", "shock.pandemic.coverage=0.5"], own)
    struck = {name: one.settings.shocks for name, one in experiment.scenarios.items()}
    assert [name for name, shocks in struck.items() if shocks] == ["crisis"]
    assert struck["crisis"]["pandemic"].coverage == 0.5
    assert experiment.name == "mine"


def test_own_experiments_may_change_the_world(own: Path) -> None:
    (own / "experiment" / "mine.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n  - override /world: synthetic\n"
        "name: mine\n"
        "replicates: 3\n"
        "scenarios:\n"
        "  baseline: {label: Nothing new}\n"
        "  leaving: {label: More people leave, overrides: [turnover.share_ngo=0.5]}\n"
    )
    experiment = design(["experiment=mine", "world.n=60", "world.n_territories=3"], own)
    leaving = experiment.scenarios["leaving"].settings
    assert leaving.world.kind == "synthetic"
    assert leaving.rules.turnover.share_ngo == 0.5
    assert experiment.scenarios["baseline"].settings.rules.turnover.share_ngo != 0.5


def test_scenarios_with_other_months_cannot_be_compared(own: Path) -> None:
    (own / "experiment" / "mine.yaml").write_text(
        "# @package _global_\nname: mine\nscenarios:\n"
        "  baseline: {label: Nothing new}\n"
        "  longer: {label: Longer, overrides: [timing.months=130]}\n"
    )
    assert "differ in timing" in _said(["experiment=mine"], own)


def test_the_hydra_of_the_caller_is_left_alone() -> None:
    before = GlobalHydra.instance().hydra
    load(SMALL)
    assert GlobalHydra.instance().hydra is before
