"""Findings: networks write down what works and bring it before policy makers.

At a meeting a community of practice or a coordinated network may turn what at least two members
run into a written finding (E016, E017), sooner where meetings are facilitated (E077) and where
research is a member (E026, E045). A finding goes out of date once no member runs the practice.

A network with a policy link, its own or one that an intervention opens, is consulted at a rhythm
(E030, E031, E047). Of its findings a part is heard (E028), by the policy makers of its seat and of
its members' places, and by national ones if it works at that level. What was heard is forgotten
after some time (E032). The rule `policy` decides what comes of it.
"""

from typing import ClassVar, NamedTuple

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, bit, has, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.world.rule import CompiledRule, RuleSettings, number, per_month, ratio, share
from diffusion.world.vocabulary import KINDS, LEVELS

_FINDING = int(Decision.FINDING)
_OUTDATED = int(Decision.FINDING_OUTDATED)
_CONSULTATION = int(Decision.CONSULTATION)
_HEARD = int(Decision.FINDING_HEARD)
_FORGOTTEN = int(Decision.FINDING_FORGOTTEN)
_RESEARCH = KINDS.index("research")
_ROUNDED_UP = 1.0 + 1e-9  # by far more than a sum of weights can be off
_NATIONAL = LEVELS.index("national")


class Parameters(RuleSettings):
    """How what members run is written down and heard."""

    users_needed: int = number("members running a practice that make a finding", "members", 1, 100)
    p_written: float = share("chance at a meeting that a finding is written down")
    rel_facilitated: float = ratio("the same at a facilitated meeting", 20.0)
    rel_research: float = ratio("the same with a research organisation as a member", 20.0)
    p_outdated: float = per_month("loss of a finding that no member runs")
    consultations_per_year: float = number(
        "consultations of a network with a policy link", "per year", 0.0, 12.0
    )
    p_heard: float = share("share of its findings that a consultation brings across")
    months_remembered: float = number("mean time for which it is remembered", "months", 1.0, 600.0)


class _Values(NamedTuple):
    users_needed: int
    written: float
    rel_facilitated: float
    rel_research: float
    outdated: float
    consultations: float
    heard: float
    forgotten: float


@inner
def _running(org):
    """Practices that an organisation runs."""
    return org.adopted | org.institutional


@inner
def _drawn(row, key, chance):
    """Those of a network's findings whose luck is below a chance."""
    found, left = NOTHING, row.findings
    while left != NOTHING:
        p = lowest(left)
        left = without_lowest(left)
        if draws.at(key, row.key, p) < chance:
            found |= bit(p)
    return found


@inner
def _outdate(row, member, first, last, orgs, key, outdated):
    """What no member runs may go out of date; luck is cheaper to look at than all members."""
    fading = _drawn(row, key, outdated)
    if fading != NOTHING:
        for x in range(first, last):
            fading &= ~_running(orgs[member[x]])
        row.findings &= ~fading


@inner
def _known_here(member, first, last, orgs, modifiers):
    """What any member runs, what two do, the highest weight, and whether research is among them."""
    any_runs, two_run, highest, studied = NOTHING, NOTHING, 0.0, 0
    for x in range(first, last):
        org = orgs[member[x]]
        running = _running(org)
        two_run |= any_runs & running
        any_runs |= running
        highest = max(highest, modifiers[member[x]].rel_findings)
        studied |= 1 if org.kind == _RESEARCH else 0
    return any_runs, two_run, highest, studied


@inner
def _users(member, first, last, orgs, modifiers, p):
    """How many members run a practice, and the sum of their weights."""
    users, weight = 0, 0.0
    for x in range(first, last):
        if has(_running(orgs[member[x]]), p):
            users += 1
            weight += modifiers[member[x]].rel_findings
    return users, weight


@inner
def _write(networks, start, member, orgs, modifiers, values, seed, month):
    """Networks turn what several members run into findings; what nobody runs goes out of date."""
    writing = draws.stream(seed, _FINDING, month)
    fading = draws.stream(seed, _OUTDATED, month)
    for k in range(networks.shape[0]):
        row, first, last = networks[k], start[k], start[k + 1]
        before = row.findings
        if before != NOTHING:
            _outdate(row, member, first, last, orgs, fading, values.outdated)
        if row.met == 0 or (row.is_cop == 0 and row.coordinated == 0):
            continue
        any_runs, two_run, highest, studied = _known_here(member, first, last, orgs, modifiers)
        mixed = row.facilitated == 1 or row.mixed == 1
        base = values.written * (values.rel_facilitated if mixed else 1.0)
        if studied == 1:
            base *= values.rel_research
        left = (any_runs if values.users_needed == 1 else two_run) & ~before
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            luck = draws.at(writing, row.key, p)
            if luck > base * highest * _ROUNDED_UP:
                continue  # no mean weight exceeds the highest
            users, weight = _users(member, first, last, orgs, modifiers, p)
            if users >= values.users_needed and luck < base * weight / users:
                row.findings |= bit(p)


@inner
def _forget(territories, values, seed, month):
    """Policy makers forget what they heard."""
    key = draws.stream(seed, _FORGOTTEN, month)
    for r in range(territories.shape[0]):
        row = territories[r]
        left = row.heard
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            if draws.at(key, r, p) < values.forgotten:
                row.heard &= ~bit(p)


@inner
def _consult(networks, start, member, orgs, modifiers, territories, national, values, seed, month):
    """Linked, working networks tell policy makers of their findings, and a part is heard."""
    consulting = draws.stream(seed, _CONSULTATION, month)
    hearing = draws.stream(seed, _HEARD, month)
    for k in range(networks.shape[0]):
        row = networks[k]
        if row.findings == NOTHING or row.coordinated == 0:
            continue
        if row.policy_link == 0 and row.linked == 0:
            continue
        rhythm = (values.consultations + row.add_consultations) / MONTHS_A_YEAR
        if draws.at(consulting, row.key, 0) >= rhythm:
            continue
        voice = 0.0
        for x in range(start[k], start[k + 1]):
            voice += modifiers[member[x]].rel_heard
        chance = values.heard * voice / max(1, start[k + 1] - start[k]) + row.add_heard
        across = _drawn(row, hearing, chance)
        territories[row.territory].heard |= across
        for x in range(start[k], start[k + 1]):
            org = orgs[member[x]]
            territories[org.territory].heard |= across
            if row.level >= _NATIONAL and national[org.country] >= 0:
                territories[national[org.country]].heard |= across


@inner
def loop(w, values, seed, month):
    """Findings, for a month."""
    start, member = w.members.start, w.members.organisation
    _write(w.networks, start, member, w.orgs, w.modifiers, values, seed, month)
    _forget(w.territories, values, seed, month)
    _consult(
        w.networks, start, member, w.orgs, w.modifiers, w.territories, w.national, values, seed,
        month,
    )  # fmt: skip


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Findings(CompiledRule):
    """Lets networks write findings and bring them before policy makers."""

    name: ClassVar[str] = "findings"
    summary: ClassVar[str] = "Networks write down what works; policy makers hear of a part."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = row_of(
            _Values(
                users_needed=p.users_needed,
                written=p.p_written,
                rel_facilitated=p.rel_facilitated,
                rel_research=p.rel_research,
                outdated=p.p_outdated,
                consultations=p.consultations_per_year,
                heard=p.p_heard,
                forgotten=1.0 / p.months_remembered,
            )
        )
