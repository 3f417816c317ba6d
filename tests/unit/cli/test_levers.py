"""Levers on the command line: listed, run against the sources, and under a budget."""

from pathlib import Path

import pytest

from diffusion.cli import main
from diffusion.evidence import sources
from tests.simulating import SHORT

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_explain_interventions_lists_every_lever_of_the_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "interventions"]) == 0
    shown = capsys.readouterr().out
    assert all(row["id"] in shown for row in sources.table("interventions"))
    assert "of 62 levers have a preset" in shown


def test_explain_intervention_knows_levers_of_the_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "intervention", "cop_local_regional"]) == 0
    shown = capsys.readouterr().out
    assert "Form local or regional communities of practice" in shown
    assert "in the model: cop_formation" in shown


def test_levers_shows_each_effect_and_writes_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["levers", *SHORT, "executor=serial", "--only", "handover", "--replicates", "2"]
    assert main([*words, "--write", "page/levers.md"]) == 0
    shown = capsys.readouterr()
    assert "knowledge_saved" in shown.out
    assert "2 of 2 runs, 0 failed" in shown.err
    page = (tmp_path / "page" / "levers.md").read_text(encoding="utf-8")
    assert "diffusion levers world=synthetic" in page
    assert "| `handover` | " in page


def test_a_lever_that_fails_is_shown_and_gives_exit_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = "intervention.cop_formation.min_members=30"
    words = ["levers", *SHORT, "executor=serial", "--replicates", "2", broken]
    assert main([*words, "--only", "handover", "cop_formation"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "of 1 effects met, 1 failed" in shown
    assert "cop_formation: intervention 'cop_formation': no community could be founded" in shown


def test_money_that_is_not_spent_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*SHORT, "intervention=[repository]", "budget=50000", "--no-figures"]
    assert main(["run", *words, "--results", "r"]) == 0
    said = "costs 3,750 EUR of a budget of 50,000 EUR, for everybody it can mean is paid"
    assert f"This run: {said}" in " ".join(capsys.readouterr().out.split())
    more = ["replicates=2", "executor=serial", "--results", "c"]
    assert main(["compare", *words, *more]) == 0
    assert f"Repository: {said}" in " ".join(capsys.readouterr().out.split())
    assert said in (tmp_path / "c" / "summary.md").read_text(encoding="utf-8")
