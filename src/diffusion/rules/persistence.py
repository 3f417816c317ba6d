"""Persistence: competing risks while a practice runs, and the way back.

The hazard of giving up is 0.003 a month, doubled for 12 months after the last person who knew it
best has left (A07); higher where nobody left knows it, unless it is written down; and, once its
grant is gone, 0.033 a month for a year and 0.006 after that (S07, S08), hardly any of it where the
practice is institutionalised. Overload crowds practices out; without contact to other users
fidelity erodes, and a practice run without fidelity is dropped. A lapsed practice can restart,
sooner where memory is left (S04).
"""

from typing import ClassVar, NamedTuple

from diffusion.base import draws
from diffusion.base.arrays import NEVER, NOTHING, bit, has, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
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
    base: float
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
def _money_gone(values, since, month, low_cost):
    """Hazard that comes from the loss of the grant, `since` = month of the loss."""
    if since <= NEVER:
        return 0.0
    early = month - since < values.months_first
    hazard = values.unfunded_first if early else values.unfunded_later
    return hazard * values.rel_low_cost if low_cost else hazard


@inner
def _kept_fidelity(values, fidelity, exposure):
    """Fidelity after a month: it erodes without contact to other users, recovers with it."""
    if exposure < values.enough:
        return max(0.0, fidelity - values.erosion)
    return fidelity + values.support * (1.0 - fidelity)


@inner
def _reason(values, risks, scale, luck):
    """Which of the competing risks strikes, in the order of `REASONS`; -1 if none does."""
    stacked = 0.0
    for reason in range(6):
        stacked += risks[reason] * scale
        if luck < stacked:
            return reason
    return -1


@inner
def _lapses(orgs, uses, exposure, practices, modifiers, flows, events, values, seed, month):
    key = draws.stream(seed, _LAPSE, month)
    for i in range(orgs.kind.shape[0]):
        running = orgs.adopted[i] | orgs.institutional[i]
        while running != NOTHING:
            p = lowest(running)
            running = without_lowest(running)
            fidelity = _kept_fidelity(values, uses.fidelity[i, p], exposure[i, p])
            uses.fidelity[i, p] = fidelity
            champion = 0.0
            if month - uses.champion_left[i, p] < values.months_champion:
                champion = values.base * (values.rel_champion - 1.0)
            nobody = 0.0
            if not has(orgs.knows[i], p):
                nobody = values.nobody
                if has(orgs.written[i], p):
                    nobody *= values.rel_written
            low_cost = practices.cost[p] == _LOW
            money = _money_gone(values, uses.unfunded[i, p], month, low_cost)
            crowding = values.overload * orgs.overload[i] * min(1.0, practices.load[p])
            poor = values.low_fidelity if fidelity < values.floor else 0.0
            scale = modifiers.rel_lapse[i]
            if has(orgs.institutional[i], p):
                scale *= values.rel_institutional
            # one draw against the stacked hazards also names the reason
            risks = (values.base, champion, nobody, money, crowding, poor)
            reason = _reason(values, risks, scale, draws.at(key, i, p))
            if reason >= 0:
                orgs.adopted[i] &= ~bit(p)
                orgs.institutional[i] &= ~bit(p)
                orgs.lapsed[i] |= bit(p)
                uses.since[i, p] = month
                flows[_N_LAPSES] += 1
                log(events, month, _LAPSED, i, p, reason, -1)


@inner
def _restarts(orgs, uses, practices, flows, events, values, seed, month):
    key = draws.stream(seed, _RESTART, month)
    for i in range(orgs.kind.shape[0]):
        lapsed = orgs.lapsed[i]
        while lapsed != NOTHING:
            p = lowest(lapsed)
            lapsed = without_lowest(lapsed)
            if month - uses.since[i, p] < values.months_pause:
                continue
            memory = has(orgs.knows[i], p) or has(orgs.written[i], p)
            chance = values.p_restart_memory if memory else values.p_restart
            if draws.at(key, i, p) < chance * min(1.0, orgs.slack[i]):
                orgs.lapsed[i] &= ~bit(p)
                orgs.adopted[i] |= bit(p)
                uses.since[i, p] = month
                # who restarts it has found a place for it in the regular budget
                uses.grant[i, p] = -2 if practices.cost[p] == _LOW else -1
                uses.unfunded[i, p] = NEVER
                uses.fidelity[i, p] = max(uses.fidelity[i, p], values.floor)
                flows[_N_RESTARTS] += 1
                log(events, month, _RESTARTED, i, p, 1 if memory else 0, -1)


@inner
def loop(w, values, seed, month):
    """Persistence, for a month."""
    _restarts(w.orgs, w.uses, w.practices, w.flows, w.events, values, seed, month)
    _lapses(
        w.orgs, w.uses, w.exposure, w.practices, w.modifiers, w.flows, w.events, values, seed, month
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
                base=p.hazard_base,
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
