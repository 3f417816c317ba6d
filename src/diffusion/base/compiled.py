"""How the package compiles its loops.

Every loop is plain Python that numba compiles; with `NUMBA_DISABLE_JIT=1` the same code runs
uncompiled and must give the same bits. That holds because arrays are 64-bit wide throughout
(no narrow type changes the arithmetic), masks are `uint64`, and fast-math stays off.

numba's disk cache notices a change of the file that holds a loop, but not of the helpers that
the loop calls in other files: after an update the old machine code would go on running. The
cache folder therefore carries a digest of every file that helpers live in, wherever it is: where
`NUMBA_CACHE_DIR` says, in the package, with the user's other caches or among temporary files,
whichever can be written first. Machine code that none of these takes stays in memory, and so does
what the disk has no room for.
"""

import gc
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numba
from llvmlite import ir
from numba.core import config as _config
from numba.extending import lower_builtin, type_callable

from diffusion.base.linking import PART, Assembled, Entered, Helpers, Parts, not_kept, store_safely

config: Any = _config

_ASKS = "numba.np.arraymath"  # a part of numba: whether scipy's linear algebra is there
_ANSWERS = "numba.np.linalg"

Loop = Callable[..., Any]  # numba infers the types of a loop from its arguments

_PACKAGE = Path(__file__).resolve().parents[1]
# files that decide how loops compile
_COMPILING = ("compiled", "fetching", "linking", "scratch", "table_type")
_HELPERS = ("base", "world")  # by the layers, a loop calls helpers of its own file or of these
# a division by zero gives inf or nan, as in numpy: checks for it cost time at every division
_OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "no_cfunc_wrapper": True,
    "pipeline_class": Entered,
}
_WITHOUT_ENTRY = {**_OPTIONS, "no_cpython_wrapper": True}
# numba would go on to folders of its own, whose names carry no digest
_OUR_FOLDER = "UserProvidedCacheLocator"
_CALLED_BY_MODEL = (*_HELPERS, "rules", "model")


def _leave_scipy_out() -> None:
    """Import the part of numba that imports scipy's linear algebra to see whether it is there.

    That takes time in every process, and only loops that multiply matrices need it; for these numba
    imports it then. The answer is known, for scipy is among what this package
    depends on.
    """
    if _ASKS in sys.modules:
        return
    answers: Any = import_module(_ANSWERS)
    answer = answers.ensure_blas
    answers.ensure_blas = lambda: None
    try:
        asks: Any = import_module(_ASKS)
        asks.ensure_blas = answer
    finally:
        answers.ensure_blas = answer


if not config.DISABLE_JIT:
    _leave_scipy_out()


def compiled(function: Loop) -> Loop:
    """Compile a loop with numba; the machine code is cached on disk between processes."""
    return _declared(function, _OPTIONS)


def assembled(function: Loop) -> Loop:
    """Compile what calls the loops of rules one after the other, and is entered from Python alone.

    They were optimised one by one and are put together as they are.
    """
    return _declared(function, {**_OPTIONS, "pipeline_class": Assembled})


def typed(signature: str) -> Callable[[Loop], Loop]:
    """Compile a small helper for these types only, whatever numbers loops call it with.

    numba would otherwise compile it again for each constant that stands in a call. It happens
    when the helper is declared, so this is for the few that everything else calls.

    Args:
        signature: as numba writes it, such as "float64(uint64, int64)".
    """

    def declare(function: Loop) -> Loop:
        helper = _declared(function, _OPTIONS)
        if not config.DISABLE_JIT:
            helper.compile(signature)  # type: ignore[attr-defined]
            helper.disable_compile()  # type: ignore[attr-defined]
        return helper

    return declare


def inner(function: Loop) -> Loop:
    """Compile a loop or helper that only other compiled loops call.

    It gets no entry point from Python: unpacking structures of arrays there costs more time to
    compile than the loop itself. It is optimised as part of what calls it, unless it is the `loop`
    of a rule: these are optimised one by one, by several processes at once.
    """
    compiler = Parts if function.__name__ == PART else Helpers
    return _declared(function, {**_WITHOUT_ENTRY, "pipeline_class": compiler})


def _declared(function: Loop, options: dict[str, Any]) -> Loop:
    if config.DISABLE_JIT:
        return function
    try:
        with _cache_folder(function):
            compiled_function: Loop = numba.njit(**options)(function)
    except RuntimeError:  # no folder of ours takes it
        compiled_function = numba.njit(**{**options, "cache": False})(function)
    store_safely(compiled_function)
    return compiled_function


def compile_part(module: str, loop: str, types: tuple[Any, ...]) -> None:
    """Compile a loop for these types, and what it calls, unless it is on disk.

    Args:
        module: that it stands in.
        loop: its name.
        types: numba's, of its arguments.
    """
    with without_collection():
        getattr(import_module(module), loop).compile(types)


@contextmanager
def without_collection() -> Iterator[None]:
    """Let garbage lie: numba makes millions of objects, nearly all of which are still in use."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def one_instruction(function: Loop, name: str) -> None:
    """Let compiled loops run a helper on one mask as a single instruction of the processor.

    It is put where it is called. As a function in between (numba's `overload`) it would have a name
    that tells it from others by a number of the process, and machine code that two processes left
    on disk would take one instruction for the other.

    Args:
        function: the helper in plain Python, uint64 -> int64.
        name: of the instruction, as LLVM calls it: "ctpop" or "cttz" (of a mask that is not 0).
    """

    @type_callable(function)
    def _(_: Any) -> Any:
        return lambda mask: numba.int64(numba.uint64)

    @lower_builtin(function, numba.uint64)
    def _(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        never_zero = [ir.Constant(ir.IntType(1), 1)] if name == "cttz" else []
        return getattr(builder, name)(*arguments, *never_zero)


@contextmanager
def _cache_folder(function: Loop) -> Iterator[None]:
    """Point numba at the package's own cache, and nowhere else, while a loop is declared."""
    before = config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES
    calls_rules = function.__module__.startswith("diffusion.model.")
    layers = _CALLED_BY_MODEL if calls_rules else _HELPERS
    config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES = _folder(layers, before[0]), _OUR_FOLDER
    try:
        yield
    finally:
        config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES = before


@cache
def _folder(layers: tuple[str, ...], chosen: str) -> str:
    """The cache of some layers, in the first place that can be written; empty if none can."""
    name = f"loops-{_digest(layers)}"
    for place in _places(chosen):
        if _can_be_written(place / name):
            return str(place / name)
    not_kept("no folder for machine code can be written")
    return ""


def _places(chosen: str) -> Iterator[Path]:
    """Where machine code may lie, best first; `NUMBA_CACHE_DIR` is the chosen one."""
    if chosen:
        yield Path(chosen)
    yield _PACKAGE / "__pycache__"
    with suppress(RuntimeError):  # the user has no home
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diffusion"
    with suppress(AttributeError, OSError):  # Windows numbers no users
        yield _temporary()


def _temporary() -> Path:
    """A folder of the user alone among temporary files: what lies there is run.

    Raises:
        OSError: it can't be made, or others may write it.
    """
    place = Path(tempfile.gettempdir()) / f"diffusion-{os.getuid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(place)
    return place


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _digest(layers: tuple[str, ...]) -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for layer in layers:
        for path in sorted((_PACKAGE / layer).glob("*.py")):
            source = path.read_bytes()
            if b"diffusion.base.compiled" in source or path.stem in _COMPILING:
                digest.update(source)
    return digest.hexdigest()[:16]
