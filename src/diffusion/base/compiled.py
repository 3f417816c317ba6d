"""How the package compiles its loops.

Every loop is plain Python that numba compiles; with `NUMBA_DISABLE_JIT=1` the same code runs
uncompiled and must give the same bits. That holds because arrays are 64-bit wide throughout
(no narrow type changes the arithmetic), masks are `uint64`, and fast-math stays off.

numba's disk cache notices a change of the file that holds a loop, but not of the helpers that
the loop calls in other files: after an update the old machine code would go on running. The
cache folder therefore carries a digest of every file that helpers live in, also where
`NUMBA_CACHE_DIR` says where it is to be.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from llvmlite import ir
from numba.core import config as _config
from numba.extending import intrinsic, overload

config: Any = _config

Loop = Callable[..., Any]  # numba infers the types of a loop from its arguments

_PACKAGE = Path(__file__).resolve().parents[1]
_HELPERS = ("base", "world")  # by the layers, a loop calls helpers of its own file or of these
# a division by zero gives inf or nan, as in numpy: checks for it cost time at every division
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
_WITHOUT_ENTRY = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_CALLED_BY_MODEL = (*_HELPERS, "rules", "model")


def compiled(function: Loop) -> Loop:
    """Compile a loop with numba; the machine code is cached on disk between processes."""
    with _cache_folder(function):
        compiled_function: Loop = numba.njit(**_OPTIONS)(function)
    return compiled_function


def typed(signature: str) -> Callable[[Loop], Loop]:
    """Compile a small helper for these types only, whatever numbers loops call it with.

    numba would otherwise compile it again for each constant that stands in a call. It happens
    when the helper is declared, so this is for the few that everything else calls.

    Args:
        signature: as numba writes it, such as "float64(uint64, int64)".
    """

    def declare(function: Loop) -> Loop:
        with _cache_folder(function):
            typed_function: Loop = numba.njit(signature, **_OPTIONS)(function)
        return typed_function

    return declare


def inner(function: Loop) -> Loop:
    """Compile a loop or helper that only other compiled loops call.

    It gets no entry point from Python: unpacking structures of arrays there costs more time to
    compile than the loop itself.
    """
    with _cache_folder(function):
        inner_function: Loop = numba.njit(**_WITHOUT_ENTRY)(function)
    return inner_function


def one_instruction(function: Loop, name: str) -> None:
    """Let compiled loops run a helper on one mask as a single instruction of the processor.

    Args:
        function: the helper in plain Python, uint64 -> int64.
        name: of the instruction, as LLVM calls it: "ctpop" or "cttz" (of a mask that is not 0).
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def instruction(_context: Any, _mask: Any) -> Any:
        def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            never_zero = [ir.Constant(ir.IntType(1), 1)] if name == "cttz" else []
            return getattr(builder, name)(*arguments, *never_zero)

        return numba.int64(numba.uint64), emit

    overload(function)(lambda mask: lambda mask: instruction(mask))


@contextmanager
def _cache_folder(function: Loop) -> Iterator[None]:
    """Point numba at the package's own cache while a loop is declared."""
    before = config.CACHE_DIR
    calls_rules = function.__module__.startswith("diffusion.model.")
    layers = _CALLED_BY_MODEL if calls_rules else _HELPERS
    config.CACHE_DIR = str(_folder(layers, before))
    try:
        yield
    finally:
        config.CACHE_DIR = before


@cache
def _folder(layers: tuple[str, ...], chosen: str) -> Path:
    """The cache of some layers, in the folder that `NUMBA_CACHE_DIR` names, if it does."""
    beside = Path(chosen) if chosen else _PACKAGE / "__pycache__"
    if not chosen and not os.access(beside if beside.is_dir() else _PACKAGE, os.W_OK):
        beside = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diffusion"
    return beside / f"loops-{_digest(layers)}"


def _digest(layers: tuple[str, ...]) -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for layer in layers:
        for path in sorted((_PACKAGE / layer).glob("*.py")):
            source = path.read_bytes()
            if b"diffusion.base.compiled" in source or path.stem == "compiled":
                digest.update(source)
    return digest.hexdigest()[:16]
