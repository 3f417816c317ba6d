"""Sweeps as Hydra users write them: which jobs they have, and where each stands."""

from pathlib import Path

import pytest

from diffusion.base.errors import SettingError
from diffusion.config.folders import Folders
from diffusion.config.launching import launching
from diffusion.config.sweeps import sweep_of


def lines(*overrides: str) -> list[str]:
    """What each job is given, as one text."""
    return [" ".join(job.lines) for job in sweep_of(overrides).jobs]


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("seed=4,2", ["seed=4", "seed=2"]),
        ("seed=range(1,4)", ["seed=1", "seed=2", "seed=3"]),
        ("a=range(0,1,0.5)", ["a=0.0", "a=0.5"]),
        ("world=choice(erasmi,synthetic)", ["world=erasmi", "world=synthetic"]),
        ("a=sort(3,1,2)", ["a=1", "a=2", "a=3"]),
        ("shock=[pandemic],[]", ["shock=[pandemic]", "shock=[]"]),
        ("+seed=1,2", ["seed=1", "seed=2"]),
        ("seed=7", ["seed=7"]),
    ],
)
def test_values_are_read_by_hydra(typed: str, values: list[str]) -> None:
    assert lines(typed) == values


def test_the_last_axis_changes_fastest_and_a_later_override_wins() -> None:
    assert lines("a=9,8", "b=x", "c=1,2", "a=3,4") == [
        f"a={a} b=x c={c}" for a in (3, 4) for c in (1, 2)
    ]


def test_glob_finds_the_files_of_a_group(tmp_path: Path) -> None:
    (tmp_path / "intervention").mkdir()
    (tmp_path / "intervention" / "cop_of_ours.yaml").write_text("# @package intervention.x\n")
    names = [name for name in Folders.find().options("intervention") if name.startswith("cop_")]
    found = sweep_of(["intervention=glob(cop_*)"], tmp_path)
    assert list(found.scenarios) == sorted([*names, "cop_of_ours"])
    experiments = [job.varied["experiment"] for job in sweep_of(["experiment=glob(*)"]).jobs]
    assert "what_remains" in experiments


def test_interventions_are_scenarios_seeds_replicates_and_all_else_points() -> None:
    typed = ["x.b=0.5,1", "seed=5,3", "intervention=null,[cop_formation,handover]", "x.a=k,l"]
    sweep = sweep_of(typed)
    assert len(sweep.jobs) == 16
    assert sweep.scenarios == {
        "baseline": (),
        "cop_formation+handover": ("cop_formation", "handover"),
    }
    assert (sweep.lowest_seed, sweep.n_seeds, sweep.varied) == (3, 2, ("x.b", "x.a"))
    assert {job.point: dict(job.varied) for job in sweep.jobs} == {
        0: {"x.b": 0.5, "x.a": "k"},
        1: {"x.b": 0.5, "x.a": "l"},
        2: {"x.b": 1.0, "x.a": "k"},
        3: {"x.b": 1.0, "x.a": "l"},
    }
    places = {(job.point, job.scenario, job.lines[1]) for job in sweep.jobs}
    assert len(places) == 16


def test_values_of_an_intervention_hold_where_it_is_on() -> None:
    typed = ["intervention=[],[handover]", "intervention.handover.coverage=0.2,0.4", "a=1"]
    assert lines(*typed) == [
        "intervention=[] a=1",
        "intervention=[] a=1",
        "intervention=[handover] intervention.handover.coverage=0.2 a=1",
        "intervention=[handover] intervention.handover.coverage=0.4 a=1",
    ]
    assert [job.point for job in sweep_of(typed).jobs] == [0, 1, 0, 1]
    assert lines("intervention=[],[handover]", "intervention.hand.coverage=1")[0].endswith("=1")


def test_without_swept_settings_there_are_no_points() -> None:
    (first, second) = sweep_of(["seed=1,2", "turnover.rel_turnover=2"]).jobs
    assert (first.point, first.varied, first.scenario) == (None, {}, "run")
    assert second.lines == ("seed=2", "turnover.rel_turnover=2")


@pytest.mark.parametrize(
    ("typed", "cells"),
    [
        ("a=1,2", [1, 2]),
        ("a=1,2.5", [1.0, 2.5]),
        ("a=true,false", [True, False]),
        ("a=true,1", ["true", "1"]),
        ("a=null,1", ["null", "1"]),
        ("a=[x,y],[]", ["x+y", ""]),
        ("a='1',x", ["1", "x"]),
    ],
)
def test_cells_of_a_column_have_one_type(typed: str, cells: list[object]) -> None:
    found = [job.varied["a"] for job in sweep_of([typed]).jobs]
    assert found == cells
    assert [type(one) for one in found] == [type(one) for one in cells]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("a=interval(0,1)", "leaves the values to a sweeper"),
        ("a=shuffle(1,2)", "the order of runs changes no number here"),
        ("a=range(3,1)", "gives no value at all"),
        ("a=range(1,5,0)", "can't be read: "),
        ("a=range(0,1,0.0)", "can't be read: Invalid range values"),
        ("a=1,1", "1 stands there twice"),
        ("intervention=[handover],handover", "handover stands there twice"),
        ("intervention=glob(zz*)", "gives no value at all"),
        ("turnover.x=glob(z*)", "glob(...) chooses files of a group, and 'turnover.x' is none"),
        ("a=range(0,20000)", "the sweep has 10,001 jobs, allowed up to 10,000"),
        ("timing.months=60,120", "'timing.months' is the same in all runs of a results folder"),
        ("results=a,b", "name the folder with --results, or use `diffusion compare`"),
        ("results=a", "'results=a' changes nothing with `diffusion run -m`"),
        ("executor=serial,local", "four at a time with hydra/launcher=joblib"),
        ("executor=local", "'executor=local' changes nothing with `diffusion run -m`"),
        ("executor.workers=4", "hydra.launcher.n_jobs=4, or use `diffusion compare`"),
        ("replicates=5", "sweep seeds instead, seed='range(1,6)' for five, or use"),
        ("+until.half_width=0.1", "only experiments read it; leave it out"),
        ("a=[1,2", "the bracket '[' is not closed"),
        ("~world", "would remove settings"),
        ("hydra.run.dir=x", "of Hydra's own settings a sweep has hydra/launcher"),
        ("hydra/sweeper=optuna", "of Hydra's own settings a sweep has hydra/launcher"),
    ],
)
def test_what_cannot_be_swept_is_refused(typed: str, said: str) -> None:
    with pytest.raises(SettingError) as caught:
        sweep_of(["seed=1", typed])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hydra/launcher=basick", "no launcher 'basick' is installed; choose from: basic, "),
        ("hydra/launcher=basick", "did you mean 'basic'?"),
        ("hydra.launcher.n_jobs=2", "does not suit Hydra: "),
    ],
)
def test_a_launcher_that_is_not_there_is_refused(line: str, said: str) -> None:
    with pytest.raises(SettingError) as caught, launching([line], int):
        pass
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("more", "sizes"), [([], [1, 1, 1]), (["2"], [2, 1])])
def test_jobs_are_launched_by_number_in_batches(
    more: list[str], sizes: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [f"hydra.sweeper.max_batch_size={size}" for size in more]
    with launching(words, str) as launcher:
        batches = list(launcher.launch([4, 0, 7]))
    assert [len(batch) for batch in batches] == sizes
    assert [name for batch in batches for name in batch] == ["4", "0", "7"]
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_is_read_again_as_it_was() -> None:
    typed = ("seed=1,2", "world=erasmi,synthetic", "hydra/launcher=basic")
    sweep = sweep_of(typed)
    assert sweep.launcher == ("hydra/launcher=basic",)
    assert sweep_of(sweep.typed).jobs == sweep.jobs
