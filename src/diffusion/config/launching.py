"""Hydra's launchers: whatever plugin is installed (basic, joblib, ...) may start the jobs.

A job is told its number only. Composing is left to the package, so that a job has the settings
that were checked before it was launched.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from diffusion.base.errors import SettingError, nearest
from diffusion.base.processes import require_room
from diffusion.config.composing import hydra_in
from diffusion.config.folders import Folders

_CHOICE = "hydra/launcher"
_ALLOWED = (_CHOICE, "hydra.launcher.", "hydra.sweeper.max_batch_size")
_NUMBER = "job"
_MOST = 1024  # processes of this machine, as for `executor.workers`
# a job leaves nothing but its part of the results
_QUIET = (
    "hydra/job_logging=disabled",
    "hydra/hydra_logging=disabled",
    "hydra.output_subdir=null",
    "hydra.sweep.dir=.",
    "hydra.sweep.subdir=.",
)
_EXTRA = {"joblib": "joblib-launcher"}

Task = Callable[[int], Any]


@dataclass(frozen=True)
class Launching:
    """A launcher that is ready."""

    launcher: Launcher
    batch: int | None  # jobs that are launched at a time; None: all

    def launch(self, numbers: Sequence[int]) -> Iterator[list[Any]]:
        """Launch jobs by number; what the jobs of each batch gave back."""
        size = self.batch or max(1, len(numbers))
        for first in range(0, len(numbers), size):
            jobs = [[f"+{_NUMBER}={number}"] for number in numbers[first : first + size]]
            yield [one.return_value for one in self.launcher.launch(jobs, first)]


def is_of_hydra(line: str) -> bool:
    """Whether an override is for Hydra itself.

    Raises:
        SettingError: it is one that could change where results go.
    """
    key = line.lstrip("+~").partition("=")[0]
    if not key.startswith(("hydra.", "hydra/")):
        return False
    if not key.startswith(_ALLOWED):
        raise SettingError(
            f"{line}: of Hydra's own settings a sweep has {_CHOICE}, hydra.launcher.* and "
            f"hydra.sweeper.max_batch_size; --results names the folder"
        )
    return True


@contextmanager
def launching(
    lines: Iterable[str], task: Task, config_dir: Path | str | None = None
) -> Iterator[Launching]:
    """The launcher that the overrides ask for; the basic one by default.

    Args:
        lines: overrides for Hydra.
        task: given the number of its job; must be possible to pickle.

    Raises:
        SettingError: no such launcher, or a setting that it does not have.
        RoomError: the system does not let its processes start.
    """
    with hydra_in(Folders.find(config_dir)):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        context = HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks())
        chosen = list(lines)
        _check_choice(chosen, context.config_loader.get_group_options(_CHOICE))
        try:
            config = hydra.compose_config(
                config_name=None,
                overrides=[*_QUIET, *chosen],
                run_mode=RunMode.MULTIRUN,
                from_shell=False,
            )
            launcher = Plugins.instance().instantiate_launcher(context, _Numbered(task), config)
        except (HydraException, OmegaConfBaseException) as error:
            reason = " ".join(str(error).split())
            raise SettingError(f"{' '.join(chosen)} does not suit Hydra: {reason}") from error
        choice = config.hydra.runtime.choices[_CHOICE]
        if choice == "joblib":
            jobs = config.hydra.launcher.n_jobs
            if jobs == 0 or (jobs or 1) > _MOST:
                raise SettingError(
                    f"hydra.launcher.n_jobs = {jobs}: allowed 1 to {_MOST}, or -1 for one on each "
                    f"processor"
                )
            require_room(joblib.effective_n_jobs(jobs), f"without {_CHOICE}=joblib none need start")
        batch = config.hydra.sweeper.max_batch_size
        if batch is None and choice == "basic":
            batch = 1  # one after the other anyway, and progress is seen
        yield Launching(launcher, batch)


@dataclass(frozen=True)
class _Numbered:
    """What Hydra calls with the configuration of a job."""

    task: Task

    def __call__(self, config: DictConfig) -> Any:
        return self.task(config[_NUMBER])


def _check_choice(lines: Iterable[str], options: Sequence[str]) -> None:
    for line in lines:
        key, _, name = line.lstrip("+~").partition("=")
        if key == _CHOICE and name not in options:
            install = f" (pip install 'diffusion[{_EXTRA[name]}]')" if name in _EXTRA else ""
            raise SettingError(
                f"{line}: no launcher '{name}' is installed{install}; choose from: "
                f"{', '.join(options)}{nearest(name, options)}"
            )
