"""Runs that begin alike, simulated together: what they have in common is simulated once."""

from collections.abc import Iterator, Sequence

from diffusion.model.settings import ModelSettings, shared_months
from diffusion.model.simulation import Simulation


def simulate_together(every: Sequence[ModelSettings]) -> Iterator[tuple[int, Simulation]]:
    """Run each of the settings to its end: (its place in the sequence, the finished run).

    Runs come in another order than they were given, in the same bits as run one by one. Runs of
    one world and seed share the building of the world and all months until they differ; at that
    month the run forks.
    """
    left = list(range(len(every)))
    while left:
        family = [k for k in left if k == left[0] or _shared(every, left[0], k) >= 0]
        left = [k for k in left if k not in family]
        yield from _grow(Simulation(every[family[0]]), family, every)


def _grow(
    run: Simulation, family: Sequence[int], every: Sequence[ModelSettings]
) -> Iterator[tuple[int, Simulation]]:
    """Finish a run that a family has in common so far; it has the settings of the first of them."""
    first, *others = family
    while others:
        split = min(_shared(every, first, k) for k in others)
        run.run_to(split)
        apart = [k for k in others if _shared(every, first, k) == split]
        others = [k for k in others if k not in apart]
        while apart:
            # one branch after the other: each finds the memory that the one before it left
            branch = [k for k in apart if k == apart[0] or _shared(every, apart[0], k) > split]
            apart = [k for k in apart if k not in branch]
            yield from _grow(run.fork(every[branch[0]]), branch, every)
    yield first, run.run()


def _shared(every: Sequence[ModelSettings], one: int, other: int) -> int:
    return shared_months(every[one], every[other])
