"""Local workers: copies or new processes, the same bytes."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from diffusion.config import Experiment
from diffusion.runner.run import run_experiment

Make = Callable[..., Experiment]

COPIES = """
import pathlib, pickle, sys
from diffusion.base.processes import may_copy
from diffusion.runner.run import run_experiment
experiment = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
results = run_experiment(experiment, pathlib.Path(sys.argv[2]))
print(may_copy(), len(results.finished()))
"""


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_one_and_two_workers_write_the_samebytes_of(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffusion.base.processes.may_copy", lambda: False)
    folders = []
    for workers in (1, 2):
        overrides = ("executor=local", f"executor.workers={workers}")
        folders.append(tmp_path / str(workers))
        results = run_experiment(make(*overrides, replicates=4), folders[-1])
        assert results.failures() == []
        assert len(results.finished()) == 8
    one, two = map(bytes_of, folders)
    assert len(one) == 4 * 4  # four tables of four replicates
    assert one == two


@pytest.mark.skipif(sys.platform != "linux", reason="workers are copies on Linux")
def test_workers_that_are_copies_write_the_samebytes_of(make: Make, tmp_path: Path) -> None:
    experiment = make("executor=local", "executor.workers=2", replicates=4)
    with (tmp_path / "experiment").open("wb") as file:
        pickle.dump(experiment, file)
    folder = tmp_path / "copies"
    command = [sys.executable, "-W", "error", "-c", COPIES, file.name, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "True 8\n"
    run_experiment(make(replicates=4), tmp_path / "one")
    assert bytes_of(folder) == bytes_of(tmp_path / "one")
