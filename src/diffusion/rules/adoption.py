"""Adoption: trial, fit, adaptation, fidelity, institutionalising.

An aware organisation with a person who knows how starts a trial with the monthly hazard
h0 * G(exposure) * fit^gamma * capacity^0.5 * will * money * guideline * slack. G is a Hill function
of the share of remembered contacts that were with users: e^k / (e^k + threshold^k), k = 1 simple
contagion, k = 2 default, large k a threshold (D04, D05). With probability 0.74 the practice is
adapted (G03), which raises fit and costs fidelity. A trial lasts longer the more complex it is
(G06), then succeeds by fit, know-how and fidelity: no effect below 0.3, full at 0.7 (G01).
Adopted becomes institutionalised slowly, faster with regular money, formal networks and will.
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import (
    NEVER,
    NOTHING,
    bit,
    count,
    has,
    lowest,
    row_of,
    without_lowest,
)
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.world.rule import CompiledRule, RuleSettings, months, number, per_month, ratio, share
from diffusion.world.traffic import Event, Flow, log
from diffusion.world.vocabulary import COSTS, FORMALISATIONS

_TRIAL = int(Decision.TRIAL)
_ADAPT = int(Decision.ADAPTATION)
_OUTCOME = int(Decision.TRIAL_OUTCOME)
_INSTITUTIONALISE = int(Decision.INSTITUTIONALISE)
_WRITE = int(Decision.WRITE_DOWN)
_MONEY = int(Decision.MONEY_SOURCE)
_FIDELITY = int(Decision.FIDELITY)
_N_TRIALS = int(Flow.TRIALS)
_N_ADOPTIONS = int(Flow.ADOPTIONS)
_N_FAILED = int(Flow.TRIALS_FAILED)
_TRIED = int(Event.TRIAL)
_ADOPTED = int(Event.ADOPTED)
_FAILED = int(Event.TRIAL_FAILED)
_SETTLED = int(Event.INSTITUTIONALISED)
_FORMAL = FORMALISATIONS.index("formal")
_PRACTICES = 64  # one past the last practice: a draw of its own
_LOW, _MEDIUM = COSTS.index("low"), COSTS.index("medium")


class Parameters(RuleSettings):
    """From hearing of a practice to running it for good."""

    start_rate: float = per_month("hazard of starting a trial when everything favours it")
    kappa: float = number("steepness of the response to exposure", "1", 0.1, 50.0)
    fit_exponent: float = number("elasticity of the hazard to fit", "1", 0.0, 5.0)
    capacity_elasticity: float = number("elasticity of the hazard to capacity", "1", 0.0, 2.0)
    will_floor: float = share("hazard left without any political will, where it is needed")
    rel_guideline: float = number(
        "hazard where a funder's guidelines or policy reward it", "ratio", 1.0, 10.0
    )
    money_medium: float = share("hazard of a medium-cost practice without a running grant")
    money_high: float = share("hazard of a high-cost practice without a running grant")
    p_grant_low: float = share("chance that a low-cost practice is put on a running grant")
    p_grant_medium: float = share("the same for medium cost")
    p_grant_high: float = share("the same for high cost")
    p_adapted: float = share("chance that a practice is adapted on transfer")
    fit_gain: float = share("share of the missing fit that adaptation adds")
    fidelity_cost: float = share("fidelity that adaptation costs")
    fidelity_start: float = share("lowest fidelity of a first attempt by a person who knows how")
    fidelity_zero: float = share("fidelity below which a practice has no effect")
    fidelity_full: float = share("fidelity from which it has its full effect")
    months_cooldown: int = months("wait after a failed trial")
    p_written: float = share("chance that a practice is written down when it is adopted")
    institutionalise_rate: float = per_month("hazard of becoming institutionalised")
    rel_institutionalise_grant: float = ratio("the same on project money", 2.0)
    rel_institutionalise_formal: float = ratio("the same in a formal network", 10.0)
    max_parallel: int = number("practices an organisation can try at a time", "practices", 1, 64)


class _Values(NamedTuple):
    start_rate: float
    kappa: float
    fit_exponent: float
    elasticity: float
    will_floor: float
    rel_guideline: float
    money_medium: float
    money_high: float
    p_grant_low: float
    p_grant_medium: float
    p_grant_high: float
    p_adapted: float
    fit_gain: float
    fidelity_cost: float
    fidelity_start: float
    fidelity_zero: float
    fidelity_full: float
    cooldown: int
    p_written: float
    institutionalise: float
    rel_grant: float
    rel_formal: float
    max_parallel: int


@inner
def _effect(values, fidelity):
    """Effect of a practice run with this fidelity, 0..1 (G01)."""
    span = max(1e-9, values.fidelity_full - values.fidelity_zero)
    return min(1.0, max(0.0, (fidelity - values.fidelity_zero) / span))


@inner
def _running_grant(active, first, n):
    """The first of an organisation's grant lines on which money flows, -1 if there is none."""
    for g in range(first, first + n):
        if active[g] == 1:
            return g
    return -1


@inner
def _response(exposure, contacts, threshold, kappa):
    """Hill response, 0..1, to the share of remembered contacts that were with users."""
    if contacts <= 0.0 or exposure <= 0.0:
        return 0.0
    share = min(1.0, exposure / contacts) ** kappa
    return share / (share + threshold**kappa)


@inner
def _grant_chance(values, cost):
    """Chance that an organisation with a running grant puts a practice of this cost on it."""
    if cost == _LOW:
        return values.p_grant_low
    return values.p_grant_medium if cost == _MEDIUM else values.p_grant_high


@inner
def _favour(orgs, grants, funders, territories, national, modifiers, policy, rewarded, will):
    """What is policy for each organisation, what else funders reward, and the political will."""
    for i in range(orgs.kind.shape[0]):
        r, country = orgs.territory[i], national[orgs.country[i]]
        policy[i] = territories.policy[r]
        if country >= 0:
            policy[i] |= territories.policy[country]
        mask = policy[i]
        for g in range(orgs.first_grant[i], orgs.first_grant[i] + orgs.n_grants[i]):
            mask |= funders.guidelines[grants.funder[g]]
        rewarded[i] = mask
        will[i] = min(1.0, max(0.0, territories.will[r] + modifiers.add_will[i]))


@inner
def _start_trials(
    orgs, uses, exposure, practices, grants, modifiers, policy, rewarded, will, flows, events, values,
    seed, month,
):  # fmt: skip
    key = draws.stream(seed, _TRIAL, month)
    for i in range(orgs.kind.shape[0]):
        running = orgs.trial[i] | orgs.adopted[i] | orgs.institutional[i]
        open_to = orgs.aware[i] & orgs.knows[i] & ~(running | orgs.lapsed[i])
        if open_to == NOTHING:
            continue
        g = _running_grant(grants.active, orgs.first_grant[i], orgs.n_grants[i])
        able = orgs.absorptive[i] ** values.elasticity * min(1.0, orgs.slack[i])
        able *= values.start_rate * modifiers.rel_adoption[i]
        trying = count(orgs.trial[i])
        # who can try few at a time starts at a practice drawn anew each month
        turn = np.uint64(draws.below(key, i, _PRACTICES, practices.scale.shape[0]))
        later = (open_to >> turn) << turn
        for half in range(2):
            left = later if half == 0 else open_to ^ later
            while left != NOTHING and trying < values.max_parallel:
                p = lowest(left)
                left = without_lowest(left)
                failed = uses.since[i, p]  # of one that does not run: month of the last failure
                if failed > 0 and month - failed < values.cooldown:
                    continue
                hazard = able * _response(
                    exposure[i, p], orgs.contacts[i], orgs.threshold[i], values.kappa
                )
                luck = draws.at(key, i, p)
                if luck >= hazard * values.rel_guideline:
                    continue  # what follows can't raise the hazard further
                hazard *= uses.fit[i, p] ** values.fit_exponent
                if practices.needs_will[p] == 1 and not has(policy[i], p):
                    hazard *= values.will_floor + (1.0 - values.will_floor) * will[i]
                if g < 0 and practices.cost[p] != _LOW:
                    medium = practices.cost[p] == _MEDIUM
                    hazard *= values.money_medium if medium else values.money_high
                if has(rewarded[i], p):
                    hazard *= values.rel_guideline
                if luck < hazard:
                    orgs.trial[i] |= bit(p)
                    uses.since[i, p] = month
                    uses.grant[i, p] = g  # provisional: `_set_up` decides what pays it
                    trying += 1
                    flows[_N_TRIALS] += 1
                    log(events, month, _TRIED, i, p, g, -1)


@inner
def _set_up(orgs, uses, practices, values, seed, month):
    """Money, fidelity and fit of the trials that started this month."""
    money = draws.stream(seed, _MONEY, month)
    fidelity = draws.stream(seed, _FIDELITY, month)
    adapt = draws.stream(seed, _ADAPT, month)
    for i in range(orgs.kind.shape[0]):
        trials = orgs.trial[i]
        while trials != NOTHING:
            p = lowest(trials)
            trials = without_lowest(trials)
            if uses.since[i, p] != month:
                continue
            cost, g = practices.cost[p], uses.grant[i, p]
            paid = draws.at(money, i, p) < _grant_chance(values, cost)
            if g < 0 or not paid:
                uses.grant[i, p] = -2 if cost == _LOW else -1
            uses.unfunded[i, p] = NEVER
            start = values.fidelity_start
            faithful = start + (1.0 - start) * draws.at(fidelity, i, p)
            if draws.at(adapt, i, p) < values.p_adapted:
                uses.fit[i, p] += values.fit_gain * (1.0 - uses.fit[i, p])
                faithful -= values.fidelity_cost
            uses.fidelity[i, p] = max(0.0, faithful)


@inner
def _finish_trials(orgs, uses, practices, flows, events, values, seed, month):
    outcome = draws.stream(seed, _OUTCOME, month)
    write = draws.stream(seed, _WRITE, month)
    for i in range(orgs.kind.shape[0]):
        trials = orgs.trial[i]
        while trials != NOTHING:
            p = lowest(trials)
            trials = without_lowest(trials)
            if month - uses.since[i, p] < practices.trial_months[p]:
                continue
            orgs.trial[i] &= ~bit(p)
            uses.since[i, p] = month
            chance = uses.fit[i, p] * _effect(values, uses.fidelity[i, p])
            if has(orgs.knows[i], p) and draws.at(outcome, i, p) < chance:
                orgs.adopted[i] |= bit(p)
                flows[_N_ADOPTIONS] += 1
                log(events, month, _ADOPTED, i, p, uses.grant[i, p], -1)
                if draws.at(write, i, p) < values.p_written:
                    orgs.written[i] |= bit(p)
            else:
                uses.grant[i, p] = -2
                uses.unfunded[i, p] = NEVER
                flows[_N_FAILED] += 1
                log(events, month, _FAILED, i, p, -1, -1)


@inner
def _in_formal(start, network, active, formalisation, i):
    for x in range(start[i], start[i + 1]):
        k = network[x]
        if active[k] == 1 and formalisation[k] == _FORMAL:
            return True
    return False


@inner
def _settle(
    orgs, uses, practices, memberships, networks, modifiers, policy, will, events, values, seed,
    month,
):  # fmt: skip
    key = draws.stream(seed, _INSTITUTIONALISE, month)
    for i in range(orgs.kind.shape[0]):
        adopted = orgs.adopted[i]
        if adopted == NOTHING:
            continue
        base = values.institutionalise * modifiers.rel_institutionalising[i]
        base *= 0.5 + orgs.support[i]
        start, network = memberships.start, memberships.network
        if _in_formal(start, network, networks.active, networks.formalisation, i):
            base *= values.rel_formal
        while adopted != NOTHING:
            p = lowest(adopted)
            adopted = without_lowest(adopted)
            hazard = base
            if uses.grant[i, p] >= 0:
                hazard *= values.rel_grant
            if practices.needs_will[p] == 1:
                hazard *= 0.5 + (1.0 if has(policy[i], p) else will[i])
            if draws.at(key, i, p) < hazard:
                orgs.adopted[i] &= ~bit(p)
                orgs.institutional[i] |= bit(p)
                uses.since[i, p] = month
                uses.grant[i, p] = -2 if practices.cost[p] == _LOW else -1
                uses.unfunded[i, p] = NEVER
                log(events, month, _SETTLED, i, p, -1, -1)


@inner
def loop(w, values, seed, month):
    """Adoption, for a month."""
    policy, rewarded = np.empty_like(w.orgs.aware), np.empty_like(w.orgs.aware)
    will = np.empty_like(w.orgs.slack)
    _favour(
        w.orgs, w.grants, w.funders, w.territories, w.national, w.modifiers, policy, rewarded, will
    )
    _settle(
        w.orgs, w.uses, w.practices, w.memberships, w.networks, w.modifiers, policy, will, w.events,
        values, seed, month,
    )  # fmt: skip
    _finish_trials(w.orgs, w.uses, w.practices, w.flows, w.events, values, seed, month)
    _start_trials(
        w.orgs, w.uses, w.exposure, w.practices, w.grants, w.modifiers, policy, rewarded, will,
        w.flows, w.events, values, seed, month,
    )  # fmt: skip
    _set_up(w.orgs, w.uses, w.practices, values, seed, month)


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Adoption(CompiledRule):
    """Starts and ends trials, and institutionalises what has proved itself."""

    name: ClassVar[str] = "adoption"
    summary: ClassVar[str] = "Organisations try what their peers run; trials succeed, fail, settle."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = row_of(
            _Values(
                start_rate=p.start_rate,
                kappa=p.kappa,
                fit_exponent=p.fit_exponent,
                elasticity=p.capacity_elasticity,
                will_floor=p.will_floor,
                rel_guideline=p.rel_guideline,
                money_medium=p.money_medium,
                money_high=p.money_high,
                p_grant_low=p.p_grant_low,
                p_grant_medium=p.p_grant_medium,
                p_grant_high=p.p_grant_high,
                p_adapted=p.p_adapted,
                fit_gain=p.fit_gain,
                fidelity_cost=p.fidelity_cost,
                fidelity_start=p.fidelity_start,
                fidelity_zero=p.fidelity_zero,
                fidelity_full=p.fidelity_full,
                cooldown=p.months_cooldown,
                p_written=p.p_written,
                institutionalise=p.institutionalise_rate,
                rel_grant=p.rel_institutionalise_grant,
                rel_formal=p.rel_institutionalise_formal,
                max_parallel=p.max_parallel,
            )
        )
