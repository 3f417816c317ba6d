"""Sweeps of tiny runs: by the command in this process, or in processes that can be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from pandas.testing import assert_frame_equal

import diffusion
from diffusion.config import design
from diffusion.runner.run import run_experiment
from diffusion.runner.store import TABLES, Results
from diffusion.runner.upkeep import problems
from tests.faults.levers import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
TINY = (
    "world=synthetic",
    "world.n=40",
    "world.n_territories=2",
    "practices.limit=4",
    "timing={start: 2, stop: 5, months: 6}",
)


def faulty(folder: Path, does: str, in_seed: int) -> tuple[str, ...]:
    """Arguments that switch on the faulty intervention, whose files go into the folder."""
    preset = folder / "mine" / "intervention" / "faulty.yaml"
    preset.parent.mkdir(parents=True)
    preset.write_text(
        "# @package intervention.faulty\n"
        "_target_: tests.faults.levers.Faulty\n"
        'window: {from: "${timing.start}", until: "${timing.stop}"}\n'
        "coverage: 0.5\n"
        "target: random\n"
        "evidence: []\n"
        f"does: {does}\n"
        f"in_seed: {in_seed}\n"
        f"folder: {folder}\n"
    )
    return (*TINY, "intervention=[faulty]", "--config-dir", str(folder / "mine"))


def uninterrupted(folder: Path, words: tuple[str, ...]) -> Results:
    """The same sweep in this process, one run after the other, with nothing in its way."""
    overrides = [word for word in words if "=" in word and not word.startswith("executor")]
    own = Path(words[words.index("--config-dir") + 1]) if "--config-dir" in words else None
    results = run_experiment(design([*overrides, "executor=serial"], own), folder)
    assert results.failures() == []
    return results


def assert_same(one: Results, other: Results) -> None:
    """Every value of every table agrees, no run is there twice, none is missing."""
    assert list(problems(one)) == []
    for name in TABLES:
        mine, theirs = (
            each.table(name).sort_values("run_id", kind="stable", ignore_index=True)
            for each in (one, other)
        )
        assert_frame_equal(mine, theirs, check_exact=True)
    ids = one.table("outcomes")["run_id"]
    assert len(set(ids)) == len(ids) == one.manifest["runs"]


class Sweep:
    """`diffusion compare`, or another command, in processes of its own.

    Args:
        process: the first of them, which leads a group with all others.
        said: the file with what it says on stderr.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", said: Path) -> None:
        self.process, self._said = process, said

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self._said.read_text(encoding="utf-8")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to all processes, as a terminal and a scheduler do."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until something is true, or the sweep has ended."""
        wait(lambda: until() or self.process.poll() is not None)

    def ended(self, patience: float = PATIENCE) -> int:
        """The exit code, once no process of the group is left."""
        code = self.process.wait(patience)
        wait(self._gone, patience)
        return code

    def _gone(self) -> bool:
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False


def wait(until: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until something is true.

    Raises:
        TimeoutError: it does not become true.
    """
    given_up = time.monotonic() + patience
    while not until():
        if time.monotonic() > given_up:
            raise TimeoutError(f"{until} after {patience} s")
        time.sleep(0.005)


def sweep(folder: Path, words: tuple[str, ...]) -> AbstractContextManager[Sweep]:
    """Start a sweep without figures; what is left of it at the end is killed."""
    return started(folder.parent, "compare", *words, "--no-figures", "--results", str(folder))


@contextmanager
def started(where: Path, *words: str) -> Iterator[Sweep]:
    """Start a command in a folder; what is left of it at the end is killed."""
    said = where / f"said-{time.monotonic_ns()}.txt"
    paths = os.pathsep.join(map(str, [Path(diffusion.__file__).parents[1], ROOT]))
    with said.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "diffusion", *words],
            cwd=where,
            env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
            stderr=stream,
            start_new_session=True,
        )
    running = Sweep(process, said)
    try:
        yield running
    finally:
        running.send(signal.SIGKILL)
        process.wait()
