"""One run whose simulation stays at hand, stored like an experiment of one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from diffusion.config import Experiment, Scenario
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation
from diffusion.runner.checking import check_finite
from diffusion.runner.compiling import Notice, compile_model
from diffusion.runner.design import Chunk, Run, runs_of
from diffusion.runner.files import write_csv
from diffusion.runner.lock import held
from diffusion.runner.manifest import manifest_of
from diffusion.runner.store import Store, check_folder

SHORT_ID = 8
PATIENCE = 10.0  # seconds that a finished run waits for another to be stored


@dataclass(frozen=True)
class Finished:
    """A finished run: the simulation, where it was stored, and what was done in it."""

    simulation: Simulation
    folder: Path
    tables: tuple[Path, ...]
    explained: tuple[str, ...]


def run_once(
    settings: ModelSettings,
    folder: Path | str | None = None,
    fresh: bool = False,
    notice: Notice | None = None,
    show: Callable[[Simulation], None] | None = None,
) -> Finished:
    """Simulate once and store the tables; the same settings lead to the same folder.

    Args:
        folder: None for `results/run-<id>`, where the id depends on settings, seed and what decides
            numbers (`code_digest`).
        fresh: remove what an earlier call left there first.
        notice: told if the model must be compiled first.
        show: given the simulation once it is finished, before the tables are made and stored.

    Raises:
        WorldError: a world that can't be built; nothing was written then.
        ResultsError: the folder can't be written, holds something else, or is in use; or the run
            gave what is no number, and was not stored.
    """
    experiment = experiment_of(settings)
    (run,) = runs_of(experiment)
    folder = experiment.results if folder is None else Path(folder)
    manifest = manifest_of(experiment, [run])
    check_folder(folder, manifest, fresh)
    compile_model(settings, notice)
    simulation = Simulation(settings)
    started = time.perf_counter()
    simulation.run()
    seconds = round(time.perf_counter() - started, 4)
    try:
        if show is not None:
            show(simulation)
    finally:  # a closed pipe or an interrupt must not cost the run
        with held(folder, PATIENCE):
            stored = _store(simulation, run, seconds, Store.open(folder, manifest, fresh))
    explained = tuple(one.explain() for _, _, one in settings.acting())
    return Finished(simulation, folder, stored, explained)


def _store(simulation: Simulation, run: Run, seconds: float, store: Store) -> tuple[Path, ...]:
    """Store the tables, unless an earlier call did; returns where the months are."""
    if run.run_id not in store.finished():
        tables = {run.run_id: simulation.tables()}
        check_finite(tables[run.run_id], run.settings.timing)
        store.write(Chunk(0, (run,)), tables, {run.run_id: seconds})
    csv = store.path / "months.csv"
    write_csv(csv, simulation.months())
    return store.path / "months" / "part-00000.parquet", csv


def experiment_of(settings: ModelSettings) -> Experiment:
    """One run as an experiment, with the results folder that its settings lead to."""
    experiment = Experiment(
        name="run",
        question="",
        baseline="run",
        scenarios={"run": Scenario("One run", settings, ())},
        timing=settings.timing,
        replicates=1,
        seed=settings.seed,
        results=Path("results"),
        executor={"_target_": "diffusion.runner.executors.Serial"},
    )
    (run,) = runs_of(experiment)
    return replace(experiment, results=Path(f"results/run-{run.run_id[:SHORT_ID]}"))
