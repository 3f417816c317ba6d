"""How good integration practices spread across a network, and what is left when the money stops.

>>> import diffusion
>>> settings = diffusion.load(["intervention=[cop_formation]", "seed=7"])
>>> model = diffusion.Model(settings)
>>> comparison = diffusion.compare(experiment="what_remains", overrides=["replicates=10"])
>>> results = diffusion.Results("results/what_remains")
>>> outcomes = results.table("outcomes")
>>> comparison = diffusion.Comparison.of(results, interval="bootstrap")

A mistake that can be mended is a `DiffusionError`, whose text is the sentence that commands show.
Heavy libraries are only imported when one of these names is used.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from diffusion.analysis.comparison import Comparison as Comparison
    from diffusion.base.errors import DiffusionError as DiffusionError
    from diffusion.model.model import Model as Model
    from diffusion.model.settings import ModelSettings
    from diffusion.runner.store import Results as Results

__version__ = "0.1.0"

__all__ = ["Comparison", "DiffusionError", "Model", "Results", "__version__", "compare", "load"]


def load(overrides: Iterable[str] = (), config_dir: "Path | str | None" = None) -> "ModelSettings":
    """The settings of one run: the packaged configuration with overrides.

    Args:
        overrides: `key=value` or `group=choice`, as on the command line.
        config_dir: a folder of your own, laid out like `configs/`.

    Raises:
        SettingError: an override that does not fit; the sentence says what is allowed.
    """
    from diffusion import config

    return config.load(overrides, config_dir)


def compare(
    experiment: str | None = None,
    overrides: Iterable[str] = (),
    results: "Path | str | None" = None,
    config_dir: "Path | str | None" = None,
    fresh: bool = False,
) -> "Comparison":
    """Compute an experiment, or what is missing of it, and compare its scenarios.

    Args:
        experiment: its name; None compares the interventions that `overrides` switch on, or runs
            the headline experiment if there are none.
        overrides: `key=value` or `group=choice`, as on the command line.
        results: folder for the results; None for that of the experiment.
        config_dir: a folder of your own, laid out like `configs/`.
        fresh: remove results of an earlier call first.

    Raises:
        SettingError: an override that does not fit.
        ResultsError: the folder can't be written, holds another design, or is in use.
    """
    from pathlib import Path

    from diffusion import config
    from diffusion.analysis.comparison import Comparison
    from diffusion.analysis.growing import computed
    from diffusion.config.overrides import listed

    named = [] if experiment is None else [f"experiment={experiment}"]
    designed = config.design([*named, *listed(overrides)], config_dir)
    folder = None if results is None else Path(results)
    return Comparison.of(computed(designed, folder, fresh))


def __getattr__(name: str) -> Any:
    if name == "Model":
        from diffusion.model.model import Model

        return Model
    if name == "Comparison":
        from diffusion.analysis.comparison import Comparison

        return Comparison
    if name == "Results":
        from diffusion.runner.store import Results

        return Results
    if name == "DiffusionError":
        from diffusion.base.errors import DiffusionError

        return DiffusionError
    raise AttributeError(f"module 'diffusion' has no attribute '{name}'")
