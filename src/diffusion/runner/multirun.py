"""A sweep that Hydra launches, job by job, stored like an experiment.

Each job composes its own settings, computes one run and stores it as a part of its own, in
whichever process the launcher starts it.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from joblib.externals.loky.process_executor import TerminatedWorkerError

from diffusion.base.errors import DiffusionError, ResultsError, SettingError
from diffusion.base.processes import end_with
from diffusion.config import Experiment, Scenario, load
from diffusion.config.launching import Launching, launching
from diffusion.config.sweeps import NOTHING, Job, Sweep, sweep_of
from diffusion.model.settings import ModelSettings
from diffusion.runner.compiling import Notice, compile_model
from diffusion.runner.design import ID_LENGTH, Chunk, Run, design_hash, run_of
from diffusion.runner.executors import Report
from diffusion.runner.lock import held
from diffusion.runner.manifest import manifest_of
from diffusion.runner.run import Progress, check_worlds, compute
from diffusion.runner.store import Results, Store, check_folder

SHORT_ID = ID_LENGTH // 2


def run_sweep(
    overrides: Sequence[str],
    config_dir: Path | str | None = None,
    folder: Path | None = None,
    fresh: bool = False,
    progress: Callable[[Progress], None] | None = None,
    notice: Notice | None = None,
) -> Results:
    """Compute the runs of a sweep that its results folder does not hold yet.

    Args:
        overrides: as on the command line, several values included.
        config_dir: a folder of the user's own, laid out like `configs/`.
        folder: None for `results/sweep-<id>`, where the id depends on the runs.
        fresh: remove results of an earlier call first.
        progress: told after each batch of jobs.
        notice: told if the model must be compiled first.

    Raises:
        SettingError: an override that does not fit, a launcher that is not installed, or runs
            that can't stand in one folder; nothing was written then.
        WorldError: a world that can't be built.
        ResultsError: the folder can't be written, holds another design, is in use, or workers were
            killed.
    """
    sweep = sweep_of(overrides, config_dir)
    settings = [load(job.lines, config_dir) for job in sweep.jobs]
    _check_timing(settings)
    runs = [_run(sweep, job, one) for job, one in zip(sweep.jobs, settings, strict=True)]
    experiment = _experiment(sweep, runs)
    if folder is None:
        folder = Path(f"results/sweep-{design_hash(runs)[:SHORT_ID]}")
    manifest = manifest_of(experiment, runs) | {
        "runs": len(runs),  # seeds, which number the replicates, may leave gaps
        "varied": list(sweep.varied),
        "sweep": list(sweep.typed),
    }
    of = _Jobs(sweep.typed, config_dir, folder.absolute(), manifest["design"], os.getpid())
    with launching(sweep.launcher, partial(_job, of), config_dir) as launcher:
        check_folder(folder, manifest, fresh)
        with held(folder):
            if fresh or not (folder / "manifest.json").is_file():
                check_worlds(experiment)
            finished = Store.open(folder, manifest, fresh).finished()
            left = [number for number, run in enumerate(runs) if run.run_id not in finished]
            if left:
                compile_model(max(settings, key=lambda one: len(one.interventions)), notice)
            told = Progress(0, 0, len(runs) - len(left), len(runs))
            _launch(launcher, left, folder, told, progress or _silent)
    return Results(folder)


def _launch(
    launcher: Launching,
    left: Sequence[int],
    folder: Path,
    told: Progress,
    tell: Callable[[Progress], None],
) -> None:
    """Launch the jobs that are left, and tell of each batch.

    Raises:
        DiffusionError: a job could not do what it should.
        ResultsError: a process was killed.
    """
    tell(told)
    try:
        for reports in launcher.launch(left):
            for report in reports:
                if isinstance(report, DiffusionError):
                    raise report
                told = replace(
                    told, done=told.done + report.done, failed=told.failed + report.failed
                )
            tell(told)
    except TerminatedWorkerError as error:
        raise ResultsError(
            f"a process of the launcher was killed, probably for lack of memory; the runs in "
            f"{folder} are kept, so give the same command again, with fewer jobs at a time"
        ) from error


class _Jobs(NamedTuple):
    """What the jobs of a sweep have in common."""

    typed: tuple[str, ...]
    config_dir: Path | str | None
    folder: Path
    design: str
    parent: int  # process that launches them


def _job(of: _Jobs, number: int) -> Report | DiffusionError:
    """One job, wherever it was launched; it returns a mistake, for Hydra prints what is raised."""
    if os.getppid() == of.parent:  # launchers on other machines look after their processes
        end_with(of.parent)
    try:
        sweep = _sweep(of.typed, of.config_dir)
        job = sweep.jobs[number]
        run = _run(sweep, job, load(job.lines, of.config_dir))
        return compute(of.folder, Chunk(number, (run,)), of.design)
    except DiffusionError as error:
        return error


_sweep = lru_cache(maxsize=1)(sweep_of)  # read once a process


def _run(sweep: Sweep, job: Job, settings: ModelSettings) -> Run:
    lowest = settings.seed if sweep.lowest_seed is None else sweep.lowest_seed
    first = settings.model_copy(update={"seed": lowest})
    replicate = settings.seed - lowest
    return run_of(job.scenario, first, first.plain(), replicate, job.point, job.varied)


def _experiment(sweep: Sweep, runs: Sequence[Run]) -> Experiment:
    """What the manifest tells; a scenario has the settings of its first run."""
    scenarios = {}
    for name, interventions in sweep.scenarios.items():
        first = next(run.settings for run in runs if run.scenario == name)
        label = " + ".join(one.replace("_", " ") for one in interventions).capitalize()
        scenarios[name] = Scenario(label or "One run of each", first, ())
    lowest = min(runs, key=lambda run: run.replicate)
    return Experiment(
        name="sweep",
        question="",
        baseline=NOTHING if NOTHING in scenarios else next(iter(scenarios)),
        scenarios=scenarios,
        timing=lowest.settings.timing,
        replicates=sweep.n_seeds,
        seed=lowest.seed,
        results=Path("results"),
        executor={},
    )


def _check_timing(settings: Sequence[ModelSettings]) -> None:
    if len({one.timing for one in settings}) > 1:
        raise SettingError(
            "the runs of a sweep differ in timing, so they can't be compared month by month; give "
            "the command once for each, with another --results"
        )


def _silent(_: Progress) -> None:
    """Tell nobody."""
