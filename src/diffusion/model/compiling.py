"""Compiling the month in several processes, the first time that it runs on a machine.

`Simulation` sees to it when it is made, so that whoever simulates need not think of it.
"""

import gc
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np

from diffusion.base.arrays import table_of
from diffusion.base.compiled import compile_part, without_collection
from diffusion.base.linking import PART
from diffusion.base.processes import copies, end_with, has_room, interrupts_heard, is_worker
from diffusion.model import month, totals
from diffusion.model.month import ORDER, Month
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

if TYPE_CHECKING:
    from diffusion.model.simulation import Simulation

COMPILING = "Compiling the model (once per machine) ..."

ENTRY = "enter"  # what the entry from Python to the loop of a rule is called
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
Part = tuple[str, str, tuple[Any, ...]]  # module, loop, numba's types of its arguments
S = TypeVar("S", bound="Simulation")

_type_of: Any = numba.typeof
_one_at_a_time = threading.RLock()
_under_way: set[Any] = set()  # what the thread that holds it is compiling
_seen_to: set[Any] = set()  # what runs enter that this process need not look for on disk


def ready(rules: Month, build: Callable[[], S], notice: Notice | None = None) -> S:
    """A simulation whose month is compiled, by several processes unless that happened earlier.

    A worker compiles alone what it needs, and says nothing. Each process looks on disk once.

    Args:
        rules: of the simulation.
        build: makes it; what that takes is compiled meanwhile. It may ask again.
        notice: told if compiling is needed; None for a line on stderr.
    """
    loops = _entered(rules)
    if _seen_to.issuperset(loops) or is_worker():
        return build()
    with _one_at_a_time:  # other threads wait instead of compiling the same
        if not _seen_to.union(_under_way).issuperset(loops):
            if not is_compiled(rules):
                (_tell if notice is None else notice)(COMPILING)
                return _built_and_compiled(rules, build, loops)
            _seen_to.update(loops)
    return build()


def assume_ready() -> None:
    """Let this process ask for the standard month no more: who hands out runs has seen to it.

    Not all kinds of workers can be told from a process that somebody started to simulate alone.
    """
    _seen_to.update(_entered_at_once())


def _built_and_compiled(rules: Month, build: Callable[[], S], loops: tuple[Any, ...]) -> S:
    _under_way.update(loops)
    try:
        with without_collection(), interrupts_heard():
            with _others_compiling(rules) as left:
                simulation = build()
                _compile_measuring(simulation)
                _compile_left(left)
            if rules.whole:
                _compile_month(simulation)
            # to look for garbage among what compiling made would take as long as compiling a rule
            gc.freeze()
    finally:
        _under_way.difference_update(loops)
    _seen_to.update(loops)
    return simulation


def _tell(text: str) -> None:
    with suppress(AttributeError, OSError, ValueError):  # there is no stderr, or it is closed
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


@contextmanager
def _others_compiling(rules: Month) -> Iterator[deque[Part]]:
    """Let other processes compile the loops of the rules meanwhile; gives those that are left.

    What they fail to compile, the month compiles.
    """
    import joblib

    left = deque(_parts(rules))
    others = min(joblib.cpu_count(), PROCESSES, len(left)) - 1
    if others > 0 and not has_room(others, threads=others):
        others = 0
    with ThreadPoolExecutor() as threads, _processes(others) as processes:
        if processes is None:
            yield left
            return
        busy = [threads.submit(_compile_left, left, processes) for _ in range(others)]
        try:
            yield left
            wait(busy)
        finally:  # after a mistake the processes are ended, for which the threads wait
            left.clear()


@contextmanager
def _processes(number: int) -> Iterator[Executor | None]:
    """Processes that don't import the script that is run: it may not expect that.

    None for no processes, and where the system lets none be started.
    """
    if number < 1:
        yield None
        return
    with copies(number) as pool:
        if pool is None:
            yield from _new_processes(number)
        else:
            yield pool


def _new_processes(number: int) -> Iterator[Executor | None]:
    from joblib.externals.loky import ProcessPoolExecutor

    try:
        pool = ProcessPoolExecutor(number, initializer=end_with, initargs=(os.getpid(),))
    except (ImportError, OSError):  # it has no semaphores
        yield None
        return
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, kill_workers=True)
        raise
    finally:
        # what they compiled is on disk: nobody waits until they have tidied up
        pool.shutdown(wait=False)


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


def _compile_measuring(simulation: "Simulation") -> None:
    _compile_for(
        take_yearly, simulation.state.tables(), simulation.recorder.yearly, simulation.month
    )


def _compile_month(simulation: "Simulation") -> None:
    """Put the parts together, in the standard order."""
    state, recorder, now = simulation.state, simulation.recorder, simulation.month
    values = simulation.rules._values
    measured = recorder.recorded, recorder.yearly
    _compile_for(month._months, state.tables(), values, *measured, state.seed, now, now, now)


def _compile_for(loop: Any, *arguments: Any) -> None:
    loop.compile(tuple(map(_type_of, arguments)))


def _parts(rules: Month) -> list[Part]:
    """The loops of the package's rules: as the month calls them, or as Python enters them.

    A list mixed with a user's own rules needs the entries.
    """
    nobody = empty_world()
    tables, seed, month_ = (_type_of(one) for one in (nobody.tables(), nobody.seed, nobody.month))
    loop = PART if rules.whole else ENTRY
    parts = {}
    for rule in _packaged(rules):
        values = _type_of(rule.values[0] if rules.whole else rule.values)
        parts[rule.name] = (type(rule).__module__, loop, (tables, values, seed, month_))
    return [parts[name] for name in PARTS if name in parts]


def _packaged(rules: Month) -> list[CompiledRule]:
    every = (rule for rule in rules.rules if isinstance(rule, CompiledRule))
    return [rule for rule in every if type(rule) in ORDER]


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


def is_compiled(rules: Month | None = None) -> bool:
    """Whether what a run enters is on disk; true where nothing is to be compiled.

    Args:
        rules: of the run; None for the standard list.
    """
    return all(map(is_on_disk, _entered_at_once() if rules is None else _entered(rules)))


def _entered(rules: Month) -> tuple[Any, ...]:
    """What a run enters from Python: the month, or rule by rule where the list is a user's own."""
    if rules.whole:
        return _entered_at_once()
    return (*(type(rule).enter for rule in _packaged(rules)), totals.take, take_yearly)


def _entered_at_once() -> tuple[Any, ...]:
    """What a run of the standard list enters.

    The machine code of the month holds that of all rules, and their sources are in the name of its
    folder (`base/compiled.py`).
    """
    return month._months, totals.take


def is_on_disk(loop: Any) -> bool:
    """Whether a process that enters a loop finds machine code made from the file as it is now.

    Machine code of an older state of the source, or for another processor, has the same place;
    numba passes it over, so it does not count. True where nothing is compiled or kept.
    """
    files = getattr(getattr(loop, "_cache", None), "_cache_file", None)
    if files is None or loop.signatures:
        return True
    return bool(files.holds(loop.targetctx.codegen().magic_tuple()))
