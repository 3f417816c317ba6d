"""Sweeps that are interrupted, terminated or killed, and go on to the same tables."""

import signal
import time
from pathlib import Path

import numpy as np
import pytest

from diffusion.base.draws import Decision, uniforms
from diffusion.runner.stopping import STOPPING
from diffusion.runner.store import Results
from tests.faults.sweeps import (
    TINY,
    Sweep,
    assert_same,
    faulty,
    started,
    sweep,
    uninterrupted,
)

pytestmark = pytest.mark.slow

REPLICATES = 6
WAITING = 3  # the seed
KILLS = 10
LATEST = 0.8  # of the runs; the last kill meets a sweep that is not finished
LONGEST = 0.1  # seconds from the run that is waited for to the kill


def goes_on(folder: Path, words: tuple[str, ...]) -> None:
    """The same command computes what is left, and the tables are as if nothing had happened."""
    assert not (folder / STOPPING).exists()
    left = Results(folder)
    assert len(left.finished()) < left.manifest["runs"]
    (folder.parent / "mended").touch()
    with sweep(folder, words) as again:
        assert again.ended() == 0, again.said
    assert_same(Results(folder), uninterrupted(folder.parent / "whole", words))


@pytest.fixture(params=["executor=serial", "executor.workers=2"])
def waiting(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, ...]:
    """A sweep with a run that waits until it is mended."""
    words = faulty(tmp_path, "wait", WAITING)
    return (*words, f"replicates={REPLICATES}", str(request.param))


def interrupted(running: Sweep, folder: Path) -> None:
    """Interrupt a sweep once a run waits."""
    running.wait((folder / "begun").exists)
    running.send(signal.SIGINT)
    running.wait(lambda: "stopping: " in running.said)


def test_ctrl_c_once_stores_what_runs(waiting: tuple[str, ...], tmp_path: Path) -> None:
    with sweep(tmp_path / "r", waiting) as running:
        interrupted(running, tmp_path)
        assert running.process.poll() is None, running.said
        (tmp_path / "mended").touch()
        assert running.ended() == 130
        said = running.said
    assert "Ctrl-C again stops at once" in said
    assert "runs are left; what was finished stands in" in said
    stored = Results(tmp_path / "r").table("outcomes")
    assert WAITING in set(stored["seed"])
    goes_on(tmp_path / "r", waiting)


def test_ctrl_c_twice_stops_at_once(waiting: tuple[str, ...], tmp_path: Path) -> None:
    with sweep(tmp_path / "r", waiting) as running:
        interrupted(running, tmp_path)
        running.send(signal.SIGINT)
        assert running.ended() == 130
        assert "give the same command again to go on" in running.said
    assert not (tmp_path / "mended").exists()
    goes_on(tmp_path / "r", waiting)


def test_sigterm_stops_at_once(waiting: tuple[str, ...], tmp_path: Path) -> None:
    with sweep(tmp_path / "r", waiting) as running:
        running.wait((tmp_path / "begun").exists)
        running.send(signal.SIGTERM)
        assert running.ended() == 143
        assert "give the same command again to go on" in running.said
    goes_on(tmp_path / "r", waiting)


def test_ctrl_c_ends_levers_and_their_workers_at_once(tmp_path: Path) -> None:
    words = [word for word in faulty(tmp_path, "wait", WAITING) if word != "intervention=[faulty]"]
    options = ("--only", "faulty", "--replicates", str(REPLICATES), "executor.workers=2")
    with started(tmp_path, "levers", *words, *options) as running:
        running.wait((tmp_path / "begun").exists)
        running.send(signal.SIGINT)
        assert running.ended() == 130, running.said
        assert running.said.splitlines()[-1] == "diffusion: interrupted"
        assert "Traceback" not in running.said


def test_kill_9_at_ten_moments_of_a_sweep_changes_no_value(tmp_path: Path) -> None:
    words = (*TINY, "intervention=[handover]", "replicates=300", "executor.workers=2")
    folder = tmp_path / "r"
    whole = uninterrupted(tmp_path / "whole", words)
    runs = whole.manifest["runs"]
    assert runs == 600
    moments = np.sort(uniforms(11, Decision.TARGET, 0, np.arange(KILLS))) * LATEST * runs
    delays = uniforms(11, Decision.TARGET, 1, np.arange(KILLS)) * LONGEST

    def finished() -> int:
        return len(Results(folder).finished()) if (folder / "manifest.json").is_file() else 0

    for moment, delay in zip(moments, delays, strict=True):
        with sweep(folder, words) as running:
            running.wait(lambda moment=moment: finished() >= moment)  # type: ignore[misc]
            time.sleep(delay)
            running.send(signal.SIGKILL)
            assert running.ended() == -signal.SIGKILL, running.said
    assert finished() < runs
    with sweep(folder, words) as running:
        assert running.ended() == 0, running.said
    assert_same(Results(folder), whole)
