import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.base.draws import Decision, uniforms
from diffusion.world.worlds.luck import (
    Choice,
    Use,
    ascending,
    ascending_within,
    blocks,
    choice,
    luck,
    luck_table,
)

WHO = np.array([0, 7, 7, 123_456], np.int32)
HUB = Use.HUB << 40
SHARES = st.lists(st.integers(0, 3).map(lambda x: x / 3), min_size=1, max_size=50).map(np.array)


@pytest.fixture(autouse=True)
def _hashes_overflow_on_purpose() -> object:
    with np.errstate(over="ignore"):
        yield


def test_luck_is_a_draw_of_its_use_before_the_run() -> None:
    same = luck(5, Decision.WORLD_TIE, Use.HUB, WHO, 2)
    assert np.array_equal(same, uniforms(5, Decision.WORLD_TIE, -1, WHO, HUB + 2))
    each = luck(5, Decision.WORLD_TIE, Use.HUB, WHO, np.arange(4))
    assert np.array_equal(each, uniforms(5, Decision.WORLD_TIE, -1, WHO, HUB + np.arange(4)))
    assert luck(5, Decision.WORLD_TIE, Use.HUB, WHO[:0]).shape == (0,)


def test_a_table_of_luck_has_a_row_for_each_who() -> None:
    table = luck_table(5, Decision.WORLD_TIE, Use.HUB, WHO, np.arange(3))
    expected = uniforms(5, Decision.WORLD_TIE, -1, WHO[:, None], HUB + np.arange(3))
    assert np.array_equal(table, expected)


def test_luck_with_others_must_be_one_each() -> None:
    with pytest.raises(ValueError, match="4 draws can't be with 3 others"):
        luck(5, Decision.WORLD_TIE, Use.HUB, WHO, np.arange(3))


@given(SHARES)
def test_ascending_is_a_stable_sort(values: np.ndarray) -> None:
    assert np.array_equal(ascending(values), np.argsort(values, kind="stable"))


@given(SHARES, st.sampled_from([1, 1000, 70_000]))
def test_ascending_within_sorts_by_group_first(values: np.ndarray, width: int) -> None:
    group = np.arange(values.shape[0])[::-1] % 4 * width
    assert np.array_equal(ascending_within(group, values), np.lexsort((values, group)))


@given(SHARES, st.lists(st.floats(0.0, 1.0, exclude_max=True), max_size=20))
def test_a_prepared_choice_chooses_alike(weights: np.ndarray, luck: list[float]) -> None:
    u = np.array(luck)
    assert np.array_equal(Choice(weights)(u), choice(u, weights))


def test_things_are_chosen_in_proportion_to_their_weights() -> None:
    u = (np.arange(600) + 0.5) / 600
    weights = np.array([1.0, 0.0, 2.0, 3.0])
    assert np.bincount(choice(u, weights)).tolist() == [100, 0, 200, 300]
    assert np.bincount(Choice(weights)(u)).tolist() == [100, 0, 200, 300]


def test_blocks_cover_every_row_once() -> None:
    rows = [row for part in blocks(20_001) for row in range(part.start, part.stop)]
    assert rows == list(range(20_001))
    assert [part.stop - part.start for part in blocks(10, 4)] == [4, 4, 2]
    assert list(blocks(0)) == []
