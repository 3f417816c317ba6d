"""`--dry-run`: what is said, and that nothing is written."""

from pathlib import Path

import pytest

from diffusion.cli import main
from tests.simulating import SHORT

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_a_dry_run_says_what_would_be_computed_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", *SHORT, "experiment=what_remains", "replicates=4", "seed=11"]
    assert main([*words, "executor.workers=3", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "Runs: 20 = 5 scenarios x 4 replicates, seeds 11 to 14, 8 months each" in shown
    assert "cop_formation, coordinator_funding, language_mediation" in shown
    assert "Executor: Local (workers=3)" in shown
    assert "Folder: results/what_remains is not there yet" in shown
    assert "Left: 20 runs, about " in shown
    assert " on 3 workers (" in shown
    assert "Estimated from 2 runs of the baseline" in shown
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_sees_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", *SHORT, "--no-figures"]
    assert main([*words, "--dry-run"]) == 0
    assert "Left: 1 runs" in capsys.readouterr().out
    assert main(words) == 0
    capsys.readouterr()
    assert main([*words, "--dry-run"]) == 0
    assert "holds 1 of these runs, and 0 that failed" in capsys.readouterr().out
    assert main([*words, "--dry-run", "--fresh"]) == 0
    assert "which --fresh removes first" in capsys.readouterr().out
    (folder,) = (tmp_path / "results").iterdir()
    assert (folder / "months.csv").is_file()


def test_a_dry_run_is_refused_for_what_the_sweep_would_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["compare", *SHORT, "intervention=[handover]", "--dry-run"]
    assert main([*words, "executor.workers=0"]) == 2
    assert "workers = 0" in capsys.readouterr().err


def test_a_dry_run_says_when_replicates_end_to_be_added(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [*SHORT, "intervention=[handover]", "replicates=4", "executor=serial", "--dry-run"]
    until = "until={half_width: 0.05, of: using_end, at_most: 9, step: 3}"
    assert main(["compare", *words, until]) == 0
    shown = capsys.readouterr().out
    assert "Runs: at most 18 = 2 scenarios x 9 replicates" in shown
    assert "Replicates: 4 to begin with, then 3 more at a time until the 95 % interval of" in shown
    assert "every difference in using_end is no wider than ± 0.05, 9 at most" in shown
    assert "Left: at most 18 runs" in shown
