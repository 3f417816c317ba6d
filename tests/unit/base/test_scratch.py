"""Arrays for a moment: their cells, and that nothing keeps them longer."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.runtime import nrt

import diffusion
from diffusion.base.compiled import compiled, config
from diffusion.base.scratch import ON_STACK, cleared, scratch

SOURCES = Path(diffusion.__file__).parent
MAKERS = {scratch.__name__, cleared.__name__}
WORDS = ON_STACK // 8  # as many 64-bit numbers lie on the stack


@compiled
def mixed(n):  # type: ignore[no-untyped-def]
    """Several kinds at once, each filled with numbers of its own before any is read."""
    a, b, c = scratch(n), scratch(n, np.int32), scratch(n, np.uint64)
    d, e = scratch(n, np.bool_), scratch((3, n), np.int64)
    for x in range(n):
        a[x], b[x], c[x], d[x] = 0.5 + x, -x, x + 7, x % 3 == 0
        for row in range(3):
            e[row, x] = 10 * x + row
    total = 0.0
    for x in range(n):
        total += a[x] + b[x] * 2 + c[x] * 3 + (5 if d[x] else 0)
        total += e[0, x] * 7 + e[1, x] * 11 + e[2, x] * 13
    return total


@compiled
def dirt(n):  # type: ignore[no-untyped-def]
    """Whether anything of the turn before is left in what is cleared, in each of three turns."""
    left = 0.0
    for _ in range(3):
        one, two = cleared(n), cleared((n, 2), np.int32)
        for x in range(n):
            left += abs(one[x]) + abs(two[x, 0]) + abs(two[x, 1])
            one[x], two[x, 0], two[x, 1] = 1.0, 2, 3
    return left


@compiled
def filled(array):  # type: ignore[no-untyped-def]
    for x in range(array.shape[0]):
        array[x] = x


@compiled
def lent(n):  # type: ignore[no-untyped-def]
    """What a called function writes is there."""
    array = scratch(n)
    filled(array)
    return array.sum()


@pytest.mark.parametrize("n", [0, 1, 5, WORDS, WORDS + 1, 3 * WORDS])
def test_cells_hold_what_was_written_on_the_stack_and_beyond(n: int) -> None:
    x = np.arange(n)
    a, b, c, d = 0.5 + x, -x, x + 7, x % 3 == 0
    e = 10 * x * (7 + 11 + 13) + (11 + 2 * 13)
    expected = (a + 2 * b + 3 * c + 5 * d + e).sum()
    assert mixed(n) == expected
    assert lent(n) == x.sum()


@pytest.mark.parametrize("n", [1, 40, WORDS, WORDS + 1])
def test_what_is_cleared_is_empty_in_every_turn(n: int) -> None:
    assert dirt(n) == 0.0


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="plain Python has numpy's arrays")
def test_large_arrays_are_given_back_and_small_ones_never_asked_for() -> None:
    runtime: Any = nrt
    runtime._nrt.memsys_enable_stats()
    mixed(1)
    before = runtime.rtsys.get_allocation_stats()
    mixed(5)
    small = runtime.rtsys.get_allocation_stats()
    mixed(9 * WORDS)
    large = runtime.rtsys.get_allocation_stats()
    assert small.alloc == before.alloc
    assert large.alloc - small.alloc == 5
    assert large.free - small.free == 5


def makers() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of the package that makes such an array, with the file that it is in."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(_makes, ast.walk(node))):
                yield str(path.relative_to(SOURCES)), node


def _makes(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS


def _parts(node: ast.AST) -> list[ast.expr]:
    """The values of a tuple, or the one value."""
    return node.elts if isinstance(node, ast.Tuple) else [node]  # type: ignore[list-item]


def _held(value: ast.expr, wide: set[str]) -> set[str]:
    """Names of the arrays that a value holds on to, whole or a part; `wide` have two axes."""
    match value:
        case ast.Name():
            return {value.id}
        case ast.Subscript():
            slices = any(isinstance(one, ast.Slice) for one in _parts(value.slice))
            row = ast.unparse(value.value) in wide and not isinstance(value.slice, ast.Tuple)
            return _held(value.value, wide) if slices or row else set()
        case ast.Tuple() | ast.IfExp():
            inside = value.elts if isinstance(value, ast.Tuple) else [value.body, value.orelse]
            return set().union(*(_held(one, wide) for one in inside))
        case ast.Call(func=ast.Attribute(value=array)):  # a.reshape(...)
            return _held(array, wide)
    return set()


def kept(function: ast.FunctionDef) -> list[str]:
    """What a function does with such arrays that could outlive it, or another turn of a loop."""
    assigned = [
        pair
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for pair in zip(_parts(node.targets[0]), _parts(node.value), strict=False)
    ]
    new = {ast.unparse(name): value for name, value in assigned if _makes(value)}
    wide = {name for name, value in new.items() if isinstance(_shape(value), ast.Tuple)}
    made = set(new)
    wrong = [f"renames {v.id}" for _, v in assigned if isinstance(v, ast.Name) and v.id in made]
    made |= {ast.unparse(name) for name, value in assigned if _held(value, wide) & made}  # views
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            wrong += [f"returns {name}" for name in sorted(_held(node.value, wide) & made)]
            wrong += ["returns a new one" for part in _parts(node.value) if _makes(part)]
    return wrong


def _shape(value: ast.expr) -> ast.expr:
    return value.args[0] if isinstance(value, ast.Call) else value


def test_no_function_keeps_an_array_that_ends_with_it() -> None:
    found = list(makers())
    assert len(found) > 50
    wrong = {f"{path}:{function.name}": kept(function) for path, function in found}
    assert {name: what for name, what in wrong.items() if what} == {}


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("a = scratch(n)\n    return a", ["returns a"]),
        ("a, b = cleared(n), 1\n    return b, a", ["returns a"]),
        ("return scratch(n)", ["returns a new one"]),
        ("a = scratch(n)\n    b = a", ["renames a"]),
        ("a, found = scratch(n), 0\n    return found", []),
        ("a = scratch(n)\n    return a[1:3]", ["returns a"]),
        ("a = scratch(n)\n    b = a[1:]\n    return b", ["returns b"]),
        ("a = scratch((n, 2))\n    return a[0]", ["returns a"]),
        ("a = scratch((n, 2))\n    return a[0, 1]", []),
        ("a = scratch(n)\n    return a.reshape(-1)", ["returns a"]),
        ("a = scratch(n)\n    return (1, (n, a)) if n else n", ["returns a"]),
        ("a = scratch(n)\n    return a[0]", []),
        ("a = scratch(n)\n    return below(a)", []),
    ],
)
def test_the_check_sees_what_is_kept(body: str, what: list[str]) -> None:
    (function,) = ast.parse(f"def f(n):\n    {body}\n").body
    assert isinstance(function, ast.FunctionDef)
    assert kept(function) == what


def test_all_rules_fit_on_the_small_stack_of_a_thread() -> None:
    """512 kB is the least that systems on which numba runs give to threads."""
    script = """
import threading
from diffusion.config import load
from diffusion.model.simulation import Simulation
settings = load(["world=synthetic", "world.n=40", "timing={start: 3, stop: 6, months: 14}"])
threading.stack_size(512 * 1024)
thread = threading.Thread(target=lambda: print(Simulation(settings).run().month))
thread.start()
thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "14\n"), done.stderr
