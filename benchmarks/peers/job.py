"""What every peer's script shares: the job as it is given, and the answer as it is wanted.

A script is run by an interpreter that has the peer and nothing of `diffusion`:

    python benchmarks/peers/with_ndlib.py edges.npy '{"process": "sir", "n": 10000, ...}'

It prints one line of JSON with the fields of `Answer`.
"""

import json
import resource
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Edges = npt.NDArray[np.int64]  # shape (ties, 2), each tie once


class Job(NamedTuple):
    """A process on a graph; every hundredth node, say, is active at the start."""

    process: str  # "sir", "threshold" or "cascade"
    n: int  # nodes are 0 .. n - 1
    every: int  # nodes 0, every, 2 * every ... are active at the start
    months: int  # how many at most; threshold and cascade end when they come to rest
    runs: int  # how often, with other luck each time
    seed: int
    p_transmit: float = 0.0  # sir: a month, for an infected and a susceptible neighbour
    p_recover: float = 0.0  # sir: a month, from the month after the infection on
    threshold: float = 0.0  # threshold: active share of neighbours
    p_activate: float = 0.0  # cascade: the one chance of a newly active node with a neighbour

    @property
    def seeds(self) -> range:
        """The nodes that are active at the start."""
        return range(0, self.n, self.every)


class Answer(NamedTuple):
    """One number a run; `seconds` without the setting up of graph and model."""

    seconds: list[float]  # of the processor, on one thread: other programs don't count
    peak_mb: float  # most memory that was resident at a time, interpreter and libraries included
    node_steps: list[int]  # nodes times months that were simulated
    shares: list[float]  # of nodes that were ever active
    versions: dict[str, str]


class Run(NamedTuple):
    """A single run."""

    seconds: float  # of the processor
    months: int
    active: int  # nodes that were ever active


def peak_mb() -> float:
    """Most memory of this process in MB.

    `ru_maxrss` is at least what the process held that started this one, and that holds the world.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    (most,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(most.split()[1]) * 1024 / 1e6


def answer(packages: tuple[str, ...], runs_of: Callable[[Edges, Job], list[Run]]) -> None:
    """Read the job from the command line, have it done, print the answer."""
    edges: Edges = np.load(Path(sys.argv[1]))
    job = Job(**json.loads(sys.argv[2]))
    runs = runs_of(edges, job)
    found = Answer(
        seconds=[run.seconds for run in runs],
        peak_mb=peak_mb(),
        node_steps=[run.months * job.n for run in runs],
        shares=[run.active / job.n for run in runs],
        versions={name: version(name) for name in packages},
    )
    sys.stdout.write(json.dumps(found._asdict()) + "\n")
