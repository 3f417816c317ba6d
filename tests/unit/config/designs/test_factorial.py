"""Fractions of a factorial: balanced, orthogonal, as small as known, honest about what they mix."""

from itertools import combinations

import numpy as np
import pytest

from diffusion.base.errors import SettingError
from diffusion.config.designs.factorial import (
    Fraction,
    everything,
    in_words,
    roman,
    smallest,
    stated,
)

# runs of the smallest two-level fractions known: Box, Hunter and Hunter 2005
KNOWN = {
    3: {3: 4, 5: 8, 6: 8, 7: 8, 9: 16, 15: 16},
    4: {4: 8, 6: 16, 8: 16, 9: 32, 16: 32},
    5: {5: 16, 6: 32, 7: 64, 8: 64, 10: 128, 11: 128},
}
SMALLEST = [(k, r, runs) for r, sizes in KNOWN.items() for k, runs in sizes.items()]


def effects(fraction: Fraction, order: int) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Effect -> its column of signs, made from the points alone."""
    signs = fraction.signs()
    return {
        some: tuple(signs[:, some].prod(axis=1).tolist())
        for size in range(1, order + 1)
        for some in combinations(range(signs.shape[1]), size)
    }


def test_all_combinations_are_there_once_and_the_first_factor_changes_fastest() -> None:
    signs = everything(3).signs()
    assert signs.shape == (8, 3)
    assert len({tuple(row) for row in signs.tolist()}) == 8
    assert signs[:4].tolist() == [[-1, -1, -1], [1, -1, -1], [-1, 1, -1], [1, 1, -1]]
    assert everything(3).resolution() is None
    assert everything(3).aliases() == []


@pytest.mark.parametrize(("factors", "resolution", "runs"), SMALLEST)
def test_fractions_are_balanced_orthogonal_and_as_small_as_known(
    factors: int, resolution: int, runs: int
) -> None:
    fraction = smallest(factors, resolution)
    signs = fraction.signs()
    assert signs.shape == (runs, factors)
    assert len({tuple(row) for row in signs.tolist()}) == runs
    assert (signs.sum(axis=0) == 0).all()
    assert (signs.T @ signs == runs * np.eye(factors)).all()


@pytest.mark.parametrize(("factors", "resolution", "runs"), SMALLEST)
def test_a_fraction_keeps_apart_what_its_resolution_promises(
    factors: int, resolution: int, runs: int
) -> None:
    fraction = smallest(factors, resolution)
    reached = fraction.resolution()
    assert reached is not None
    assert reached >= resolution
    columns = effects(fraction, 2)
    same = [
        (len(one), len(other))
        for one, other in combinations(columns, 2)
        if columns[one] in (columns[other], tuple(-sign for sign in columns[other]))
    ]
    assert min((sum(sizes) for sizes in same), default=reached) >= reached


def test_aliases_are_the_effects_whose_columns_are_the_same() -> None:
    fraction = stated(5, ["D=AB", "E=AC"])
    columns = effects(fraction, 2)
    expected: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for effect, column in columns.items():
        expected.setdefault(column, []).append(effect)
    mixed = {frozenset(group) for group in expected.values() if len(group) > 1}
    assert {frozenset(group) for group in fraction.aliases()} == mixed
    said = list(in_words(fraction, ["a", "b", "c", "d", "e"]))
    assert said[0] == "a can't be told apart from b x d, c x e"
    assert "b x c can't be told apart from d x e" in said


def test_stated_generators_are_taken_in_any_order() -> None:
    fraction = stated(5, ["E = ac", "d=AB"])
    signs = fraction.signs()
    assert (signs[:, 3] == signs[:, 0] * signs[:, 1]).all()
    assert (signs[:, 4] == signs[:, 0] * signs[:, 2]).all()
    assert fraction.generators() == ["D=AB", "E=AC"]
    assert fraction.resolution() == 3
    assert roman(3) == "III"


@pytest.mark.parametrize(
    ("generators", "said"),
    [
        (["A=BC"], "each of D needs one, such as D=ABC"),
        (["D"], "write the product of two or more factors"),
        (["D=A"], "write the product of two or more factors"),
        (["D=AAB"], "each once"),
        (["D=A1"], "in letters"),
        (["C=AB", "C=AB"], "each of C, D needs one"),
        (["C=AB", "D=AC"], "the product may hold AB only"),
        (["C=AB", "D=AB"], "mix up main effects with each other"),
        (["A=BC"] * 5, "each of A, B, C, D needs one"),
    ],
)
def test_generators_that_make_no_fraction(generators: list[str], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        stated(4, generators)
