"""`diffusion run -m` from the command line."""

from pathlib import Path

import pytest

from diffusion.cli import main
from tests.unit.runner.conftest import SMALL


def test_a_sweep_shows_one_row_a_run_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["run", "-m", *SMALL, "seed=1,2", "turnover.rel_turnover=1,2"]
    assert main(words) == 0
    shown = capsys.readouterr()
    assert "4 runs: share of" in shown.out
    assert "turnover.rel_turnover" in shown.out
    assert "4 of 4 runs, 0 failed" in shown.err
    (folder,) = (tmp_path / "results").iterdir()
    assert f"results/{folder.name}" in shown.out
    assert main(words) == 0
    assert "4 of 4 runs are there already" in capsys.readouterr().err
    assert main(["results", "show", f"results/{folder.name}"]) == 0
    assert "4 of 4 runs finished" in capsys.readouterr().out
