"""Levers against the runs without them: pairing, verdicts, failures, conditions."""

import math
from pathlib import Path

import numpy as np
import pytest

from diffusion.analysis import levers
from diffusion.analysis.intervals import Interval
from diffusion.analysis.levers import Effect, Failed
from diffusion.base.errors import SettingError
from diffusion.config import load
from diffusion.evidence import sources
from diffusion.model.simulation import Simulation
from diffusion.views.levers import measured
from tests.simulating import SMALL

TIMING = "timing={start: 2, stop: 5, months: 8}"
WORLD = [*SMALL, TIMING, "executor=serial"]
PRESET = """# @package intervention.mine
_target_: diffusion.interventions.move_modifiers.MoveModifiers
window: {from: 2, until: 5}
coverage: 1.0
target: random
moves: {rel_turnover: 0.0}
summary: Nobody leaves
eur_per_year: 12
eur_per_organisation_year: 0
evidence: []
"""


def own(folder: Path, *lines: str) -> Path:
    (folder / "intervention").mkdir()
    (folder / "intervention" / "mine.yaml").write_text("\n".join([PRESET, *lines]))
    return folder


def test_effects_are_paired_means_in_the_window_and_after_it(tmp_path: Path) -> None:
    expected = "expected: {during: {exits: down}, after: {exits: up, share_in_cop: up}}"
    folder = own(tmp_path, expected)
    found = levers.check(WORLD, 3, ["mine"], folder)
    keys = ["when", "measure", "expected"]
    assert [tuple(getattr(row, key) for key in keys) for row in found] == [
        ("during", "exits", "down"),
        ("after", "exits", "up"),
        ("after", "share_in_cop", "up"),
    ]
    differences, without = [], []
    for seed in (1, 2, 3):
        alone = [*WORLD, f"seed={seed}"]
        base = Simulation(load(alone)).run().months()["exits"]
        lever = Simulation(load([*alone, "intervention=[mine]"], folder)).run().months()["exits"]
        differences.append((lever - base)[2:5].mean())
        without.append(base[2:5].mean())
    during, _, unmoved = found
    assert isinstance(during, Effect)
    assert isinstance(unmoved, Effect)
    assert during.effect.mean == pytest.approx(np.mean(differences))
    assert during.without == pytest.approx(np.mean(without))
    assert during.cost == pytest.approx(3.0)
    assert during.met == (during.effect.high < 0.0)
    assert unmoved.effect.identical
    assert not unmoved.met


@pytest.mark.parametrize(
    ("low", "high", "expected", "met"),
    [
        (0.1, 0.3, "up", True),
        (0.1, 0.3, "down", False),
        (-0.1, 0.3, "up", False),
        (-0.3, -0.1, "down", True),
        (math.nan, math.nan, "up", False),
    ],
)
def test_met_means_the_whole_interval(low: float, high: float, expected: str, met: bool) -> None:
    effect = Interval(0.2, low, high, 5)
    row = Effect("x", "exits", "during", expected, 1.0, effect, 0.0, "")  # type: ignore[arg-type]
    assert row.met is met


def test_a_lever_for_bad_times_is_compared_in_bad_times(tmp_path: Path) -> None:
    under = "under: [turnover.share_ngo=0.9, turnover.share_municipality=0.9]"
    folder = own(tmp_path, "expected: {during: {exits: down}, " + under + "}")
    (row,) = levers.check(WORLD, 2, ["mine"], folder)
    assert isinstance(row, Effect)
    bad = [*WORLD, "turnover.share_ngo=0.9", "turnover.share_municipality=0.9"]
    exits = [
        Simulation(load([*bad, f"seed={seed}"])).run().months()["exits"][2:5].mean()
        for seed in (1, 2)
    ]
    assert row.without == pytest.approx(np.mean(exits))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("expected: {during: {exts: down}}", "'exts', which is no column.*did you mean 'exits'"),
        ("covers: 3", "covers = 3"),
    ],
)
def test_a_lever_that_breaks_does_not_stop_the_others(line: str, said: str, tmp_path: Path) -> None:
    found = levers.check(WORLD, 2, ["mine", "handover"], own(tmp_path, line))
    assert [type(row) for row in found] == [Effect, Failed]
    assert isinstance(found[1], Failed)
    assert found[1].lever == "mine"
    with pytest.raises(SettingError, match=said):
        raise SettingError(found[1].sentence)


def test_a_run_that_ends_with_the_window_has_no_after(tmp_path: Path) -> None:
    folder = own(tmp_path, "expected: {after: {exits: up}}")
    (row,) = levers.check([*WORLD, "timing.months=5"], 2, ["mine"], folder)
    assert isinstance(row, Failed)
    assert "give more timing.months" in row.sentence


def test_overrides_of_a_lever_hold_for_it_alone() -> None:
    changed = "intervention.handover.eur_per_organisation_year=0"
    found = levers.check([*WORLD, changed], 2, ["handover", "repository"])
    assert {row.lever: row.cost > 0.0 for row in found if isinstance(row, Effect)} == {
        "handover": False,
        "repository": True,
    }


def test_workers_change_nothing() -> None:
    one, two = (
        levers.check([*WORLD[:-1], f"executor.workers={number}"], 3, ["handover"])
        for number in (1, 2)
    )
    assert one == two
    assert {row.lever for row in one if isinstance(row, Effect)} == {"handover"}


@pytest.mark.parametrize("workers", [0, 2000])
def test_workers_out_of_bounds_are_refused_before_a_run(workers: int) -> None:
    given = [*WORLD[:-1], f"executor.workers={workers}"]
    with pytest.raises(SettingError, match=f"workers = {workers}: allowed 1 to"):
        levers.check(given, 2, ["handover"])


def test_a_reason_is_shown_beside_a_miss(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    why = {"preset": "mine", "measure": "share_in_cop", "sentence": "Nobody is asked | to join."}
    monkeypatch.setattr(sources, "table", lambda _: [why])
    folder = own(tmp_path, "expected: {during: {share_in_cop: up}}")
    (row,) = levers.check(WORLD, 2, ["mine"], folder)
    page = measured([row, Failed("gone", "It broke.")], "diffusion levers", 2)
    assert "| missed | Nobody is asked \\| to join. |" in page
    assert "| `gone` |  |  |  |  |  |  | failed | It broke. |" in page
    assert "2 levers and shocks: 0 of 1 effects met, 1 failed" in page
