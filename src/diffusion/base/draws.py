"""Keyed, counter-based random numbers: the only source of randomness in the package.

A draw is a pure function of (seed, decision, month, who, whom). No generator state exists, so
neither the order of draws, nor their number, nor threads, workers or executors matter, and two
scenarios give the same organisation the same luck in the same month for the same decision.

The hash chains four rounds of the splitmix64 finaliser, one for each part of the key. It is
checked against a numpy re-implementation, and for uniformity and independence across
neighbouring seeds, months, decisions and organisations, in `tests/unit/base/test_draws.py`.
"""

import math
from enum import IntEnum, unique

import numpy as np
import numpy.typing as npt

from diffusion.base.compiled import inner, typed

U64 = np.uint64

_GOLDEN = U64(0x9E3779B97F4A7C15)
_M1 = U64(0xBF58476D1CE4E5B9)
_M2 = U64(0x94D049BB133111EB)
_WHO = U64(0xD1342543DE82EF95)
_WHOM = U64(0xA0761D6478BD642F)
_BLOCK = U64(0xE7037ED1A0B428DB)
_S30 = U64(30)
_S27 = U64(27)
_S31 = U64(31)
_S11 = U64(11)
_S16 = U64(16)
_S32 = U64(32)
_S40 = U64(40)
_ONE = U64(1)
_NONE = U64(0)
RARE = 1.0 / 16.0
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53: doubles on [0, 1) with full precision


@unique
class Decision(IntEnum):
    """Everything that is ever left to chance; two rules can't share an entry."""

    # world building
    WORLD_NETWORK = 1
    WORLD_MEMBERSHIP = 2
    WORLD_ORGANISATION = 3
    WORLD_STAFF = 4
    WORLD_TIE = 5
    WORLD_PRACTICE = 6
    WORLD_KNOWLEDGE = 7
    WORLD_FUNDING = 8
    WORLD_POLICY = 9
    WORLD_GRAPH_SEED = 10
    MESA_SEED = 11
    # the month
    PRESSURE = 20
    RENEWAL = 30
    GAP = 31
    CALL = 32
    CALL_RANK = 33
    COORDINATOR_FUNDING = 35
    NETWORK_LIFE = 36
    EXIT = 40
    REFILL = 41
    HANDOVER = 42
    TIE_LAPSE_ON_EXIT = 43
    LEARN_FROM_COLLEAGUE = 44
    SKILL_DECAY = 45
    TIE_DECAY = 50
    TIE_SEARCH = 51
    TIE_CANDIDATE = 52
    TIE_ACCEPT = 53
    TIE_FROM_MEETING = 54
    TIE_HOLDER = 55
    MEETING_HELD = 60
    ATTENDANCE = 61
    DELEGATE = 62
    SEATING = 63
    BILATERAL = 64
    PRESENTATION = 65
    AWARENESS = 70
    KNOW_HOW = 71
    PRESENTED = 72
    NOTICE = 73
    FORGET = 74
    TRIAL = 80
    ADAPTATION = 81
    TRIAL_OUTCOME = 82
    INSTITUTIONALISE = 83
    WRITE_DOWN = 84
    MONEY_SOURCE = 85
    FIDELITY = 86
    LAPSE = 90
    RESTART = 91
    MEMORY_LOSS = 92
    POLICY_UPTAKE = 100
    POLITICAL_WILL = 101
    PROGRAMME_IDEA = 230
    FINDING = 270
    FINDING_OUTDATED = 271
    CONSULTATION = 272
    FINDING_HEARD = 273
    FINDING_FORGOTTEN = 274
    DRAFT = 275
    GUIDELINE = 276
    REGULAR_MONEY = 277
    ANCHORING = 278
    # interventions
    TARGET = 110
    TARGET_NETWORK = 112
    GROUP_MEMBER = 111
    TARGET_FUNDER = 231
    VISIT = 280
    VISIT_HOST = 281
    VISIT_GUEST = 282
    COURSE_PLACE = 283
    COURSE = 284
    TOLD = 285
    ADMISSION = 286
    # shocks
    SURGE_PLACE = 260
    DIGITAL_ACCESS = 261
    MEETING_MOVED = 262
    COORDINATION_CUT = 263
    POLICY_TAKEN_BACK = 264
    POLICY_PLACE = 265
    # textbook processes
    CONTAGION = 120
    RECOVERY = 121
    CASCADE = 122
    # analysis of stored runs
    RESAMPLE = 300
    # designs of experiments
    DESIGN_ORDER = 330
    DESIGN_PLACE = 331
    DESIGN_SHIFT = 332


@typed("uint64(uint64)")
def _mix(x):  # type: ignore[no-untyped-def]
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@typed("uint64(int64, int64, int64)")
def stream(seed, decision, month):  # type: ignore[no-untyped-def]
    """The part of the key that stays fixed within one loop: (seed, decision, month) -> uint64.

    Loops make it once and then call `at`; `month` may be -1 for world building. Called from plain
    Python it must be wrapped, `U64(stream(...))`: numba hands back an int, which it would take
    for an int64 on the way in again.
    """
    h = _mix(U64(seed) + _GOLDEN)
    return _mix(h ^ ((U64(decision) << _S40) + U64(month + 1) + _GOLDEN))


@typed("uint64(uint64, int64, int64)")
def bits(key, who, whom):  # type: ignore[no-untyped-def]
    """64 random bits for (who, whom) of a stream; both are integers >= 0."""
    h = _mix(U64(key) ^ (U64(who) * _WHO + _GOLDEN))
    return _mix(h ^ (U64(whom) * _WHOM + _GOLDEN))


@typed("uint64(uint64, int64)")
def half(key, who):  # type: ignore[no-untyped-def]
    """The half of a draw that depends on `who` alone, for loops over many `whom` of one `who`."""
    return _mix(U64(key) ^ (U64(who) * _WHO + _GOLDEN))


@typed("float64(uint64, int64)")
def rest(half_key, whom):  # type: ignore[no-untyped-def]
    """The draw that a half stands for: `at(key, who, whom)` is `rest(half(key, who), whom)`."""
    return (_mix(U64(half_key) ^ (U64(whom) * _WHOM + _GOLDEN)) >> _S11) * _TO_UNIT


@typed("int64(int64)")
def width(cases):  # type: ignore[no-untyped-def]
    """How many cases `rare` shall look at, to have room for this many (64 at most)."""
    return 16 if cases <= 16 else (32 if cases <= 32 else 64)


@typed("uint64(uint64, int64)")
def _word(half_key, n):  # type: ignore[no-untyped-def]
    return _mix(U64(half_key) ^ (U64(n) * _BLOCK + _GOLDEN))


@typed("uint64(uint64, int64, int64)")
def rare(half_key, block, width):  # type: ignore[no-untyped-def]
    """Of some cases at once, those whose luck is below `RARE`: a mask.

    What rarely happens is decided in two steps: this one leaves out nearly everybody for a draw
    or a few, and `among` completes the luck of who is left.

    Args:
        half_key: see `half`.
        block: tells groups of cases of one `who` apart, >= 0.
        width: 16, 32 or 64 cases; further bits of the mask mean nothing. Each case takes four bits
            of luck, hence so many draws.
    """
    few = _word(half_key, 4 * block)
    if width == 64:
        few &= _word(half_key, 4 * block + 1)
        few &= _word(half_key, 4 * block + 2)
        return few & _word(half_key, 4 * block + 3)
    if width == 32:
        few &= _word(half_key, 4 * block + 1)
        return few & (few >> _S32)
    few &= few >> _S32
    return few & (few >> _S16)


@inner
def rare_each(key, who, blocks, width, few):  # type: ignore[no-untyped-def]
    """`rare` for many at once, which takes a fraction of the time: few[x] is of who[x], blocks[x].

    A loop over `rare` stays a loop over one at a time wherever the compiler can't know the width.
    """
    for x in range(few.shape[0]):
        few[x] = _word(half(key, who[x]), 4 * blocks[x])
    for n in range(1, width // 16):
        for x in range(few.shape[0]):
            few[x] &= _word(half(key, who[x]), 4 * blocks[x] + n)
    once, twice = U64(32 if width <= 32 else 0), U64(16 if width <= 16 else 0)
    for x in range(few.shape[0]):
        mask = few[x] & (few[x] >> once)
        few[x] = mask & (mask >> twice)


@typed("float64(uint64, int64, float64)")
def among(few, case, u):  # type: ignore[no-untyped-def]
    """The luck of a case, uniform on [0, 1): below `RARE` if it is one of the `few`.

    Args:
        few: what `rare` gave for its block.
        case: its place in the block.
        u: its own uniform draw.
    """
    chosen = (few >> U64(case)) & _ONE != _NONE
    return u * RARE if chosen else RARE + u * (1.0 - RARE)


@typed("float64(uint64, int64, int64)")
def at(key, who, whom):  # type: ignore[no-untyped-def]
    """A uniform double on [0, 1) for (who, whom) of a stream."""
    return (bits(key, who, whom) >> _S11) * _TO_UNIT


@typed("int64(uint64, int64, int64, int64)")
def below(key, who, whom, n):  # type: ignore[no-untyped-def]
    """A whole number on 0..n-1; the bias of the multiplication is below 2**-53 * n."""
    return int(at(key, who, whom) * n)


@typed("float64(uint64, int64, int64)")
def normal_at(key, who, whom):  # type: ignore[no-untyped-def]
    """A standard normal double (Box-Muller on two keyed uniforms)."""
    u = 1.0 - at(key, who, 2 * whom)
    v = at(key, who, 2 * whom + 1)
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)


def uniform(seed: int, decision: Decision, month: int, who: int, whom: int = 0) -> float:
    """A uniform double on [0, 1): the same for the same five arguments, always.

    Args:
        seed: the replicate's seed, 0 <= seed < 2**63.
        decision: what is decided.
        month: 0, 1, ...; -1 while the world is built.
        who: whose luck it is (an organisation, a post, a network ...), >= 0.
        whom: the other side, or a practice, where there is one, >= 0.
    """
    with np.errstate(over="ignore"):
        return float(at(U64(stream(seed, int(decision), month)), who, whom))


def uniforms(
    seed: int,
    decision: Decision,
    month: int,
    who: npt.ArrayLike,
    whom: npt.ArrayLike = 0,
) -> npt.NDArray[np.float64]:
    """`uniform` for whole arrays of who and whom (broadcast against each other)."""
    with np.errstate(over="ignore"):
        key = U64(stream(seed, int(decision), month))
        h = _mix_array(key ^ (np.asarray(who).astype(U64) * _WHO + _GOLDEN))
        h = _mix_array(h ^ (np.asarray(whom).astype(U64) * _WHOM + _GOLDEN))
    result: npt.NDArray[np.float64] = (h >> _S11).astype(np.float64) * _TO_UNIT
    return result


def normals(
    seed: int,
    decision: Decision,
    month: int,
    who: npt.ArrayLike,
    whom: npt.ArrayLike = 0,
) -> npt.NDArray[np.float64]:
    """`normal_at` for whole arrays of who and whom (broadcast against each other)."""
    twice = 2 * np.asarray(whom)
    u = 1.0 - uniforms(seed, decision, month, who, twice)
    v = uniforms(seed, decision, month, who, twice + 1)
    result: npt.NDArray[np.float64] = np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * v)
    return result


def _mix_array(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)
