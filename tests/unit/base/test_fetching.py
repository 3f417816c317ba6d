"""Cells that are fetched ahead: nothing changes by it, and the processor is told."""

from typing import Any

import numba
import numpy as np
import pytest

from diffusion.base.arrays import FloatArray, IntArray, Table, table_of
from diffusion.base.compiled import compiled, config
from diffusion.base.fetching import is_far, soon

only_compiled = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")


class Things(Table):
    size: IntArray
    weight: FloatArray


@compiled
def looked_up(cells, places):  # type: ignore[no-untyped-def]
    total = 0
    for x in range(places.shape[0]):
        soon(cells, places[x] + 1_000_000)
        total += cells[places[x]]
    return total


@compiled
def weighed(things, places):  # type: ignore[no-untyped-def]
    total = 0.0
    for x in range(places.shape[0]):
        soon(things, places[x] + np.uint32(1_000_000), "weight")
        total += things[places[x]].weight
    return total


@compiled
def no_such_column(things):  # type: ignore[no-untyped-def]
    soon(things, 0, "wait")


@compiled
def no_column(things):  # type: ignore[no-untyped-def]
    soon(things, 0)


@compiled
def far(rows):  # type: ignore[no-untyped-def]
    return is_far(rows)


def things() -> Table:
    return table_of(Things, 100, size=1, weight=np.arange(100) / 2.0)


def code_of(known: Any, *arguments: Any) -> str:
    loop: Any = numba.njit(known.py_func)  # anew: numba shows no code that comes from the disk
    loop(*arguments)
    code: str = loop.inspect_llvm(loop.signatures[-1])
    return code


def test_fetching_ahead_changes_nothing_even_beyond_the_end() -> None:
    places = np.array([7, 93, 0], np.uint32)
    assert looked_up(np.arange(100, dtype=np.int32), places) == 100
    assert weighed(things(), places) == 50.0


@only_compiled
def test_fetching_ahead_is_an_instruction_of_the_processor() -> None:
    places = np.zeros(1, np.uint32)
    assert "@llvm.prefetch" in code_of(looked_up, np.arange(3), places)
    assert "@llvm.prefetch" in code_of(weighed, things(), places)


@only_compiled
@pytest.mark.parametrize("loop", [no_such_column, no_column])
def test_a_column_that_the_table_lacks_does_not_compile(loop: Any) -> None:
    with pytest.raises(numba.TypingError):
        loop(things())


def test_a_city_is_near_and_a_continent_is_far() -> None:
    assert not far(10_000)
    assert far(100_000)
