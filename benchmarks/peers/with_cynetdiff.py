"""cynetdiff: the independent cascade in C++; see `job.py`."""

import array
import time

import numpy as np
from cynetdiff.models import IndependentCascadeModel
from job import Edges, Job, Run, answer


def runs_of(edges: Edges, job: Job) -> list[Run]:
    """All runs of one model, each until nobody is newly active."""
    arcs = np.concatenate((edges, edges[:, ::-1]))
    arcs = arcs[np.argsort(arcs[:, 0], kind="stable")]
    starts = np.searchsorted(arcs[:, 0], np.arange(job.n))
    model = IndependentCascadeModel(
        array.array("I", starts.tolist()),
        array.array("I", arcs[:, 1].tolist()),
        activation_prob=job.p_activate,
    )
    model.set_seeds(job.seeds)
    found = []
    for run in range(job.runs):
        months = months_of(model, job.seed + run)
        model.set_rng(job.seed + run)
        model.reset_model()
        started = time.process_time()
        model.advance_until_completion()
        seconds = time.process_time() - started
        found.append(Run(seconds, months, model.get_num_activated_nodes()))
    return found


def months_of(model: IndependentCascadeModel, seed: int) -> int:
    """How many months the cascade with this seed takes."""
    model.set_rng(seed)
    model.reset_model()
    months = 0
    while next(iter(model.get_newly_activated_nodes()), None) is not None:
        model.advance_model()
        months += 1
    return months


if __name__ == "__main__":
    answer(("cynetdiff", "numpy"), runs_of)
