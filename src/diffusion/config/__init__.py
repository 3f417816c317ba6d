"""Hydra configuration turned into validated, frozen objects: the only place that builds them."""

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
