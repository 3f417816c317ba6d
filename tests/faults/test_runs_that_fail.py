"""Runs that raise, give what is no number, or take their worker with them."""

from pathlib import Path

import pytest

from diffusion.cli import main
from diffusion.runner.store import Results
from tests.faults.sweeps import assert_same, faulty, uninterrupted

pytestmark = pytest.mark.slow

REPLICATES = 6
BROKEN = 4  # the seed


@pytest.mark.parametrize(
    ("does", "error"),
    [
        ("raise", "ArithmeticError: breaks"),
        ("nan", "ResultsError: cost_total in the table outcomes is nan"),
    ],
)
def test_a_run_that_fails_is_told_of_and_alone_in_it(
    does: str, error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (*faulty(tmp_path, does, BROKEN), f"replicates={REPLICATES}", "executor.workers=2")
    command = ["compare", *words, "--results", str(tmp_path / "r"), "--no-figures"]
    assert main(command) == 1
    shown = capsys.readouterr()
    assert f"1 of {2 * REPLICATES} runs failed ({error}" in shown.err
    assert "1 failed" in shown.err
    results = Results(tmp_path / "r")
    (failure,) = results.failures()
    assert (failure["scenario"], failure["seed"]) == ("faulty", BROKEN)
    outcomes = results.table("outcomes")
    assert failure["run_id"] not in set(outcomes["run_id"])
    assert len(outcomes) == 2 * REPLICATES - 1
    (tmp_path / "mended").touch()
    assert main(command) == 0
    assert_same(results, uninterrupted(tmp_path / "whole", words))


def test_a_worker_that_is_killed_is_replaced_and_its_runs_redone(tmp_path: Path) -> None:
    words = (*faulty(tmp_path, "kill once", BROKEN), f"replicates={REPLICATES}")
    command = ["compare", *words, "executor.workers=2", "--results", str(tmp_path / "r")]
    assert main([*command, "--no-figures"]) == 0
    assert (tmp_path / "mended").exists()
    assert_same(Results(tmp_path / "r"), uninterrupted(tmp_path / "whole", words))


def test_a_run_that_kills_every_worker_ends_the_sweep_which_goes_on_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (*faulty(tmp_path, "kill", BROKEN), f"replicates={REPLICATES}", "executor.workers=2")
    command = ["compare", *words, "--results", str(tmp_path / "r"), "--no-figures"]
    assert main(command) == 2
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "killed" in line]
    assert "killed 3 times at the same runs" in said
    (tmp_path / "mended").touch()
    assert main(command) == 0
    assert_same(Results(tmp_path / "r"), uninterrupted(tmp_path / "whole", words))
