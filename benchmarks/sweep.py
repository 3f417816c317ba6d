"""Group `sweep`: many runs through the package's runner and store, beside Mesa's `batch_run`."""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import workload
from benchmarks.against_mesa import freeze
from benchmarks.measuring import fresh, say, spent
from benchmarks.table import Row
from benchmarks.targets import TARGETS

if TYPE_CHECKING:
    from diffusion.config import Experiment

TITLE = "sweep: runs of 120 months with unrelated seeds, from the call to stored tables"

_RUNS = {200: 1_000, 1_000: 1_000}  # organisations: runs
_QUICK_RUNS = {200: 200, 1_000: 100}
_MESA_SECONDS = 30.0
_QUICK_MESA_SECONDS = 5.0
_WORKERS = (1, 2)
_TURNS, _QUICK_TURNS = {200: 3, 1_000: 1}, {200: 1, 1_000: 1}  # by organisations
_AIMED_AT = 200  # organisations to which the targets apply
_MONTHS_OF_PILOT = 12


def rows(quick: bool) -> list[Row]:
    """Both sizes, with Mesa's batch runner beside them."""
    found = []
    for n, runs in (_QUICK_RUNS if quick else _RUNS).items():
        rates: dict[int, list[float]] = {workers: [] for workers in _WORKERS}
        used: dict[int, list[float]] = {workers: [] for workers in _WORKERS}
        for _ in range((_QUICK_TURNS if quick else _TURNS)[n]):
            for workers in _WORKERS:
                say(f"  {runs:,} runs, {_what(n, workers)}")
                job = fresh(run_sweep, n=n, runs=runs, workers=workers)
                rates[workers].append(runs / job.result)
                used[workers].append(job.cpu_seconds)
        aimed_at = n == _AIMED_AT
        for workers, each in rates.items():
            target = TARGETS["sweep_rate"] if aimed_at and workers == max(_WORKERS) else None
            milliseconds = 1000 * median(used[workers]) / runs
            remarks = f"{runs:,} runs; {milliseconds:.1f} ms of a processor a run"
            found.append(Row.of(_what(n, workers), each, "runs/s", target, remarks))
        what = f"{n:,} organisations, rate of 2 workers / twice the rate of 1"
        efficiency = [two / (2 * one) for one, two in zip(rates[1], rates[2], strict=True)]
        by_processor = median(one / two for one, two in zip(used[1], used[2], strict=True))
        remarks = f"by processor time {by_processor:.2f}; start of the workers included"
        target = TARGETS["sweep_efficiency"] if aimed_at else None
        found.append(Row.of(what, efficiency, "", target, remarks))
        typical = {workers: median(each) for workers, each in rates.items()}
        found += _mesa_rows(n, typical, _QUICK_MESA_SECONDS if quick else _MESA_SECONDS)
    return found


def _what(n: int, workers: int) -> str:
    return f"{n:,} organisations, {workers} worker{'s' if workers > 1 else ''}"


def _processes(count: int) -> str:
    return f"{count} process{'es' if count > 1 else ''}"


def run_sweep(n: int, runs: int, workers: int) -> float:
    """Seconds that `run_experiment` takes for so many runs.

    Raises:
        RuntimeError: a run failed.
    """
    from diffusion.runner.run import run_experiment

    with tempfile.TemporaryDirectory() as folder:
        sweep = experiment(n, runs, workers, Path(folder) / "results")
        results, took = spent(lambda: run_experiment(sweep))
        if results.failures() or len(results.finished()) != runs:
            raise RuntimeError(f"of {runs} runs {len(results.finished())} finished")
    return took.seconds


def experiment(n: int, runs: int, workers: int, results: Path) -> "Experiment":
    """A sweep of runs that differ in their seeds only, on processes of this machine."""
    from diffusion.config import compose

    executor = compose(["executor=local", f"executor.workers={workers}"])["executor"]
    return workload.one_scenario("sweep", workload.settings(n), runs, results, executor)


def _mesa_rows(n: int, rates: dict[int, float], seconds: float) -> list[Row]:
    found = []
    for processes in _WORKERS:
        say(f"  Mesa's batch_run, {_processes(processes)}, about {seconds:.0f} s")
        job = fresh(run_batch, n=n, processes=processes, seconds=seconds)
        rate = job.result["runs"] / job.result["seconds"]
        found.append(Row(
            f"{n:,} organisations, Mesa's batch_run, {_processes(processes)}", rate, "runs/s",
            remarks=f"{job.result['runs']} runs",
        ))  # fmt: skip
        found.append(Row(
            f"{_what(n, processes)} / batch_run", rates[processes] / rate, "times",
            TARGETS["sweep_mesa"] if n == _AIMED_AT else None,
        ))  # fmt: skip
    return found


def run_batch(n: int, processes: int, seconds: float) -> dict[str, float]:
    """Runs of the Mesa model through `mesa.batch_run`, as many as fit, and what they took."""
    import mesa

    from benchmarks.peers.mesa_model import DiffusionModel

    settings = workload.settings(n)
    pilot = DiffusionModel(settings=settings)
    started = time.perf_counter()
    for _ in range(_MONTHS_OF_PILOT):
        pilot.step()
    one = (time.perf_counter() - started) * workload.MONTHS / _MONTHS_OF_PILOT
    runs = processes * max(1, round(seconds / one))
    del pilot
    freeze()
    _, took = spent(
        lambda: mesa.batch_run(
            DiffusionModel,
            # as lists of values to combine; settings alone would be taken for such a list
            {"settings": [settings], "seed": list(range(1, runs + 1))},
            number_processes=processes,
            max_steps=workload.MONTHS,
            display_progress=False,
        )
    )
    return {"runs": runs, "seconds": took.seconds}
