"""What an experiment would do: its runs, what is there already, about how long and how much.

Nothing is estimated from a table of rates: either runs of this very folder have been timed, or a
few runs of the baseline are simulated and stored in a folder that is removed again.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from diffusion.config import Experiment
from diffusion.model.settings import ModelSettings, shared_months
from diffusion.model.simulation import Simulation
from diffusion.runner.compiling import Notice, compile_model
from diffusion.runner.design import Chunk, Run, chunks_of, runs_of
from diffusion.runner.executors import Executor
from diffusion.runner.manifest import manifest_of
from diffusion.runner.run import check_worlds, executor_of, fullest
from diffusion.runner.store import SCHEMA_VERSION, TABLES, Results, Store, Tables, check_folder

PILOT_MONTHS = 12
PATIENCE = 5.0  # seconds that a whole run may take to be simulated for an estimate


@dataclass(frozen=True)
class Estimate:
    """What the runs that are left will take."""

    seconds: float  # of one processor
    bytes: float  # stored
    how: str  # they were estimated


@dataclass(frozen=True)
class Outlook:
    """What an experiment would do."""

    executor: Executor
    runs: Sequence[Run]
    finished: int
    failed: int  # by an earlier call; they would be tried again
    estimate: Estimate

    @property
    def left(self) -> int:
        """Runs that would be computed."""
        return len(self.runs) - self.finished


class _Clock(NamedTuple):
    """Seconds of a run."""

    building: float
    a_month: float
    tables: float


class _Pilot(NamedTuple):
    months: int
    clock: _Clock
    a_run: float  # bytes
    a_part: float  # beside those of its runs


def look_ahead(
    experiment: Experiment,
    folder: Path | None = None,
    fresh: bool = False,
    notice: Notice | None = None,
) -> Outlook:
    """Check an experiment as `run_experiment` does before the first run, and estimate the rest.

    Args:
        folder: where results would go, if not where the experiment says.
        fresh: results of an earlier call would be removed first.
        notice: told if the model must be compiled first.

    Raises:
        SettingError: the executor or a world can't be built.
        WorldError: a world can't be built.
        ResultsError: the folder can't be written, or holds another design.
    """
    folder = experiment.results if folder is None else folder
    executor = executor_of(experiment)
    runs = runs_of(experiment)
    check_folder(folder, manifest_of(experiment, runs), fresh)
    there = None if fresh or not (folder / "manifest.json").is_file() else Results(folder)
    if there is None:
        check_worlds(experiment)
    finished = frozenset[str]() if there is None else there.finished()
    left = [run for run in runs if run.run_id not in finished]
    if not left:
        estimate = Estimate(0.0, 0.0, "nothing is left to compute")
    elif there is not None and finished:
        estimate = _from_finished(there, len(left))
    else:
        compile_model(fullest(experiment), notice)
        estimate = _from_pilots(experiment, left)
    failed = 0 if there is None else len(there.failures())
    return Outlook(executor, runs, len(runs) - len(left), failed, estimate)


def _from_finished(results: Results, left: int) -> Estimate:
    timings = results.timings()
    stored = sum(path.stat().st_size for name in TABLES for path in results.path.glob(f"{name}/*"))
    return Estimate(
        seconds=float(timings["seconds"].mean()) * left,
        bytes=stored / len(timings) * left,
        how=f"from the {len(timings)} runs that are finished there",
    )


def _from_pilots(experiment: Experiment, left: Sequence[Run]) -> Estimate:
    every = [scenario.settings for scenario in experiment.scenarios.values()]
    worlds, months = _distinct(every)
    baseline = experiment.scenarios[experiment.baseline].settings
    pilot = _pilots(baseline)
    building, a_month, tables = pilot.clock
    seconds = worlds * building + months * a_month + len(every) * tables
    stretch = baseline.timing.months / pilot.months
    how = f"from 2 runs of the baseline over {pilot.months} months, simulated just now"
    if len(every) > 1:
        how += (
            f"; the {len(every)} scenarios of a replicate share months: {months:,} are simulated "
            f"instead of {sum(one.timing.months for one in every):,}"
        )
    return Estimate(
        seconds=seconds * len(left) / len(every),
        bytes=(pilot.a_run * len(left) + pilot.a_part * len(chunks_of(left))) * stretch,
        how=how,
    )


def _distinct(every: Sequence[ModelSettings]) -> tuple[int, int]:
    """Worlds to build and months to simulate for scenarios of one replicate (`model.sharing`)."""
    worlds = months = 0
    for k, settings in enumerate(every):
        shared = max((shared_months(settings, other) for other in every[:k]), default=-1)
        worlds += shared < 0
        months += settings.timing.months - max(0, shared)
    return worlds, months


def _pilots(baseline: ModelSettings) -> _Pilot:
    """Time and size of two runs of the baseline: whole ones, or short where those take too long."""
    timing = baseline.timing
    months = min(PILOT_MONTHS, timing.months)
    cut = {"months": months, "start": min(timing.start, months), "stop": min(timing.stop, months)}
    # windows may reach beyond a short run, so nothing acts in it
    short = baseline.model_copy(
        update={"timing": timing.model_copy(update=cut), "shocks": {}, "interventions": {}}
    )
    _time(short)  # loads machine code, which is not counted
    clock, _ = _time(short)
    long = clock.building + clock.a_month * timing.months > PATIENCE
    settings = short if long else baseline
    runs = [Run(f"pilot-{k}", "pilot", k, k, settings.with_seed(settings.seed + k)) for k in (0, 1)]
    clocks, tables = zip(*(_time(run.settings) for run in runs), strict=True)
    one, both = _stored_bytes(runs, tables)
    mean = _Clock(*(sum(each) / len(clocks) for each in zip(*clocks, strict=True)))
    return _Pilot(settings.timing.months, mean, a_run=both - one, a_part=2 * one - both)


def _time(settings: ModelSettings) -> tuple[_Clock, Tables]:
    started = time.perf_counter()
    simulation = Simulation(settings)
    built = time.perf_counter()
    simulation.run()
    simulated = time.perf_counter()
    tables = simulation.tables()
    finished = time.perf_counter()
    a_month = (simulated - built) / settings.timing.months
    return _Clock(built - started, a_month, finished - simulated), tables


def _stored_bytes(runs: Sequence[Run], tables: Sequence[Tables]) -> tuple[int, int]:
    """Bytes of a part that holds the first run, and of one that holds both."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), {"schema": SCHEMA_VERSION, "design": "", "replicates": 2})
        for number in (0, 1):
            some = dict(zip((run.run_id for run in runs[: number + 1]), tables, strict=False))
            store.write(Chunk(number, tuple(runs[: number + 1])), some, dict.fromkeys(some, 0.0))
        sizes = [
            sum(path.stat().st_size for path in store.path.glob(f"*/part-{number:05d}.parquet"))
            for number in (0, 1)
        ]
    return sizes[0], sizes[1]
