"""Settings of the whole test suite."""

import signal

import pytest
from hypothesis import settings

from diffusion.config import load
from diffusion.runner.compiling import compile_model

# The first call of a loop compiles it, so that no deadline holds; examples repeat from run to run.
settings.register_profile("diffusion", deadline=None, derandomize=True, database=None)
settings.load_profile("diffusion")
# a shell that starts tests in the background has them ignore Ctrl-C, and all that they start
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Compile the model once before workers start, instead of in each of them."""
    if not hasattr(config, "workerinput"):
        small = ("world=synthetic", "world.n=40", "timing.months=2", "timing.start=0")
        compile_model(load((*small, "timing.stop=1", "record.groups=[]")), print)
