"""Named uses of luck while a world is built, so that no two uses ever share a draw.

Uncompiled, the hash overflows on purpose: whoever builds a world does so under
`np.errstate(over="ignore")`.
"""

from collections.abc import Iterator
from enum import IntEnum, unique

import numpy as np
import numpy.typing as npt

from diffusion.base import draws
from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.compiled import compiled
from diffusion.base.draws import Decision

BEFORE_THE_RUN = -1
BoolArray = npt.NDArray[np.bool_]
_SHIFT = 40  # a use owns 2**40 values of `whom`, enough for any practice, post or organisation
_BLOCK = 8192
_STRETCHES = 2  # for each thing to choose from


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
    CASE_NEIGHBOUR = 120
    CASE_MEETINGS = 121


def first_of(use: Use) -> int:
    """The first `whom` of a use, for loops that draw for themselves: that of practice p is p on."""
    return use.value << _SHIFT


@compiled
def _fill(seed, decision, first, who, whom, result):  # type: ignore[no-untyped-def]
    """Draws into `result`: that of who[k] is for first + whom[k], or whom[0] if that is all."""
    key = draws.stream(seed, decision, BEFORE_THE_RUN)
    if whom.shape[0] == 1:
        for k in range(who.shape[0]):
            result[k] = draws.at(key, who[k], first + whom[0])
    else:
        for k in range(who.shape[0]):
            result[k] = draws.at(key, who[k], first + whom[k])


def luck(
    seed: int, decision: Decision, use: Use, who: IntArray, whom: IntArray | int = 0
) -> FloatArray:
    """Uniforms on [0, 1) for one named use: one for each `who`.

    Args:
        seed: of the run.
        decision: what is decided.
        use: what the draw is for.
        who: shape (n,).
        whom: the same for all, or shape (n,).

    Raises:
        ValueError: another number of `whom`.
    """
    who = np.ascontiguousarray(who, np.int64)
    whom = np.ascontiguousarray(whom, np.int64)
    if whom.shape[0] not in (1, who.shape[0]):
        raise ValueError(f"{who.shape[0]} draws can't be with {whom.shape[0]} others")
    result = np.empty(who.shape[0])
    _fill(seed, decision.value, use.value << _SHIFT, who, whom, result)
    return result


def luck_table(
    seed: int, decision: Decision, use: Use, who: IntArray, whom: IntArray
) -> FloatArray:
    """Uniforms on [0, 1) for one named use: a row for each `who`, a column for each `whom`."""
    shape = who.shape[0], whom.shape[0]
    return luck(seed, decision, use, who.repeat(shape[1]), np.tile(whom, shape[0])).reshape(shape)


def whole(u: FloatArray, n: float | FloatArray | IntArray) -> IntArray:
    """Uniforms turned into whole numbers on 0..n-1."""
    return (u * n).astype(np.int64)


def normals(seed: int, decision: Decision, use: Use, who: IntArray) -> FloatArray:
    """Standard normal numbers for `who` (Box-Muller on two keyed uniforms)."""
    radius = np.sqrt(-2.0 * np.log(1.0 - luck(seed, decision, use, who, 0)))
    result: FloatArray = radius * np.cos(2.0 * np.pi * luck(seed, decision, use, who, 1))
    return result


def ascending(values: FloatArray) -> IntArray:
    """The order of a stable sort: rows by their values, equal ones as they come.

    As numbers that hang on luck are hardly ever equal, a quicker sort mostly finds it.
    """
    order = values.argsort()
    found = values[order]
    if (found[1:] == found[:-1]).any():
        order = values.argsort(kind="stable")
    return order


def ascending_within(group: IntArray, values: FloatArray) -> IntArray:
    """Rows by group (whole numbers from 0), in each group by their values."""
    order = ascending(values)
    group = group[order]
    if group.max(initial=0) <= np.iinfo(np.uint16).max:
        group = group.astype(np.uint16)  # short numbers are sorted much faster
    return order[group.argsort(kind="stable")]


def choice(u: FloatArray, weights: FloatArray) -> IntArray:
    """Indices 0..m-1 drawn in proportion to m weights: one for each uniform."""
    until = weights.cumsum()
    found = until.searchsorted(u * until[-1], side="right")
    inside: IntArray = np.minimum(found, weights.shape[0] - 1)
    return inside


class Choice:
    """`choice` among so many that searching their weights takes long: prepared once, drawn often.

    A table says for each of many short stretches of the weights where the search begins.
    """

    def __init__(self, weights: FloatArray) -> None:
        n = weights.shape[0]
        self._until = np.append(weights.cumsum(), np.inf)
        self._total = float(self._until[n - 1])
        self._per_weight = _STRETCHES * n / self._total if self._total > 0.0 else 0.0
        counts = np.bincount(self._stretch(self._until[:n]))
        self._first = counts.cumsum() - counts

    def __call__(self, u: FloatArray) -> IntArray:
        """Indices drawn in proportion to the weights: one for each uniform."""
        point = u * self._total
        found: IntArray = self._first[self._stretch(point)]
        ahead = (self._until[found] <= point).nonzero()[0]
        while ahead.shape[0]:
            found[ahead] += 1
            ahead = ahead[self._until[found[ahead]] <= point[ahead]]
        return np.minimum(found, self._until.shape[0] - 2)

    def _stretch(self, point: FloatArray) -> IntArray:
        return (point * self._per_weight).astype(np.int64)


def blocks(n: int, most: int = _BLOCK) -> Iterator[slice]:
    """Rows 0..n-1 in parts, to bound the memory of a step in very large worlds."""
    size = min(most, _BLOCK)
    for low in range(0, n, size):
        yield slice(low, min(n, low + size))
