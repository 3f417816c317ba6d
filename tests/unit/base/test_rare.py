"""Luck in two steps: what rarely happens is looked for among many cases at once."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from diffusion.base import draws
from diffusion.base.draws import Decision

N = 6_000
# Two-sided, 4.5 standard errors: a fair generator exceeds it about once in 150,000 tests.
Z = 4.5
P_SMALL = 1e-5
WIDTHS = (16, 32, 64)


def key() -> np.uint64:
    return np.uint64(draws.stream(4, int(Decision.EXIT), 9))


def half(who: int) -> np.uint64:
    return np.uint64(draws.half(key(), who))


def chosen(width: int, block: int = 0, n: int = N) -> npt.NDArray[np.bool_]:
    """Which of `width` cases of n organisations are among the few."""
    masks = np.array([draws.rare(half(who), block, width) for who in range(n)], np.uint64)
    bits: npt.NDArray[np.uint64] = masks[:, None] >> np.arange(width, dtype=np.uint64)
    found: npt.NDArray[np.bool_] = np.equal(bits & np.uint64(1), 1)
    return found


def luck(width: int) -> npt.NDArray[np.float64]:
    """The luck of `width` cases of N organisations."""
    found = np.empty((N, width))
    for who in range(N):
        own = half(who)
        few = np.uint64(draws.rare(own, 0, width))
        found[who] = [draws.among(few, x, draws.rest(own, x)) for x in range(width)]
    return found


def finalise(state: np.uint64) -> np.uint64:
    """The splitmix64 finaliser, written a second time."""
    for shift, factor in ((30, 13787848793156543929), (27, 10723151780598845931)):
        state = np.uint64(state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    return np.uint64(state ^ (state >> np.uint64(31)))


@pytest.mark.parametrize("who", [0, 7, 2**31])
@pytest.mark.parametrize("whom", [0, 5, 2**40])
def test_a_draw_is_the_rest_of_its_half(who: int, whom: int) -> None:
    assert draws.rest(half(who), whom) == draws.at(key(), who, whom)


@pytest.mark.parametrize(("cases", "width"), [(1, 16), (16, 16), (17, 32), (33, 64), (64, 64)])
def test_the_width_has_room_for_all_cases(cases: int, width: int) -> None:
    assert draws.width(cases) == width


@pytest.mark.parametrize("width", WIDTHS)
def test_the_few_are_those_whose_four_bits_are_all_set(width: int) -> None:
    own, block = half(3), 21
    golden, factor = np.uint64(11400714819323198485), np.uint64(16646288086500911323)
    with np.errstate(over="ignore"):
        keys = [np.uint64(4 * block + k) * factor + golden for k in range(width // 16)]
        words = [finalise(np.uint64(own ^ one)) for one in keys]
    each = 64 // width  # groups of `width` bits in a word
    mask = draws.rare(own, block, width)
    for x in range(width):
        bits = [int(word) >> (x + group * width) & 1 for word in words for group in range(each)]
        assert len(bits) == 4
        assert (int(mask) >> x & 1 == 1) == all(bits)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_case_is_rarely_chosen_and_no_two_together(width: int) -> None:
    found = chosen(width)
    error = np.sqrt(draws.RARE * (1.0 - draws.RARE) / N)
    assert np.abs(found.mean(axis=0) - draws.RARE).max() < Z * error
    pairs = np.asarray(np.corrcoef(found, rowvar=False))
    together = pairs[np.triu_indices(width, 1)]
    assert np.abs(together).max() < (Z + 0.5) / np.sqrt(N)  # the largest of up to 2,016 pairs


def test_blocks_have_luck_of_their_own() -> None:
    one, other = chosen(16).ravel(), chosen(16, block=1).ravel()
    assert abs(np.corrcoef(one, other)[0, 1]) < Z / np.sqrt(one.size)


@pytest.mark.parametrize("width", WIDTHS)
def test_luck_is_uniform_and_below_the_limit_for_the_few(width: int) -> None:
    found = luck(width)
    assert np.array_equal(found < draws.RARE, chosen(width))
    assert stats.kstest(found.ravel(), "uniform").pvalue > P_SMALL
    neighbours = np.corrcoef(found[:, 0], found[:, 1])[0, 1]
    assert abs(neighbours) < Z / np.sqrt(N)
