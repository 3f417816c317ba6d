"""Group `sharing`: scenarios that begin alike, simulated together and one by one."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import numpy.typing as npt

from benchmarks.measuring import Spent, fresh, say, spent
from benchmarks.table import Row
from benchmarks.targets import TARGETS

if TYPE_CHECKING:
    from diffusion.model.settings import ModelSettings
    from diffusion.model.simulation import Simulation
    from diffusion.runner.store import Tables

TITLE = "sharing: the five scenarios of what_remains, together against one by one"

_REPLICATES, _QUICK_REPLICATES = 30, 2
_SWEEPS, _QUICK_SWEEPS = 2, 1  # turns of each kind of sweep
_TARGET = TARGETS["sharing"]


def rows(quick: bool) -> list[Row]:
    """Seconds of both ways, their ratio, whether their tables are equal; then as sweeps."""
    replicates = _QUICK_REPLICATES if quick else _REPLICATES
    say(f"  {replicates} replicates")
    result = fresh(run_both, replicates=replicates).result
    alone, together = result["alone"], result["together"]
    gains = [one / both for one, both in zip(alone, together, strict=True)]
    spared = [one / (one - common) for one, common in zip(alone, result["spared"], strict=True)]
    remarks = f"{replicates} replicates in turn, without making tables"
    bound = f"the world and the first {result['months']} months once, and nothing for a fork"
    copies = "tables of the world copied; months right after one find less of them in the caches"
    return [
        Row.of("one by one, a replicate of five runs", alone, "s"),
        Row.of("together, a replicate of five runs", together, "s"),
        Row.of("one by one / together", gains, "times", _TARGET, remarks),
        Row.of("the most that sharing could give", spared, "times", None, bound),
        Row.of("of together, its forks", result["forks"], "s", None, copies),
        Row("all tables equal bit by bit", result["equal"]),
        *_sweep_rows(replicates, _QUICK_SWEEPS if quick else _SWEEPS),
    ]


def _sweep_rows(replicates: int, turns: int) -> list[Row]:
    say(f"  as sweeps, {turns} of each")
    alone, together = [], []
    for _ in range(turns):
        alone.append(Spent(*fresh(run_sweep, replicates=replicates, shared=False).result))
        together.append(Spent(*fresh(run_sweep, replicates=replicates, shared=True).result))
    gains = [one.seconds / both.seconds for one, both in zip(alone, together, strict=True)]
    by_cpu = median(
        one.cpu_seconds / both.cpu_seconds for one, both in zip(alone, together, strict=True)
    )
    what = f"run_experiment, 5 x {replicates} runs, 1 worker"
    stored = "from the call to stored tables, by the clock on the wall"
    return [
        Row.of(f"{what}, one by one", [one.seconds for one in alone], "s", None, stored),
        Row.of(f"{what}, together", [one.seconds for one in together], "s", None, stored),
        Row.of(
            f"{what}, one by one / together", gains, "times", None,
            f"by processor time {by_cpu:.3g}",
        ),
    ]  # fmt: skip


def run_both(replicates: int) -> dict[str, Any]:
    """Seconds of both ways, replicate by replicate, and whether every table is the same.

    `spared` are the seconds, one by one, of what all have in common, but for one of them. A run is
    let go before the next one begins, as a sweep does; making its tables is not timed.
    """
    from diffusion.config import design
    from diffusion.model.settings import shared_months
    from diffusion.model.simulation import Simulation

    scenarios = [one.settings for one in design(["experiment=what_remains"]).scenarios.values()]
    Simulation(scenarios[-1]).run()
    months = min(shared_months(scenarios[0], other) for other in scenarios[1:])
    seconds: dict[str, list[float]] = {"alone": [], "together": [], "spared": [], "forks": []}
    equal = True
    for replicate in range(replicates):
        every = [settings.with_seed(1 + replicate) for settings in scenarios]
        alone, took, common = _one_by_one(every, months)
        seconds["alone"].append(took)
        seconds["spared"].append(common * (1 - 1 / len(every)))
        together, took, forks = _together(every)
        seconds["together"].append(took)
        seconds["forks"].append(forks)
        equal &= all(_same(one, together[k]) for k, one in enumerate(alone))
    return {**seconds, "months": months, "equal": equal}


def run_sweep(replicates: int, shared: bool) -> Spent:
    """What `run_experiment` takes for the five scenarios.

    Raises:
        RuntimeError: a run failed.
    """
    from diffusion.config import design
    from diffusion.model.simulation import Simulation
    from diffusion.runner import run

    chosen = ["experiment=what_remains", "executor=local", "executor.workers=1"]
    experiment = replace(design(chosen), replicates=replicates)
    for scenario in experiment.scenarios.values():
        Simulation(scenario.settings).run().tables()
    alone = mock.patch.object(run, "simulate_together", _each_alone)
    with tempfile.TemporaryDirectory() as folder, nullcontext() if shared else alone:
        results, took = spent(lambda: run.run_experiment(experiment, Path(folder) / "results"))
        if results.failures():
            raise RuntimeError("a run failed")
    return took


def _each_alone(every: Sequence["ModelSettings"]) -> Iterator[tuple[int, "Simulation"]]:
    """What `simulate_together` gives, with nothing simulated in common."""
    from diffusion.model.simulation import Simulation

    for k, settings in enumerate(every):
        yield k, Simulation(settings).run()


def _one_by_one(
    every: Sequence["ModelSettings"], months: int
) -> tuple[list["Tables"], float, float]:
    """Tables of all, seconds of all, and of the worlds and of so many first months."""
    from diffusion.model.simulation import Simulation

    tables: list[Tables] = []
    seconds = common = 0.0
    for settings in every:
        started = time.perf_counter()
        run = Simulation(settings)
        run.run_to(months)
        between = time.perf_counter()
        run.run()
        seconds += time.perf_counter() - started
        common += between - started
        tables.append(run.tables())
    return tables, seconds, common


def _together(every: Sequence["ModelSettings"]) -> tuple[dict[int, "Tables"], float, float]:
    """Tables of all by their place, seconds of all, and of these the seconds of forks."""
    from diffusion.model.sharing import simulate_together
    from diffusion.model.simulation import Simulation

    tables: dict[int, Tables] = {}
    seconds, forks, runs = 0.0, 0.0, simulate_together(every)
    fork = Simulation.fork

    def timed(run: Simulation, settings: "ModelSettings") -> Simulation:
        nonlocal forks
        started = time.perf_counter()
        forked = fork(run, settings)
        forks += time.perf_counter() - started
        return forked

    with mock.patch.object(Simulation, "fork", timed):
        while len(tables) < len(every):
            started = time.perf_counter()
            place, run = next(runs)
            seconds += time.perf_counter() - started
            tables[place] = run.tables()
            del run  # which the next one would have to wait for memory beside
    return tables, seconds, forks


def _same(one: "Tables", other: "Tables") -> bool:
    """Whether tables have the same columns with the same bits."""
    return one.keys() == other.keys() and all(
        list(one[name]) == list(other[name])
        and all(_same_bits(one[name][c], other[name][c]) for c in one[name])
        for name in one
    )


def _same_bits(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Whether columns of numbers have the same bytes, and others the same values."""
    if one.dtype != other.dtype or one.dtype.hasobject:
        return bool(np.array_equal(one, other))
    return one.tobytes() == other.tobytes()
