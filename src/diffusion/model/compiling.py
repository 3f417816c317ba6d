"""Compiling the month in several processes, the first time that it runs on a machine."""

import gc
import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np

from diffusion.base.arrays import table_of
from diffusion.base.compiled import compile_part, without_collection
from diffusion.model import month, totals
from diffusion.model.month import Month
from diffusion.model.settings import RuleParameters
from diffusion.model.simulation import Simulation
from diffusion.model.yearly import take_yearly
from diffusion.world.adjacency import Ties
from diffusion.world.rule import CompiledRule
from diffusion.world.state import Names, State
from diffusion.world.tables import (
    Funders,
    Grants,
    Members,
    Networks,
    Organisations,
    Posts,
    Practices,
    Territories,
    empty_uses,
)

COMPILING = "Compiling the model (once per machine) ..."

PROCESSES = 4  # compiling takes a few hundred MB in each
# those that take longest come first, so that processes end at about the same time
PARTS = (
    "ties",
    "exchange",
    "meetings",
    "adoption",
    "turnover",
    "policy",
    "funding",
    "findings",
    "persistence",
    "demand",
)

Notice = Callable[[str], None]
Part = tuple[str, tuple[Any, ...]]  # module of a rule, numba's types of the arguments of its loop

_type_of: Any = numba.typeof


def ready(
    rules: RuleParameters, build: Callable[[], Simulation], notice: Notice | None = None
) -> Simulation:
    """A simulation whose month is compiled, by several processes unless that happened earlier.

    A worker compiles alone what it needs, and says nothing.

    Args:
        rules: of the simulation.
        build: makes it; what that takes is compiled meanwhile.
        notice: told if compiling is needed; None for a line on stderr.
    """
    if is_compiled() or is_worker():
        return build()
    (_tell if notice is None else notice)(COMPILING)
    with without_collection():
        with _others_compiling(rules) as left:
            simulation = build()
            _compile_measuring(simulation)
            _compile_left(left)
        _compile_month(simulation)
        # to look for garbage among what compiling made would take as long as compiling a rule
        gc.freeze()
    return simulation


def is_worker() -> bool:
    """Whether this is one of several processes side by side, so that it must start no others.

    Multiprocessing and joblib give what they start a name, before it imports the script that is
    run; only later it knows its parent.
    """
    return multiprocessing.current_process().name != "MainProcess"


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def _others_compiling(rules: RuleParameters) -> Iterator[deque[Part]]:
    """Let other processes compile the loops of the rules meanwhile; gives those that are left.

    What they fail to compile, the month compiles.
    """
    import joblib

    left = deque(_parts(rules))
    others = min(joblib.cpu_count(), PROCESSES) - 1
    processes = _processes(others)
    if processes is None:
        yield left
        return
    try:
        with ThreadPoolExecutor(others) as threads:
            try:
                for _ in range(others):
                    threads.submit(_compile_left, left, processes)
                yield left
            finally:
                left.clear()
    finally:
        # what they compiled is on disk: nobody waits until they have tidied up
        processes.shutdown(wait=False)


def _processes(number: int) -> Executor | None:
    """Processes that don't import the script that is run, which may not guard against that.

    None for no processes, and where the system lets none be started.
    """
    if number < 1:
        return None
    from joblib.externals.loky import ProcessPoolExecutor

    try:
        processes: Executor = ProcessPoolExecutor(number)
    except (ImportError, OSError):  # it has no semaphores
        return None
    return processes


def _compile_left(left: deque[Part], process: Executor | None = None) -> None:
    """Compile one part after the other, as long as some are left: here, or in another process."""
    while True:
        try:
            part = left.popleft()
        except IndexError:
            return
        if process is None:
            compile_part(*part)
        else:
            process.submit(compile_part, *part).result()


def _compile_measuring(simulation: Simulation) -> None:
    _compile_for(
        take_yearly, simulation.state.tables(), simulation.recorder.yearly, simulation.month
    )


def _compile_month(simulation: Simulation) -> None:
    """Put the parts together, in the standard order."""
    state, recorder, now = simulation.state, simulation.recorder, simulation.month
    values = Month.standard(simulation.settings.rules)._values
    measured = recorder.recorded, recorder.yearly
    _compile_for(month._months, state.tables(), values, *measured, state.seed, now, now, now)


def _compile_for(loop: Any, *arguments: Any) -> None:
    loop.compile(tuple(map(_type_of, arguments)))


def _parts(parameters: RuleParameters) -> list[Part]:
    """The loops of the rules as the month calls them.

    Their entries from Python, which a month mixed with a user's own rules needs, are left until
    then.
    """
    nobody = empty_world()
    tables, seed, month_ = (_type_of(one) for one in (nobody.tables(), nobody.seed, nobody.month))
    parts = {
        rule.name: (type(rule).__module__, (tables, _type_of(rule.values[0]), seed, month_))
        for rule in Month.standard(parameters).rules
        if isinstance(rule, CompiledRule)
    }
    return [parts[name] for name in PARTS]


def empty_world() -> State:
    """A world without anybody: its tables are of the types that those of every world have."""
    return State(
        seed=0,
        practices=table_of(Practices, 1),
        organisations=table_of(Organisations, 0),
        uses=empty_uses(0, 1),
        posts=table_of(Posts, 0),
        ties=table_of(Ties, 0),
        networks=table_of(Networks, 0),
        members=Members(start=np.zeros(1, np.int64), organisation=np.zeros(0, np.int64)),
        grants=table_of(Grants, 0),
        funders=table_of(Funders, 0),
        territories=table_of(Territories, 0),
        names=Names([], [], [], [], [], []),
    )


def is_compiled() -> bool:
    """Whether what a run enters is on disk; true where nothing is to be compiled.

    The machine code of the month holds that of all rules, and their sources are in the name of its
    folder (`base/compiled.py`).
    """
    return all(is_on_disk(loop) for loop in (month._months, totals.take))


def is_on_disk(loop: Any) -> bool:
    """Whether a process that enters a loop finds machine code made from the file as it is now.

    Machine code of an older state of the source, or for another processor, has the same place;
    numba passes it over, so it does not count. True where nothing is compiled or kept.
    """
    files = getattr(getattr(loop, "_cache", None), "_cache_file", None)
    if files is None or loop.signatures:
        return True
    return bool(files.holds(loop.targetctx.codegen().magic_tuple()))
