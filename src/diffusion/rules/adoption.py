"""Adoption: trial, fit, adaptation, fidelity, institutionalising.

An aware organisation with a person who knows how starts a trial with the monthly hazard
h0 * G(exposure) * fit^gamma * capacity^0.5 * will * money * guideline * proposal * slack. G is a
Hill function of the share of remembered contacts that were with users: e^k / (e^k + threshold^k), k
= 1 simple contagion, k = 2 default, large k a threshold (D04, D05). With probability 0.74 the
practice is adapted (G03), which raises fit and costs fidelity. A trial lasts longer the more
complex it is (G06), then succeeds by fit, know-how and fidelity: no effect below 0.3, full at 0.7
(G01). Adopted becomes institutionalised slowly, faster with regular money, formal networks and
will.
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NEVER, NOTHING, bit, count, has, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.world.pushes import rel_eased
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
    rel_proposal: float = number("hazard of what a running grant proposed", "ratio", 1.0, 10.0)
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
    rel_proposal: float
    money_medium: float
    money_high: float
    p_grant: tuple[float, ...]  # by cost
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
def _policy(org, territories, national):
    """The practices that are policy where an organisation works."""
    policy, country = territories[org.territory].policy, national[org.country]
    return policy | territories[country].policy if country >= 0 else policy


@inner
def _will(org, modifier, territories):
    """The political will that an organisation meets, 0..1."""
    return min(1.0, max(0.0, territories[org.territory].will + modifier.add_will))


@inner
def _in_formal(start, network, networks, i):
    """Whether an organisation is a member of an active formal network."""
    for x in range(start[i], start[i + 1]):
        row = networks[network[x]]
        if row.active == 1 and row.formalisation == _FORMAL:
            return True
    return False


@inner
def _review(
    orgs, uses, exposure, practices, start, network, networks, territories, national, modifiers,
    pushes, tried, hopeful, events, values, seed, month,
):  # fmt: skip
    """What is adopted becomes institutionalised, and what may be tried is sorted.

    Fills, for each organisation, `tried` with its trials and `hopeful` with those of the practices
    open to it whose luck may be enough to start a trial. Most are sorted out by a bound that is
    much cheaper than the hazard itself.
    """
    settle = draws.stream(seed, _INSTITUTIONALISE, month)
    trial = draws.stream(seed, _TRIAL, month)
    formal, paid = max(1.0, values.rel_formal), max(1.0, values.rel_grant)
    order = min(2, int(values.kappa))
    width = draws.width(practices.shape[0])
    most_reward = values.rel_guideline * values.rel_proposal
    for i in range(orgs.shape[0]):
        org = orgs[i]
        tried[i] = org.trial
        running = org.trial | org.adopted | org.institutional
        left = org.aware & org.knows & ~(running | org.lapsed)
        found = NOTHING
        if left != NOTHING and org.contacts > 0.0:
            most = values.start_rate * modifiers[i].rel_adoption * most_reward
            most *= max(1.0, pushes[i].most_eased)
            # the elasticity is 2 or less; the last factor outweighs any rounding
            most *= min(1.0, org.slack) * max(1.0, org.absorptive * org.absorptive) * (1.0 + 1e-9)
            per_contact = 1.0 / org.contacts
            limit = (0.0, org.threshold, org.threshold * org.threshold)[order]
            while left != NOTHING:
                p = lowest(left)
                left = without_lowest(left)
                share = exposure[i, p] * per_contact
                low = share * share if order == 2 else share
                # below the threshold a response of a lower order is higher
                high = limit if share < org.threshold else 0.0
                if draws.at(trial, i, p) * (low + high) < most * low:
                    found |= bit(p)
        hopeful[i] = found
        left = org.adopted
        if left == NOTHING:
            continue
        base = values.institutionalise * modifiers[i].rel_institutionalising
        base *= 0.5 + org.support
        most = base * formal * paid * 1.5
        own = draws.half(settle, i)
        few = draws.rare(own, 0, width)
        left &= few if most <= draws.RARE else ~NOTHING
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            luck = draws.among(few, p, draws.rest(own, p))
            if luck >= most:
                continue
            use = uses[i, p]
            hazard = base
            if _in_formal(start, network, networks, i):
                hazard *= values.rel_formal
            if use.grant >= 0:
                hazard *= values.rel_grant
            if practices[p].needs_will == 1:
                complete = has(_policy(org, territories, national), p)
                hazard *= 0.5 + (1.0 if complete else _will(org, modifiers[i], territories))
            if luck < hazard:
                org.adopted &= ~bit(p)
                org.institutional |= bit(p)
                use.since = month
                use.grant = -2 if practices[p].cost == _LOW else -1
                use.unfunded = NEVER
                log(events, month, _SETTLED, i, p, -1, -1)


@inner
def _finish_trials(
    orgs, uses, practices, tried, hopeful, flows, events, values, seed, month
):  # fmt: skip
    """Trials end in adoption or failure."""
    outcome = draws.stream(seed, _OUTCOME, month)
    write = draws.stream(seed, _WRITE, month)
    span = max(1e-9, values.fidelity_full - values.fidelity_zero)
    for i in range(orgs.shape[0]):
        trials = tried[i]
        while trials != NOTHING:
            p = lowest(trials)
            trials = without_lowest(trials)
            org, use = orgs[i], uses[i, p]
            if month - use.since < practices[p].trial_months:
                continue
            org.trial &= ~bit(p)
            use.since = month
            effect = min(1.0, max(0.0, (use.fidelity - values.fidelity_zero) / span))  # G01
            if has(org.knows, p) and draws.at(outcome, i, p) < use.fit * effect:
                org.adopted |= bit(p)
                flows[_N_ADOPTIONS] += 1
                log(events, month, _ADOPTED, i, p, use.grant, -1)
                if draws.at(write, i, p) < values.p_written:
                    org.written |= bit(p)
            else:
                hopeful[i] |= bit(p) & org.aware & org.knows
                use.grant = -2
                use.unfunded = NEVER
                flows[_N_FAILED] += 1
                log(events, month, _FAILED, i, p, -1, -1)


@inner
def _response(exposure, contacts, threshold, kappa):
    """Hill response, 0..1, to the share of remembered contacts that were with users."""
    if contacts <= 0.0 or exposure <= 0.0:
        return 0.0
    share = min(1.0, exposure / contacts) ** kappa
    return share / (share + threshold**kappa)


@inner
def _payer(org, grants, p, line):
    """The running grant line that proposed a practice, or else the given one."""
    for g in range(org.first_grant, org.first_grant + org.n_grants):
        if grants[g].active == 1 and grants[g].idea == p:
            return g
    return line


@inner
def _start_trials(
    orgs, uses, exposure, practices, grants, funders, territories, national, modifiers, pushes,
    promotions, tried, hopeful, flows, events, values, seed, month,
):  # fmt: skip
    """Trials start."""
    key = draws.stream(seed, _TRIAL, month)
    most_reward = values.rel_guideline * values.rel_proposal
    for i in range(orgs.shape[0]):
        if hopeful[i] == NOTHING:
            continue
        org, modifier, push = orgs[i], modifiers[i], pushes[i]
        line = -1  # the first of its grant lines on which money flows
        policy = _policy(org, territories, national)
        rewarded, proposed = policy, NOTHING
        for g in range(org.first_grant, org.first_grant + org.n_grants):
            rewarded |= funders[grants[g].funder].rewards
            if grants[g].active == 1:
                line = g if line < 0 else line
                if grants[g].idea >= 0:
                    proposed |= bit(grants[g].idea)
        able = org.absorptive**values.elasticity * min(1.0, org.slack)
        able *= values.start_rate * modifier.rel_adoption
        trying = count(org.trial)
        # who can try few at a time starts at a practice drawn anew each month
        turn = np.uint64(draws.below(key, i, _PRACTICES, practices.shape[0]))
        later = (hopeful[i] >> turn) << turn
        for half in range(2):
            left = later if half == 0 else hopeful[i] ^ later
            while left != NOTHING and trying < values.max_parallel:
                p = lowest(left)
                left = without_lowest(left)
                hazard = able * _response(exposure[i, p], org.contacts, org.threshold, values.kappa)
                if has(push.promoted, p):
                    hazard *= rel_eased(push, promotions, p)
                luck = draws.at(key, i, p)
                if luck >= hazard * most_reward:
                    continue  # what follows can't raise the hazard further
                use, practice = uses[i, p], practices[p]
                failed = use.since  # of one that does not run: month of the last failure
                if failed > 0 and month - failed < values.cooldown:
                    continue
                hazard *= use.fit**values.fit_exponent
                if practice.needs_will == 1 and not has(policy, p):
                    will = _will(org, modifier, territories)
                    hazard *= values.will_floor + (1.0 - values.will_floor) * will
                if line < 0 and practice.cost != _LOW:
                    medium = practice.cost == _MEDIUM
                    hazard *= values.money_medium if medium else values.money_high
                if has(rewarded, p):
                    hazard *= values.rel_guideline
                if has(proposed, p):
                    hazard *= values.rel_proposal
                if luck < hazard:
                    org.trial |= bit(p)
                    tried[i] |= bit(p)
                    use.since = month
                    use.grant = _payer(
                        org, grants, p, line
                    )  # provisional: `_set_up` decides what pays it
                    trying += 1
                    flows[_N_TRIALS] += 1
                    log(events, month, _TRIED, i, p, line, -1)


@inner
def _set_up(orgs, uses, practices, modifiers, tried, values, seed, month):
    """Money, fidelity and fit of the trials that started this month."""
    money = draws.stream(seed, _MONEY, month)
    fidelity = draws.stream(seed, _FIDELITY, month)
    adapt = draws.stream(seed, _ADAPT, month)
    for i in range(orgs.shape[0]):
        trials = tried[i]
        while trials != NOTHING:
            p = lowest(trials)
            trials = without_lowest(trials)
            use = uses[i, p]
            if use.since != month or not has(orgs[i].trial, p):
                continue
            cost = practices[p].cost
            if use.grant < 0 or draws.at(money, i, p) >= values.p_grant[cost]:
                use.grant = -2 if cost == _LOW else -1
            use.unfunded = NEVER
            start = values.fidelity_start
            faithful = start + (1.0 - start) * draws.at(fidelity, i, p)
            if draws.at(adapt, i, p) < values.p_adapted:
                gain = min(1.0, max(0.0, values.fit_gain + modifiers[i].add_fit_gain))
                use.fit += gain * (1.0 - use.fit)
                faithful -= values.fidelity_cost * modifiers[i].rel_fidelity_cost
            use.fidelity = max(0.0, faithful)


@inner
def loop(w, values, seed, month):
    """Adoption, for a month."""
    tried, hopeful = np.empty(w.orgs.shape[0], np.uint64), np.empty(w.orgs.shape[0], np.uint64)
    _review(
        w.orgs, w.uses, w.exposure, w.practices, w.memberships.start, w.memberships.network,
        w.networks, w.territories, w.national, w.modifiers, w.pushes, tried, hopeful, w.events,
        values, seed, month,
    )  # fmt: skip
    _finish_trials(
        w.orgs, w.uses, w.practices, tried, hopeful, w.flows, w.events, values, seed, month
    )
    _start_trials(
        w.orgs, w.uses, w.exposure, w.practices, w.grants, w.funders, w.territories, w.national,
        w.modifiers, w.pushes, w.promotions, tried, hopeful, w.flows, w.events, values, seed, month,
    )  # fmt: skip
    _set_up(w.orgs, w.uses, w.practices, w.modifiers, tried, values, seed, month)


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
                rel_proposal=p.rel_proposal,
                money_medium=p.money_medium,
                money_high=p.money_high,
                p_grant=tuple(getattr(p, f"p_grant_{cost}") for cost in COSTS),
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
