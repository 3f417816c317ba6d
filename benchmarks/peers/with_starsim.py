"""Starsim: SIR on a network that stays as it is; see `job.py`.

Starsim recovers, then transmits, and draws the length of an infection when it begins. For the
same process as elsewhere an infection lasts an exponential time that crosses the end of a step
with chance `p_recover`, plus one step for those infected in a run: they transmit from the next
step on, whereas those infected at the start do so at once. Random numbers are drawn in Starsim's
faster way, which does not pair scenarios.
"""

import math
import time
from typing import Any

import numpy as np
import starsim as ss
from job import Edges, Job, Run, answer


class SIR(ss.SIR):  # type: ignore[misc]
    """Starsim's SIR with lengths of infections as above."""

    def set_prognoses(self, uids: Any, sources: Any = None) -> None:
        super().set_prognoses(uids, sources)
        if not np.isscalar(sources):  # a scalar stands for the start
            self.ti_recovered[uids] += 1.0


class Ties(ss.Network):  # type: ignore[misc]
    """A network in which nothing changes."""

    def step(self) -> None:
        """Nothing to do."""


def simulation(edges: Edges, job: Job, seed: int) -> Any:
    """A simulation that is ready to run."""
    at_start = np.isin(np.arange(job.n), job.seeds)
    infection = SIR(
        beta=ss.probperyear(job.p_transmit),
        init_prev=ss.bernoulli(p=lambda module, sim, uids: at_start[uids].astype(float)),
        dur_inf=ss.expon(scale=-1.0 / math.log1p(-job.p_recover)),
        p_death=0.0,
    )
    network = Ties(p1=edges[:, 0], p2=edges[:, 1], beta=np.ones(len(edges)))
    sim = ss.Sim(
        n_agents=job.n,
        networks=network,
        diseases=infection,
        dt=1,
        dur=job.months - 1,  # both ends are steps
        rand_seed=seed,
        people_results=False,
        verbose=0,
    )
    sim.init()
    return sim


def runs_of(edges: Edges, job: Job) -> list[Run]:
    """All runs, after one that compiles what Starsim compiles."""
    ss.options.crn = False
    ring = np.stack((np.arange(200), np.roll(np.arange(200), 1)), axis=1)
    simulation(ring, job._replace(n=200), job.seed).run()
    found = []
    for run in range(job.runs):
        sim = simulation(edges, job, job.seed + run)
        started = time.process_time()
        sim.run()
        seconds = time.process_time() - started
        susceptible = int(np.count_nonzero(sim.diseases[0].susceptible))
        found.append(Run(seconds, len(sim.t.tvec), job.n - susceptible))
    return found


if __name__ == "__main__":
    answer(("starsim", "numba", "numpy"), runs_of)
