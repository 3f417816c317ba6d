"""Complex contagion: active once a share of the neighbours is (linear threshold, Watts 2002).

An organisation becomes active in the month after the active share of its neighbours has reached
its threshold, and stays so. One active neighbour is always needed: a threshold of 0 asks for just
that, and an organisation without neighbours never becomes active. With thresholds drawn uniformly
on 0..1 this is the linear threshold model with equal weights. Nothing is left to chance.

Active organisations have the practice in `adopted`. Those that have it in `lapsed` stay inactive.
"""

from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from diffusion.base.arrays import bit, has, row_of
from diffusion.base.compiled import compiled, inner
from diffusion.rules.textbook.process import Process
from diffusion.world.rule import RuleSettings
from diffusion.world.traffic import Flow

_N_ADOPTIONS = int(Flow.ADOPTIONS)
# A byte an organisation, because most of the time goes into looking these up at random.
_INACTIVE = np.uint8(0)
_ACTIVE = np.uint8(1)
_IMMUNE = np.uint8(2)


class Parameters(RuleSettings):
    """How many neighbours it takes."""

    threshold: float | None = Field(
        ge=0.0,
        le=1.0,
        description="active share of neighbours; None is each organisation's own `threshold`",
        json_schema_extra={"unit": "share"},
    )


class _Values(NamedTuple):
    own: bool
    threshold: float


@inner
def _avalanche(start, partner, threshold, aware, adopted, lapsed, since, flows, p, month, active):
    """All months of one practice; returns how many passed until nobody new became active."""
    n = adopted.shape[0]
    status = np.zeros(n, np.uint8)
    near = np.zeros(n, np.int32)  # active neighbours
    queue = np.empty(n, np.int64)  # the active, in the order in which they became so
    first, last, passed = 0, 0, 0
    for i in range(n):
        if has(adopted[i], p):
            status[i] = _ACTIVE
            queue[last] = i
            last += 1
        elif has(lapsed[i], p):
            status[i] = _IMMUNE
    while passed < active.shape[0] and first < last:
        end = last
        for x in range(first, end):
            j = queue[x]
            for s in range(start[j], start[j + 1]):
                i = partner[s]
                if status[i] != _INACTIVE:
                    continue
                near[i] += 1
                if near[i] / (start[i + 1] - start[i]) >= threshold[i]:
                    status[i] = _ACTIVE
                    since[i, p] = month + passed
                    queue[last] = i
                    last += 1
        flows[_N_ADOPTIONS] += last - end
        active[passed:, p] = last
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
    and returns the months that passed until a month changed nothing.
    """
    threshold = columns.threshold
    if not values.own:
        threshold = np.full(threshold.shape[0], values.threshold)
    passed = 0
    for p in range(active.shape[1]):
        passed = max(
            passed,
            _avalanche(
                columns.start, columns.partner, threshold, columns.aware, columns.adopted,
                columns.lapsed, columns.since, columns.flows, p, month, active,
            ),
        )  # fmt: skip
    return passed


class Threshold(Process):
    """Spreads practices to organisations of whose neighbours enough are active."""

    name: ClassVar[str] = "threshold"
    summary: ClassVar[str] = "Whoever sees enough active neighbours follows."
    spread = staticmethod(spread)

    def __init__(self, parameters: Parameters) -> None:
        own = parameters.threshold is None
        self.values = row_of(_Values(own=own, threshold=parameters.threshold or 0.0))
