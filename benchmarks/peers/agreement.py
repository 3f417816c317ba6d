"""Whether the Mesa model and the package give the same outcomes on the same worlds.

    python -m benchmarks.peers.agreement [replicates]

Both start from the same synthetic worlds, one a seed, with unrelated luck from then on. Compared is
the mean over worlds of each column: the last value measured, or for what is counted in a month the
sum over the run; and of what was in use at the start what is left at the end. The mean difference
is held against its own standard error, with a quantile of Student's t that a set of equal models
exceeds in any column with probability `ERROR` at most.
"""

import math
import statistics
import sys
from typing import NamedTuple

import pandas as pd
from scipy import stats

from benchmarks.peers.mesa_measures import FLOWS, REPORTERS
from benchmarks.peers.mesa_model import from_state, synthetic
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation

N, N_TERRITORIES, N_PRACTICES, MONTHS = 200, 8, 20, 60
REPLICATES = 12
ERROR = 0.01  # chance that two equal models are taken for different
_LEFT = ("unbroken", "in_use")  # of the table of survival
COMPARED = (*REPORTERS, *_LEFT)


class Agreement(NamedTuple):
    """One column: means of both models and how far they are apart."""

    column: str
    package: float
    mesa: float
    standard_error: float  # of the mean difference, over worlds

    @property
    def distance(self) -> float:
        """Mesa's mean minus the package's, in standard errors."""
        difference = self.mesa - self.package
        if self.standard_error > 0.0:
            return difference / self.standard_error
        return 0.0 if difference == 0.0 else math.copysign(math.inf, difference)


def tolerance(replicates: int) -> float:
    """How many standard errors a mean may be off, on either side, with so many replicates."""
    return float(stats.t.ppf(1.0 - ERROR / (2 * len(COMPARED)), replicates - 1))


def compare(replicates: int = REPLICATES) -> list[Agreement]:
    """Run both models on worlds with the seeds 1..replicates, at least 2."""
    settings = synthetic(N, N_TERRITORIES, N_PRACTICES, MONTHS)
    pairs = [_both(settings.with_seed(seed)) for seed in range(1, replicates + 1)]
    result = []
    for column in COMPARED:
        package = [ours[column] for ours, _ in pairs]
        mesa = [theirs[column] for _, theirs in pairs]
        differences = [m - p for m, p in zip(mesa, package, strict=True)]
        error = statistics.stdev(differences) / math.sqrt(replicates)
        result.append(Agreement(column, statistics.mean(package), statistics.mean(mesa), error))
    return result


def _both(settings: ModelSettings) -> tuple[dict[str, float], dict[str, float]]:
    """Outcomes of the package and of the Mesa model on the same world."""
    world = settings.world.build(settings.practices, settings.seed)
    model = from_state(world, settings)
    model.run_model()
    simulation = Simulation(settings, world=world).run()
    collected = model.datacollector
    theirs = collected.get_model_vars_dataframe(), collected.get_table_dataframe("survival")
    return _outcomes(simulation.months(), simulation.survival()), _outcomes(*theirs)


def _outcomes(months: pd.DataFrame, survival: pd.DataFrame) -> dict[str, float]:
    counted = {column: float(months[column].sum()) for column in FLOWS}
    others = [column for column in REPORTERS if column not in FLOWS]
    measured = {column: float(months[column].dropna().iloc[-1]) for column in others}
    return counted | measured | {column: float(survival[column].iloc[-1]) for column in _LEFT}


def main(replicates: int) -> int:
    """Print the comparison; 1 if a column lies outside the tolerance."""
    rows, allowed = compare(replicates), tolerance(replicates)
    apart = [row.column for row in rows if abs(row.distance) >= allowed]
    sys.stdout.write(f"{'column':<25}{'package':>12}{'Mesa':>12}{'standard errors apart':>23}\n")
    for row in rows:
        sys.stdout.write(
            f"{row.column:<25}{row.package:>12.5g}{row.mesa:>12.5g}{row.distance:>23.1f}\n"
        )
    sys.stdout.write(f"beyond {allowed:.1f}: {', '.join(apart) or 'none'}\n")
    return 1 if apart else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES))
