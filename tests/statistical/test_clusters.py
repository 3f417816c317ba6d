"""Serial, local, Dask and Ray executors: the same tables to the bit, on clusters reached for real.

A Dask scheduler with two separate worker processes, and a Ray head with two, are started by
address as a user would.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

from diffusion.base.errors import SettingError
from diffusion.config import design
from diffusion.runner import clusters
from diffusion.runner.run import run_experiment
from diffusion.runner.store import TABLES, Results

pytestmark = pytest.mark.slow

SMALL = (
    "world=synthetic",
    "world.n=60",
    "world.n_territories=3",
    "timing={start: 2, stop: 5, months: 12}",
    "intervention=[handover]",
    "replicates=10",
)
PATIENCE = 120.0


def computed(folder: Path, *overrides: str, replicates: int = 10) -> Results:
    results = run_experiment(design([*SMALL, f"replicates={replicates}", *overrides]), folder)
    assert results.failures() == []
    return results


def assert_same(one: Results, other: Results) -> None:
    for name in TABLES:
        assert_frame_equal(one.table(name), other.table(name), check_exact=True)


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return computed(tmp_path_factory.mktemp("serial") / "r", "executor=serial")


@contextmanager
def processes(commands: list[list[str]], ready: Callable[[], bool]) -> Iterator[list[Any]]:
    """Run commands beside the test; wait until the first is ready before starting the others."""
    started = [_started(commands[0])]
    try:
        until = time.monotonic() + PATIENCE
        while not ready() and time.monotonic() < until:
            time.sleep(0.2)
        started += [_started(command) for command in commands[1:]]
        yield started
    finally:
        for process in started:
            kill(process)


def _started(command: list[str]) -> Any:
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, start_new_session=True, stdout=silent, stderr=silent)


def kill(process: Any) -> None:
    """Kill -9 a process with its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def dask_cluster(folder: Path) -> Iterator[tuple[Path, list[Any]]]:
    pytest.importorskip("distributed")
    file = folder / "scheduler.json"
    tell = ["--scheduler-file", str(file), "--no-dashboard"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", *tell, "--nthreads", "1"]
    commands = [
        [sys.executable, "-m", "distributed.cli.dask_scheduler", *tell, "--port", "0"],
        worker,
        worker,
    ]
    with processes(commands, file.is_file) as started:
        yield file, started


@pytest.mark.filterwarnings("ignore")
def test_dask_by_address_gives_the_same_bits(serial: Results, tmp_path: Path) -> None:
    with dask_cluster(tmp_path) as (file, _):
        results = computed(tmp_path / "r", "executor=dask", f"executor.scheduler_file={file}")
    assert_same(results, serial)


@pytest.mark.filterwarnings("ignore")
def test_a_dask_worker_that_is_killed_costs_no_run(tmp_path: Path) -> None:
    whole = computed(tmp_path / "whole", "executor=serial", replicates=60)
    with dask_cluster(tmp_path) as (file, started):
        folder = tmp_path / "r"
        told = []

        def kill_one(now: Any) -> None:
            told.append(now)
            if now.done and started[1].poll() is None:
                kill(started[1])

        experiment = design(
            [*SMALL, "replicates=60", "executor=dask", f"executor.scheduler_file={file}"]
        )
        results = run_experiment(experiment, folder, progress=kill_one)
    assert told[-1].done == 120
    assert_same(results, whole)


@pytest.mark.filterwarnings("ignore")
def test_ray_by_address_gives_the_same_bits(serial: Results, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--num-cpus=2"]
    subprocess.run(
        [*start, "--port=0", "--include-dashboard=false"], check=True, stdout=subprocess.DEVNULL
    )
    try:
        results = computed(tmp_path / "r", "executor=ray", "executor.address=auto")
    finally:
        ray.shutdown()
        subprocess.run(
            [sys.executable, "-m", "ray.scripts.scripts", "stop", "--force"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    assert_same(results, serial)


def test_two_local_workers_give_the_same_bits(serial: Results, tmp_path: Path) -> None:
    assert_same(computed(tmp_path / "r", "executor=local", "executor.workers=2"), serial)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(clusters, "_PATIENCE", 1)
    with pytest.raises(SettingError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"):
        computed(tmp_path / "r", "executor=dask", "executor.address=tcp://127.0.0.1:9")


def test_two_ways_to_a_cluster_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"set one of them, or none"):
        computed(
            tmp_path / "r",
            "executor=dask",
            "executor.address=tcp://a:1",
            "executor.scheduler_file=b",
        )
