"""Whether numba has compiled the model on this machine before; the first time takes a while."""

import gc
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numba
import numpy as np

from diffusion.base.arrays import table_of
from diffusion.base.compiled import compile_part, without_collection
from diffusion.model import month, totals
from diffusion.model.month import Month
from diffusion.model.settings import ModelSettings
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


def compile_model(settings: ModelSettings, notice: Notice | None = None) -> None:
    """Compile every loop before the first run, unless that happened earlier.

    Workers that start afterwards load the machine code from disk instead of compiling it each.

    Args:
        settings: of a run that uses as many rules and interventions as possible.
        notice: told if compiling is needed.
    """
    if is_compiled():
        return
    import joblib

    if notice is not None:
        notice(COMPILING)
    others = min(joblib.cpu_count(), PROCESSES) - 1
    # a run that fails is reported where it is a run
    with without_collection(), suppress(Exception):
        if others > 0:
            _compile_together(settings, others)
        Simulation(settings).run()
        # to look for garbage among what compiling made would take as long as compiling a rule
        gc.freeze()


def _compile_together(settings: ModelSettings, others: int) -> None:
    """Compile the loops of the rules in other processes, here what builds and measures, then rules.

    What other processes fail to compile, the month compiles.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    left = deque(_parts(settings))
    processes = ProcessPoolExecutor(others)
    try:
        with ThreadPoolExecutor(others) as threads:
            try:
                for _ in range(others):
                    threads.submit(_compile_left, left, processes)
                run = Simulation(settings)
                take_yearly(run.state.tables(), run.recorder.yearly, run.month + 1)
                _compile_left(left)
            finally:
                left.clear()
    finally:
        # what they compiled is on disk: nobody waits until they have tidied up
        processes.shutdown(wait=False)


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


def _parts(settings: ModelSettings) -> list[Part]:
    """The loops of the rules as the month calls them.

    Their entries from Python, which a month mixed with a user's own rules needs, are left until
    then.
    """
    nobody = empty_world()
    tables, seed, month_ = (_type_of(one) for one in (nobody.tables(), nobody.seed, nobody.month))
    parts = {
        rule.name: (type(rule).__module__, (tables, _type_of(rule.values[0]), seed, month_))
        for rule in Month.standard(settings.rules).rules
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
    return files is None or files.holds(loop.targetctx.codegen().magic_tuple())
