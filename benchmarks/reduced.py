"""The engine reduced to the textbook processes of other packages, on one graph and one thread.

    python benchmarks/reduced.py [repetitions]

Each peer runs in a process and an environment of its own (`benchmarks/.peers-venv`, made when it
is first needed). Graph, parameters and number of nodes that are active at the start are the same,
and the table says whether the final shares agree within sampling error. Setting up graphs and
models is not timed. Times are the processor's, so that other programs disturb them less. Ours and
theirs take turns, and a ratio compares neighbours in time.

"In one call" runs a process alone to its end. "By month" goes through `Month.step`, as a run of
the whole model does; then the state is read and written each month.
"""

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from diffusion import config
from diffusion.model.month import Month
from diffusion.rules.textbook import cascade, contagion, threshold
from diffusion.rules.textbook.process import Process
from diffusion.world.state import State

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
ENVIRONMENT = HERE / ".peers-venv"
SIZES = (10_000, 100_000)
REPETITIONS = 3
MORE = {"cynetdiff": 5}  # times as many where turns are short and spread widely
LIMIT = 120  # s that a peer may take, set-up included
EVERY = 100  # every so many-th organisation is active at the start
OUR_RUNS = 20  # a repetition; by month 3
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
HEAD = (
    "organisations",
    "process",
    "peer",
    "months",
    "ours, ms",
    "by month, ms",
    "theirs, ms",
    "ratio",
    "ratio by month",
    "our share",
    "their share",
    "agree",
)

Shares = list[float]


class Case(NamedTuple):
    """A process, its parameters, and for how many months at most."""

    rule: Process
    parameters: dict[str, float]
    months: int


def _case(rule: type[Process], settings: type[Any], months: int, **parameters: float) -> Case:
    return Case(rule(settings(**parameters)), parameters, months)


CASES = {
    "sir": _case(contagion.Contagion, contagion.Parameters, 60, p_transmit=0.05, p_recover=0.1),
    "threshold": _case(threshold.Threshold, threshold.Parameters, 1000, threshold=0.18),
    "cascade": _case(cascade.Cascade, cascade.Parameters, 1000, p_activate=0.115),
}
# (peer, process, runs in a repetition)
OPPONENTS = (
    ("ndlib", "sir", 1),
    ("ndlib", "threshold", 1),
    ("ndlib", "cascade", 1),
    ("starsim", "sir", 3),
    ("cynetdiff", "cascade", 50),
)


class Row(NamedTuple):
    """One peer on one process and size. Processor seconds are medians over repetitions."""

    organisations: int
    process: str
    peer: str
    version: str  # of the peer; empty if it took too long
    months: float  # simulated by us, on average
    ours: float  # s in one call
    by_month: float  # s through Month.step
    theirs: float | None  # s; None is more than LIMIT
    ratio: float  # theirs to ours; a lower bound if theirs is None
    ratios: tuple[float, float] | None  # least and most, of several repetitions
    ratio_by_month: float
    our_share: float  # ever active
    their_share: float | None
    agrees: bool | None  # whether the shares differ by no more than sampling error


class _Ours(NamedTuple):
    seconds: list[float]
    by_month: list[float]
    months: list[int]
    shares: Shares


def rows(sizes: Sequence[int] = SIZES, repetitions: int = REPETITIONS) -> list[Row]:
    """Run everything; installs the peers if that has not happened yet.

    Raises:
        subprocess.CalledProcessError: a peer could not be installed or failed.
    """
    python = peers_python()
    found = []
    for n in sizes:
        state = world(n)
        with tempfile.TemporaryDirectory() as folder:
            edges = Path(folder) / "edges.npy"
            size = state.n_ties
            np.save(edges, np.stack((state.ties.a[:size], state.ties.b[:size]), axis=1))
            for case in CASES.values():  # compiles, or loads what is compiled
                _run(state, case, seed=0)
                _run_by_month(state, case, seed=0)
            for peer, process, runs in OPPONENTS:
                turns = repetitions * MORE.get(peer, 1)
                found.append(_duel(state, edges, python, peer, process, runs, turns))
    return found


def world(n: int) -> State:
    """Our synthetic world with ten ties an organisation on average and a single practice."""
    settings = config.load(
        [
            "world=synthetic",
            f"world.n={n}",
            f"world.n_territories={n // 50}",
            "world.mean_degree=10",
            "practices.limit=1",
        ]
    )
    return settings.world.build(settings.practices, settings.seed)


def peers_python() -> Path:
    """The interpreter of the peers' environment, which is made if need be."""
    python = ENVIRONMENT / "bin" / "python"
    wanted, stamp = PEERS / "requirements.txt", ENVIRONMENT / "requirements.txt"
    if not stamp.is_file() or stamp.read_text() != wanted.read_text():
        sys.stderr.write("Installing the peers (once, a few minutes) ...\n")
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        install = (str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check")
        subprocess.run([*install, "--requirement", str(wanted)], check=True)
        shutil.copy(wanted, stamp)
    return python


def _begin(state: State, seed: int) -> None:
    """The same seeds as the peers have, and nothing else."""
    orgs = state.organisations
    for mask in (orgs.aware, orgs.trial, orgs.adopted, orgs.institutional, orgs.lapsed):
        mask[:] = 0
    orgs.aware[::EVERY] = 1
    orgs.adopted[::EVERY] = 1
    state.uses.since[:] = -1
    state.flows[:] = 0
    state.month = 0
    state.seed = seed


def _share(state: State) -> float:
    orgs = state.organisations
    return float(np.mean((orgs.adopted | orgs.lapsed) != 0))


def _run(state: State, case: Case, seed: int) -> float:
    _begin(state, seed)
    started = time.process_time()
    case.rule.run(state, case.months)
    return time.process_time() - started


def _run_by_month(state: State, case: Case, seed: int) -> float:
    _run(state, case, seed)
    months = state.month
    _begin(state, seed)
    month = Month([case.rule])
    started = time.process_time()
    for _ in range(months):
        month.step(state)
        state.month += 1
    return time.process_time() - started


def _duel(
    state: State, edges: Path, python: Path, peer: str, process: str, runs: int, repetitions: int
) -> Row:
    """Take turns, us and a peer, on one process."""
    case, n = CASES[process], state.n_organisations
    ours = _Ours([], [], [], [])
    theirs: list[float] = []
    their_shares: Shares = []
    version = ""
    for repetition in range(repetitions):
        seconds = []
        for run in range(OUR_RUNS):
            seconds.append(_run(state, case, seed=repetition * OUR_RUNS + run))
            ours.months.append(state.month)
            ours.shares.append(_share(state))
        ours.seconds.append(statistics.median(seconds))
        ours.by_month.append(statistics.median(_run_by_month(state, case, k) for k in range(3)))
        job = {"process": process, "n": n, "every": EVERY, "months": case.months, "runs": runs}
        answer = _ask(python, peer, edges, job | case.parameters | {"seed": 1 + repetition * runs})
        if answer is None:
            break  # it won't be faster next time
        theirs.append(statistics.median(answer["seconds"]))
        their_shares += answer["shares"]
        version = answer["versions"][peer]
    late = not theirs
    against = [float(LIMIT)] if late else theirs
    ratios = _ratios(against, ours.seconds)
    return Row(
        organisations=n,
        process=process,
        peer=peer,
        version=version,
        months=statistics.mean(ours.months),
        ours=statistics.median(ours.seconds),
        by_month=statistics.median(ours.by_month),
        theirs=None if late else statistics.median(theirs),
        ratio=statistics.median(ratios),
        ratios=(min(ratios), max(ratios)) if len(ratios) > 1 else None,
        ratio_by_month=statistics.median(_ratios(against, ours.by_month)),
        our_share=statistics.mean(ours.shares),
        their_share=None if late else statistics.mean(their_shares),
        agrees=None if late else _agree(ours.shares, their_shares),
    )


def _ask(python: Path, peer: str, edges: Path, job: dict[str, Any]) -> dict[str, Any] | None:
    """The answer of a peer's script, None if it takes too long."""
    command = [str(python), str(PEERS / f"with_{peer}.py"), str(edges), json.dumps(job)]
    environment = os.environ | ONE_THREAD | {"STARSIM_INSTALL_FONTS": "0"}
    try:
        finished = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return None
    answer: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return answer


def _ratios(theirs: list[float], ours: list[float]) -> list[float]:
    return [a / b for a, b in zip(theirs, ours, strict=False)]


def _agree(ours: Shares, theirs: Shares) -> bool:
    """Whether two means differ by at most 3.5 standard errors; without spread, not at all."""
    error = statistics.stdev(ours) * math.sqrt(1 / len(ours) + 1 / len(theirs))
    return abs(statistics.mean(ours) - statistics.mean(theirs)) <= max(3.5 * error, 1e-12)


def main(repetitions: int) -> None:
    """Print the table."""
    table: list[tuple[str, ...]] = [HEAD]
    for row in rows(repetitions=repetitions):
        more = ">" if row.theirs is None else ""
        table.append(
            (
                f"{row.organisations}",
                row.process,
                f"{row.peer} {row.version}".strip(),
                f"{row.months:.0f}",
                f"{1000 * row.ours:.2f}",
                f"{1000 * row.by_month:.2f}",
                f"more than {LIMIT} s" if row.theirs is None else f"{1000 * row.theirs:.2f}",
                f"{more}{row.ratio:.1f}",
                f"{more}{row.ratio_by_month:.1f}",
                f"{row.our_share:.4f}",
                "-" if row.their_share is None else f"{row.their_share:.4f}",
                {True: "yes", False: "NO", None: "-"}[row.agrees],
            )
        )
    widths = [max(len(line[k]) for line in table) for k in range(len(HEAD))]
    for line in table:
        cells = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(cells) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS)
