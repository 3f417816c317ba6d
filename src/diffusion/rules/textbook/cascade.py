"""Independent cascade: whoever becomes active has one chance with each neighbour (Kempe et al.).

An organisation that became active last month activates each neighbour that is not yet active with
probability `p_activate`, and never tries again. It counts as newly active if `uses.since` is last
month. The luck of an attempt does not depend on the month. So a cascade reaches just those whom
the seeds reach on the arcs with luck, whenever each is tried.

Active organisations have the practice in `adopted`. Those that have it in `lapsed` stay inactive.
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import bit, has, row_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.rules.textbook.process import Process
from diffusion.world.rule import RuleSettings, share
from diffusion.world.traffic import Flow

_ATTEMPT = int(Decision.CASCADE)
_N_ADOPTIONS = int(Flow.ADOPTIONS)
# A byte an organisation, because most of the time goes into looking these up at random.
_INACTIVE = np.uint8(0)
_ACTIVE = np.uint8(1)
_IMMUNE = np.uint8(2)
_PRACTICES = 64
# draws.at(...) < chance, in whole numbers: uniforms are multiples of 2**-53.
_SHIFT = np.uint64(11)
_UNITS = 2.0**53


class Parameters(RuleSettings):
    """The one chance of a cascade."""

    p_activate: float = share("a newly active organisation activating an inactive neighbour")


class _Values(NamedTuple):
    p_activate: float


@inner
def _cascade(start, partner, aware, adopted, lapsed, since, flows, limit, p, key, month, active):
    """All months of one practice; returns how many passed until nobody was newly active."""
    n = adopted.shape[0]
    status = np.zeros(n, np.uint8)
    queue = np.empty(n, np.int64)  # newly active ones, in the order in which they became so
    hit = np.empty(start[n] + 1, np.int64)  # whom an attempt of the month would activate
    first, last, spent, passed = 0, 0, 0, 0
    for i in range(n):
        if has(adopted[i], p):
            status[i] = _ACTIVE
            if since[i, p] == month - 1:
                queue[last] = i
                last += 1
            else:
                spent += 1
        elif has(lapsed[i], p):
            status[i] = _IMMUNE
    active[:, p] = spent + last
    while passed < active.shape[0] and first < last:
        end, hits = last, 0
        for x in range(first, end):
            j = queue[x]
            for s in range(start[j], start[j + 1]):
                i = partner[s]
                # no branch: which attempts succeed is beyond a processor's guess
                hit[hits] = i
                lucky = draws.bits(key, j, i * _PRACTICES + p) >> _SHIFT < limit
                hits += 1 if lucky else 0
        for x in range(hits):
            i = hit[x]
            if status[i] == _INACTIVE:
                status[i] = _ACTIVE
                since[i, p] = month + passed
                queue[last] = i
                last += 1
        flows[_N_ADOPTIONS] += last - end
        active[passed:, p] = spent + last
        first = end
        passed += 1
    for i in range(n):
        if status[i] == _ACTIVE:
            aware[i] |= bit(p)
            adopted[i] |= bit(p)
    return passed


@compiled
def spread(columns, values, seed, month, active):
    """The months `month` .. `month + active.shape[0] - 1`, in which nothing else happens.

    Writes the number of active organisations after each month into `active`, shape (months, P),
    and returns the months that passed until no practice had a newly active one.
    """
    key = draws.stream(seed, _ATTEMPT, 0)
    limit = np.uint64(np.ceil(values.p_activate * _UNITS))
    passed = 0
    for p in range(active.shape[1]):
        passed = max(
            passed,
            _cascade(
                columns.start, columns.partner, columns.aware, columns.adopted, columns.lapsed,
                columns.since, columns.flows, limit, p, key, month, active,
            ),
        )  # fmt: skip
    return passed


class Cascade(Process):
    """Spreads practices from the newly active, each of whom has one chance with each neighbour."""

    name: ClassVar[str] = "cascade"
    summary: ClassVar[str] = "Whoever has just become active has one chance with each neighbour."
    spread = staticmethod(spread)

    def __init__(self, parameters: Parameters) -> None:
        self.values = row_of(_Values(p_activate=parameters.p_activate))
