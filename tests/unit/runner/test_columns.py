"""Plain columns handed over to Arrow say the same as those that Arrow converts itself."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from diffusion.runner import columns

NAN = float("nan")


@pytest.mark.parametrize(
    "parts",
    [
        [np.array([1, 2], np.int32), np.array([3], np.int32)],
        [np.arange(9)[::2], np.arange(3)],
        [np.array([0.5, NAN]), np.array([1.0])],
        [np.array([0.5]), np.zeros(0)],
        [np.array([True, False])],
        [np.array(["Île", ""], object), np.array(["Île", "b"], object)],
        [np.array(["a"], object), np.full(2, NAN)],
        [np.array(["a", NAN], object)],
        [np.zeros(0, object)],
    ],
    ids=str,
)
def test_united_parts_are_what_arrow_makes_of_them(parts: list[Any]) -> None:
    united = columns.united(parts)
    united.validate(full=True)
    assert united.equals(pa.array(np.concatenate(parts), from_pandas=True))


@pytest.mark.parametrize("values", [["a", "Île"], [1, 2], [0.5, NAN], [True, False], [None, "a"]])
def test_a_value_stands_in_the_rows_of_its_run(values: list[Any]) -> None:
    repeated = columns.repeated(values, [2, 3])
    repeated.validate(full=True)
    by_row = np.array([values[0]] * 2 + [values[1]] * 3)
    assert repeated.equals(pa.array(by_row, from_pandas=True))


def test_numbers_are_those_that_are_not_missing() -> None:
    parts = [pa.array([1.0, None, 2.0, None, 3.0]).slice(1), pa.array([4.0]), pa.array([], "f8")]
    assert columns.numbers(pa.chunked_array(parts)).tolist() == [2.0, 3.0, 4.0]
    assert columns.numbers(pa.chunked_array([], pa.float64())).tolist() == []
