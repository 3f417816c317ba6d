"""Whether numba has compiled the model on this machine before; the first time takes a while."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numba

from diffusion import rules
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
    """Whether machine code of every rule is on disk; true where nothing is to be compiled."""
    return all(any(folder.glob(f"{module}.*.nbi")) for module, folder in _caches())


def _caches() -> Iterator[tuple[str, Path]]:
    """Name and cache folder of every module of rules that holds compiled loops."""
    for found in iter_modules(rules.__path__):
        module = import_module(f"{rules.__name__}.{found.name}")
        for loop in vars(module).values():
            cache: Any = getattr(loop, "_cache", None)
            path = getattr(cache, "cache_path", None)
            if path is not None and loop.__module__ == module.__name__:
                yield found.name, Path(path)
                break
