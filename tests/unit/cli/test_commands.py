"""What each command does when all is well, and when runs fail or are interrupted."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import diffusion
from diffusion.cli import COMMANDS, explain, main
from diffusion.config import compose
from diffusion.config.folders import Folders
from diffusion.evidence.register import Register
from diffusion.runner.store import Results
from tests.simulating import SHORT

FOR_FIGURES = ("matplotlib", "networkx", "scipy.optimize")
FOR_TABLES = ("pandas", "pyarrow", "scipy.special")
OF_THE_MODEL = ("numpy", "numba", "mesa", "pydantic", "joblib")
HEAVY = (*FOR_FIGURES, *FOR_TABLES, *OF_THE_MODEL, "hydra", "omegaconf", "rich")
SPY = """
import sys
from diffusion.cli import main
def imported(names):
    return [name for name in names if name in sys.modules]
"""


pytestmark = pytest.mark.usefixtures("elsewhere")


def in_a_new_process(code: str) -> str:
    """What Python code prints in a process that has imported nothing yet."""
    words = [sys.executable, "-c", SPY + code]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"diffusion {command}" in capsys.readouterr().out.split("examples:")[1]


def test_help_imports_nothing_heavy() -> None:
    shown = in_a_new_process(
        f"""
from contextlib import suppress
main(["--help"])
main(["--version"])
for command in {list(COMMANDS)}:
    with suppress(SystemExit):
        main([command, "--help"])
print("heavy:", imported({HEAVY}))
"""
    )
    assert f"diffusion {diffusion.__version__}" in shown
    assert all(f"usage: diffusion {command}" in shown for command in COMMANDS)
    assert shown.endswith("heavy: []\n")


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (["evidence", "E008"], [name for name in HEAVY if name != "rich"]),
        (["parameter", "turnover.share_ngo"], [*FOR_FIGURES, *FOR_TABLES, *OF_THE_MODEL]),
        (["interventions"], [name for name in HEAVY if name != "rich"]),
        (["month"], [*FOR_FIGURES, *FOR_TABLES, "mesa", "hydra"]),
    ],
)
def test_explain_imports_only_what_it_needs(words: list[str], unneeded: list[str]) -> None:
    shown = in_a_new_process(f"main({['explain', *words]}); print('heavy:', imported({unneeded}))")
    assert shown.count("\n") > 2
    assert shown.endswith("heavy: []\n")


def test_run_shows_its_table_before_it_imports_what_files_need(tmp_path: Path) -> None:
    words = ["run", *SHORT, "--results", "r"]
    shown = in_a_new_process(
        f"""
from rich.table import Table
shown = Table.__rich_console__
def show(*args):
    print("heavy:", imported({[*FOR_FIGURES, *FOR_TABLES]}))
    return shown(*args)
Table.__rich_console__ = show
main({words})
print("then:", imported({FOR_FIGURES}))
"""
    )
    assert "heavy: []" in shown
    assert shown.index("heavy: []") < shown.index("One run") < shown.index("network_map.png")
    assert f"then: {list(FOR_FIGURES)}" in shown


def test_run_stores_the_monthly_table_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", *SHORT, "intervention=[cop_formation]", "--results", "r", "--no-figures"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "Founds local communities of practice" in shown
    csv = pd.read_csv(tmp_path / "r" / "months.csv")
    parquet = pd.read_parquet(tmp_path / "r" / "months" / "part-00000.parquet")
    assert len(csv) == 8
    assert list(csv["share_using"]) == list(parquet["share_using"])
    assert (tmp_path / "r" / "manifest.json").is_file()
    assert main(words) == 0
    assert len(pd.read_parquet(tmp_path / "r" / "months")) == 8


def test_options_and_settings_may_be_mixed(tmp_path: Path) -> None:
    assert main(["run", "--no-figures", *SHORT[:2], "--results", "r", *SHORT[2:]]) == 0
    assert (tmp_path / "r" / "months.csv").is_file()


def test_compare_ends_with_a_table_and_paths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", *SHORT, "experiment=what_remains", "replicates=2", "executor=serial"]
    assert main([*words, "--no-figures"]) == 0
    shown = capsys.readouterr()
    assert "Communities of practice" in shown.out
    assert "results/what_remains" in shown.out
    assert "10 of 10 runs, 0 failed" in shown.err
    assert not (tmp_path / "results" / "what_remains" / "figures").exists()
    assert main([*words, "--no-figures"]) == 0
    assert "10 of 10 runs are there already" in capsys.readouterr().err


def test_failed_runs_are_counted_and_give_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from diffusion.model import sharing
    from diffusion.runner import run

    whole = sharing.simulate_together

    def together(every: Any) -> Any:
        if any(settings.seed == 2 for settings in every):
            raise ArithmeticError("breaks")
        return whole(every)

    monkeypatch.setattr(run, "simulate_together", together)
    words = ["compare", *SHORT, "intervention=[cop_formation]", "replicates=3", "executor=serial"]
    assert main([*words, "--results", "r", "--no-figures"]) == 1
    said = capsys.readouterr().err
    assert "2 of 6 runs failed (ArithmeticError: breaks)" in said
    assert len(list((tmp_path / "r" / "failures").iterdir())) == 2


def test_an_interrupted_sweep_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from diffusion.model import sharing
    from diffusion.runner import run

    whole = sharing.simulate_together

    def together(every: Any) -> Any:
        if any(settings.seed == 3 for settings in every):
            raise KeyboardInterrupt
        return whole(every)

    monkeypatch.setattr(run, "simulate_together", together)
    words = ["compare", *SHORT, "intervention=[cop_formation]", "replicates=3", "executor=serial"]
    words += ["--results", "r", "--no-figures"]
    assert main(words) == 130
    assert "give the same command again to go on" in capsys.readouterr().err
    monkeypatch.setattr(run, "simulate_together", whole)
    assert main(words) == 0
    assert "4 of 6 runs are there already" in capsys.readouterr().err


def test_a_sweep_that_is_interrupted_before_its_folder_is_there_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from diffusion.runner import run

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "check_worlds", interrupted)
    assert main(["compare", *SHORT, "intervention=[handover]", "--results", "r"]) == 130
    assert capsys.readouterr().err == "diffusion: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_results_are_shown_and_stored_before_figures_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from diffusion.views import figures

    seen: list[str] = []
    for name in ("save_run", "save_all"):
        monkeypatch.setattr(figures, name, _drawing(tmp_path / "r", seen, capsys))
    assert main(["run", *SHORT, "--results", "r"]) == 0
    assert "One run" in seen[0]
    assert "r/months.csv" in seen[0]
    assert capsys.readouterr().out == "Figures\n  r/figures/drawn.png\n"
    shutil.rmtree("r")
    words = ["compare", *SHORT, "intervention=[cop_formation]", "replicates=2", "executor=serial"]
    assert main([*words, "--results", "r"]) == 0
    assert "What remains when the money stops" in seen[1]
    assert "What pairing by luck gains" in seen[1]
    assert "r/summary.csv" in seen[1]
    assert capsys.readouterr().out == "Figures\n  r/figures/drawn.png\n"


def _drawing(
    results: Path, seen: list[str], capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[Path]]:
    """A stand-in for drawing that notes what the user has seen and what is stored by then."""

    def draw(*args: Any) -> list[Path]:
        folder = Path(args[-1])
        assert not folder.exists()
        assert len(Results(results).finished()) == Results(results).manifest["runs"]
        shown = capsys.readouterr()
        assert shown.err.splitlines()[-1] == "drawing figures ..."
        seen.append(shown.out)
        return [folder / "drawn.png"]

    return draw


@pytest.mark.parametrize(
    ("words", "draw"),
    [
        (["run"], "save_run"),
        (["compare", "intervention=[handover]", "replicates=2", "executor=serial"], "save_all"),
    ],
)
def test_an_interrupt_while_drawing_leaves_the_results_whole(
    words: list[str],
    draw: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from diffusion.views import figures

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(figures, draw, interrupted)
    assert main([*words, *SHORT, "--results", "r"]) == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("diffusion: interrupted; not all figures are drawn; the results in r ")
    results = Results(tmp_path / "r")
    assert len(results.finished()) == results.manifest["runs"]
    assert len(results.table("months")) == 8 * results.manifest["runs"]


def test_one_run_of_an_experiment_says_that_its_scenarios_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["run", *SHORT, "--no-figures", "--results", "r"]
    assert main(words) == 0
    assert "diffusion compare" not in capsys.readouterr().out
    assert main([*words, "experiment=what_remains", "--fresh"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "one run without what the scenarios of the experiment change" in shown
    assert "`diffusion compare` with the same settings runs them: baseline, " in shown


def test_settings_may_follow_the_patterns_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusion.analysis import patterns

    asked: list[tuple[Any, ...]] = []

    def check(*args: Any, progress: object) -> list[patterns.Pattern]:
        asked.append(args)
        return []

    monkeypatch.setattr(patterns, "check", check)
    assert main(["patterns", "seed=3", "--only", "P3", "P4", "seed=4", "--replicates", "5"]) == 0
    assert main(["patterns", "--only", "P3", "--replicates", "5", "seed=4"]) == 0
    assert asked == [(["seed=3", "seed=4"], 5, ["P3", "P4"]), (["seed=4"], 5, ["P3"])]


def test_explain_month_gives_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "month"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("funding:") < shown.index("turnover:") < shown.index("adoption:")


def test_explain_parameter_gives_value_range_and_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "parameter", "turnover.share_ngo", "turnover.share_ngo=0.123"]) == 0
    shown = capsys.readouterr().out
    assert "turnover.share_ngo = 0.123" in shown
    assert "range" in shown


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("intervention.cop_formation.coverage", "(intervention=[cop_formation]) = 0.5"),
        ("world.synthetic.n", "world.n (world=synthetic) = 1000"),
        ("world.n", "world.n (world=synthetic) = 1000"),
        ("world.base.settled.mean_degree", "world.mean_degree = 6.4"),
        ("world.mean_degree", "world.mean_degree = 6.4"),
        ("shock.pandemic.reduction", "(shock=[pandemic]) = 0.8"),
        ("practices.catalogue.trial_months_simple", "practices.trial_months_simple = "),
    ],
)
def test_explain_parameter_knows_keys_as_they_are_set(
    key: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "parameter", key]) == 0
    assert said in capsys.readouterr().out


@pytest.mark.slow
def test_explain_parameter_shows_the_value_of_every_key_of_the_register() -> None:
    composed: dict[tuple[str, ...], Any] = {}
    for key in Register.load():
        typed, choice = explain._as_typed(key)
        config = composed.setdefault(choice, compose(choice))
        group, *names = typed.split(".")
        assert explain._at(config, typed) not in (None, {}, config[group]), key
        assert names


def test_explain_intervention_gives_its_sentence_and_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "intervention", "cop_formation"]) == 0
    shown = capsys.readouterr().out
    assert "Founds local communities of practice" in shown
    assert "window.from = 24" in shown


def test_explain_shock_gives_its_sentence_and_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "shock", "pandemic", "shock.pandemic.reduction=0.55"]) == 0
    shown = capsys.readouterr().out
    assert "Keeps 55% of meetings" in shown
    assert "coverage = 0.75" in shown


def test_explain_shocks_lists_every_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "shocks", "timing.start=30"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.partition(":")[0] for line in lines] == list(Folders.find().options("shock"))
    assert all("from month 30 to" in line for line in lines)


@pytest.mark.parametrize(
    ("typed", "id"), [("E008", "E008"), ("e008", "E008"), ("ES_001", "es_001")]
)
def test_explain_evidence_gives_claim_and_citation(
    typed: str, id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "evidence", typed]) == 0
    assert capsys.readouterr().out.startswith(f"{id}: ")


def test_network_survey_prints_target_and_misfit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["network", "survey", "--seed", "3"]) == 0
    shown = capsys.readouterr().out
    assert "figures are met" in shown
    assert "joint provision" in shown


def test_the_same_is_there_in_python(tmp_path: Path) -> None:
    settings = diffusion.load([*SHORT, "seed=5"])
    assert settings.seed == 5
    comparison = diffusion.compare(
        overrides=[*SHORT, "intervention=[cop_formation]", "replicates=2", "executor=serial"],
        results=tmp_path / "r",
    )
    assert comparison.scenarios == ("baseline", "cop_formation")
    assert repr(comparison) == (
        "<Comparison with baseline 'baseline', finished runs: {'baseline': 2, 'cop_formation': 2}>"
    )
    with pytest.raises(AttributeError, match="no attribute 'modle'"):
        diffusion.modle  # noqa: B018 - the attribute is asked for to see it fail
