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
from diffusion.base.pairs import pairs
from diffusion.base.picking import below, picked
from diffusion.base.scratch import scratch
from diffusion.base.turns import occupied
from diffusion.world.lines import offers, payer
from diffusion.world.places import policy_of, will_of
from diffusion.world.pushes import rel_eased
from diffusion.world.response import MARGIN, may_start, most_of_power, response
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
def _in_formal(start, network, networks, i):
    """Whether an organisation is a member of an active formal network."""
    for x in range(start[i], start[i + 1]):
        row = networks[network[x]]
        if row.active == 1 and row.formalisation == _FORMAL:
            return True
    return False


@inner
def _survey(
    orgs, practices, modifiers, pushes, tried, hopeful, open_to, most, half_way, settling, values,
    seed, month,
):  # fmt: skip
    """What each organisation tries, what is open to it, and what may become institutionalised.

    Fills `most` with upper bounds of the hazard of starting a trial at full response, unrewarded.
    """
    settle = draws.stream(seed, _INSTITUTIONALISE, month)
    width, most_settling = draws.width(practices.shape[0]), _most_favour(values) * MARGIN
    rate = values.start_rate * MARGIN
    for i in range(orgs.shape[0]):
        org, modifier = orgs[i], modifiers[i]
        tried[i] = org.trial
        hopeful[i] = NOTHING
        left = org.aware & org.knows & ~(org.trial | org.adopted | org.institutional | org.lapsed)
        open_to[i] = left if org.contacts > 0.0 else NOTHING
        half_way[i] = org.threshold * org.contacts
        able = most_of_power(org.absorptive, values.elasticity) * min(1.0, org.slack)
        most[i] = rate * modifier.rel_adoption * able * max(1.0, pushes[i].most_eased)
        few = draws.rare(draws.half(settle, i), 0, width)
        rare = _usual(org, modifier, values) * most_settling <= draws.RARE
        settling[i] = org.adopted & (few if rare else ~NOTHING)


@inner
def _usual(org, modifier, values):
    """The hazard of becoming institutionalised when nothing else favours or hinders it."""
    return values.institutionalise * modifier.rel_institutionalising * (0.5 + org.support)


@inner
def _most_favour(values):
    """What multiplies that hazard at most."""
    return max(1.0, values.rel_formal) * max(1.0, values.rel_grant) * 1.5


@inner
def _sort(uses, exposure, open_to, most, half_way, hopeful, values, seed, month):
    """Fills `hopeful` with the practices whose luck may be enough to start a trial."""
    key = draws.stream(seed, _TRIAL, month)
    reward, kappa = values.rel_guideline * values.rel_proposal, values.kappa
    who, what, n = pairs(open_to)
    luck, bound, few = scratch(n), scratch(n), scratch(n, np.uint32)
    for y in range(n):
        luck[y] = draws.at(key, who[y], what[y])
    for y in range(n):
        bound[y] = most[who[y]] * reward
    lucky, found = below(luck, bound, few), 0
    for z in range(lucky):
        y = few[z]
        i = who[y]
        few[found] = y
        found += 1 if may_start(luck[y], bound[y], exposure[i, what[y]], half_way[i], kappa) else 0
    for z in range(found):
        y = few[z]
        i, p = who[y], what[y]
        use = uses[i, p]
        fitting = bound[y] * _most_of_fit(use, values)
        if may_start(luck[y], fitting, exposure[i, p], half_way[i], kappa):
            hopeful[i] |= NOTHING if _cools_down(use, values, month) else bit(p)


@inner
def _most_of_fit(use, values):
    """Upper bound of what fit makes of the hazard of starting a trial."""
    return most_of_power(use.fit, min(1.0, values.fit_exponent))


@inner
def _cools_down(use, values, month):
    """Whether a practice that does not run failed too recently to be tried again."""
    failed = use.since
    return failed > 0 and month - failed < values.cooldown


@inner
def _settle(
    orgs, uses, practices, start, network, networks, territories, national, modifiers, settling,
    events, values, seed, month,
):  # fmt: skip
    """What is adopted becomes institutionalised."""
    key = draws.stream(seed, _INSTITUTIONALISE, month)
    width, most = draws.width(practices.shape[0]), _most_favour(values) * MARGIN
    who, what, n = pairs(settling)
    for y in range(n):
        i, p = np.int64(who[y]), np.int64(what[y])
        org, modifier = orgs[i], modifiers[i]
        usual = _usual(org, modifier, values)
        few = draws.rare(draws.half(key, i), 0, width)
        luck = draws.among(few, p, draws.at(key, i, p))
        if luck >= usual * most:
            continue
        use, hazard = uses[i, p], usual
        if _in_formal(start, network, networks, i):
            hazard *= values.rel_formal
        if use.grant >= 0:
            hazard *= values.rel_grant
        if practices[p].needs_will == 1:
            complete = has(policy_of(org, territories, national), p)
            hazard *= 0.5 + (1.0 if complete else will_of(org, modifier, territories))
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
    who, what, n = pairs(tried)
    due, over = scratch(n, np.uint32), scratch(n, np.bool_)
    for y in range(n):
        over[y] = month - uses[who[y], what[y]].since >= practices[what[y]].trial_months
    for z in range(picked(over, due)):
        i, p = np.int64(who[due[z]]), np.int64(what[due[z]])
        org, use = orgs[i], uses[i, p]
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
def _start_trials(
    orgs, uses, exposure, practices, grants, funders, territories, national, modifiers, pushes,
    promotions, hopeful, most, half_way, flows, events, values, seed, month,
):  # fmt: skip
    """Trials start."""
    key = draws.stream(seed, _TRIAL, month)
    who, masks = scratch(orgs.shape[0], np.uint32), scratch(orgs.shape[0], np.uint64)
    for x in range(occupied(hopeful, who, masks)):
        i, open_to = int(who[x]), masks[x]
        org, modifier, push = orgs[i], modifiers[i], pushes[i]
        line, proposed, rewarded = offers(org, grants, funders)
        policy = policy_of(org, territories, national)
        rewarded |= policy
        trying = count(org.trial)
        # who can try few at a time starts at a practice drawn anew each month
        turn = np.uint64(draws.below(key, i, _PRACTICES, practices.shape[0]))
        later = (open_to >> turn) << turn
        for half in range(2):
            left = later if half == 0 else open_to ^ later
            while left != NOTHING and trying < values.max_parallel:
                p = lowest(left)
                left = without_lowest(left)
                luck = draws.at(key, i, p)
                use, practice = uses[i, p], practices[p]
                if _cools_down(use, values, month):
                    continue
                without = values.money_medium if practice.cost == _MEDIUM else values.money_high
                money = without if line < 0 and practice.cost != _LOW else 1.0
                guideline = values.rel_guideline if has(rewarded, p) else 1.0
                proposal = values.rel_proposal if has(proposed, p) else 1.0
                chance = most[i] * money * guideline * proposal
                chance *= _most_of_fit(use, values)
                if not may_start(luck, chance, exposure[i, p], half_way[i], values.kappa):
                    continue
                hazard = org.absorptive**values.elasticity * min(1.0, org.slack)
                hazard *= values.start_rate * modifier.rel_adoption
                hazard *= response(exposure[i, p], org.contacts, org.threshold, values.kappa)
                if has(push.promoted, p):
                    hazard *= rel_eased(push, promotions, p)
                hazard *= use.fit**values.fit_exponent
                if practice.needs_will == 1 and not has(policy, p):
                    will = will_of(org, modifier, territories)
                    hazard *= values.will_floor + (1.0 - values.will_floor) * will
                hazard *= money
                hazard *= guideline
                hazard *= proposal
                if luck < hazard:
                    org.trial |= bit(p)
                    use.since, use.grant = month, payer(org, grants, p, line)
                    _set_up(use, practice, modifier, values, seed, month, i, p)
                    trying += 1
                    flows[_N_TRIALS] += 1
                    log(events, month, _TRIED, i, p, line, -1)


@inner
def _set_up(use, practice, modifier, values, seed, month, i, p):
    """Money, fidelity and fit of a trial that starts; `use.grant` is a line that may pay it."""
    money = draws.at(draws.stream(seed, _MONEY, month), i, p)
    if use.grant < 0 or money >= values.p_grant[practice.cost]:
        use.grant = -2 if practice.cost == _LOW else -1
    use.unfunded = NEVER
    start = values.fidelity_start
    faithful = start + (1.0 - start) * draws.at(draws.stream(seed, _FIDELITY, month), i, p)
    if draws.at(draws.stream(seed, _ADAPT, month), i, p) < values.p_adapted:
        gain = min(1.0, max(0.0, values.fit_gain + modifier.add_fit_gain))
        use.fit += gain * (1.0 - use.fit)
        faithful -= values.fidelity_cost * modifier.rel_fidelity_cost
    use.fidelity = max(0.0, faithful)


@inner
def loop(w, values, seed, month):
    """Adoption, for a month."""
    n = w.orgs.shape[0]
    tried, hopeful, open_to = scratch(n, np.uint64), scratch(n, np.uint64), scratch(n, np.uint64)
    settling, most, half_way = scratch(n, np.uint64), scratch(n), scratch(n)
    _survey(
        w.orgs, w.practices, w.modifiers, w.pushes, tried, hopeful, open_to, most, half_way,
        settling, values, seed, month,
    )  # fmt: skip
    _sort(w.uses, w.exposure, open_to, most, half_way, hopeful, values, seed, month)
    _settle(
        w.orgs, w.uses, w.practices, w.memberships.start, w.memberships.network, w.networks,
        w.territories, w.national, w.modifiers, settling, w.events, values, seed, month,
    )  # fmt: skip
    _finish_trials(
        w.orgs, w.uses, w.practices, tried, hopeful, w.flows, w.events, values, seed, month
    )
    _start_trials(
        w.orgs, w.uses, w.exposure, w.practices, w.grants, w.funders, w.territories, w.national,
        w.modifiers, w.pushes, w.promotions, hopeful, most, half_way, w.flows, w.events, values,
        seed, month,
    )  # fmt: skip


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
