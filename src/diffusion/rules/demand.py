"""Demand: pressure on each territory, overload, and the time that is left for exchange.

A territory's pressure wanders around normal (a stationary autoregressive process in logs).
Demand comes with the posts that are paid: project work ends with its project. Capacity counts
filled posts, newcomers at y(t) = 1 - gap * exp(-t / tau) (A10). Overload is
max(0, demand / capacity - 1); slack falls with it as exp(-0.51 * overload) (H06).
"""

import math
from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, FloatArray, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.world.rule import CompiledRule, RuleSettings, number, ratio, share

_PRESSURE = int(Decision.PRESSURE)
_TENURE_THAT_COUNTS = 60  # months after which a person is fully productive (exp(-15) is nil)


class Parameters(RuleSettings):
    """What the month asks of organisations."""

    base_load: float = ratio("demand relative to the capacity of a full, experienced staff", 3.0)
    pressure_persistence: float = share("share of a territory's pressure that carries over a month")
    pressure_sd: float = number("spread of a territory's log pressure", "log points", 0.0, 2.0)
    newcomer_gap: float = share("output a new person lacks on the first day")
    onboarding_months: float = number("time scale of learning the job", "months", 0.1, 36.0)
    overload_exponent: float = number("fall of log slack per unit of overload", "1", 0.0, 5.0)
    max_overload: float = number("overload is counted up to this", "1", 0.0, 20.0)
    load_weight: float = ratio("slack bound by running practices, per post they bind", 10.0)


class _Values(NamedTuple):
    base_load: float
    persistence: float
    shock_sd: float
    shortfall: FloatArray  # output a person lacks, by months in post; none in the last
    exponent: float
    max_overload: float
    load_weight: float


@inner
def _wander(territories, values, seed, month):
    """Pressure moves on; returns it for each territory, relative to normal."""
    key = draws.stream(seed, _PRESSURE, month)
    pressure = np.empty(territories.shape[0])
    for r in range(pressure.shape[0]):
        place = territories[r]
        shock = values.shock_sd * draws.normal_at(key, r, 0)
        place.log_pressure = values.persistence * place.log_pressure + shock
        pressure[r] = math.exp(place.log_pressure)
    return pressure


@inner
def _burden(orgs, posts, grants, practices, modifiers, pressure, values, month):
    """What is asked of each organisation, against what its staff can do."""
    shortfall = values.shortfall
    settled = shortfall.shape[0] - 1
    for i in range(orgs.shape[0]):
        org, modifier = orgs[i], modifiers[i]
        filled, paid = 0, 0
        capacity = 0.0
        for j in range(org.first_post, org.first_post + org.n_posts):
            post = posts[j]
            if post.filled == 1:
                filled += 1
                paid += 1
                capacity += 1.0
                capacity -= shortfall[min(max(month - post.hired, 0), settled)]
            elif post.grant < 0 or grants[post.grant].active == 1:
                paid += 1
        load = 0.0
        running = org.trial | org.adopted | org.institutional
        while running != NOTHING:
            load += practices[lowest(running)].load
            running = without_lowest(running)
        demand = values.base_load * paid * (pressure[org.territory] * modifier.rel_demand)
        capacity *= modifier.rel_capacity
        overload = min(values.max_overload, max(0.0, demand / max(capacity, 0.25) - 1.0))
        free = modifier.rel_slack
        if overload > 0.0:
            free *= math.exp(-values.exponent * overload)
        bound = values.load_weight * load / org.n_posts
        org.staff = filled
        org.overload = overload
        org.slack = min(2.0, max(0.0, free - bound) + modifier.add_slack)


@inner
def loop(w, values, seed, month):
    """Demand, for a month."""
    pressure = _wander(w.territories, values, seed, month)
    _burden(w.orgs, w.posts, w.grants, w.practices, w.modifiers, pressure, values, month)


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Demand(CompiledRule):
    """Sets each territory's pressure and each organisation's overload and slack."""

    name: ClassVar[str] = "demand"
    summary: ClassVar[str] = "Arrivals set demand; overload eats the time for exchange."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        in_post = range(_TENURE_THAT_COUNTS)
        lacking = [p.newcomer_gap * math.exp(-t / p.onboarding_months) for t in in_post]
        self.values = row_of(
            _Values(
                base_load=p.base_load,
                persistence=p.pressure_persistence,
                shock_sd=p.pressure_sd * math.sqrt(1.0 - p.pressure_persistence**2),
                shortfall=np.array([*lacking, 0.0]),
                exponent=p.overload_exponent,
                max_overload=p.max_overload,
                load_weight=p.load_weight,
            )
        )
