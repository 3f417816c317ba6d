"""Compiling the model before the first run, so that workers find it on disk."""

from contextlib import suppress

from diffusion.base.compiled import without_collection
from diffusion.model.compiling import Notice as Notice
from diffusion.model.compiling import is_compiled, ready
from diffusion.model.month import Month
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation


def compile_model(settings: ModelSettings, notice: Notice | None = None) -> None:
    """Compile every loop before the first run, unless that happened earlier.

    Workers that start afterwards load the machine code from disk instead of compiling it each.

    Args:
        settings: of a run that uses as many rules and interventions as possible.
        notice: told if compiling is needed; None for a line on stderr.
    """
    if is_compiled():
        return
    # a run that fails is reported where it is a run
    with without_collection(), suppress(Exception):
        ready(Month.standard(settings.rules), lambda: Simulation(settings), notice).run()
