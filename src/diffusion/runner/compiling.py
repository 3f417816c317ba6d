"""Whether numba has compiled the model on this machine before; the first time takes a while."""

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import numba

from diffusion.model import month, totals
from diffusion.model.month import Month
from diffusion.model.settings import ModelSettings
from diffusion.model.simulation import Simulation

COMPILING = "Compiling the model (once per machine) ..."

PROCESSES = 4  # compiling takes a few hundred MB in each
MEASURING = "measuring"
# those that take longest come first, so that processes end at about the same time
PARTS = (
    "ties",
    MEASURING,
    "exchange",
    "meetings",
    "adoption",
    "turnover",
    "policy",
    "funding",
    "persistence",
    "findings",
    "demand",
)

Notice = Callable[[str], None]

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
    count = min(joblib.cpu_count(), PROCESSES)
    with suppress(Exception):  # a run that fails is reported where it is a run
        if count > 1:
            parts = (joblib.delayed(_compile_part)(settings, part) for part in PARTS)
            joblib.Parallel(n_jobs=count, batch_size=1)(parts)
        Simulation(settings).run()


def _compile_part(settings: ModelSettings, part: str) -> None:
    """Compile a rule's loop or what measures; parts share nothing but small helpers.

    Only the loops as the month calls them: their entries from Python, which a month mixed with a
    user's own rules needs, are left until then.
    """
    if part == MEASURING:
        run = Simulation(settings)
        run.state.month += 1
        run.recorder.note([{}])
        return
    state = settings.world.build(settings.practices, settings.seed)
    (rule,) = (rule for rule in Month.standard(settings.rules).rules if rule.name == part)
    loop = import_module(type(rule).__module__).loop
    values = rule.values[0]  # type: ignore[attr-defined]
    clock = (_type_of(settings.seed), _type_of(state.month))
    loop.compile((_type_of(state.tables()), _type_of(values), *clock))


def is_compiled() -> bool:
    """Whether what a run enters is on disk; true where nothing is to be compiled.

    The machine code of the month holds that of all rules, and their sources are in the name of its
    folder (`base/compiled.py`).
    """
    return all(is_on_disk(loop) for loop in (month._months, totals.take))


def is_on_disk(loop: Any) -> bool:
    """Whether a process that enters a loop finds machine code made from the file as it is now.

    A file of an older state of the source has the same place; numba passes it over, so it does not
    count. True where nothing is compiled.
    """
    cache = getattr(getattr(loop, "_cache", None), "_cache_file", None)
    return cache is None or bool(cache._load_index())
