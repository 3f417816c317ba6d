"""What numba is spared when it compiles the loops of the month, and how it keeps machine code.

numba optimises every function as a whole and makes machine code of it, also where other functions
are all that ever calls it: they take up its code, and optimise it and make machine code of it
anew, level by level. The three compilers here leave out what is done again above: `Helpers` do
neither, `Parts` are optimised and made machine code of with all that they call, and `Assembled`
calls parts by their machine code, and keeps nothing else. They are what numba has the option
`pipeline_class` for; what they change are methods of its libraries, and
`tests/unit/base/test_linking.py` says what must hold of them.
"""

import hashlib
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from llvmlite import binding as llvm
from numba.core import caching, codegen, compiler
from numba.core.registry import cpu_target

from diffusion.base.errors import DiffusionWarning
from diffusion.base.processes import is_worker
from diffusion.base.writing import reason

_Default: Any = compiler.Compiler
_Library: Any = codegen.JITCodeLibrary
_DataFiles: Any = caching.IndexDataCacheFile
_Cache: Any = caching.FunctionCache
_Flags: Any = compiler.Flags
# numba keeps the address of a function's environment, which loops that raise nothing never read
_ENVIRONMENT = "_ZN08NumbaEnv"
_ENTRY = llvm.Linkage.external
PART = "loop"  # what the loop of a rule is called, which is all that a month calls of it
_DIGEST = hashlib.sha256().digest_size


class _Shared(_Flags):  # type: ignore[misc]
    """The options that numba compiles its own functions under, while it compiles one of ours.

    One object for all: numba looks functions up by options, several for each operator in a loop,
    and would compare two objects option by option each time. Without the entries
    from Python, which our functions differ in, numba's own are also made once instead of twice.
    """

    _instance: Any = None

    @classmethod
    def of(cls, flags: Any) -> Any:
        if cls._instance is None:
            cls._instance = cls(flags)
            cls._instance.no_cpython_wrapper = cls._instance.no_cfunc_wrapper = True
        return cls._instance

    def __eq__(self, other: object) -> bool:
        return self is other or bool(super().__eq__(other))

    __hash__ = object.__hash__


class _OfOneFunction(_Flags):  # type: ignore[misc]
    def copy(self) -> Any:
        """What numba sets while the function is compiled."""
        return _Shared.of(self)


class Entered(_Default):  # type: ignore[misc]
    """For what Python enters: as numba does it."""

    library: type[Any] = _Library

    def __init__(
        self, typing: Any, target: Any, _: Any, args: Any, returns: Any, flags: Any, of: Any
    ) -> None:
        super().__init__(typing, target, None, args, returns, flags, of)
        self.state.flags = _OfOneFunction(flags)

    def define_pipelines(self) -> Any:
        self.state.library = self.library(
            self.state.targetctx.codegen(), self.state.func_id.func_qualname
        )
        self.state.library.enable_object_caching()
        return super().define_pipelines()


class _Helper(_Library):  # type: ignore[misc]
    """Code that other functions take up: it is not optimised, and no machine code is made of it."""

    @property
    def codegen(self) -> Any:
        return _WithoutEnvironment(self._codegen)

    def _optimize_final_module(self) -> None:
        """Left to what takes it up."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """None, as numba says it."""
        self._ensure_finalized()
        return 0

    def serialize_using_object_code(self) -> Any:
        """As numba stores a library, with machine code that holds no function."""
        code = self._get_module_for_linking()
        empty = llvm.parse_assembly("\n".join(_environments(code)))
        return self.name, "object", (self._codegen._tm.emit_object(empty), code.as_bitcode())


def _environments(code: Any) -> list[str]:
    """The environments of functions, as a module declares them."""
    every = [one.name for one in code.global_variables if one.name.startswith(_ENVIRONMENT)]
    return [f'@"{name}" = common global ptr null' for name in every]


class _WithoutEnvironment:
    """numba's generator of machine code, for functions that have none."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def set_env(self, name: str, environment: Any) -> None:
        """Nothing holds the address of an environment."""


class _Part(_Library):  # type: ignore[misc]
    """Code with machine code of its own, by which an assembled function calls it."""

    def serialize_using_object_code(self) -> Any:
        """As numba stores a library; whoever loads it remembers its machine code."""
        name, kind, (machine_code, code) = super().serialize_using_object_code()
        entries = [one.name for one in self.get_defined_functions() if one.linkage == _ENTRY]
        return name, kind, (_Loaded(_remember(machine_code, entries), _remember, entries), code)


class _AssembledOfParts(_Library):  # type: ignore[misc]
    """Code that nothing takes up: of each function no more than its name is kept beside it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._called: list[Any] = []

    def add_linking_library(self, library: Any) -> None:
        """Leave parts out: their machine code is there."""
        if library.name == PART:
            self._called.append(library)
        else:
            super().add_linking_library(library)

    def _optimize_final_module(self) -> None:
        """Parts are optimised, and there is little else."""

    def serialize_using_object_code(self) -> Any:
        """As numba stores one, with its parts, and with functions that abort instead of their code.

        By these numba knows which names the machine code has; each process that loads it would
        read all the code from which it was made.
        """
        code = self._get_module_for_linking()
        named = [one.name for one in code.functions if not one.is_declaration]
        stubs = [f'define void @"{name}"() {{ call void @llvm.trap() ret void }}' for name in named]
        lines = [*_environments(code), "declare void @llvm.trap()", *stubs]
        hollow = llvm.parse_assembly("\n".join(lines))
        entries = {one.name for one in code.functions if one.is_declaration}
        parts = {
            one.name: _parts[one.name]
            for library in self._called
            for one in library._get_module_for_linking().functions
            if one.name in entries and not one.is_declaration
        }
        machine_code = _Loaded(self._get_compiled_object(), _load, list(parts.values()))
        return self.name, "object", (machine_code, hollow.as_bitcode())


class _Loaded(bytes):
    """Machine code, and what is done with it when it is read from disk: `load(itself, more)`."""

    def __new__(cls, machine_code: bytes, *_: Any) -> Self:
        return super().__new__(cls, machine_code)

    def __init__(self, _: bytes, load: Callable[[bytes, Any], bytes], more: Any) -> None:
        self._load = load, more

    def __reduce__(self) -> Any:
        load, more = self._load
        return load, (bytes(self), more)


_parts: dict[str, bytes] = {}  # machine code of the parts of this process, by what they define


def _remember(machine_code: bytes, entries: list[str]) -> bytes:
    _parts.update(dict.fromkeys(entries, machine_code))
    return machine_code


def _load(machine_code: bytes, parts: list[bytes]) -> bytes:
    """Load the parts that machine code calls."""
    engine = cpu_target.target_context.codegen()._engine._ee
    for part in parts:
        engine.add_object_file(llvm.ObjectFileRef.from_data(part))
    return machine_code


class Helpers(Entered):
    """For what only other loops call."""

    library = _Helper


class Parts(Entered):
    """For a loop that, with all that it calls, is a part of an assembled function.

    It is called `PART`: by that the library of one that was loaded from disk is known.
    """

    library = _Part


class Assembled(Entered):
    """For what does little but call parts."""

    library = _AssembledOfParts


class _SafeFiles(_DataFiles):  # type: ignore[misc]
    """Files of machine code that several processes may write at once, and that may be damaged.

    numba numbers the files of a function. Two processes that store it for different types at the
    same moment give both the same number, and one would load the machine code of the other. Here
    the types name the file, and the index is written after it. Of two indices one may be lost,
    which means no more than to compile once again.

    Every file begins with a digest of what follows. A damaged one counts as not there: it is
    compiled and written again. LLVM would crash on machine code that is cut off.
    """

    def save(self, key: Any, data: Any) -> None:
        """Store the machine code for the types, source and processor that `key` says."""
        made_of = hashlib.sha256(pickle.dumps((self._source_stamp, key)))
        name = self._data_name(int.from_bytes(made_of.digest()[:8]))
        self._write(self._data_path(name), data)
        self._save_index({**self._load_index(), key: name})

    def load(self, key: Any) -> Any:
        """The machine code that was stored for `key`; None if there is none."""
        name = self._load_index().get(key)
        content = None if name is None else _intact(self._data_path(name))
        return None if content is None else pickle.loads(content)

    def holds(self, processor: Any) -> bool:
        """Whether machine code for a processor lies there, as numba describes processors."""
        return any(
            made_for == processor and _intact(self._data_path(name)) is not None
            for (_, made_for, _), name in self._load_index().items()
        )

    def _load_index(self) -> dict[Any, str]:
        content = _intact(self._index_path)
        stamp, index = (None, {}) if content is None else pickle.loads(content)
        return index if stamp == self._source_stamp else {}

    def _save_index(self, index: dict[Any, str]) -> None:
        self._write(self._index_path, (self._source_stamp, index))

    def _write(self, path: str, data: Any) -> None:
        content = self._dump(data)
        with self._open_for_write(path) as file:
            file.write(_digest(content))
            file.write(content)


def _intact(path: str) -> memoryview | None:
    """What a file was written with; None if it can't be read or holds something else."""
    try:
        found = memoryview(Path(path).read_bytes())
    except OSError:
        return None
    digest, content = found[:_DIGEST], found[_DIGEST:]
    return content if digest == _digest(content) else None


def _digest(content: bytes | memoryview) -> bytes:
    return hashlib.sha256(content).digest()


_told: set[str] = set()  # of how machine code can't be kept, at most one: it holds for all


def not_kept(problem: str) -> None:
    """Say once that machine code stays in memory; workers leave that to who started them.

    Args:
        problem: why, as the beginning of a sentence.
    """
    if not _told and not is_worker():
        warnings.warn(
            f"{problem}, so that machine code stays in memory and every process compiles the model "
            f"anew; set NUMBA_CACHE_DIR to a folder that can be written and has room",
            DiffusionWarning,
            stacklevel=2,
        )
    _told.add(problem)


class _KeptIfPossible(_Cache):  # type: ignore[misc]
    """The machine code of a function, on disk unless that is full or fails otherwise.

    What could not be written whole stands in no index. After the first failure this process stores
    nothing more, for what is assembled would lie there without some of its parts.
    """

    _failed = False

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store what was compiled for some types; it is ready to run in any case."""
        if _KeptIfPossible._failed:
            return
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _KeptIfPossible._failed = True
            place = Path(self.cache_path).parents[1]  # of folders by digest, then by source
            not_kept(f"{place} takes no more machine code ({reason(error)})")


def store_safely(function: Any) -> None:
    """Let a function that numba compiles keep its machine code in `_SafeFiles`, if it can."""
    cache = getattr(function, "_cache", None)
    if isinstance(cache, _Cache):
        cache.__class__ = _KeptIfPossible
        cache._cache_file.__class__ = _SafeFiles
