"""What numba is spared when it compiles the loops of the month, and how it keeps machine code.

numba optimises every function as a whole and makes machine code of it, also where other functions
are all that ever calls it: they take up its code, and optimise it and make machine code of it
anew, level by level. The three compilers here leave out what is done again above: `Helpers` do
neither, `Parts` are optimised with all that they call, and `Assembled` makes machine code of parts
as they are, and keeps nothing else. They are what numba has the option `pipeline_class` for; what
they change are methods of its libraries, and `tests/unit/base/test_linking.py` says what must hold
of them.
"""

import hashlib
import pickle
from pathlib import Path
from typing import Any

from llvmlite import binding as llvm
from numba.core import caching, codegen, compiler

_Default: Any = compiler.Compiler
_Library: Any = codegen.JITCodeLibrary
_DataFiles: Any = caching.IndexDataCacheFile
_Flags: Any = compiler.Flags
# numba keeps the address of a function's environment, which loops that raise nothing never read
_ENVIRONMENT = "_ZN08NumbaEnv"
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


class _Called(_Library):  # type: ignore[misc]
    """Code that other functions take up: no machine code is made of it."""

    @property
    def codegen(self) -> Any:
        return _WithoutEnvironment(self._codegen)

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


class _CalledHelpers(_Called):
    def _optimize_final_module(self) -> None:
        """Left to what takes it up."""


class _LinkedParts(_Library):  # type: ignore[misc]
    """Code that nothing takes up: of each function no more than its name is kept beside it."""

    def _optimize_final_module(self) -> None:
        """Parts are optimised when they are taken up."""

    def serialize_using_object_code(self) -> Any:
        """As numba stores a library, with functions that abort instead of their code.

        By these numba knows which names the machine code has; each process that loads it would
        read all the code from which it was made.
        """
        code = self._get_module_for_linking()
        named = [one.name for one in code.functions if not one.is_declaration]
        stubs = [f'define void @"{name}"() {{ call void @llvm.trap() ret void }}' for name in named]
        lines = [*_environments(code), "declare void @llvm.trap()", *stubs]
        hollow = llvm.parse_assembly("\n".join(lines))
        return self.name, "object", (self._get_compiled_object(), hollow.as_bitcode())


class Helpers(Entered):
    """For what only other loops call."""

    library = _CalledHelpers


class Parts(Entered):
    """For a loop that, with all that it calls, is a part of an assembled function."""

    library = _Called


class Assembled(Entered):
    """For what does little but call parts."""

    library = _LinkedParts


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


def store_safely(function: Any) -> None:
    """Let a function that numba compiles keep its machine code in `_SafeFiles`."""
    files = getattr(getattr(function, "_cache", None), "_cache_file", None)
    if files is not None:
        files.__class__ = _SafeFiles
