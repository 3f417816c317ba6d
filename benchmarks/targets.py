"""What is asked of the package's speed and memory: every target once, with its sentence.

A group gives a row its target as `TARGETS["help"]`; the page shows all of them in this order, also
those that no row was measured for.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Target(NamedTuple):
    """What a measured value should reach: a bound from below or from above."""

    limit: float
    at_least: bool
    aim: str = ""  # what is asked, in a sentence

    def met(self, value: float) -> bool:
        """Whether a value keeps to the bound; the bound itself does, NaN never does."""
        return value >= self.limit if self.at_least else value <= self.limit


def at_least(limit: float, aim: str = "") -> Target:
    """A bound from below."""
    return Target(limit, True, aim)


def at_most(limit: float, aim: str = "") -> Target:
    """A bound from above."""
    return Target(limit, False, aim)


_GIBIBYTE = 1_073.741824  # MB

TARGETS: Mapping[str, Target] = {
    "mesa_months": at_least(
        300,
        "An organisation-month costs 300 times less than in an idiomatic Mesa model, "
        "at 10,000 organisations",
    ),
    "mesa_whole": at_least(
        150,
        "150 times less at 1,000 organisations, with building the world and recording",
    ),
    "ndlib_sir": at_least(50, "50 times as fast as NDlib on SIR"),
    "ndlib_threshold": at_least(100, "100 times as fast as NDlib on the threshold model"),
    "starsim_sir": at_least(5, "5 times as fast as Starsim on SIR"),
    "cynetdiff_cascade": at_least(1, "As fast as cynetdiff on the independent cascade"),
    "memory_million": at_most(
        4 * _GIBIBYTE,
        "1,000,000 organisations, 20 practices, 120 months in less than 4 GiB",
    ),
    "cost_million": at_most(
        2, "An organisation-month there costs at most twice that at 10,000 organisations"
    ),
    "sweep_rate": at_least(
        100, "A sweep of 1,000 runs of 200 organisations does 100 runs a second on 2 workers"
    ),
    "sweep_efficiency": at_least(
        0.85, "2 workers do at least 0.85 of twice what 1 worker does, in that sweep"
    ),
    "sweep_mesa": at_least(100, "The sweep is 100 times as fast as Mesa's `batch_run`"),
    "overhead_share": at_most(
        15, "In a sweep of 10,000 runs, at most 15 % of the workers' time is not simulating"
    ),
    "overhead_store": at_most(200, "It takes at most 200 MB on disk"),
    "overhead_loading": at_most(1, "Its table of outcomes is loaded within 1 s"),
    "overhead_memory": at_most(
        1.1, "The parent's memory at its end is at most 1.1 times that after a tenth of it"
    ),
    "sharing": at_least(
        1.3, "Sharing months makes the five scenarios of `what_remains` 1.3 times as fast"
    ),
    "help": at_most(0.1, "`diffusion --help` answers within 0.1 s"),
    "run": at_most(3, "`diffusion run` shows its table within 3 s"),
    "compiling": at_most(15, "Compiling, once on a machine, takes less than 15 s"),
    "leaks": at_most(20, "1,000 discarded models leave no memory behind"),
}
