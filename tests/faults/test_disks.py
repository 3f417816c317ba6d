"""Disks that fill up, and a results folder that turns read-only, all mounted for the test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diffusion.base.compiled import config
from diffusion.cli import main, screen
from diffusion.runner.store import Results
from diffusion.runner.upkeep import problems
from tests.faults.sweeps import TINY, assert_same, uninterrupted

pytestmark = pytest.mark.slow

WORDS = (*TINY, "intervention=[handover]", "replicates=40", "executor=serial")


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB in memory."""
    path = tmp_path / "disk"
    path.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"disks can't be mounted here: {error}")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def stopped(folder: Path, said: str, reason: str) -> Results:
    """What stands in a folder after a sweep that could not write any more."""
    last = said.splitlines()[-1]
    assert last.startswith("diffusion: ")
    assert f"can't be written ({reason})" in last
    assert "give the same command again" in last
    results = Results(folder)
    assert 0 < len(results.finished()) < results.manifest["runs"]
    assert list(problems(results)) == []  # what is there is whole
    return results


def test_a_sweep_on_a_full_disk_stops_and_goes_on_once_there_is_room(
    disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compare", *WORDS, "--results", str(disk / "r"), "--no-figures"]
    assert main(command) == 2
    results = stopped(disk / "r", capsys.readouterr().err, "No space left on device")
    mount("-o", "remount,size=64m", str(disk))
    assert main(command) == 0
    assert_same(results, uninterrupted(tmp_path / "whole", WORDS))


def test_a_folder_that_turns_read_only_stops_a_sweep_that_goes_on_later(
    disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mount("-o", "remount,size=64m", str(disk))

    def read_only_from_now_on(self: Any, now: Any) -> None:
        if now.done:
            mount("-o", "remount,ro", str(disk))

    monkeypatch.setattr(screen.ShowProgress, "__call__", read_only_from_now_on)
    command = ["compare", *WORDS, "--results", str(disk / "r"), "--no-figures"]
    assert main(command) == 2
    results = stopped(disk / "r", capsys.readouterr().err, "Read-only file system")
    mount("-o", "remount,rw", str(disk))
    monkeypatch.undo()
    assert main(command) == 0
    assert_same(results, uninterrupted(tmp_path / "whole", WORDS))


LOOPS = """import numpy as np
from diffusion.base.compiled import compiled

@compiled
def total(column):
    grown = 0.0
    for i in range(column.shape[0]):
        grown += column[i] / 3.0
    return grown

kinds = "b", "h", "i", "q", "B", "H", "I", "Q", "f", "d"
print([total(np.arange(5).astype(kind)) for kind in kinds], sum(total._cache_hits.values()))
"""


@pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled with NUMBA_DISABLE_JIT")
def test_machine_code_that_a_full_disk_has_no_room_for_stays_in_memory(
    disk: Path, tmp_path: Path
) -> None:
    mount("-o", "remount,size=60k", str(disk))
    script = tmp_path / "loops.py"
    script.write_text(LOOPS, encoding="utf-8")
    paths = os.pathsep.join(sys.path)
    environment = {"NUMBA_CACHE_DIR": str(disk), "PYTHONPATH": paths}

    def ran() -> tuple[str, str, int]:
        done = subprocess.run(
            [sys.executable, str(script)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        numbers, _, hits = done.stdout.rpartition(" ")
        return numbers, done.stderr, int(hits)

    numbers, said, hits = ran()
    assert hits == 0
    assert said.count(f"{disk} takes no more machine code (No space left on device)") == 1
    again, said, hits = ran()
    assert again == numbers
    assert 0 < hits < 10
    assert said.count("No space left on device") == 1
    mount("-o", "remount,size=64m", str(disk))
    for said_again, expected in (("", hits), ("", 10)):
        assert ran() == (numbers, said_again, expected)
