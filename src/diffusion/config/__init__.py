"""Hydra configuration turned into validated, frozen objects: the only place that builds them.

Each name is imported when it is first used: composing files needs nothing of the model.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffusion.config.experiments import Experiment, Scenario, compose, design, load
    from diffusion.config.settings import settings_of
    from diffusion.config.targets import build_target

__all__ = [
    "Experiment",
    "Scenario",
    "build_target",
    "compose",
    "design",
    "load",
    "settings_of",
]

_HOMES = {"settings_of": "settings", "build_target": "targets"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'diffusion.config' has no attribute '{name}'")
    return getattr(import_module(f"diffusion.config.{_HOMES.get(name, 'experiments')}"), name)
