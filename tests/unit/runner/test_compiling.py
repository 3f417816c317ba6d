"""Compiling the model before workers start."""

from collections.abc import Callable
from pathlib import Path

import pytest

from diffusion.config import Experiment
from diffusion.model import compiling as of_the_month
from diffusion.runner import compiling
from diffusion.runner.run import run_experiment
from tests.simulating import settings


@pytest.mark.parametrize("compiled", [False, True])
def test_it_says_so_if_there_is_something_to_compile(
    compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    for module in (compiling, of_the_month):
        monkeypatch.setattr(module, "is_compiled", lambda *_: compiled)
    monkeypatch.setattr(of_the_month, "_seen_to", set())
    monkeypatch.setattr(of_the_month, "PROCESSES", 1)
    compiling.compile_model(settings(months=1, start=0, stop=1), said.append)
    assert said == ([] if compiled else [of_the_month.COMPILING])


def test_neither_a_check_of_worlds_nor_a_worker_compiles_in_several_processes(
    make: Callable[..., Experiment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mistakes are told before; a worker of a cluster may look like a process of somebody's own."""
    monkeypatch.setattr("diffusion.runner.run.compile_model", lambda *_: None)
    monkeypatch.setattr(of_the_month, "is_compiled", lambda *_: False)
    monkeypatch.setattr(of_the_month, "_seen_to", set())
    monkeypatch.setattr(of_the_month, "_others_compiling", None)
    assert run_experiment(make(replicates=1), tmp_path / "r").failures() == []
