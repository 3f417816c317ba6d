"""One command at a time computes into a results folder."""

import fcntl
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import diffusion
from diffusion.analysis import growing
from diffusion.base.errors import ResultsError
from diffusion.cli import main
from diffusion.config import Experiment, load
from diffusion.runner import upkeep
from diffusion.runner.lock import LOCK, held
from diffusion.runner.multirun import run_sweep
from diffusion.runner.run import Progress, run_experiment
from diffusion.runner.single import run_once
from diffusion.runner.store import Results
from tests.unit.runner.conftest import SMALL

Make = Callable[..., Experiment]
Fake = Any

KILLED = """
import os, pathlib, signal, sys
from diffusion.runner.lock import held
with held(pathlib.Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""
COPIED = """
import os, pathlib, sys, time
from diffusion.runner.lock import held
with held(pathlib.Path(sys.argv[1])):
    if os.fork():
        os._exit(0)
    print("a copy of the holder goes on", flush=True)
    time.sleep(60)
"""


@contextmanager
def elsewhere(folder: Path) -> Iterator[None]:
    """The folder is in use by another; locks of one process keep each other out, too."""
    with (folder / LOCK).open("w") as file:
        file.write("process 7 on far")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_in_use_is_refused_and_not_touched(
    make: Make, fake: Fake, tmp_path: Path, fresh: bool
) -> None:
    folder = tmp_path / "r"
    run_experiment(make(), folder)
    (folder / "finished" / "part-00002.json").unlink()
    fake.calls.clear()
    with elsewhere(folder):
        before = files(folder)
        with pytest.raises(ResultsError, match=r"r is in use: process 7 on far computes there"):
            run_experiment(make(), folder, fresh=fresh)
        assert files(folder) == before
    assert fake.calls == []
    assert len(run_experiment(make(), folder, fresh=fresh).finished()) == 6


def test_a_second_command_ends_with_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["compare"], ["run", "-m", "seed=1,2"]):
        folder = tmp_path / words[0]
        folder.mkdir()
        with elsewhere(folder):
            assert main([*words, *SMALL, "--results", str(folder)]) == 2
            assert [path.name for path in folder.iterdir()] == [LOCK]
        said = capsys.readouterr().err.splitlines()
        assert said[-1].startswith(f"diffusion: {folder} is in use: process 7 on far")
        assert "--results" in said[-1]


def test_the_folder_is_held_while_runs_are_computed_and_clean_afterwards(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    folder, tried = tmp_path / "r", []

    def another(_: Progress) -> None:
        tried.append(_try_to_hold(folder))

    run_experiment(make(), folder, progress=another)
    assert set(tried) == {f"process {os.getpid()} on {os.uname().nodename}"}
    assert not (folder / LOCK).exists()
    assert _try_to_hold(folder) == ""


def _try_to_hold(folder: Path) -> str:
    """Who holds the lock; nothing if nobody does."""
    with (folder / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            return file.read()
    (folder / LOCK).unlink()
    return ""


def test_what_a_killed_process_left_behind_locks_nothing(
    make: Make, fake: Fake, tmp_path: Path
) -> None:
    folder = tmp_path / "r"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert killed.returncode == -9
    assert (folder / LOCK).is_file()
    assert len(run_experiment(make(), folder).finished()) == 6
    assert not (folder / LOCK).exists()


def test_a_copy_of_the_holder_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COPIED, str(tmp_path / "r")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline()
        try:
            with held(tmp_path / "r", patience=20.0):
                os.killpg(holder.pid, 0)  # the copy is there
        finally:
            os.killpg(holder.pid, signal.SIGKILL)


def test_nothing_is_left_of_a_folder_that_is_refused(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Experiment) -> None:
        raise ResultsError("no such world")

    monkeypatch.setattr("diffusion.runner.run.check_worlds", refuse)
    with pytest.raises(ResultsError, match="no such world"):
        run_experiment(make(), tmp_path / "a" / "r")
    assert list(tmp_path.iterdir()) == []


def test_whoever_holds_a_folder_may_compute_there(make: Make, fake: Fake, tmp_path: Path) -> None:
    with held(tmp_path / "r"):
        run_experiment(make(), tmp_path / "r")
        assert (tmp_path / "r" / LOCK).exists()
    assert not (tmp_path / "r" / LOCK).exists()


GROWING = ("intervention=[cop_formation]", "replicates=2", "until.step=2", "until.at_most=6")


def test_a_sweep_that_grows_holds_its_folder_between_its_rounds(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tried = tmp_path / "r", []

    def unknown(*_: object) -> dict[str, float]:
        tried.append(_try_to_hold(folder))
        return {"cop_formation": math.inf}

    monkeypatch.setattr(growing, "half_widths", unknown)
    wanted = [*SMALL, "executor=serial", *GROWING, "until.half_width=0.1", "until.of=using_end"]
    assert len(diffusion.compare(overrides=wanted, results=folder).scenarios) == 2
    assert tried == 3 * [f"process {os.getpid()} on {os.uname().nodename}"]
    assert Results(folder).manifest["reached"]["replicates"] == 6
    assert not (folder / LOCK).exists()


def test_no_lock_is_put_where_no_results_may_be(make: Make, fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "notes.txt").write_text("of somebody else")
    with elsewhere(tmp_path / "r"):
        before = files(tmp_path / "r")
        with pytest.raises(ResultsError, match=r"files that are no results \(notes.txt\)"):
            growing.computed(make(), tmp_path / "r")
        assert files(tmp_path / "r") == before
    with pytest.raises(ResultsError, match="can't be made"):
        growing.computed(make(), tmp_path / ("r" * 300))


def test_a_file_system_without_locks_is_used_without(
    make: Make, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    assert len(run_experiment(make(), tmp_path / "r").finished()) == 6


def test_a_file_system_that_locks_only_what_may_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS."""
    flock = fcntl.flock

    def particular(descriptor: Any, kind: int) -> None:
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(9, "Bad file descriptor")
        flock(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", particular)
    with held(tmp_path / "r"):
        assert _try_to_hold(tmp_path / "r").startswith("process ")


def test_a_finished_run_waits_for_another_to_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    with elsewhere(folder):
        monkeypatch.setattr("diffusion.runner.single.PATIENCE", 0.0)
        with pytest.raises(ResultsError, match="is in use"):
            run_once(load(SMALL), folder)
        other = elsewhere(folder)

    def leave(_: float) -> None:
        other.__exit__(None, None, None)

    other.__enter__()
    monkeypatch.setattr("diffusion.runner.single.PATIENCE", 10.0)
    monkeypatch.setattr(time, "sleep", leave)
    assert run_once(load(SMALL), folder).folder == folder
    assert len(Results(folder).finished()) == 1


def test_a_sweep_of_hydra_holds_its_folder(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    with elsewhere(tmp_path / "r"), pytest.raises(ResultsError, match="is in use"):
        run_sweep([*SMALL, "seed=1,2"], folder=tmp_path / "r")


def test_a_folder_in_use_is_not_pruned(make: Make, fake: Fake, tmp_path: Path) -> None:
    results = run_experiment(make(), tmp_path / "r")
    (results.path / "months" / ".part-00000.parquet.123").write_bytes(b"being written")
    with elsewhere(results.path):
        before = files(results.path)
        with pytest.raises(ResultsError, match="is in use"):
            upkeep.prune(results, ["groups"])
        assert files(results.path) == before
    assert upkeep.prune(results, ["groups"]) > 0
