"""Group `scale`: what an organisation's month costs from a thousand to a million organisations."""

from functools import partial
from statistics import median
from typing import Any

from benchmarks import workload
from benchmarks.measuring import Spent, fresh, say, spent
from benchmarks.table import Row

TITLE = "scale: the package alone, every size in a fresh process"
CURVE = "us an organisation-month"  # the unit of what docs/cost_against_n.png shows

# organisations: worlds that are run
_WORLDS = {1_000: 5, 10_000: 3, 100_000: 1, 1_000_000: 1}
_QUICK = (1_000, 10_000, 100_000)
_QUICK_MONTHS = 24
_DEFAULT_WORLDS = 20


def rows(quick: bool) -> list[Row]:
    """Every size, then the default world."""
    found = []
    for n in _QUICK if quick else _WORLDS:
        months = _QUICK_MONTHS if quick else workload.MONTHS
        say(f"  {n:,} organisations, {months} months")
        found += _rows_of(n, months)
    say("  the default world")
    return found + _default_rows(5 if quick else _DEFAULT_WORLDS)


def _rows_of(n: int, months: int) -> list[Row]:
    job = fresh(run_worlds, n=n, months=months, worlds=_WORLDS[n])
    each = 1e6 / (n * months)
    seconds = job.result["run"]
    remarks = "" if _WORLDS[n] == 1 else f"median of {_WORLDS[n]} worlds"
    size = f"{n:,} organisations"
    return [
        Row(f"{size}, building the world", job.result["build"], "s", remarks=remarks),
        Row(f"{size}, {months} months", seconds, "s", remarks=remarks),
        Row(f"{size}, a month, recorded", seconds * each, CURVE),
        Row(f"{size}, the same in processor time", job.result["run_cpu"] * each, CURVE, n=n),
        Row(f"{size}, peak memory", job.peak_mb, "MB"),
    ]


def run_worlds(n: int, months: int, worlds: int) -> dict[str, float]:
    """Medians over worlds with different seeds: seconds to build, and to run and record."""
    from diffusion.model.simulation import Simulation

    workload.warm_up()
    settings = workload.settings(n, months)
    build, run = [], []
    for seed in range(1, worlds + 1):
        simulation, took = spent(partial(Simulation, settings.with_seed(seed)))
        build.append(took)
        run.append(spent(simulation.run)[1])
        del simulation
    return _medians(build, run)


def _default_rows(worlds: int) -> list[Row]:
    job = fresh(run_default, worlds=worlds)
    found: dict[str, Any] = job.result
    size = f"{found['organisations']:,} organisations, {found['practices']} practices"
    what = f"default world ({size}), {found['months']} months"
    remarks = f"median of {worlds} worlds, {found['fastest']:.2f} to {found['slowest']:.2f} s"
    return [
        Row(f"{what}, set-up included", found["whole"], "s", remarks=remarks),
        Row("of that, building the world", found["build"], "s"),
        Row("peak memory of that process", job.peak_mb, "MB"),
    ]


def run_default(worlds: int) -> dict[str, float]:
    """Whole runs of the default world with different seeds."""
    from diffusion.config import load
    from diffusion.model.simulation import Simulation

    settings = load([])
    state = Simulation(settings).run().state
    build, run = [], []
    for seed in range(1, worlds + 1):
        simulation, took = spent(partial(Simulation, settings.with_seed(seed)))
        build.append(took)
        run.append(spent(simulation.run)[1])
    whole = [b.seconds + r.seconds for b, r in zip(build, run, strict=True)]
    return {
        "organisations": state.n_organisations,
        "practices": state.n_practices,
        "months": settings.timing.months,
        "whole": median(whole),
        "fastest": min(whole),
        "slowest": max(whole),
        **_medians(build, run),
    }


def _medians(build: list[Spent], run: list[Spent]) -> dict[str, float]:
    return {
        "build": median(took.seconds for took in build),
        "run": median(took.seconds for took in run),
        "run_cpu": median(took.cpu_seconds for took in run),
    }
