"""The command alone is killed, so that its workers outlive it; another takes up the folder."""

import signal
from pathlib import Path

import pytest

from diffusion.runner.lock import LOCK
from diffusion.runner.store import Results
from tests.faults.sweeps import Sweep, assert_same, faulty, sweep, uninterrupted

pytestmark = pytest.mark.slow

SOON = 20.0  # seconds; a worker that goes on waits much longer
REPLICATES = 6
WAITING = 3  # the seed


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    """A sweep with a run that waits until it is mended."""
    return (*faulty(tmp_path, "wait", WAITING), f"replicates={REPLICATES}", "executor.workers=2")


def orphaned(running: Sweep, begun: Path) -> None:
    """Kill the command, and not its workers, of which one is at the run that waits."""
    running.wait(begun.exists)
    running.process.send_signal(signal.SIGKILL)
    assert running.process.wait() == -signal.SIGKILL, running.said
    begun.unlink()


def test_workers_end_with_the_command_that_was_killed(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    with sweep(tmp_path / "r", words) as running:
        orphaned(running, tmp_path / "begun")
        running.ended(SOON)


@pytest.mark.parametrize("more", [(), ("turnover.share_ngo=0.33", "--fresh")])
def test_whoever_takes_up_the_folder_has_it_alone(
    more: tuple[str, ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "r"
    with sweep(folder, words) as running:
        orphaned(running, tmp_path / "begun")
        with sweep(folder, (*words, *more)) as again:
            again.wait((tmp_path / "begun").exists)
            (tmp_path / "mended").touch()  # whoever waits goes on
            assert again.ended() == 0, again.said
        running.ended(SOON)
    assert_same(Results(folder), uninterrupted(tmp_path / "whole", (*words, *more)))


@pytest.mark.parametrize("more", [(), ("--fresh",), ("seed=9", "--fresh")])
def test_a_second_command_is_refused_while_the_first_computes(
    more: tuple[str, ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "r"
    with sweep(folder, words) as first:
        first.wait((tmp_path / "begun").exists)
        first.wait(lambda: len(list(folder.glob("finished/part-*"))) == REPLICATES - 1)
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        with sweep(folder, (*words, *more)) as second:
            assert second.ended(SOON) == 2
            (said,) = [line for line in second.said.splitlines() if line.startswith("diffusion:")]
        assert f"{folder} is in use: process {first.process.pid} on " in said
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
        (tmp_path / "mended").touch()
        assert first.ended() == 0
    assert not (folder / LOCK).exists()
    assert_same(Results(folder), uninterrupted(tmp_path / "whole", words))
