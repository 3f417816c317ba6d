"""Every lever of the sources has a preset that stands for it, or a reason why none does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from diffusion.base.errors import SettingError
from diffusion.config.levers import covers, levers
from diffusion.evidence import sources
from diffusion.evidence.register import find
from diffusion.model.simulation import Simulation
from tests.simulating import each_alone

MOST_NOT_SHOWN = 8
Preset = Callable[[str], Path]


@pytest.fixture
def own(tmp_path: Path) -> Preset:
    """A folder of one's own with one preset, given as text."""

    def write(text: str) -> Path:
        folder = tmp_path / "intervention"
        folder.mkdir()
        (folder / "mine.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_every_lever_of_the_sources_is_resolved() -> None:
    assert [lever.id for lever in levers().values() if not lever.resolved] == []


def test_what_is_not_shown_has_a_reason_and_no_preset() -> None:
    rows = sources.table("levers_not_shown")
    assert len(rows) <= MOST_NOT_SHOWN
    known = levers()
    for row in rows:
        assert known[row["id"]].presets == ()
        assert row["reason"].endswith(".")


def test_every_preset_stands_for_a_lever() -> None:
    assert [name for name, covered in covers().items() if not covered] == []


@pytest.mark.parametrize("name", covers())
def test_evidence_and_expectations_of_a_preset_exist(name: str) -> None:
    settings = each_alone("intervention", months=1, start=0, stop=1)[name]
    preset = settings.interventions[name]
    assert preset.covers == covers()[name]
    assert preset.evidence
    assert all(find(id) for id in preset.evidence)
    columns = set(Simulation(settings).recorder.monthly_columns())
    assert {*preset.expected.during, *preset.expected.after} <= columns
    assert preset.expected.during or preset.expected.after


def test_reasons_for_misses_are_of_presets_and_measures_that_exist() -> None:
    for row in sources.table("levers_missed"):
        preset = each_alone("intervention")[row["preset"]].interventions[row["preset"]]
        expected = preset.expected
        assert row["measure"] in {**expected.during, **expected.after}
        assert row["sentence"].endswith(".")


def test_presets_of_ones_own_count(own: Preset) -> None:
    folder = own("# @package intervention.mine\ncovers: [study_visits_peer_learning]\n")
    assert "mine" in levers(folder)["study_visits_peer_learning"].presets


def test_a_preset_that_covers_no_lever_is_refused(own: Preset) -> None:
    with pytest.raises(SettingError, match=r"'mine' covers 'cop_local'.*did you mean"):
        levers(own("covers: [cop_local]\n"))


def test_a_file_that_is_no_yaml_is_named(own: Preset) -> None:
    with pytest.raises(SettingError, match=r"mine.yaml is no valid YAML"):
        levers(own("covers: [a\nb: {"))
