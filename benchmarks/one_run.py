"""Time of one run of the default world, set-up included, and the memory of the process.

    python benchmarks/one_run.py [repetitions]

Compiling is not counted: a first run that is not timed loads or makes the machine code.
"""

import resource
import statistics
import sys
import time

from diffusion import config
from diffusion.model.simulation import Simulation


def main(repetitions: int) -> None:
    """Print medians over runs with different seeds."""
    settings = config.load([])
    Simulation(settings).run()
    build, run = [], []
    for seed in range(1, repetitions + 1):
        started = time.perf_counter()
        simulation = Simulation(settings.with_seed(seed))
        built = time.perf_counter()
        simulation.run()
        build.append(built - started)
        run.append(time.perf_counter() - built)
    state = simulation.state
    total = [b + r for b, r in zip(build, run, strict=True)]
    rows = (
        ("organisations", f"{state.n_organisations}"),
        ("practices", f"{state.n_practices}"),
        ("months", f"{settings.timing.months}"),
        ("building the world, s", f"{statistics.median(build):.3f}"),
        ("simulating and recording, s", f"{statistics.median(run):.3f}"),
        ("both, s (median)", f"{statistics.median(total):.3f}"),
        ("both, s (fastest, slowest)", f"{min(total):.3f}, {max(total):.3f}"),
        ("peak memory, MB", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}"),
    )
    for name, value in rows:
        sys.stdout.write(f"{name:<30}{value}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
