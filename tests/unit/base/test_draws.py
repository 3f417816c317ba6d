"""Keyed luck: agrees with an oracle, is uniform, and neighbouring keys are independent."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diffusion.base import draws
from diffusion.base.draws import Decision, uniform, uniforms

Floats = npt.NDArray[np.float64]
N = 20_000
# Two-sided, 4.5 standard errors: a fair generator exceeds it about once in 150,000 tests.
Z = 4.5
P_SMALL = 1e-5


def oracle(
    seed: npt.ArrayLike,
    decision: npt.ArrayLike,
    month: npt.ArrayLike,
    who: npt.ArrayLike,
    whom: npt.ArrayLike,
) -> Floats:
    """The documented hash written a second time: four rounds of the splitmix64 finaliser."""
    golden = np.uint64(11400714819323198485)

    def finalise(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        for shift, factor in ((30, 13787848793156543929), (27, 10723151780598845931)):
            state = np.bitwise_xor(state, np.right_shift(state, np.uint64(shift)))
            state = np.multiply(state, np.uint64(factor))
        return np.bitwise_xor(state, np.right_shift(state, np.uint64(31)))

    def words(values: npt.ArrayLike) -> npt.NDArray[np.uint64]:
        return np.atleast_1d(np.asarray(values)).astype(np.uint64)

    when = words(decision) * np.uint64(2**40) + words(np.asarray(month) + 1)
    state = finalise(words(seed) + golden)
    state = finalise(state ^ (when + golden))
    state = finalise(state ^ (words(who) * np.uint64(15074714826142052245) + golden))
    state = finalise(state ^ (words(whom) * np.uint64(11562461410679940143) + golden))
    return np.right_shift(state, np.uint64(11)).astype(np.float64) / 2.0**53


def key_of(decision: Decision) -> np.uint64:
    return np.uint64(draws.stream(4, int(decision), 9))


def along_seed(n: int) -> Floats:
    return np.array([uniform(seed, Decision.EXIT, 7, 12) for seed in range(n)])


def along_month(n: int) -> Floats:
    return np.array([uniform(1, Decision.EXIT, month, 12) for month in range(n)])


def along_decision(n: int) -> Floats:
    # neighbouring decisions side by side: one pair of columns an organisation
    rows = n // len(Decision) + 1
    table = np.stack([uniforms(1, decision, 7, np.arange(rows)) for decision in Decision], axis=1)
    return table.ravel()[:n]


def along_who(n: int) -> Floats:
    return uniforms(1, Decision.EXIT, 7, np.arange(n))


def along_whom(n: int) -> Floats:
    return uniforms(1, Decision.EXIT, 7, 12, np.arange(n))


ALONG: list[Callable[[int], Floats]] = [
    along_seed,
    along_month,
    along_decision,
    along_who,
    along_whom,
]


@given(
    seed=st.integers(0, 2**63 - 1),
    decision=st.sampled_from(list(Decision)),
    month=st.integers(-1, 2000),
    who=st.integers(0, 2**62),
    whom=st.integers(0, 2**62),
)
def test_agrees_with_the_oracle(
    seed: int, decision: Decision, month: int, who: int, whom: int
) -> None:
    assert uniform(seed, decision, month, who, whom) == oracle(seed, decision, month, who, whom)[0]


def test_arrays_agree_with_the_oracle_and_with_single_draws() -> None:
    who, whom = np.arange(300)[:, None], np.arange(40)[None, :]
    block = uniforms(3, Decision.AWARENESS, 50, who, whom)
    assert block.shape == (300, 40)
    assert np.array_equal(block, oracle(3, int(Decision.AWARENESS), 50, who, whom))
    assert block[17, 5] == uniform(3, Decision.AWARENESS, 50, 17, 5)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, Decision.WORLD_NETWORK, -1, 0, 0), "0x1.5dd4c44a76a4dp-1"),
        ((0, Decision.EXIT, 0, 0, 0), "0x1.952a6b8c339dap-1"),
        ((1, Decision.EXIT, 0, 0, 0), "0x1.38f6fb193c854p-1"),
        ((42, Decision.TRIAL, 119, 1499, 63), "0x1.d4efd3e82cf95p-1"),
        ((2**63 - 1, Decision.GROUP_MEMBER, 600, 10**6, 10**6), "0x1.8c00982b23bdcp-2"),
    ],
)
def test_golden_values(arguments: tuple[int, Decision, int, int, int], expected: str) -> None:
    assert uniform(*arguments).hex() == expected


@pytest.mark.parametrize("along", ALONG)
def test_uniform_along_every_part_of_the_key(along: Callable[[int], Floats]) -> None:
    draws_along = along(N)
    assert draws_along.min() >= 0.0
    assert draws_along.max() < 1.0
    assert stats.kstest(draws_along, "uniform").pvalue > P_SMALL
    counts = np.bincount((draws_along * 128).astype(int), minlength=128)
    assert stats.chisquare(counts).pvalue > P_SMALL
    # the low bits too: they decide what `below` gives for large n
    low = np.bincount((draws_along * 2.0**53).astype(np.int64) % 64, minlength=64)
    assert stats.chisquare(low).pvalue > P_SMALL


@pytest.mark.parametrize("along", ALONG)
@pytest.mark.parametrize("lag", [1, 2, 3, 7, 12, 64, 1024])
def test_neighbouring_keys_are_uncorrelated(along: Callable[[int], Floats], lag: int) -> None:
    draws_along = along(N + lag)
    correlation = np.corrcoef(draws_along[:-lag], draws_along[lag:])[0, 1]
    assert abs(correlation) < Z / np.sqrt(N)


@pytest.mark.parametrize("along", ALONG)
def test_neighbouring_keys_fill_the_square_evenly(along: Callable[[int], Floats]) -> None:
    cells = (along(N + 1) * 12).astype(int)
    counts = np.bincount(cells[:-1] * 12 + cells[1:], minlength=144)
    assert stats.chisquare(counts).pvalue > P_SMALL


@pytest.mark.parametrize("part", ["seed", "decision", "month", "who", "whom"])
def test_same_organisations_under_a_neighbouring_key_are_uncorrelated(part: str) -> None:
    who = np.arange(N)
    first = uniforms(5, Decision.TRIAL, 30, who, 8)
    other = {
        "seed": uniforms(6, Decision.TRIAL, 30, who, 8),
        "decision": uniforms(5, Decision.ADAPTATION, 30, who, 8),
        "month": uniforms(5, Decision.TRIAL, 31, who, 8),
        "who": uniforms(5, Decision.TRIAL, 30, who + 1, 8),
        "whom": uniforms(5, Decision.TRIAL, 30, who, 9),
    }[part]
    assert abs(np.corrcoef(first, other)[0, 1]) < Z / np.sqrt(N)
    assert abs(np.corrcoef(first**2, np.abs(other - 0.5))[0, 1]) < Z / np.sqrt(N)


def test_who_and_whom_are_not_interchangeable() -> None:
    who = np.arange(N)
    there = uniforms(5, Decision.TIE_ACCEPT, 3, who, who + 1)
    back = uniforms(5, Decision.TIE_ACCEPT, 3, who + 1, who)
    assert not np.any(there == back)
    assert abs(np.corrcoef(there, back)[0, 1]) < Z / np.sqrt(N)


def test_a_new_person_in_a_post_has_own_luck() -> None:
    posts = np.arange(N)
    predecessor = uniforms(9, Decision.EXIT, 40, posts, 0)
    successor = uniforms(9, Decision.EXIT, 40, posts, 1)
    assert not np.any(predecessor == successor)
    assert abs(np.corrcoef(predecessor, successor)[0, 1]) < Z / np.sqrt(N)
    leaves = 0.02
    both = np.mean((predecessor < leaves) & (successor < leaves))
    expected = leaves**2
    assert abs(both - expected) < Z * np.sqrt(expected / N)


def single_bit_flips() -> Iterator[tuple[str, int]]:
    for part, bits in (("seed", 63), ("month", 12), ("who", 40), ("whom", 40)):
        for bit in range(0, bits, 3):
            yield part, bit


@pytest.mark.parametrize(("part", "bit"), list(single_bit_flips()))
def test_one_flipped_bit_of_the_key_flips_half_of_the_draw(part: str, bit: int) -> None:
    n = 400
    changed = 0
    for i in range(n):
        key = {"seed": i, "month": i, "who": 3 * i, "whom": 5 * i}
        flipped = key | {part: key[part] ^ (1 << bit)}
        both = [
            int(uniform(k["seed"], Decision.LAPSE, k["month"], k["who"], k["whom"]) * 2**53)
            for k in (key, flipped)
        ]
        changed += (both[0] ^ both[1]).bit_count()
    share = changed / (53 * n)
    assert abs(share - 0.5) < Z * 0.5 / np.sqrt(53 * n)


def test_below_gives_every_number_equally_often() -> None:
    key = key_of(Decision.DELEGATE)
    numbers = np.array([draws.below(key, who, 0, 7) for who in range(N)])
    assert set(numbers) == set(range(7))
    assert stats.chisquare(np.bincount(numbers)).pvalue > P_SMALL


def test_normals_have_the_moments_of_a_standard_normal() -> None:
    key = key_of(Decision.PRESSURE)
    normals = np.array([draws.normal_at(key, who, 3) for who in range(N)])
    assert abs(normals.mean()) < Z * np.sqrt(1 / N)
    assert abs(normals.var() - 1) < Z * np.sqrt(2 / N)
    assert abs(stats.skew(normals)) < Z * np.sqrt(6 / N)
    assert abs(stats.kurtosis(normals)) < Z * np.sqrt(24 / N)
    assert stats.kstest(normals, "norm").pvalue > P_SMALL


def test_normals_of_neighbours_are_uncorrelated() -> None:
    key = key_of(Decision.PRESSURE)
    pairs = np.array([[draws.normal_at(key, who, whom) for whom in (0, 1)] for who in range(N)])
    assert abs(np.corrcoef(pairs.T)[0, 1]) < Z / np.sqrt(N)


def test_decisions_are_a_closed_set_that_fits_the_key() -> None:
    codes = [decision.value for decision in Decision]
    assert len(set(Decision.__members__)) == len(set(codes)), "two names share a code"
    assert min(codes) > 0
    assert max(codes) < 2**24, "the key leaves 24 bits for the decision"


COMPILED_AND_PLAIN = """
import numpy as np
from diffusion.base import draws
from diffusion.base.draws import Decision, uniform
with np.errstate(over="ignore"):
    for seed in (0, 1, 2**63 - 1):
        for month in (-1, 0, 119):
            key = np.uint64(draws.stream(seed, int(Decision.TRIAL), month))
            for who in (0, 1, 1500, 2**40):
                for whom in (0, 63, 10**9):
                    print(
                        uniform(seed, Decision.TRIAL, month, who, whom).hex(),
                        int(draws.bits(key, who, whom)),
                        float(draws.at(key, who, whom)).hex(),
                        int(draws.below(key, who, whom, 13)),
                        float(draws.normal_at(key, who, whom)).hex(),
                    )
"""


def test_compiled_and_plain_python_give_the_same_bits() -> None:
    printed = {}
    for disabled in ("0", "1"):
        finished = subprocess.run(
            [sys.executable, "-c", COMPILED_AND_PLAIN],
            env=os.environ | {"NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
            check=True,
        )
        printed[disabled] = finished.stdout.splitlines()
    assert len(printed["0"]) == 3 * 3 * 4 * 3
    assert printed["0"] == printed["1"]


def test_whole_arrays_of_normals_agree_with_single_ones() -> None:
    who, whom = np.arange(50), 2**31
    key = draws.U64(draws.stream(9, int(Decision.SURGE_PLACE), 4))
    with np.errstate(over="ignore"):
        single = [draws.normal_at(key, i, whom) for i in who]
    whole = draws.normals(9, Decision.SURGE_PLACE, 4, who, whom)
    np.testing.assert_allclose(whole, single, rtol=1e-12, atol=1e-14)
