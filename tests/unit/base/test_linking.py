"""Machine code is made once, of what is entered, and processes that store it don't mix it up."""

import errno
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite import binding as llvm

from diffusion.base import linking
from diffusion.base.compiled import assembled, compiled, config, inner
from diffusion.base.errors import DiffusionWarning
from diffusion.base.linking import store_safely

pytestmark = pytest.mark.skipif(
    config.DISABLE_JIT, reason="nothing is compiled with NUMBA_DISABLE_JIT"
)


@inner
def third_of(x):  # type: ignore[no-untyped-def]
    return x / 3.0


@inner
def loop(column):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(column.shape[0]):
        total += third_of(column[i])
    return total


@assembled
def put_together(column):  # type: ignore[no-untyped-def]
    return loop(column) + third_of(column[0])


@compiled
def entered(column):  # type: ignore[no-untyped-def]
    return loop(column) + third_of(column[0])


@pytest.fixture(autouse=True, scope="module")
def nothing_is_on_disk() -> None:
    """What an earlier run of the tests compiled is compiled again."""
    for function in (third_of, loop, put_together, entered):
        function._cache.flush()  # type: ignore[attr-defined]


def library_of(function: Any) -> Any:
    (one,) = function.overloads.values()
    return one.library


def test_all_ways_to_compile_give_the_same_bits() -> None:
    column = np.linspace(0.1, 7.3, 101)
    plain = 0.0
    for x in column:
        plain += x / 3.0
    plain += column[0] / 3.0
    assert put_together(column) == entered(column) == plain


def address_of(function: Any) -> int:
    """Of its machine code; 0 for none."""
    (one,) = function.overloads.values()
    return int(one.library.get_pointer_to_function(one.fndesc.llvm_func_name))


def test_parts_and_what_is_entered_have_machine_code() -> None:
    put_together(np.ones(3))
    assert address_of(third_of) == 0
    assert address_of(loop) != 0
    assert address_of(put_together) != 0


def test_what_is_assembled_calls_parts_by_their_machine_code() -> None:
    put_together(np.ones(3))
    (part,) = loop.overloads.values()  # type: ignore[attr-defined]
    name = part.fndesc.llvm_func_name
    assert library_of(put_together)._final_module.get_function(name).is_declaration


def test_of_what_is_assembled_nothing_but_machine_code_and_names_is_kept() -> None:
    put_together(np.ones(3))
    (one,) = put_together.overloads.values()  # type: ignore[attr-defined]
    _, _, (_, code) = one.library.serialize_using_object_code()
    kept = [one for one in llvm.parse_bitcode(code).functions if not one.is_declaration]
    assert one.fndesc.llvm_cpython_wrapper_name in [function.name for function in kept]
    for function in kept:
        assert [len(list(block.instructions)) for block in function.blocks] == [2]


@pytest.fixture
def files(tmp_path: Path) -> Any:
    """Where a function keeps its machine code."""
    own: Any = numba.njit(cache=True)(library_of)
    store_safely(own)
    return type(own._cache._cache_file)(str(tmp_path), "own-1.py", "stamp")


def test_two_processes_that_store_at_once_keep_apart_what_they_store(
    files: Any, tmp_path: Path
) -> None:
    """Both have read the index before either writes it: the later index is the one that stays."""
    other: Any = type(files)(str(tmp_path), "own-1.py", "stamp")
    read, files._load_index = files._load_index(), lambda: read  # before the other has written
    other.save("float", "machine code for floats")
    files.save("int", "machine code for ints")
    assert other.load("int") == "machine code for ints"
    assert other.load("float") in (None, "machine code for floats")
    other.save("float", "machine code for floats")
    assert other.load("int") == "machine code for ints"
    assert other.load("float") == "machine code for floats"


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "overwritten": lambda content: bytes(octet ^ 0x5A for octet in content),
    "one bit": lambda content: content[:-20] + bytes([content[-20] ^ 1]) + content[-19:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_a_damaged_file_counts_as_not_there_and_is_written_again(
    files: Any, tmp_path: Path, suffix: str, damage: Callable[[bytes], bytes]
) -> None:
    key = ("types", "processor", "code")
    files.save(key, b"machine code" * 10)
    assert files.holds("processor")
    (path,) = tmp_path.glob(f"*.{suffix}")
    path.write_bytes(damage(path.read_bytes()))
    assert files.load(key) is None
    assert not files.holds("processor")
    files.save(key, b"machine code" * 10)
    assert files.load(key) == b"machine code" * 10


def test_machine_code_for_another_processor_is_not_held(files: Any) -> None:
    files.save(("types", "processor", "code"), "machine code")
    assert files.holds("processor")
    assert not files.holds("another")


HALF = 100  # bytes


@contextmanager
def full_disk() -> Iterator[None]:
    """Machine code is written to its place half-way, and nobody was told yet."""

    def half(self: Any, path: str, data: Any) -> None:
        Path(path).write_bytes(self._dump(data)[:HALF])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(linking, "_told", set())
        changed.setattr(linking._KeptIfPossible, "_failed", False)
        changed.setattr(linking._SafeFiles, "_write", half)
        yield


def newly_declared(folder: Path, name: str) -> Any:
    """A loop of a file of its own, which keeps its machine code in the folder."""
    source = folder / f"{name}.py"
    source.write_text("def grown(x):\n    return x + x / 3\n", encoding="utf-8")
    scope: dict[str, Any] = {"__name__": name}
    exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"), scope)
    loop: Any = compiled(scope["grown"])
    cache = loop._cache
    cache._cache_file = type(cache._cache_file)(str(folder), name, "stamp")
    return loop


def test_where_the_disk_is_full_it_stays_in_memory_and_that_is_said_once(tmp_path: Path) -> None:
    one, another = (newly_declared(tmp_path, name) for name in ("one", "another"))
    with full_disk(), warnings.catch_warnings(record=True, action="always") as said:
        assert one(6.0) == another(6.0) == another(6) == 8.0
    (warning,) = said
    assert warning.category is DiffusionWarning
    assert "takes no more machine code (No space left on device)" in str(warning.message)


def test_workers_leave_that_to_who_started_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "is_worker", lambda: True)
    with full_disk(), warnings.catch_warnings(action="error"):
        assert newly_declared(tmp_path, "one")(6.0) == 8.0


@pytest.mark.filterwarnings("ignore::diffusion.base.errors.DiffusionWarning")
def test_what_was_written_half_way_is_compiled_again(tmp_path: Path) -> None:
    with full_disk():
        assert newly_declared(tmp_path, "one")(6.0) == 8.0
    (half,) = tmp_path.glob("*.nb?")
    assert half.stat().st_size == HALF
    for hits in (0, 1):
        again = newly_declared(tmp_path, "one")
        assert again(6.0) == 8.0
        assert sum(again._cache_hits.values()) == hits


MODULES = {
    "helper": """from diffusion.base.compiled import inner

@inner
def add(x, y):
    return x + y
""",
    "rule": """from diffusion.base.compiled import inner
from helper import add

@inner
def loop(x, y):
    return add(x, y) * 2.0
""",
    "month": """from diffusion.base.compiled import assembled
import rule

@assembled
def months(x, y):
    return rule.loop(x, y)
""",
    "year": """from diffusion.base.compiled import assembled
import rule

@assembled
def months(x, y):
    return rule.loop(x, y) + 1.0
""",
}
COMPILE = "import numba, rule; rule.loop.compile((numba.{0}, numba.{0}))"
ENTER = "import month, rule; print(month.months({0}, {0}), sum(rule.loop._cache_hits.values()))"


def starter(folder: Path) -> Callable[[str], subprocess.Popen[str]]:
    """What runs code in a process of its own that finds the modules, and keeps machine code."""
    for name, source in MODULES.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    paths = os.pathsep.join([str(folder), *sys.path])
    environment = {"PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(folder / "c")}

    def start(code: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def test_processes_on_a_cold_cache_share_what_they_compile(tmp_path: Path) -> None:
    start = starter(tmp_path)
    together = [start(COMPILE.format(kind)) for kind in ("int64", "float64", "int64", "float64")]
    for process in together:
        process.communicate()
        assert process.returncode == 0
    for number, result in (("3", "12.0"), ("1.5", "6.0")):
        # an index may have been lost, so that one of the two is compiled once more
        said, _ = start(ENTER.format(number)).communicate()
        assert said.split()[0] == result
    said, _ = start(ENTER.format("2")).communicate()
    assert said.split()[0] == "8.0"


@pytest.mark.parametrize("order", [("month", "year"), ("year", "month")])
def test_what_calls_the_same_part_is_loaded_from_disk_with_it(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    start = starter(tmp_path)
    called = "; ".join(f"import {name}; print({name}.months(3, 4))" for name in order)
    hits = "".join(f"; print(sum({name}.months._cache_hits.values()))" for name in order)
    results = ["14.0\n" if name == "month" else "15.0\n" for name in order]
    for hit in ("0\n", "1\n"):
        said, _ = start(called + hits).communicate()
        assert said == "".join([*results, hit, hit])


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_what_is_damaged_on_disk_is_compiled_again(tmp_path: Path, suffix: str) -> None:
    start = starter(tmp_path)
    assert start(ENTER.format("2.5")).communicate()[0] == "10.0 0\n"
    damaged = list(tmp_path.rglob(f"*.{suffix}"))
    whole = [path.read_bytes() for path in damaged]
    assert whole
    for path, content in zip(damaged, whole, strict=True):
        path.write_bytes(DAMAGE["cut in half"](content))
    assert start(ENTER.format("2.5")).communicate()[0] == "10.0 0\n"
    for path, content in zip(damaged, whole, strict=True):
        assert len(path.read_bytes()) > len(content) // 2
