"""Places that are flagged are listed in order, whatever the processor can do."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numba.core.errors import TypingError

from diffusion.base.compiled import compiled, config
from diffusion.base.draws import Decision, uniforms
from diffusion.base.picking import below, picked, some

SIZES = [0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000]
UNTOUCHED = 12_345


@compiled
def listed(flags, places):  # type: ignore[no-untyped-def]
    """`picked`, with an entry from Python."""
    return picked(flags, places)


@compiled
def occupied(masks, places):  # type: ignore[no-untyped-def]
    """`some`, with an entry from Python."""
    return some(masks, places)


@compiled
def lower(luck, bound, places):  # type: ignore[no-untyped-def]
    """`below`, with an entry from Python."""
    return below(luck, bound, places)


def flags_of(size: int, share: float) -> npt.NDArray[np.bool_]:
    luck: npt.NDArray[np.float64] = uniforms(1, Decision.RESAMPLE, size, np.arange(size))
    return luck < share


def check(size: int, share: float, kind: Any) -> None:
    """Places are listed, and none is written beyond as many as there are flags."""
    flags, room = flags_of(size, share), np.full(size + 20, UNTOUCHED, kind)
    n = listed(flags, room[:size])
    assert room[:n].tolist() == np.flatnonzero(flags).tolist()
    assert (room[size:] == UNTOUCHED).all()


@pytest.mark.parametrize("kind", [np.int32, np.uint32])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.6, 1.0])
@pytest.mark.parametrize("size", SIZES)
def test_flagged_places_are_listed_in_order(size: int, share: float, kind: Any) -> None:
    check(size, share, kind)


@pytest.mark.parametrize("size", SIZES)
def test_masks_that_are_not_empty(size: int) -> None:
    masks = np.where(flags_of(size, 0.4), np.uint64(1) << np.uint64(size % 64), np.uint64(0))
    places = np.empty(size, np.uint32)
    assert places[: occupied(masks, places)].tolist() == np.flatnonzero(masks).tolist()


def test_a_luck_that_equals_its_bound_is_not_below_it() -> None:
    luck = np.tile(np.array([0.1, 0.5, 0.9, 0.0]), 5)
    bound = np.tile(np.array([0.2, 0.5, 0.8, 1.0]), 5)
    places = np.empty(20, np.uint32)
    n = lower(luck, bound, places)
    assert places[:n].tolist() == [x for x in range(20) if x % 4 in (0, 3)]


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="plain Python takes any array")
@pytest.mark.parametrize(
    ("flags", "places"),
    [
        (np.ones(40, np.bool_), np.empty(40, np.int64)),
        (np.ones(40, np.int32), np.empty(40, np.int32)),
        (np.ones(80, np.bool_)[::2], np.empty(40, np.int32)),
    ],
)
def test_cells_of_another_kind_do_not_compile(flags: Any, places: Any) -> None:
    with pytest.raises(TypingError):
        listed(flags, places)


def test_a_processor_without_wide_numbers_lists_the_same() -> None:
    script = """
from diffusion.base import picking
from tests.unit.base.test_picking import SIZES, check
assert not picking._CAN_PRESS
for size in SIZES:
    for share in (0.0, 0.6, 1.0):
        check(size, share, "int32")
"""
    command = [sys.executable, "-c", script]
    subprocess.run(command, env=os.environ | {"NUMBA_CPU_NAME": "generic"}, check=True)
