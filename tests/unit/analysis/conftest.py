"""The stand-in for the simulation that the runner is tested with."""

from tests.unit.runner.conftest import fake, make

__all__ = ["fake", "make"]
