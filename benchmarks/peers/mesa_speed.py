"""Time of an organisation's month in the package and in the Mesa model, in one process.

    python -m benchmarks.peers.mesa_speed [organisations] [months]

Both step by turns through the same months of the same world, so that the ratio hardly depends on
what else the machine does. Both measure each month: the package its whole monthly table, the Mesa
model the columns of `mesa_measures`. Building and compiling are not counted.
"""

import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.peers.mesa_model import from_state, synthetic
from diffusion.model.simulation import Simulation

PLACE = 50  # organisations a territory
PRACTICES = 20


def main(n: int = 1000, months: int = 60) -> None:
    """Print microseconds for an organisation and month (median over months), and the ratio."""
    Simulation(synthetic(4 * PLACE, 4, PRACTICES, 2)).run()  # loads or makes the machine code
    settings = synthetic(n, max(4, n // PLACE), PRACTICES, months)
    world = settings.world.build(settings.practices, settings.seed)
    started = time.perf_counter()
    model = from_state(world, settings)
    built = time.perf_counter() - started
    simulation = Simulation(settings, world=world)
    package, mesa = [], []
    for _ in range(months):
        package.append(_seconds(simulation.step))
        mesa.append(_seconds(model.step))
    per_month = 1e6 / n
    rows = (
        ("organisations", f"{n}"),
        ("months", f"{months}"),
        ("package, us", f"{statistics.median(package) * per_month:.2f}"),
        ("Mesa model, us", f"{statistics.median(mesa) * per_month:.2f}"),
        ("Mesa model / package, all months", f"{sum(mesa) / sum(package):.1f}"),
        ("making the Mesa model's agents, s", f"{built:.1f}"),
    )
    for name, value in rows:
        sys.stdout.write(f"{name:<36}{value}\n")


def _seconds(step: Callable[[], None]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
