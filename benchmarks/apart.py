"""Group `apart`: what two processes lose to each other here, whoever hands out the work."""

import subprocess
import sys
import time
from statistics import median

from benchmarks import workload
from benchmarks.measuring import ROOT, JobError, say
from benchmarks.table import Row

TITLE = "apart: two processes that share nothing but the machine, simulating without a runner"

_N = 200  # organisations
_RUNS, _QUICK_RUNS = 150, 40  # of each process
_ROUNDS, _QUICK_ROUNDS = 3, 1


def rows(quick: bool) -> list[Row]:
    """Runs a second of one process alone, of two at a time, and what the second adds."""
    runs = _QUICK_RUNS if quick else _RUNS
    alone, both = [], []
    for turn in range(_QUICK_ROUNDS if quick else _ROUNDS):
        say(f"  turn {turn + 1}: {runs} runs in one process, then in each of two")
        alone.append(_rate(1, runs))
        both.append(_rate(2, runs))
    efficiency = [two / (2 * one) for one, two in zip(alone, both, strict=True)]
    return [
        Row.of("one process", alone, "runs/s", remarks=f"{_N} organisations, nothing stored"),
        Row.of("two processes", both, "runs/s"),
        Row.of(
            "rate of two / twice the rate of one", efficiency, "",
            remarks="what no way of handing out runs can exceed here",
        ),
    ]  # fmt: skip


def _rate(processes: int, runs: int) -> float:
    """Runs a second of some processes together; each says how long its own runs took.

    Raises:
        JobError: one of them failed.
    """
    command = [sys.executable, "-m", "benchmarks.apart", str(runs), str(time.time() + 8)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    seconds = []
    for process in started:
        said, _ = process.communicate()
        if process.returncode != 0:
            raise JobError(f"{' '.join(command)} ended with exit code {process.returncode}")
        seconds.append(float(said))
    return processes * runs / median(seconds)


def _simulate(runs: int, begin: float) -> float:
    """Seconds of so many runs with their tables, begun at a time when all processes are warm."""
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    settings = workload.settings(_N)
    time.sleep(max(0.0, begin - time.time()))
    started = time.perf_counter()
    for seed in range(runs):
        Simulation(settings.with_seed(seed)).run().tables()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.stdout.write(f"{_simulate(int(sys.argv[1]), float(sys.argv[2]))}\n")
