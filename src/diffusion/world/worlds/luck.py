"""Named uses of luck while a world is built, so that no two uses ever share a draw."""

from enum import IntEnum, unique

import numpy as np
import numpy.typing as npt

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision

BEFORE_THE_RUN = -1
BoolArray = npt.NDArray[np.bool_]
_SHIFT = 40  # a use owns 2**40 values of `whom`, enough for any practice, post or organisation


@unique
class Use(IntEnum):
    """What a draw is for; each use has its own range of `whom` within its decision."""

    TYPE_COUNTS = 1
    ROUNDING = 2
    DEAL = 3
    ANSWER = 4
    DONOR = 5
    PLACE = 6
    MONEY_END = 7
    COP_SIZE = 8
    COP_PLACE = 9
    COP_TYPE = 10
    COP_ATTRIBUTE = 12
    RHYTHM = 13
    FOUNDED = 14
    POLICY_LINK = 15
    REGULAR = 16
    FORMALISATION = 17
    FACILITATED = 18
    BRIDGING = 19
    NETWORK_SIZE = 20
    COMPOSITION = 21
    MEMBER_SCORE = 22
    COORDINATOR = 24
    NETWORK_TYPE = 26
    KIND = 30
    TERRITORY = 31
    LEVEL = 32
    YEAR = 33
    FIELD = 34
    FIELD_FIRST = 35
    GENERAL = 36
    MIGRANT_LED = 37
    LOCAL_LANGUAGE = 38
    MIGRANT_LANGUAGE = 39
    ENGLISH = 40
    ABSORPTIVE = 41
    SUPPORT = 42
    THRESHOLD = 43
    HANDOVER = 44
    PROJECT_SHARE = 45
    POSTS = 50
    CONTRACT = 51
    FIXED_TERM = 52
    VACANT = 53
    HIRED = 54
    POST_GRANT = 55
    LINES = 60
    FUNDER = 61
    ENDS = 62
    LINE_ACTIVE = 63
    CALL_MONTH = 64
    CIRCLE = 70
    CIRCLE_ALIKE = 71
    CIRCLE_ORDER = 72
    SECOND_CIRCLE = 73
    CHANCE_SCOPE = 74
    CHANCE_ONE = 75
    CHANCE_OTHER = 76
    CHANCE_ACCEPT = 77
    HUB = 78
    TRUST = 79
    CONTACT = 80
    HOLDER_A = 81
    HOLDER_B = 82
    MIXED = 83
    RUNS = 90
    AWARE = 91
    KNOWS = 92
    LAPSED = 93
    STAGE = 94
    SINCE = 95
    FIDELITY = 96
    FIT = 97
    PERSONS = 98
    FIRST_PERSON = 99
    PAID_BY = 100
    WRITTEN = 101
    PRESSURE = 110
    WILL = 111
    POLICY = 112


def luck(
    seed: int, decision: Decision, use: Use, who: npt.ArrayLike, whom: npt.ArrayLike = 0
) -> FloatArray:
    """Uniforms on [0, 1) for `who` (and `whom`), broadcast, for one named use."""
    other = np.asarray(whom, np.int64) + (int(use) << _SHIFT)
    return draws.uniforms(seed, decision, BEFORE_THE_RUN, np.asarray(who, np.int64), other)


def whole(u: FloatArray, n: float | FloatArray | IntArray) -> IntArray:
    """Uniforms turned into whole numbers on 0..n-1."""
    return (u * n).astype(np.int64)


def normals(seed: int, decision: Decision, use: Use, who: npt.ArrayLike) -> FloatArray:
    """Standard normal numbers for `who` (Box-Muller on two keyed uniforms)."""
    radius = np.sqrt(-2.0 * np.log(1.0 - luck(seed, decision, use, who, 0)))
    result: FloatArray = radius * np.cos(2.0 * np.pi * luck(seed, decision, use, who, 1))
    return result


def choice(u: FloatArray, weights: FloatArray) -> IntArray:
    """Indices drawn in proportion to the weights: one for each uniform.

    Args:
        u: shape (n,).
        weights: shape (m,) for all alike, or (n, m) with a row for each.
    """
    cumulative = np.cumsum(weights, axis=-1)
    if weights.ndim == 1:
        found = np.searchsorted(cumulative, u * cumulative[-1], side="right")
        return np.asarray(np.minimum(found, weights.shape[0] - 1), np.int64)
    threshold = (u * cumulative[:, -1])[:, None]
    index = (cumulative <= threshold).sum(axis=1)
    return np.asarray(np.minimum(index, weights.shape[1] - 1), np.int64)
