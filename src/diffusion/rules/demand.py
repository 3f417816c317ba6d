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
from diffusion.base.picking import picked, some
from diffusion.base.scratch import cleared, scratch
from diffusion.world.rule import CompiledRule, RuleSettings, number, ratio, share

_PRESSURE = int(Decision.PRESSURE)
_TENURE_THAT_COUNTS = 60  # months after which a person is fully productive (exp(-15) is nil)
_PAID = 1 << 32  # a paid post where filled posts are counted in the lower half of a word


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
def _wander(territories, pressure, values, seed, month):
    """Pressure moves on; fills it in for each territory, relative to normal."""
    key = draws.stream(seed, _PRESSURE, month)
    for r in range(pressure.shape[0]):
        place = territories[r]
        shock = values.shock_sd * draws.normal_at(key, r, 0)
        place.log_pressure = values.persistence * place.log_pressure + shock
        pressure[r] = math.exp(place.log_pressure)


@inner
def _staff(posts, grants, shortfall, month, capacity, paid, staff):
    """Fills what the staff of each organisation can do, its paid posts, and the filled ones."""
    pays = scratch(grants.shape[0] + 1, np.int64)
    pays[0] = _PAID  # regular money, or somebody is there
    for g in range(grants.shape[0]):
        pays[g + 1] = _PAID * np.int64(grants[g].active)
    m = posts.shape[0]
    lacking, line = scratch(m, np.int32), scratch(m, np.int32)
    for j in range(m):
        post = posts[j]
        months = min(max(month - post.hired, 0), _TENURE_THAT_COUNTS)
        lacking[j] = _TENURE_THAT_COUNTS + (months - _TENURE_THAT_COUNTS) * post.filled
        line[j] = (post.grant + 1) * (1 - post.filled)
    counted = cleared(capacity.shape[0], np.int64)
    for j in range(m):
        post = posts[j]
        # an index without a sign can't count from the end, which loops would test each time
        i, filled = np.uint32(post.organisation), post.filled
        capacity[i] = (capacity[i] + 1.0 * filled) - shortfall[np.uint32(lacking[j])]
        counted[i] += filled + pays[np.uint32(line[j])]
    for x in range(capacity.shape[0]):
        paid[x], staff[x] = counted[x] // _PAID, counted[x] % _PAID


@inner
def _loads(orgs, practices, load):
    """Fills the posts that the running practices of each organisation bind."""
    left, whom = scratch(orgs.shape[0], np.uint64), scratch(orgs.shape[0], np.int32)
    for i in range(orgs.shape[0]):
        org = orgs[i]
        load[i], left[i] = 0.0, org.trial | org.adopted | org.institutional
    found = some(left, whom)
    while found > 0:
        more = 0
        for x in range(found):
            i = whom[x]
            load[i] += practices[lowest(left[i])].load
            left[i] = without_lowest(left[i])
            whom[more] = i
            more += 1 if left[i] != NOTHING else 0
        found = more


@inner
def _burden(orgs, posts, grants, practices, modifiers, pressure, values, month):
    """What is asked of each organisation, against what its staff can do."""
    n = orgs.shape[0]
    capacity, load, free = cleared(n), scratch(n), scratch(n)
    paid, staff = cleared(n, np.int32), cleared(n, np.int32)
    asked, busy, over = scratch(n), scratch(n, np.int32), scratch(n, np.bool_)
    _staff(posts, grants, values.shortfall, month, capacity, paid, staff)
    _loads(orgs, practices, load)
    for i in range(n):
        asked[i] = pressure[np.uint32(orgs[i].territory)]
    for i in range(n):
        org, modifier = orgs[i], modifiers[i]
        demand = values.base_load * paid[i] * (asked[i] * modifier.rel_demand)
        able = max(capacity[i] * modifier.rel_capacity, 0.25)
        org.overload = min(values.max_overload, max(0.0, demand / able - 1.0))
        org.staff = staff[i]
        free[i] = modifier.rel_slack
        over[i] = org.overload > 0.0
    for x in range(picked(over, busy)):
        i = busy[x]
        free[i] *= math.exp(-values.exponent * orgs[i].overload)
    for i in range(n):
        bound = values.load_weight * load[i] / orgs[i].n_posts
        orgs[i].slack = min(2.0, max(0.0, free[i] - bound) + modifiers[i].add_slack)


@inner
def loop(w, values, seed, month):
    """Demand, for a month."""
    pressure = scratch(w.territories.shape[0])
    _wander(w.territories, pressure, values, seed, month)
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
