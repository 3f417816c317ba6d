"""Machine code is made once, of what is entered, and processes that store it don't mix it up."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite import binding as llvm

from diffusion.base.compiled import assembled, compiled, config, inner
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


def test_only_what_is_entered_has_machine_code() -> None:
    put_together(np.ones(3))
    for called in (third_of, loop):
        (one,) = called.overloads.values()  # type: ignore[attr-defined]
        assert library_of(called).get_pointer_to_function(one.fndesc.llvm_func_name) == 0
    (one,) = put_together.overloads.values()  # type: ignore[attr-defined]
    assert library_of(put_together).get_pointer_to_function(one.fndesc.llvm_func_name) != 0


def test_of_what_is_assembled_nothing_but_machine_code_and_names_is_kept() -> None:
    put_together(np.ones(3))
    (one,) = put_together.overloads.values()  # type: ignore[attr-defined]
    _, _, (_, code) = one.library.serialize_using_object_code()
    kept = [one for one in llvm.parse_bitcode(code).functions if not one.is_declaration]
    assert one.fndesc.llvm_cpython_wrapper_name in [function.name for function in kept]
    for function in kept:
        assert [len(list(block.instructions)) for block in function.blocks] == [2]


def test_two_processes_that_store_at_once_keep_apart_what_they_store(tmp_path: Path) -> None:
    """Both have read the index before either writes it: the later index is the one that stays."""

    own: Any = numba.njit(cache=True)(library_of)
    store_safely(own)
    files: Any = type(own._cache._cache_file)(str(tmp_path), "own-1.py", "stamp")
    other: Any = type(files)(str(tmp_path), "own-1.py", "stamp")
    read, files._load_index = files._load_index(), lambda: read  # before the other has written
    other.save("float", "machine code for floats")
    files.save("int", "machine code for ints")
    assert other.load("int") == "machine code for ints"
    assert other.load("float") in (None, "machine code for floats")
    other.save("float", "machine code for floats")
    assert other.load("int") == "machine code for ints"
    assert other.load("float") == "machine code for floats"


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
}
COMPILE = "import numba, rule; rule.loop.compile((numba.{0}, numba.{0}))"
ENTER = "import month, rule; print(month.months({0}, {0}), sum(rule.loop._cache_hits.values()))"


def test_processes_on_a_cold_cache_share_what_they_compile(tmp_path: Path) -> None:
    for name, source in MODULES.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")

    def start(code: str) -> subprocess.Popen[str]:
        paths = [str(tmp_path), *sys.path]
        environment = {"PYTHONPATH": os.pathsep.join(paths), "NUMBA_CACHE_DIR": str(tmp_path / "c")}
        return subprocess.Popen(
            [sys.executable, "-c", code],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
        )

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
