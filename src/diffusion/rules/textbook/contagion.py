"""Simple contagion: susceptible, infected, recovered (SIR), and SI where nobody recovers.

Each month an infected organisation passes the practice to each susceptible neighbour with
probability `p_transmit`, and then recovers with probability `p_recover`, for good. So k infected
neighbours infect with 1 - (1 - p_transmit)**k, which takes one draw instead of k.

Infected organisations have the practice in `adopted`, recovered ones in `lapsed`.
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import bit, has, row_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.rules.textbook.process import Process
from diffusion.world.rule import RuleSettings, per_month
from diffusion.world.traffic import Flow

_TRANSMIT = int(Decision.CONTAGION)
_RECOVER = int(Decision.RECOVERY)
_N_ADOPTIONS = int(Flow.ADOPTIONS)
_N_LAPSES = int(Flow.LAPSES)
# A byte an organisation, because most of the time goes into looking these up at random.
_SAFE = np.uint8(0)  # susceptible, not on the list of those at risk
_AT_RISK = np.uint8(1)  # susceptible, on the list
_INFECTED = np.uint8(2)
_RECOVERED = np.uint8(3)


class Parameters(RuleSettings):
    """The two chances of a simple contagion."""

    p_transmit: float = per_month("passing it on, for an infected and a susceptible neighbour")
    p_recover: float = per_month("recovery of an infected organisation; 0 is SI")


class _Values(NamedTuple):
    p_transmit: float
    p_recover: float


@inner
def _epidemic(
    start, partner, aware, adopted, lapsed, since, flows, infection, p_recover, p, seed, month,
    active,
):  # fmt: skip
    """All months of one practice; returns how many passed until nobody was infected."""
    n = adopted.shape[0]
    status = np.zeros(n, np.uint8)
    near = np.zeros(n, np.int32)  # infected neighbours
    infected, at_risk = np.empty(n, np.int64), np.empty(n, np.int64)
    n_infected, n_at_risk = 0, 0
    for i in range(n):
        if has(adopted[i], p):
            status[i] = _INFECTED
            infected[n_infected] = i
            n_infected += 1
        elif has(lapsed[i], p):
            status[i] = _RECOVERED
    n_told, passed = 0, 0  # of the infected, those who count among their neighbours' `near`
    while passed < active.shape[0] and n_infected > 0:
        for x in range(n_told, n_infected):
            j = infected[x]
            for s in range(start[j], start[j + 1]):
                i = partner[s]
                near[i] += 1
                if status[i] == _SAFE:
                    status[i] = _AT_RISK
                    at_risk[n_at_risk] = i
                    n_at_risk += 1
        n_told = n_infected
        key = draws.stream(seed, _TRANSMIT, month + passed)
        left = 0
        for x in range(n_at_risk):
            i = at_risk[x]
            k = near[i]
            if k == 0:
                status[i] = _SAFE
            elif draws.at(key, i, p) < infection[k]:
                status[i] = _INFECTED
                since[i, p] = month + passed
                infected[n_infected] = i
                n_infected += 1
            else:
                at_risk[left] = i
                left += 1
        n_at_risk = left
        flows[_N_ADOPTIONS] += n_infected - n_told
        if p_recover > 0.0:
            key = draws.stream(seed, _RECOVER, month + passed)
            left = 0
            for x in range(n_told):
                j = infected[x]
                if draws.at(key, j, p) < p_recover:
                    status[j] = _RECOVERED
                    since[j, p] = month + passed
                    for s in range(start[j], start[j + 1]):
                        near[partner[s]] -= 1
                else:
                    infected[left] = j
                    left += 1
            recovered = n_told - left
            flows[_N_LAPSES] += recovered
            for x in range(n_told, n_infected):
                infected[x - recovered] = infected[x]
            n_told -= recovered
            n_infected -= recovered
        active[passed:, p] = n_infected
        passed += 1
    for i in range(n):
        if status[i] == _INFECTED:
            aware[i] |= bit(p)
            adopted[i] |= bit(p)
        elif status[i] == _RECOVERED:
            aware[i] |= bit(p)
            adopted[i] &= ~bit(p)
            lapsed[i] |= bit(p)
    return passed


@compiled
def spread(columns, values, seed, month, active):
    """The months `month` .. `month + active.shape[0] - 1`, in which nothing else happens.

    Writes the number of infected organisations after each month into `active`, shape (months, P),
    and returns the months that passed until no practice had any.
    """
    start = columns.start
    most = 0
    for i in range(start.shape[0] - 1):
        most = max(most, start[i + 1] - start[i])
    infection = np.zeros(most + 1)  # by number of infected neighbours
    escape = 1.0
    for k in range(1, most + 1):
        escape *= 1.0 - values.p_transmit
        infection[k] = 1.0 - escape
    passed = 0
    for p in range(active.shape[1]):
        passed = max(
            passed,
            _epidemic(
                start, columns.partner, columns.aware, columns.adopted, columns.lapsed,
                columns.since, columns.flows, infection, values.p_recover, p, seed, month, active,
            ),
        )  # fmt: skip
    return passed


class Contagion(Process):
    """Spreads practices from neighbour to neighbour, each contact with the same chance."""

    name: ClassVar[str] = "contagion"
    summary: ClassVar[str] = "Each infected neighbour passes it on with the same chance."
    spread = staticmethod(spread)

    def __init__(self, parameters: Parameters) -> None:
        self.values = row_of(
            _Values(p_transmit=parameters.p_transmit, p_recover=parameters.p_recover)
        )
