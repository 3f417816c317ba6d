"""Every mistake on the command line: one sentence, exit code 2, nothing written."""

import os
from pathlib import Path

import pytest

from diffusion.cli import main

SMALL = ["world=synthetic", "world.n=60", "world.n_territories=3"]
COP = "intervention=[cop_formation]"
PANDEMIC = "shock=[pandemic]"
PLACE = "intervention.cop_formation.coverage=0.01"

MISTAKES = [
    # keys
    (["run", "turnover.share_ngoo=0.2"], "did you mean 'turnover.share_ngo'?"),
    (["run", "tunrover.share_ngo=0.2"], "did you mean 'turnover.share_ngo'?"),
    (["run", "seeed=1"], "did you mean 'seed'?"),
    (["run", "+typo=1"], "'+' would add a new setting"),
    (["run", "world.case=erfurt"], "'world.case' is a setting of world=case only; add world=case"),
    (["run", "world={case: x}"], "'world.case' is a setting of world=case only; add world=case"),
    (["run", "executor.scheduler_file=x"], "a setting of executor=dask only; add executor=dask"),
    (["run", "~world"], "would remove settings"),
    (["run", "hydra.run.dir=x"], "there is no setting 'hydra.run.dir'"),
    (["run", "seed"], "write key=value"),
    (["run", "seed=1\n2"], "'seed=1 2' can't be read"),
    (["run", "sëed=1"], "'sëed' can't be the name of a setting"),
    (["run", "name=été"], "letters such as é"),
    # of experiments
    (["run", "replicates=5"], "'replicates=5' changes nothing in one run, only experiments read"),
    (["run", "executor.workers=4"], "leave it out, or use `diffusion compare`"),
    (["run", "executor=serial"], "'executor=serial' changes nothing in one run"),
    (["run", "+until.half_width=0.1"], "'+until.half_width=0.1' changes nothing in one run"),
    (["run", "--dry-run", "shows={pairs: true}"], "'shows={pairs: true}' changes nothing in one"),
    # brackets and quotes
    (["run", "record.groups=[practice,scale"], "the bracket '[' is not closed"),
    (["run", "timing={start: 1"], "the bracket '{' is not closed"),
    (["run", "name='x"], "the quote ' is not closed"),
    (["run", "seed=1,2"], "several values"),
    (["run", "seed=1,2"], "`diffusion run -m` makes a run of each"),
    (["run", "-m", "seed=1,two"], "seed = 'two': should be a whole number"),
    (["run", "-m", "seed=1,2", "seeed=1,2"], "did you mean 'seed'?"),
    (["run", "-m", "seed=1,2", "replicates=5"], "sweep seeds instead"),
    (["run", "-m", "seed=1,2", "executor.workers=4"], "hydra/launcher=joblib"),
    (["run", "-m", "seed=1,2", "--dry-run"], "--dry-run does not look ahead at the runs of -m"),
    (["run", "-m", "seed=interval(1,2)"], "leaves the values to a sweeper"),
    (["run", "-m", "seed=1,2", "--results", "/proc/no/such"], "can't be written"),
    (["run", "-m", "seed=1,2", f"{COP},[]", PLACE], "territories that it can mean"),
    # choices
    (["run", "world=sinthetic"], "did you mean 'synthetic'?"),
    (["run", "intervention=[cop_formatoin]"], "did you mean 'cop_formation'?"),
    (["compare", "experiment=what_remain"], "did you mean 'what_remains'?"),
    # values
    (["run", "turnover.share_ngo=1.5"], "turnover.share_ngo = 1.5: allowed 0 to less than 1"),
    (["run", "turnover.share_ngo=much"], "should be a number"),
    (["run", "timing.months=10.5"], "should be a whole number"),
    (["run", "turnover.share_ngo=true"], "turnover.share_ngo should be a number"),
    (["run", "turnover={share_ngo: true}"], "turnover.share_ngo should be a number"),
    (["run", "timing=[1]"], "timing should be a group of settings"),
    (["run", "intervention={cop_formation: {}}"], "choose interventions by name"),
    (["run", "shock={pandemic: {}}"], "choose shocks by name"),
    (["run", "shock=[pandemics]"], "did you mean 'pandemic'?"),
    (["run", "shock.pandemic.coverage=1"], "'pandemic' is not switched on; add it with shock=["),
    (["run", "shock.pandemie.coverage=1"], "there is no shock 'pandemie'; choose from: arrivals"),
    (["run", PANDEMIC, "shock.pandemic.reduction=2"], "shock.pandemic.reduction = 2: allowed 0"),
    (["run", PANDEMIC, "shock.pandemic.target=hub"], "target 'hub' is not known"),
    (["run", PANDEMIC, "shock.pandemic.window.until=999"], "shock.pandemic.window.until = 999: "),
    (["run", "shock=[programme_end]", "shock.programme_end.funder=nato"], "'nato' is not known"),
    (["run", "record.groups=[practise]"], "record.groups = ['practise']: group 'practise' is not"),
    (["run", "record.groups=[practise]"], "did you mean 'practice'?"),
    (["run", "record.groups=[practice,practice]"], "'practice' stands there twice"),
    (["run", "seed=true"], "seed should be a number"),
    (["run", "seed=-1"], "seed = -1: allowed 0 to"),
    (["run", "timing.stop=12"], "before it starts"),
    (["run", "timing.months=50"], "beyond the run"),
    (["run", COP, "timing.stop=12"], "timing: the window ends (stop = 12) before it starts"),
    (["run", COP, "timing={start: 0, stop: 0}"], "timing.start = 0 and timing.stop = 0 leave no"),
    (["compare", COP, "timing.stop=24"], "timing.start = 24 and timing.stop = 24 leave no month"),
    (["run", COP, "timing.stop=soon"], "timing.stop = 'soon': should be a whole number"),
    (["run", "practices.limit=65"], "65"),
    (["run", "world.n=1"], "world.n = 1: allowed"),
    (["run", "world.n=50", "world.mean_degree=60"], "with 50 organisations it can be at most 49"),
    (["compare", COP, "world.n=50", "world.mean_degree=60"], "world.mean_degree is 60; with 50"),
    (
        ["run", COP, "intervention.cop_formation.coverage=1.5"],
        "coverage = 1.5: allowed more than 0, up to 1",
    ),
    (["run", COP, "intervention.cop_formation.window.until=3"], "before it starts"),
    (
        ["run", COP, "intervention.cop_formation.window.until=999"],
        "diffusion: intervention.cop_formation.window.until = 999: the window ends after the run",
    ),
    (
        ["run", COP, "intervention.cop_formation.target=kind:ngoo"],
        "intervention.cop_formation.target = 'kind:ngoo': 'ngoo' is not known",
    ),
    (["run", COP, "intervention.cop_formation.target=kind:ngoo"], "did you mean 'ngo'?"),
    (["run", COP, "intervention.cop_formation.target=brokres"], "did you mean 'brokers'?"),
    (["run", COP, "intervention.cop_formation.target="], "allowed: random, hubs"),
    (["run", "intervention.cop_formation.coverage=0.5"], "is not switched on"),
    (["run", "results=/proc/no/such"], "can't be written"),
    (["run", "results="], "results = '': should be a folder"),
    (["run", "--results", ""], "an empty name"),
    (["run", "--results", "x" * 300], "can't be made"),
    (["run", "--config-dir", ""], "an empty name"),
    (["compare", COP, "name=.."], "must not begin with ."),
    (
        ["compare", "intervention=[handover,handovr]"],
        "there is no intervention 'handovr'; choose from: ",
    ),
    (["run", COP, "intervention.cop_formation.target=size:middle"], "allowed: small, large"),
    (["run", COP, "intervention.cop_formation.coverage=0"], "coverage = 0: allowed more than 0"),
    (
        [
            "run",
            COP,
            "intervention.cop_formation.window=[{from: 1, until: 9},{from: 5, until: 12}]",
        ],
        "intervention.cop_formation.window = [{from: 1, until: 9}, {from: 5, until: 12}]: windows "
        "of one intervention must follow one another",
    ),
    # nobody reached, too little money: found in the world of the first replicate
    (["compare", COP, "intervention.cop_formation.coverage=0.01"], "territories that it can mean"),
    (["compare", COP, "intervention.cop_formation.target=territory:Nowhere"], "no such territory"),
    (
        ["compare", COP, "intervention.cop_formation.target=named:Nobody"],
        "no organisation 'Nobody'",
    ),
    (["compare", COP, "budget=100"], "the budget is too small: intervention 'cop_formation' may"),
    (
        ["compare", COP, "intervention.cop_formation.eur_per_year=0", "budget=100"],
        "intervention 'cop_formation' costs nothing, so a budget can't say how far it reaches",
    ),
    (["run", "budget=0"], "budget = 0: allowed more than 0"),
    # experiments
    (["compare", "replicates=0"], "replicates = 0: allowed 1 to"),
    (["compare", "seed=9223372036854775807"], "choose a smaller seed"),
    (["compare", "executor.workers=0"], "executor.workers = 0: allowed 1 to"),
    (["compare", "experiment=what_remains", COP], "leave out one of the two"),
    (["compare", "experiment=null"], "nothing to compare"),
    (["compare", "practices.limit=65"], "65"),
    # designs; tests/unit/config/designs has the others
    (["compare", "design=sobol"], "the design sobol varies nothing; name parameters"),
    (["compare", COP, "until.half_width=1", "until.at_most=2"], "until.at_most = 2: allowed 30"),
    (
        ["compare", "design=sobol", "design.parameters=[{key: world.n, low: 2, high: 9}]"],
        "world.n = 2: allowed 10 to",
    ),
    # options and commands
    (["compare", "--frehs"], "did you mean '--fresh'?"),
    (["compare", "--results"], "expected one argument"),
    (["compare", "--config-dir", "nowhere"], "there is no such folder"),
    (["compare", "--results", "/proc/no/such"], "can't be written"),
    (["compare", "r"], "'r' is neither a setting nor a results folder that is there; write key"),
    (["compare", "experiment=who_to_invite", "shows.also_against=hub"], "did you mean 'hubs'?"),
    (["compare", "crsis"], "did you mean 'experiment=crisis'?"),
    (["compare", "design.size=4"], "add one of them, for example design=latin_hypercube"),
    (["comapre"], "did you mean 'compare'?"),
    (["explain"], "choose from: month, parameter, intervention, interventions, shock, shocks"),
    (["explain", "paramter", "x"], "did you mean 'parameter'?"),
    (["explain", "parameter"], "needs a name"),
    (["explain", "parameter", "timing.months"], "a choice of whoever runs the model"),
    (["explain", "parameter", "turnover.share_ngo", "turnover.share_ngo=3"], "allowed 0 to"),
    (["explain", "parameter", "turnover.share_ngoo"], "no parameter 'turnover.share_ngoo'"),
    (["explain", "evidence", "E9999"], "no source 'E9999'"),
    (["explain", "intervention", "tombola"], "there is no intervention 'tombola'"),
    (["explain", "shock", "pandmic"], "did you mean 'pandemic'?"),
    (["explain", "shock"], "explain shock needs a name, for example: diffusion explain shock"),
    (["network", "survey", "--seed", "-1"], "-1: allowed 0 to 9223372036854775807"),
    (["network", "survey", "--seed", "9" * 30], "allowed 0 to 9223372036854775807"),
    (["network", "survey", "--seed", "1.5"], "'1.5' should be a whole number"),
    (["results", "verfy"], "did you mean 'verify'?"),
    (["results", "show"], "results show needs a folder, for example: diffusion results show"),
    (["results", "show", "nowhere"], "is no results folder"),
    (["results", "list", "nowhere"], "holds no results folder"),
    (["levers", "--replicates", "1"], "1: allowed 2 to"),
    (["levers", "--only", "handovr"], "there is no lever 'handovr'"),
    (["levers", "intervention=[handover]"], "choose some of them with --only"),
    (["levers", "intervention.handovr.coverage=1"], "no lever 'handovr' is run here; did you mean"),
    (["levers", "seeed=2"], "did you mean 'seed'?"),
    (["levers", "--write", "/proc/no/such.md"], "can't be written"),
    (["patterns", "--write", "/proc/no/such.md"], "can't be written"),
    (["compare", "--write", "/proc/no/such.md"], "can't be written"),
    (["compare", "--write", "."], "'.' should be a file, for example page.md"),
    (["patterns", "--replicates", "1"], "1: allowed 2 to"),
    (["patterns", "--only", "P99"], "P99"),
    (["patterns", "--only", "seed=3"], "expected at least one argument"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=lambda value: str(value)[:60])
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    small = SMALL if words[0] in ("run", "compare") else []
    code = main([words[0], *small, *words[1:]])
    shown = capsys.readouterr()
    assert said in shown.err
    assert code == 2
    assert shown.err.startswith("diffusion: ")
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    assert main(["compare", *SMALL, "--results", str(tmp_path / "r")]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_another_design_in_the_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = '{"schema": 2, "experiment": "what_remains", "design": "other", "seed": 5}'
    (tmp_path / "manifest.json").write_text(there)
    assert main(["compare", *SMALL, "--results", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "seed: 5 there, 1 now" in said
    assert "--fresh" in said
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_manifest_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text("[]")
    assert main(["compare", *SMALL, "--results", str(tmp_path)]) == 2
    assert "is no manifest" in capsys.readouterr().err


def test_debug_shows_where_a_mistake_was_found() -> None:
    with pytest.raises(Exception, match="there is no setting 'seeed'"):
        main(["run", "seeed=1", "--debug"])


def test_a_defect_is_one_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("diffusion.config.compose", broken)
    assert main(["run"]) == 1
    said = capsys.readouterr().err
    assert "defect of the program" in said
    assert "ZeroDivisionError: by zero" in said
    assert said.count("\n") == 1
