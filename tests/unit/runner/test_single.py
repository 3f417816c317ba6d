"""A single run: shown as soon as it is finished, and stored whatever becomes of that."""

from pathlib import Path

import pytest

from diffusion.config import load
from diffusion.model.simulation import Simulation
from diffusion.runner.single import run_once
from diffusion.runner.store import Results
from tests.unit.runner.conftest import SMALL


def test_it_is_shown_when_it_is_finished_and_then_stored(tmp_path: Path) -> None:
    shown = []

    def show(simulation: Simulation) -> None:
        assert simulation.done
        assert not (tmp_path / "r").exists()
        shown.append(simulation)

    finished = run_once(load(SMALL), tmp_path / "r", show=show)
    assert shown == [finished.simulation]
    assert all(path.is_file() for path in finished.tables)


@pytest.mark.parametrize("error", [BrokenPipeError, KeyboardInterrupt])
def test_it_is_stored_although_it_could_not_be_shown(
    error: type[BaseException], tmp_path: Path
) -> None:
    def show(_: Simulation) -> None:
        raise error

    with pytest.raises(error):
        run_once(load(SMALL), tmp_path / "r", show=show)
    results = Results(tmp_path / "r")
    assert len(results.finished()) == 1
    assert len(results.table("months")) == 8
