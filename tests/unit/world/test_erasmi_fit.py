import numpy as np
import pytest

from diffusion.base.draws import Decision, uniforms
from diffusion.base.errors import WorldError
from diffusion.world.worlds.erasmi_fit import counts_within, fitted, rounded


def test_fitting_meets_the_margins_and_keeps_structural_zeros() -> None:
    seed = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    table = fitted(seed, [5, 7, 3], [4, 6, 5])
    assert table.sum(axis=1) == pytest.approx([5, 7, 3])
    assert table.sum(axis=0) == pytest.approx([4, 6, 5])
    assert table[0, 2] == table[2, 0] == 0.0


def test_fitting_a_full_table_gives_the_product_of_its_margins() -> None:
    table = fitted(np.ones((2, 2)), [6, 4], [5, 5])
    assert table == pytest.approx(np.array([[3.0, 3.0], [2.0, 2.0]]))


def test_known_cells_stay_and_rows_without_a_choice_are_settled() -> None:
    fixed = np.array([[3, -1, -1], [-1, -1, -1], [-1, -1, -1]])
    seed = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    table = fitted(seed, [4, 2, 6], [6, 3, 3], fixed)
    assert table[0, 0] == 3.0
    assert table[1, 0] == 2.0
    assert table.sum(axis=0) == pytest.approx([6, 3, 3])


def test_margins_that_no_table_has_are_an_error() -> None:
    with pytest.raises(WorldError):
        fitted(np.eye(2), [1, 2], [2, 1])


def test_rounding_keeps_the_margins_and_is_unbiased() -> None:
    table = fitted(np.ones((3, 4)), [5, 3, 2], [4, 3, 2, 1])
    draws = uniforms(3, Decision.WORLD_NETWORK, -1, np.arange(2000)[:, None], np.arange(40))
    results = np.array([rounded(table, luck.tolist()) for luck in draws])
    assert (results.sum(axis=2) == [5, 3, 2]).all()
    assert (results.sum(axis=1) == [4, 3, 2, 1]).all()
    assert (np.abs(results - table) < 1.0).all()
    # standard error of a cell's mean is at most 0.5 / sqrt(2000) = 0.011
    assert np.abs(results.mean(axis=0) - table).max() < 0.05


def test_counts_within_bounds_reach_every_possibility() -> None:
    found = {counts_within([1, 0], [3, 2], 3, u) for u in np.linspace(0, 0.999, 30)}
    assert found == {(1, 2), (2, 1), (3, 0)}
    with pytest.raises(WorldError):
        counts_within([1, 1], [1, 1], 5, 0.5)
