"""Demand: pressure on each territory, overload, and the time that is left for exchange.

A territory's pressure wanders around normal (a stationary autoregressive process in logs).
Demand comes with the posts that are paid: project work ends with its project. Capacity counts
filled posts, newcomers at y(t) = 1 - gap * exp(-t / tau) (A10). Overload is
max(0, demand / capacity - 1); slack falls with it as exp(-0.51 * overload) (H06).
"""

import math
from typing import ClassVar, NamedTuple

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, lowest, row_of, without_lowest
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
    gap: float
    tau: float
    exponent: float
    max_overload: float
    load_weight: float


@inner
def _wander(territories, values, seed, month):
    key = draws.stream(seed, _PRESSURE, month)
    for r in range(territories.country.shape[0]):
        territories.log_pressure[r] = values.persistence * territories.log_pressure[
            r
        ] + values.shock_sd * draws.normal_at(key, r, 0)


@inner
def _burden(orgs, posts, grants, practices, territories, modifiers, values, month):
    for i in range(orgs.kind.shape[0]):
        filled, paid = 0, 0
        capacity = 0.0
        for j in range(orgs.first_post[i], orgs.first_post[i] + orgs.n_posts[i]):
            g = posts.grant[j]
            if posts.filled[j] == 1 or g < 0 or grants.active[g] == 1:
                paid += 1
            if posts.filled[j] == 1:
                filled += 1
                tenure = month - posts.hired[j]
                capacity += 1.0
                if tenure < _TENURE_THAT_COUNTS:
                    capacity -= values.gap * math.exp(-tenure / values.tau)
        load = 0.0
        running = orgs.trial[i] | orgs.adopted[i] | orgs.institutional[i]
        while running != NOTHING:
            load += practices.load[lowest(running)]
            running = without_lowest(running)
        pressure = math.exp(territories.log_pressure[orgs.territory[i]]) * modifiers.rel_demand[i]
        demand = values.base_load * paid * pressure
        overload = min(values.max_overload, max(0.0, demand / max(capacity, 0.25) - 1.0))
        free = math.exp(-values.exponent * overload) * modifiers.rel_slack[i]
        bound = values.load_weight * load / orgs.n_posts[i]
        orgs.staff[i] = filled
        orgs.overload[i] = overload
        orgs.slack[i] = min(2.0, max(0.0, free - bound) + modifiers.add_slack[i])


@inner
def loop(w, values, seed, month):
    """Demand, for a month."""
    _wander(w.territories, values, seed, month)
    _burden(w.orgs, w.posts, w.grants, w.practices, w.territories, w.modifiers, values, month)


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
        self.values = row_of(
            _Values(
                base_load=p.base_load,
                persistence=p.pressure_persistence,
                shock_sd=p.pressure_sd * math.sqrt(1.0 - p.pressure_persistence**2),
                gap=p.newcomer_gap,
                tau=p.onboarding_months,
                exponent=p.overload_exponent,
                max_overload=p.max_overload,
                load_weight=p.load_weight,
            )
        )
