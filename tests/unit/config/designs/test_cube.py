"""Samples in the unit cube: evenly spread, and the same from the same seed."""

import numpy as np
import numpy.typing as npt
import pytest
from SALib.analyze import sobol as salib
from scipy.stats import qmc

from diffusion.base.draws import Decision, uniforms
from diffusion.config.designs.cube import latin_hypercube, saltelli, sobol


def test_a_latin_hypercube_has_one_point_in_each_part_of_each_axis() -> None:
    points = latin_hypercube(50, 7, seed=3)
    assert points.shape == (50, 7)
    parts = np.sort(np.floor(points * 50).astype(int), axis=0)
    assert (parts == np.arange(50)[:, None]).all()
    correlations = np.asarray(np.corrcoef(points, rowvar=False))[np.triu_indices(7, 1)]
    assert np.abs(correlations).max() < 0.5, "axes are shuffled independently"


def test_a_seed_gives_the_same_points_and_another_gives_others() -> None:
    for sample in (latin_hypercube, sobol, saltelli):
        assert (sample(16, 3, 5) == sample(16, 3, 5)).all()
        assert (sample(16, 3, 5) != sample(16, 3, 6)).any()


def test_a_parameter_more_moves_none_of_the_others() -> None:
    for sample in (latin_hypercube, sobol):
        assert (sample(16, 4, 5)[:, :3] == sample(16, 3, 5)).all()


def test_the_sobol_sequence_begins_as_published() -> None:
    # Joe and Kuo 2008, first points in three dimensions
    expected = [
        [0.0, 0.0, 0.0],
        [0.5, 0.5, 0.5],
        [0.75, 0.25, 0.25],
        [0.25, 0.75, 0.75],
        [0.375, 0.375, 0.625],
        [0.875, 0.875, 0.125],
        [0.625, 0.125, 0.875],
        [0.125, 0.625, 0.375],
    ]
    assert sobol(8, 3, seed=None).tolist() == expected


@pytest.mark.parametrize("shape", [(64, 1), (1, 64), (8, 8), (4, 16), (32, 2)])
def test_a_shifted_sobol_sequence_fills_every_elementary_box_once(shape: tuple[int, int]) -> None:
    points = sobol(64, 2, seed=9)
    boxes = np.floor(points * shape).astype(int)
    assert len({tuple(box) for box in boxes.tolist()}) == 64
    assert points.min() > 0.0
    assert points.max() < 1.0


def test_sobol_points_are_spread_more_evenly_than_chance() -> None:
    chance = uniforms(1, Decision.TARGET, 0, np.arange(256)[:, None], np.arange(5)[None, :])
    assert qmc.discrepancy(sobol(256, 5, seed=1)) < qmc.discrepancy(chance) / 5


def test_saltelli_changes_one_parameter_at_a_time() -> None:
    rows = saltelli(8, 3, seed=2).reshape(8, 5, 3)
    a, b = rows[:, 0], rows[:, -1]
    assert (a != b).all()
    for k in range(3):
        mixed = rows[:, k + 1]
        assert (mixed[:, k] == b[:, k]).all()
        others = [j for j in range(3) if j != k]
        assert (mixed[:, others] == a[:, others]).all()


def ishigami(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    one, two, three = ((2.0 * x - 1.0) * np.pi).T
    return np.asarray(np.sin(one) + 7.0 * np.sin(two) ** 2 + 0.1 * three**4 * np.sin(one))


def test_salib_finds_the_known_indices_of_ishigamis_function_from_these_points() -> None:
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3}
    found = salib.analyze(
        problem, ishigami(saltelli(2048, 3, seed=1)), calc_second_order=False, seed=1
    )
    assert found["S1"] == pytest.approx([0.314, 0.442, 0.0], abs=0.03)
    assert found["ST"] == pytest.approx([0.558, 0.442, 0.244], abs=0.03)
