"""Persistence: competing risks while a practice runs, and the way back.

The hazard of giving up is 0.003 a month, doubled for 12 months after the last person who knew it
best has left (A07); higher where nobody left knows it, unless it is written down; and, once its
grant is gone, 0.033 a month for a year and 0.006 after that (S07, S08), hardly any of it where the
practice is institutionalised. Overload crowds practices out; without contact to other users
fidelity erodes, and a practice run without fidelity is dropped. A lapsed practice can restart,
sooner where memory is left (S04).
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import AT_ONCE, NEVER, NOTHING, bit, has, row_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.pairs import pairs
from diffusion.base.picking import below
from diffusion.base.scratch import scratch
from diffusion.base.turns import occupied, take_lowest, unfinished
from diffusion.world.rule import CompiledRule, RuleSettings, months, number, per_month, ratio, share
from diffusion.world.traffic import Event, Flow, log
from diffusion.world.vocabulary import COSTS

_LAPSE = int(Decision.LAPSE)
_RESTART = int(Decision.RESTART)
_N_LAPSES = int(Flow.LAPSES)
_N_RESTARTS = int(Flow.RESTARTS)
_LAPSED = int(Event.LAPSED)
_RESTARTED = int(Event.RESTARTED)
_LOW = COSTS.index("low")

# reasons written into the event log
REASONS = ("choice", "champion left", "nobody knows how", "money gone", "overload", "poor fidelity")


class Parameters(RuleSettings):
    """Why practices end, and how they come back."""

    hazard_base: float = per_month("giving up without any particular reason")
    rel_champion_left: float = ratio("the same after the person who knew it best has left", 20.0)
    months_champion: int = months("for how long that is felt")
    hazard_nobody_knows: float = per_month("giving up when nobody knows how and nothing is written")
    rel_written: float = ratio("that hazard where it is written down", 1.0)
    hazard_unfunded_first: float = per_month("giving up in the first year after the grant")
    hazard_unfunded_later: float = per_month("giving up later after the grant")
    months_unfunded_first: int = months("length of that first phase")
    rel_unfunded_low_cost: float = ratio("loss of the grant felt by low-cost practices", 1.0)
    rel_institutionalised: float = ratio("all of these hazards where it is institutionalised", 1.0)
    overload_slope: float = per_month("giving up per unit of overload and full load")
    fidelity_erosion: float = per_month("fidelity lost a month without contact to users")
    fidelity_support: float = per_month(
        "share of missing fidelity regained a month with such contact"
    )
    exposure_enough: float = number(
        "remembered contacts with users that keep fidelity", "contacts", 0.0, 50.0
    )
    fidelity_floor: float = share("fidelity below which a practice is likely dropped")
    hazard_low_fidelity: float = per_month("dropping a practice run below that floor")
    p_restart_memory: float = per_month("restart while somebody knows how or it is written down")
    p_restart: float = per_month("restart without any memory")
    months_before_restart: int = months("pause before a restart")


class _Values(NamedTuple):
    hazard: float  # of giving up, whatever the reason
    rel_champion: float
    months_champion: int
    nobody: float
    rel_written: float
    unfunded_first: float
    unfunded_later: float
    months_first: int
    rel_low_cost: float
    rel_institutional: float
    overload: float
    erosion: float
    support: float
    enough: float
    floor: float
    low_fidelity: float
    p_restart_memory: float
    p_restart: float
    months_pause: int


@inner
def _tend(running, ending, uses, exposure, values):
    """The fidelity of all that organisations run moves on; what they run poorly may end."""
    who, what = scratch(AT_ONCE, np.uint32), scratch(AT_ONCE, np.int64)
    left, fidelity, seen = scratch(AT_ONCE, np.uint64), scratch(AT_ONCE), scratch(AT_ONCE)
    for first in range(0, running.shape[0], AT_ONCE):
        n = occupied(running[first : first + AT_ONCE], who, left)
        for y in range(n):
            who[y] += first
        while n > 0:
            take_lowest(left, n, what)
            for y in range(n):
                fidelity[y] = uses[who[y], what[y]].fidelity
            for y in range(n):
                seen[y] = exposure[np.uint32(who[y]), np.uint32(what[y])]
            for y in range(n):
                eroded = max(0.0, fidelity[y] - values.erosion)
                kept = fidelity[y] + values.support * (1.0 - fidelity[y])
                fidelity[y] = eroded if seen[y] < values.enough else kept
            for y in range(n):
                uses[who[y], what[y]].fidelity = fidelity[y]
                poorly = bit(what[y]) if fidelity[y] < values.floor else NOTHING
                ending[np.uint32(who[y])] |= poorly
            n = unfinished(who, left, n)


@inner
def _reason(org, use, practice, p, rel_lapse, luck, values, month):
    """Which of its reasons ends a practice this month, as an index of REASONS; -1 if none does."""
    champion = 0.0
    if month - use.champion_left < values.months_champion:
        champion = values.hazard * (values.rel_champion - 1.0)
    nobody = 0.0
    if not has(org.knows, p):
        nobody = values.nobody
        if has(org.written, p):
            nobody *= values.rel_written
    money = 0.0
    if use.unfunded > NEVER:
        early = month - use.unfunded < values.months_first
        money = values.unfunded_first if early else values.unfunded_later
        if practice.cost == _LOW:
            money *= values.rel_low_cost
    crowding = values.overload * org.overload * min(1.0, practice.load)
    careless = values.low_fidelity if use.fidelity < values.floor else 0.0
    scale = rel_lapse
    if has(org.institutional, p):
        scale *= values.rel_institutional
    # one draw against the stacked hazards also names the reason
    reason, stacked = -1, 0.0
    for risk in (values.hazard, champion, nobody, money, crowding, careless):
        reason += 1
        stacked += risk * scale
        if luck < stacked:
            return reason
    return -1


@inner
def _usual(values, overload):
    """The highest hazard of what somebody knows how to run and what is run well."""
    most = values.hazard * max(1.0, values.rel_champion)
    most += max(values.unfunded_first, values.unfunded_later)
    return most + values.overload * overload


@inner
def _survey(orgs, practices, modifiers, running, ending, values, seed, month):
    """What organisations run, and what of it may end whatever its fidelity."""
    key = draws.stream(seed, _LAPSE, month)
    width = draws.width(practices.shape[0])
    for i in range(orgs.shape[0]):
        org = orgs[i]
        running[i] = org.adopted | org.institutional
        few = draws.rare(draws.half(key, i), 0, width)
        most = _usual(values, org.overload) * modifiers[i].rel_lapse
        rare = most * max(1.0, values.rel_institutional) <= draws.RARE
        # of what somebody knows how to run no more than the few can end
        ending[i] = few | ~org.knows if rare else ~NOTHING


@inner
def _likely(orgs, uses, modifiers, who, what, n, width, likely, luck, values, key, month):
    """Which practices may end, by a bound of their hazard: how many stand in `likely`."""
    scale = max(1.0, values.rel_institutional) * (1.0 + 1e-9)  # which outweighs any rounding
    led, left = values.hazard, values.hazard * max(1.0, values.rel_champion)
    dear = max(1.0, values.rel_low_cost)
    few, most = scratch(n, np.uint64), scratch(n)
    for y in range(n):
        few[y] = draws.rare(draws.half(key, who[y]), 0, width)
    for y in range(n):
        luck[y] = draws.among(few[y], what[y], draws.at(key, who[y], what[y]))
    for y in range(n):
        org, use = orgs[who[y]], uses[who[y], what[y]]
        risks = left if month - use.champion_left < values.months_champion else led
        risks += 0.0 if has(org.knows, what[y]) else values.nobody
        early = month - use.unfunded < values.months_first
        money = values.unfunded_first if early else values.unfunded_later
        risks += money * dear if use.unfunded > NEVER else 0.0
        risks += values.overload * org.overload
        risks += values.low_fidelity if use.fidelity < values.floor else 0.0
        most[y] = risks * modifiers[who[y]].rel_lapse * scale
    return below(luck, most, likely)


@inner
def _lapses(orgs, uses, practices, modifiers, ending, flows, events, values, seed, month):
    """Practices end."""
    key, width = draws.stream(seed, _LAPSE, month), draws.width(practices.shape[0])
    who, what, n = pairs(ending)
    luck, likely = scratch(n), scratch(n, np.uint32)
    found = _likely(
        orgs, uses, modifiers, who, what, n, width, likely, luck, values, key, month
    )  # fmt: skip
    for z in range(found):
        y = likely[z]
        i, p = np.int64(who[y]), np.int64(what[y])
        org, use, rel_lapse = orgs[i], uses[i, p], modifiers[i].rel_lapse
        reason = _reason(org, use, practices[p], p, rel_lapse, luck[y], values, month)
        if reason >= 0:
            org.adopted &= ~bit(p)
            org.institutional &= ~bit(p)
            org.lapsed |= bit(p)
            use.since = month
            flows[_N_LAPSES] += 1
            log(events, month, _LAPSED, i, p, reason, -1)


@inner
def _restarts(orgs, uses, practices, flows, events, values, seed, month):
    """Some of what has lapsed comes back."""
    key = draws.stream(seed, _RESTART, month)
    highest = max(values.p_restart_memory, values.p_restart)
    width = draws.width(practices.shape[0])
    rare = highest <= draws.RARE
    few, may = scratch(orgs.shape[0], np.uint64), scratch(orgs.shape[0], np.uint64)
    for x in range(few.shape[0]):
        few[x] = draws.rare(draws.half(key, x), 0, width)
        may[x] = orgs[x].lapsed & (few[x] if rare else ~NOTHING)
    who, what, n = pairs(may)
    for y in range(n):
        i, p = np.int64(who[y]), np.int64(what[y])
        org = orgs[i]
        slack = min(1.0, org.slack)
        luck = draws.among(few[i], p, draws.at(key, i, p))
        if luck >= highest * slack:
            continue
        use = uses[i, p]
        if month - use.since < values.months_pause:
            continue
        memory = has(org.knows | org.written, p)
        chance = values.p_restart_memory if memory else values.p_restart
        if luck < chance * slack:
            org.lapsed &= ~bit(p)
            org.adopted |= bit(p)
            use.since = month
            # who restarts it has found a place for it in the regular budget
            use.grant = -2 if practices[p].cost == _LOW else -1
            use.unfunded = NEVER
            use.fidelity = max(use.fidelity, values.floor)
            flows[_N_RESTARTS] += 1
            log(events, month, _RESTARTED, i, p, 1 if memory else 0, -1)


@inner
def loop(w, values, seed, month):
    """Persistence, for a month."""
    _restarts(w.orgs, w.uses, w.practices, w.flows, w.events, values, seed, month)
    n = w.orgs.shape[0]
    running, ending = scratch(n, np.uint64), scratch(n, np.uint64)
    _survey(w.orgs, w.practices, w.modifiers, running, ending, values, seed, month)
    _tend(running, ending, w.uses, w.exposure, values)
    for i in range(n):
        ending[i] &= running[i]
    _lapses(
        w.orgs, w.uses, w.practices, w.modifiers, ending, w.flows, w.events, values, seed, month
    )


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Persistence(CompiledRule):
    """Ends practices by competing risks and brings some back."""

    name: ClassVar[str] = "persistence"
    summary: ClassVar[str] = "Practices end when money, people or fidelity go; some come back."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = row_of(
            _Values(
                hazard=p.hazard_base,
                rel_champion=p.rel_champion_left,
                months_champion=p.months_champion,
                nobody=p.hazard_nobody_knows,
                rel_written=p.rel_written,
                unfunded_first=p.hazard_unfunded_first,
                unfunded_later=p.hazard_unfunded_later,
                months_first=p.months_unfunded_first,
                rel_low_cost=p.rel_unfunded_low_cost,
                rel_institutional=p.rel_institutionalised,
                overload=p.overload_slope,
                erosion=p.fidelity_erosion,
                support=p.fidelity_support,
                enough=p.exposure_enough,
                floor=p.fidelity_floor,
                low_fidelity=p.hazard_low_fidelity,
                p_restart_memory=p.p_restart_memory,
                p_restart=p.p_restart,
                months_pause=p.months_before_restart,
            )
        )
