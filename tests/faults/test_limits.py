"""A user who may start hardly any process or thread, by a limit of the system."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from diffusion.runner.store import Results
from tests.faults.sweeps import ROOT, TINY, assert_same, uninterrupted

pytestmark = pytest.mark.slow

USER = 54321  # who has no other processes
WORDS = (*TINY, "intervention=[handover]", "replicates=3")
READS_AND_WRITES = "+dac_read_search,+dac_override"  # as root does, whom no limit holds


def limited(tasks: int, *words: str) -> "subprocess.CompletedProcess[str]":
    """A command of a user who may have so many processes and threads."""
    user = ["--reuid", str(USER), "--clear-groups"]
    powers = ["--inh-caps", READS_AND_WRITES, "--ambient-caps", READS_AND_WRITES]
    limit = ["setpriv", *user, *powers, "prlimit", f"--nproc={tasks}"]
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT / "src")])}
    try:
        subprocess.run([*limit, sys.executable, "-c", ""], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no user can be limited here: {error}")
    return subprocess.run(
        [*limit, sys.executable, "-m", "diffusion", *words],
        env=os.environ | one_thread,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_workers_for_whom_there_is_no_room_are_told_and_one_does_without(tmp_path: Path) -> None:
    sweep = ("compare", *WORDS, "--no-figures", "--results", str(tmp_path / "r"))
    refused = limited(4, *sweep, "executor.workers=2")
    assert refused.returncode == 2
    last = refused.stderr.splitlines()[-1]
    assert last.startswith("diffusion: 2 workers take more processes and threads than the system")
    assert "executor.workers=1" in last
    assert "Error" not in refused.stderr
    done = limited(4, *sweep, "executor.workers=1")
    assert done.returncode == 0
    assert "Results" in done.stdout
    assert_same(Results(tmp_path / "r"), uninterrupted(tmp_path / "whole", WORDS))


def test_tables_that_no_thread_can_read_are_not_called_damaged(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    uninterrupted(folder, WORDS)
    done = limited(1, "compare", str(folder), "--no-figures")
    assert done.returncode == 2
    assert "can't be read, for the system lets this user start no further threads" in done.stderr
    assert "--fresh" not in done.stderr
