"""The engine reduced to the textbook processes of other packages, on one graph and one thread.

Each peer runs in a process and an environment of its own (`benchmarks/.peers-venv`, made when it
is first needed). Graph, parameters and number of nodes that are active at the start are the same,
and a duel says whether the final shares agree within sampling error. Setting up graphs and
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
LIMIT = 120  # s that a peer may take for a turn, set-up included
EVERY = 100  # every so many-th organisation is active at the start
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

Shares = list[float]
Pair = tuple[str, str]  # peer, process


class Case(NamedTuple):
    """A process, its parameters, and for how many months at most."""

    rule: Process
    parameters: dict[str, float]
    months: int


class Effort(NamedTuple):
    """How often both run at a size."""

    turns: int
    short_turns: int  # against a peer whose turns are short and spread widely
    ours: int  # our runs a turn
    by_month: int  # our runs a turn through `Month.step`
    theirs: int  # a peer's runs a turn at most


class Opponent(NamedTuple):
    """A peer on one process."""

    peer: str
    process: str
    runs: int  # a turn
    short: bool = False  # whether its turns are short and spread widely


class Duel(NamedTuple):
    """One peer on one process and size. Processor seconds of a run are medians over turns."""

    peer: str
    process: str
    version: str  # of the peer
    months: float  # simulated by us, on average
    ours: float  # s in one call
    theirs: float
    our_cost: float  # us an organisation-month
    their_cost: float
    ratios: list[float]  # theirs to ours in one call, by turn
    ratio_by_month: float
    peak_mb: float  # of the peer's process
    agrees: bool  # whether the shares differ by no more than sampling error


class _Side(NamedTuple):
    """What one side did, by turn, and run by run."""

    seconds: list[float]  # of a run, by turn
    by_month: list[float]  # the same through `Month.step`; only ours
    costs: list[float]  # us an organisation-month, by turn
    months: list[float]
    shares: Shares  # ever active


def _case(rule: type[Process], settings: type[Any], months: int, **parameters: float) -> Case:
    return Case(rule(settings(**parameters)), parameters, months)


CASES = {
    "sir": _case(contagion.Contagion, contagion.Parameters, 60, p_transmit=0.05, p_recover=0.1),
    "threshold": _case(threshold.Threshold, threshold.Parameters, 1000, threshold=0.18),
    "cascade": _case(cascade.Cascade, cascade.Parameters, 1000, p_activate=0.115),
}
OPPONENTS = (
    Opponent("ndlib", "sir", 1),
    Opponent("ndlib", "threshold", 1),
    Opponent("ndlib", "cascade", 1),
    Opponent("starsim", "sir", 3),
    Opponent("cynetdiff", "cascade", 50, short=True),
)
_OFTEN = Effort(turns=3, short_turns=15, ours=20, by_month=3, theirs=50)
SIZES = {  # organisations: how often
    1_000: _OFTEN,
    10_000: _OFTEN,
    100_000: _OFTEN._replace(turns=2),
    1_000_000: Effort(turns=1, short_turns=3, ours=5, by_month=1, theirs=5),
}


def duels(n: int, effort: Effort, without: Sequence[Pair] = ()) -> Iterator[Duel | Pair]:
    """Every peer on its processes at a size: the duel, or only the pair if the peer is late.

    Args:
        n: organisations.
        effort: how often both run.
        without: pairs that are not tried.

    Raises:
        subprocess.CalledProcessError: a peer could not be installed or failed.
    """
    python = peers_python()
    state = world(n)
    for case in CASES.values():  # compiles, or loads what is compiled
        _run(state, case, seed=0)
        _run_by_month(state, case, seed=0)
    with _edges_of(state) as edges:
        for opponent in OPPONENTS:
            pair = (opponent.peer, opponent.process)
            if pair not in without:
                yield _duel(state, edges, python, opponent, effort) or pair


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


@contextmanager
def _edges_of(state: State) -> Iterator[Path]:
    """A file with both ends of every tie, for the peers."""
    with tempfile.TemporaryDirectory() as folder:
        edges = Path(folder) / "edges.npy"
        size = state.n_ties
        np.save(edges, np.stack((state.ties.a[:size], state.ties.b[:size]), axis=1))
        yield edges


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
    state: State, edges: Path, python: Path, opponent: Opponent, effort: Effort
) -> Duel | None:
    """Take turns, us and a peer, on one process; None if a turn of the peer takes too long."""
    case, n = CASES[opponent.process], state.n_organisations
    ours, theirs = (_Side([], [], [], [], []) for _ in range(2))
    runs = min(opponent.runs, effort.theirs)
    answer: dict[str, Any] = {}
    for turn in range(effort.short_turns if opponent.short else effort.turns):
        _take_turn(state, case, turn, effort, ours)
        job = {"process": opponent.process, "n": n, "every": EVERY, "months": case.months}
        luck = {"runs": runs, "seed": 1 + turn * runs}
        said = _ask(python, opponent.peer, edges, job | case.parameters | luck)
        if said is None:
            return None
        answer = said
        _note(theirs, answer["seconds"], [steps / n for steps in answer["node_steps"]], n)
        theirs.shares.extend(answer["shares"])
    return Duel(
        peer=opponent.peer,
        process=opponent.process,
        version=answer["versions"][opponent.peer],
        months=statistics.mean(ours.months),
        ours=statistics.median(ours.seconds),
        theirs=statistics.median(theirs.seconds),
        our_cost=statistics.median(ours.costs),
        their_cost=statistics.median(theirs.costs),
        ratios=_ratios(theirs.seconds, ours.seconds),
        ratio_by_month=statistics.median(_ratios(theirs.seconds, ours.by_month)),
        peak_mb=answer["peak_mb"],
        agrees=_agree(ours.shares, theirs.shares),
    )


def _take_turn(state: State, case: Case, turn: int, effort: Effort, ours: _Side) -> None:
    """Our runs of a turn: in one call, and month by month."""
    seconds, months = [], []
    for run in range(effort.ours):
        seconds.append(_run(state, case, seed=turn * effort.ours + run))
        months.append(float(state.month))
        ours.shares.append(_share(state))
    _note(ours, seconds, months, state.n_organisations)
    by_month = [_run_by_month(state, case, seed=k) for k in range(effort.by_month)]
    ours.by_month.append(statistics.median(by_month))


def _note(side: _Side, seconds: Sequence[float], months: Sequence[float], n: int) -> None:
    """Add the runs of a turn in one call."""
    each = [1e6 * took / (n * passed) for took, passed in zip(seconds, months, strict=True)]
    side.seconds.append(statistics.median(seconds))
    side.costs.append(statistics.median(each))
    side.months.extend(months)


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
    return [a / b for a, b in zip(theirs, ours, strict=True)]


def _agree(ours: Shares, theirs: Shares) -> bool:
    """Whether two means differ by at most 3.5 standard errors; without spread, not at all."""
    error = statistics.stdev(ours) * math.sqrt(1 / len(ours) + 1 / len(theirs))
    return abs(statistics.mean(ours) - statistics.mean(theirs)) <= max(3.5 * error, 1e-12)
