"""Group `overhead`: what a sweep of 10,000 runs costs beside simulating, on disk and in memory."""

import tempfile
import time
from pathlib import Path

from benchmarks.measuring import MEGABYTE, fresh, resident_mb, say, spent
from benchmarks.sweep import experiment
from benchmarks.table import Row
from benchmarks.targets import TARGETS

TITLE = "overhead: a sweep of 10,000 runs of 120 months at 200 organisations"

_ORGANISATIONS = 200
_RUNS = 10_000
_QUICK_RUNS = 500
_WORKERS = 2
_EARLY = 0.1  # of the runs, after which memory is read for the first time


def rows(quick: bool) -> list[Row]:
    """One sweep; targets are those of a whole one: in a short one, starting weighs more."""
    runs = _QUICK_RUNS if quick else _RUNS
    say(f"  {runs:,} runs, {_WORKERS} workers")
    found = fresh(run_sweep, n=_ORGANISATIONS, runs=runs, workers=_WORKERS).result
    of_all = found["wall"] * _WORKERS
    share = 100 * (1 - found["simulating"] / of_all)
    memory = f"{found['early_mb']:.0f} MB after {_EARLY:.0%}, {found['late_mb']:.0f} MB at the end"
    found_rows = [
        Row("rate", runs / found["wall"], "runs/s", remarks=f"{runs:,} runs, {_WORKERS} workers"),
        Row(
            "everything but simulating, of the time of the workers", share, "%",
            TARGETS["overhead_share"],
            f"{of_all:.0f} s, {found['simulating']:.0f} s in runs",
        ),
        Row("of this: the design, the manifest, what is there already", found["design"], "s"),
        Row(
            "store", found["store_mb"], "MB", TARGETS["overhead_store"],
            f"{1000 * found['store_mb'] / runs:.1f} kB a run",
        ),
        Row("loading the table of outcomes", found["loading"], "s", TARGETS["overhead_loading"]),
        Row("memory of the parent, at the end / early", found["late_mb"] / found["early_mb"], "",
            TARGETS["overhead_memory"], memory),
    ]  # fmt: skip
    return [row._replace(target=None) for row in found_rows] if quick else found_rows


def run_sweep(n: int, runs: int, workers: int) -> dict[str, float]:
    """Sweep once: seconds in all, in runs, before the first and to load; megabytes.

    Raises:
        RuntimeError: a run failed.
    """
    from diffusion.runner.run import Progress, run_experiment

    resident: list[float] = []
    begun: list[float] = []

    def progress(now: Progress) -> None:
        if not now.done:
            begun.append(time.perf_counter() - started)
        elif len(resident) == 0 and now.done >= _EARLY * now.total:
            resident.append(resident_mb())

    with tempfile.TemporaryDirectory() as folder:
        sweep = experiment(n, runs, workers, Path(folder) / "results")
        started = time.perf_counter()
        results, took = spent(lambda: run_experiment(sweep, progress=progress))
        resident.append(resident_mb())
        if results.failures() or len(results.finished()) != runs:
            raise RuntimeError(f"of {runs} runs {len(results.finished())} finished")
        simulating = float(results.timings()["seconds"].sum())
        results.table("survival")  # imports what reading needs
        outcomes, loading = spent(lambda: results.table("outcomes"))
        stored = sum(path.stat().st_size for path in results.path.rglob("*") if path.is_file())
        if len(outcomes) != runs:
            raise RuntimeError(f"the table of outcomes has {len(outcomes)} rows instead of {runs}")
    return {
        "wall": took.seconds,
        "simulating": simulating,
        "design": begun[0],
        "store_mb": stored / MEGABYTE,
        "loading": loading.seconds,
        "early_mb": resident[0],
        "late_mb": resident[-1],
    }
