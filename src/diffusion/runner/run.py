"""An experiment from its design to its results folder, and a single run."""

import json
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from diffusion.base.errors import DiffusionError
from diffusion.interventions.base import Intervention
from diffusion.model import spending
from diffusion.model.compiling import assume_ready
from diffusion.model.settings import ModelSettings
from diffusion.model.sharing import simulate_together
from diffusion.runner import stopping
from diffusion.runner.checking import check_finite
from diffusion.runner.compiling import Notice, compile_model
from diffusion.runner.design import Chunk, Run, chunks_of, runs_of
from diffusion.runner.executors import Executor, Report, Task
from diffusion.runner.lock import held
from diffusion.runner.manifest import manifest_of
from diffusion.runner.store import Results, Store, Tables, check_folder
from diffusion.shocks.base import Shock
from diffusion.world.state import State

if TYPE_CHECKING:  # workers compute without what reads configurations
    from diffusion.config import Experiment
    from diffusion.config.settings import Plan


@dataclass(frozen=True)
class Progress:
    """How far an experiment is, in runs."""

    done: int
    failed: int
    skipped: int  # finished by an earlier call
    total: int


def run_experiment(
    experiment: "Experiment",
    folder: Path | None = None,
    fresh: bool = False,
    progress: Callable[[Progress], None] | None = None,
    notice: Notice | None = None,
    replicates: int | None = None,
) -> Results:
    """Compute the runs that the results folder does not hold yet.

    A run that fails never stops the others: it is kept among the failures and tried again by the
    next call. `stopping.ask(folder)` ends the sweep once the runs that have begun are stored, from
    any process; the next call goes on.

    Args:
        folder: where results go, if not where the experiment says.
        fresh: remove results of an earlier call first.
        progress: told after each chunk.
        notice: told if the model must be compiled first.
        replicates: how many for now, if the experiment may come to more than it begins with.

    Raises:
        SettingError: the executor or a world can't be built; nothing was written then.
        ResultsError: the folder can't be written, holds another design, or is in use.
    """
    folder = experiment.results if folder is None else folder
    executor = executor_of(experiment)
    runs = runs_of(experiment)
    wanted = experiment.replicates if replicates is None else replicates
    manifest = manifest_of(experiment, runs, wanted)
    later = frozenset(run.run_id for run in runs if run.replicate >= wanted)
    check_folder(folder, manifest, fresh)
    with held(folder):
        if fresh or not (folder / "manifest.json").is_file():
            check_worlds(experiment)
        finished = Store.open(folder, manifest, fresh).finished()
        stopping.withdraw(folder)  # what an earlier call was asked, and was killed before it could
        left = _left(runs, finished, later)
        if left:
            compile_model(fullest(experiment), notice)
        skipped = sum(run.run_id in finished for run in runs if run.run_id not in later)
        begun = Progress(0, 0, skipped, len(runs) - len(later))
        task = partial(compute, folder.absolute(), design=manifest["design"])
        _sweep(executor, task, left, folder, begun, progress or _silent)
    return Results(folder)


def _sweep(
    executor: Executor,
    task: Task,
    left: Sequence[Chunk],
    folder: Path,
    told: Progress,
    tell: Callable[[Progress], None],
) -> None:
    """Compute chunks and tell of each, until all are done or somebody asks to stop."""
    tell(told)
    reports = executor.map(task, stopping.until_asked(folder, left))
    try:
        for report in reports:
            told = replace(told, done=told.done + report.done, failed=told.failed + report.failed)
            tell(told)
    finally:
        if isinstance(reports, Generator):
            reports.close()  # whatever stops the sweep at once stops its workers too
        stopping.withdraw(folder)


def executor_of(experiment: "Experiment | Plan") -> Executor:
    """What computes the runs of an experiment.

    Raises:
        SettingError: it can't be built.
    """
    from diffusion.config import build_target

    return build_target(experiment.executor, "executor", Executor)  # type: ignore[type-abstract]


def compute(folder: Path, chunk: Chunk, design: str | None = None) -> Report:
    """Simulate the runs of a chunk that are not stored yet, and store them.

    A run that raises, or gives what is no number, is kept as a failure. Runs that a worker stored
    and died before it could tell count as done, for nobody else tells.

    Where the sweep is asked to stop, no further run of the chunk begins.

    Args:
        design: hash of the design whose runs they are; None for that of the folder.

    Raises:
        ResultsError: the folder can't be written, or holds another design by now.
    """
    if stopping.asked(folder):
        return Report(chunk.number, 0, 0)
    assume_ready()
    store = Store(folder, design)
    stored = store.stored(chunk)
    left = [run for run in chunk.runs if run.run_id not in stored | chunk.later]
    found: dict[str, tuple[Tables, float]] = {}
    # together, months that scenarios have in common are simulated once; if one of them raises,
    # the others are simulated alone, so that each tells of its own mistake only
    with suppress(Exception):
        _add_runs(folder, left, found)
    failed = 0
    for run in left:
        if run.run_id in found:
            continue
        if stopping.asked(folder):
            break
        try:
            _add_runs(folder, (run,), found)
        except Exception as error:  # noqa: BLE001 - whatever a run raises, others go on
            failed += 1
            store.write_failure(run, f"{type(error).__name__}: {error}", traceback.format_exc())
    done = [run.run_id for run in left if run.run_id in found]
    tables = {run_id: found[run_id][0] for run_id in done}
    store.write(chunk, tables, {run_id: found[run_id][1] for run_id in done})
    return Report(chunk.number, len(stored - chunk.earlier) + len(done), failed)


def _add_runs(folder: Path, runs: Sequence[Run], found: dict[str, tuple[Tables, float]]) -> None:
    """Add the tables and seconds of each run; months in common count for the first that ends.

    Raises:
        ResultsError: a run gave what is no number.
    """
    started = time.perf_counter()
    for k, simulation in simulate_together([run.settings for run in runs]):
        tables = simulation.tables()
        check_finite(tables, runs[k].settings.timing)
        now = time.perf_counter()
        found[runs[k].run_id] = (tables, round(now - started, 4))
        started = now
        if stopping.asked(folder):
            return


def check_worlds(experiment: "Experiment") -> None:
    """Build each distinct world once and begin each shock and intervention in a copy of it.

    So mistakes that show only there are found before anything is written. In a design with points
    those are looked at where something is lowest or highest; there may be thousands of others.

    Raises:
        WorldError: a world that can't be built.
        SettingError: a shock or an intervention that means nobody in its world, or one that costs
            more than its budget.
    """
    built: dict[str, State] = {}
    begun = set()
    for settings in _outer(experiment):
        data = settings.plain()
        world = json.dumps([data["world"], data["practices"]])
        if world not in built:
            # no `Simulation`, which would compile the model before it says what is wrong
            built[world] = settings.world.build(settings.practices, settings.seed)
        share = settings.share
        for group, name, one in settings.acting():
            key = (world, group, name, json.dumps(data[f"{group}s"][name]), share)
            if key not in begun:
                begun.add(key)
                _try(one, built[world].copy(), name, share)


def _outer(experiment: "Experiment") -> Iterator[ModelSettings]:
    """The settings of each scenario, or those at the outer points of its design."""
    layout = experiment.layout
    for scenario in experiment.scenarios.values():
        if layout is None:
            yield scenario.settings
        else:
            yield from (scenario.points[number] for number in layout.outer())


def _try(one: Shock | Intervention, state: State, name: str, share: float | None) -> None:
    try:
        if isinstance(one, Intervention):
            spending.begin(one, state, name, share)
        else:
            one.begin(state, name)
    except DiffusionError:
        raise
    except Exception:  # noqa: BLE001 - a defect of an extension is kept with the run that fails
        return


def fullest(experiment: "Experiment") -> ModelSettings:
    """The settings with the most interventions: what they need covers the other scenarios."""
    every = [one for scenario in experiment.scenarios.values() for one in scenario.every()]
    return max(every, key=lambda settings: len(settings.interventions))


def _left(runs: Sequence[Run], finished: frozenset[str], later: frozenset[str]) -> list[Chunk]:
    """Chunks, as they were designed, in which a run is still to be computed."""
    chunks = chunks_of(runs)
    ids = [{run.run_id for run in chunk.runs} for chunk in chunks]
    return [
        replace(chunk, later=later & those, earlier=finished & those)
        for chunk, those in zip(chunks, ids, strict=True)
        if those - finished - later
    ]


def _silent(_: Progress) -> None:
    """Tell nobody."""
