import numpy as np
import pytest
from matplotlib.figure import Figure

from diffusion.views import style


def test_labels_that_fit_stay_where_they_are() -> None:
    assert style.spread([0.1, 0.5, 0.9], [0.1] * 3, 0.0, 1.0) == pytest.approx([0.1, 0.5, 0.9])


def test_labels_never_overlap_and_keep_their_order() -> None:
    heights = [0.1, 0.2, 0.1, 0.1]
    places = style.spread([0.5, 0.5, 0.51, 0.9], heights, 0.0, 1.0)
    gaps = np.diff(places) - (np.array(heights[:-1]) + np.array(heights[1:])) / 2
    assert (gaps > -1e-9).all()
    assert places[3] == pytest.approx(0.9)


def test_labels_stay_inside_where_they_fit() -> None:
    places = style.spread([0.98, 0.99, 1.0], [0.1] * 3, 0.0, 1.0)
    assert places[-1] + 0.05 <= 1.0 + 1e-9


def test_every_scenario_has_its_own_look() -> None:
    names = ["baseline", *(f"s{k}" for k in range(20))]
    looks = style.colours(names, "baseline")
    assert len(set(looks.values())) == 21
    assert looks["baseline"][0] == style.BASELINE


def test_bands_of_shares_stay_between_none_and_all() -> None:
    axes = Figure().add_subplot()
    style.line_with_band(axes, [0, 1], [0.0, 1.0], [-0.1, 0.9], [0.1, 1.1], ("k", "-"))
    heights = np.asarray(axes.collections[0].get_paths()[0].vertices)[:, 1]
    assert heights.min() == 0.0
    assert heights.max() == 1.0
