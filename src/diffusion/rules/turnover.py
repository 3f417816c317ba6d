"""Turnover: people leave and take what they know with them; newcomers learn what is left.

The monthly exit hazard comes from a yearly share by kind of organisation (A01-A06), rises with
overload and in the first year, and jumps in the last two months of a grant that is not followed
up (B12). With a leaver go the practices this person knows, except what handover writes into the
organisation's memory (A12), and each tie the person held lapses with probability 0.30 (A13).
Vacancies are refilled at 1/2.9 a month (A09) where money allows. Colleagues teach each other, and
what is written down can be read.
"""

from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, FloatArray, bit, has, lowest, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR, monthly_hazard
from diffusion.world.rule import (
    CompiledRule,
    RuleSettings,
    number,
    per_month,
    per_year,
    ratio,
    share,
)
from diffusion.world.traffic import Event, Flow, log
from diffusion.world.vocabulary import CONTRACTS, KINDS

_EXIT = int(Decision.EXIT)
_REFILL = int(Decision.REFILL)
_HANDOVER = int(Decision.HANDOVER)
_TIE_LAPSE = int(Decision.TIE_LAPSE_ON_EXIT)
_LEARN = int(Decision.LEARN_FROM_COLLEAGUE)
_DECAY = int(Decision.SKILL_DECAY)
_MEMORY = int(Decision.MEMORY_LOSS)
_EXITS = int(Flow.EXITS)
_LOST = int(Flow.KNOWLEDGE_LOST)
_SAVED = int(Flow.KNOWLEDGE_SAVED)
_TIES_LOST = int(Flow.TIES_LOST)
_LEFT = int(Event.LEFT)
_VOLUNTEER = CONTRACTS.index("volunteer")
_FIXED_TERM = CONTRACTS.index("fixed_term")
_LAST_MONTHS = 2  # of a grant that is not followed up (B12)


class Parameters(RuleSettings):
    """Who leaves, what goes with them, and how the rest learn."""

    share_state_agency: float = per_year("staff leaving state agencies")
    share_municipality: float = per_year("staff leaving municipal administrations")
    share_ngo: float = per_year("paid staff leaving NGOs")
    share_migrant_organisation: float = per_year("paid staff leaving migrant organisations")
    share_educational: float = per_year("contact persons leaving their role in education")
    share_company: float = per_year("contact persons leaving their role in companies")
    share_volunteer_group: float = per_year("paid staff leaving volunteer groups")
    share_research: float = per_year("staff leaving research institutions")
    share_volunteer: float = per_year("volunteers who stop")
    rel_turnover: float = ratio("multiplier on all of these", 10.0)
    overload_slope: float = number("rise of the exit hazard per unit of overload", "1", 0.0, 5.0)
    rel_first_year: float = ratio("exit hazard in the first year in post", 5.0)
    share_leaving_at_grant_end: float = share("fixed-term staff gone by the end of a lost grant")
    handover_effect: float = share("share of a leaver's knowledge that handover saves")
    p_tie_loss: float = share("chance that a tie lapses when its contact person leaves")
    months_vacancy: float = number("mean vacancy", "months", 1.0, 36.0)
    p_learn_colleague: float = per_month("chance to learn a running practice from a colleague")
    p_learn_written: float = per_month("chance to learn it from what is written down")
    complexity_brake: float = share("fall of that chance from the simplest to the most complex")
    p_skill_decay: float = per_month("chance to forget a practice that the organisation lacks")
    p_memory_loss: float = per_month("chance that unused written knowledge becomes useless")


class _Values(NamedTuple):
    hazards: FloatArray  # by kind of organisation
    overload_slope: float
    first_year: float
    hazard_volunteer: float
    hazard_last_months: float
    handover: float
    p_tie_loss: float
    p_refill: float
    p_colleague: float
    p_written: float
    brake: float
    p_decay: float
    p_memory_loss: float


@inner
def _ends_soon(active, renewed, ends, g, month):
    """Whether grant line g is in its last months without a follow-up."""
    if g < 0 or active[g] == 0 or renewed[g] != 0:
        return False
    return month >= ends[g] - _LAST_MONTHS


@inner
def _exits(orgs, uses, posts, grants, modifiers, flows, events, values, seed, month):
    leave = draws.stream(seed, _EXIT, month)
    refill = draws.stream(seed, _REFILL, month)
    handover = draws.stream(seed, _HANDOVER, month)
    for j in range(posts.organisation.shape[0]):
        i, g, contract = posts.organisation[j], posts.grant[j], posts.contract[j]
        if posts.filled[j] == 0:
            payable = contract != _FIXED_TERM or g < 0
            if not payable:
                ending = _ends_soon(grants.active, grants.renewed, grants.ends, g, month)
                payable = grants.active[g] == 1 and not ending
            if payable and draws.at(refill, j, posts.person[j]) < values.p_refill:
                posts.filled[j] = 1
                posts.hired[j] = month
                posts.person[j] += 1
            continue
        hazard = values.hazard_volunteer if contract == _VOLUNTEER else values.hazards[orgs.kind[i]]
        hazard *= (1.0 + values.overload_slope * orgs.overload[i]) * modifiers.rel_turnover[i]
        if month - posts.hired[j] < MONTHS_A_YEAR:
            hazard *= values.first_year
        if contract == _FIXED_TERM and _ends_soon(
            grants.active, grants.renewed, grants.ends, g, month
        ):
            hazard = max(hazard, values.hazard_last_months)
        if draws.at(leave, j, posts.person[j]) >= hazard:
            continue
        flows[_EXITS] += 1
        log(events, month, _LEFT, i, -1, j, -1)
        habit = orgs.handover[i] + modifiers.add_handover[i]
        hands_over = draws.at(handover, j, 0) < habit
        knows = posts.knows[j]
        while knows != NOTHING:
            p = lowest(knows)
            knows = without_lowest(knows)
            flows[_LOST] += 1
            if hands_over and draws.at(handover, j, 1 + p) < values.handover:
                orgs.written[i] |= bit(p)
                flows[_SAVED] += 1
            if uses.champion[i, p] == j:
                uses.champion[i, p] = -1
                uses.champion_left[i, p] = month
        posts.knows[j] = NOTHING
        posts.filled[j] = 0
        posts.left[j] = month


@inner
def _successor(filled, first_post, n_posts, key, j, whom):
    """A filled post of the same organisation to take over from post j; j if there is none."""
    offset = draws.below(key, j, whom, n_posts)
    for k in range(n_posts):
        candidate = first_post + (offset + k) % n_posts
        if filled[candidate] == 1:
            return candidate
    return j


@inner
def _break_ties(orgs, posts, ties, modifiers, flows, values, seed, month):
    key = draws.stream(seed, _TIE_LAPSE, month)
    filled, left = posts.filled, posts.left
    first_post, n_posts = orgs.first_post, orgs.n_posts
    lapse = np.empty(n_posts.shape[0])
    for i in range(lapse.shape[0]):
        habit = min(1.0, orgs.handover[i] + modifiers.add_handover[i])
        lapse[i] = values.p_tie_loss * (1.0 - habit * values.handover)
    kept = 0
    for t in range(ties.size[0]):
        a, b = ties.a[t], ties.b[t]
        pa, pb = ties.post_a[t], ties.post_b[t]
        if (left[pa] == month and draws.at(key, a, b) < lapse[a]) or (
            left[pb] == month and draws.at(key, b, a) < lapse[b]
        ):
            flows[_TIES_LOST] += 1
            continue
        if filled[pa] == 0:
            pa = _successor(filled, first_post[a], n_posts[a], key, pa, b)
        if filled[pb] == 0:
            pb = _successor(filled, first_post[b], n_posts[b], key, pb, a)
        ties.a[kept], ties.b[kept] = a, b
        ties.post_a[kept], ties.post_b[kept] = pa, pb
        ties.trust[kept] = ties.trust[t]
        ties.contact[kept] = ties.contact[t]
        kept += 1
    ties.size[0] = kept


@inner
def _learn(orgs, uses, posts, practices, values, seed, month):
    learn = draws.stream(seed, _LEARN, month)
    decay = draws.stream(seed, _DECAY, month)
    fade = draws.stream(seed, _MEMORY, month)
    filled, knows, written = posts.filled, posts.knows, orgs.written
    for i in range(orgs.kind.shape[0]):
        first, last = orgs.first_post[i], orgs.first_post[i] + orgs.n_posts[i]
        known = NOTHING
        for j in range(first, last):
            known |= knows[j]
        running = orgs.trial[i] | orgs.adopted[i] | orgs.institutional[i]
        teachable = running & (known | written[i])
        for j in range(first, last):
            if filled[j] == 0:
                continue
            missing = teachable & ~knows[j]
            idle = knows[j] & ~running
            while missing != NOTHING:
                p = lowest(missing)
                missing = without_lowest(missing)
                chance = values.p_colleague if has(known, p) else values.p_written
                chance *= 1.0 - values.brake * practices.complexity[p]
                if draws.at(learn, j, p) < chance:
                    knows[j] |= bit(p)
            while idle != NOTHING:
                p = lowest(idle)
                idle = without_lowest(idle)
                if draws.at(decay, j, p) < values.p_decay:
                    knows[j] &= ~bit(p)
                    if uses.champion[i, p] == j:
                        uses.champion[i, p] = -1
        shelved = written[i] & ~running
        while shelved != NOTHING:
            p = lowest(shelved)
            shelved = without_lowest(shelved)
            if draws.at(fade, i, p) < values.p_memory_loss:
                written[i] &= ~bit(p)


@inner
def _take_stock(orgs, uses, posts):
    """Refresh what each staff knows together, and who knows each running practice best."""
    knows, hired, champion = posts.knows, posts.hired, uses.champion
    for i in range(orgs.kind.shape[0]):
        first, last = orgs.first_post[i], orgs.first_post[i] + orgs.n_posts[i]
        known = NOTHING
        for j in range(first, last):
            known |= knows[j]
        orgs.knows[i] = known
        open_to = known & (orgs.trial[i] | orgs.adopted[i] | orgs.institutional[i])
        while open_to != NOTHING:
            p = lowest(open_to)
            open_to = without_lowest(open_to)
            if champion[i, p] >= 0:
                continue
            best = -1
            for j in range(first, last):
                if has(knows[j], p) and (best < 0 or hired[j] < hired[best]):
                    best = j
            champion[i, p] = best


@inner
def loop(w, values, seed, month):
    """Turnover, for a month."""
    _exits(w.orgs, w.uses, w.posts, w.grants, w.modifiers, w.flows, w.events, values, seed, month)
    _break_ties(w.orgs, w.posts, w.ties, w.modifiers, w.flows, values, seed, month)
    _learn(w.orgs, w.uses, w.posts, w.practices, values, seed, month)
    _take_stock(w.orgs, w.uses, w.posts)


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values, seed, month)


class Turnover(CompiledRule):
    """Lets people leave, refills posts, breaks and hands over ties, lets colleagues learn."""

    name: ClassVar[str] = "turnover"
    summary: ClassVar[str] = "People leave with what they know; newcomers learn what is left."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        by_kind = [getattr(p, f"share_{kind}") for kind in KINDS]
        stay = 1.0 - p.share_leaving_at_grant_end
        self.values = _Values(
            hazards=np.array([monthly_hazard(r) * p.rel_turnover for r in by_kind]),
            overload_slope=p.overload_slope,
            first_year=p.rel_first_year,
            hazard_volunteer=monthly_hazard(p.share_volunteer) * p.rel_turnover,
            hazard_last_months=1.0 - stay ** (1.0 / _LAST_MONTHS),
            handover=p.handover_effect,
            p_tie_loss=p.p_tie_loss,
            p_refill=1.0 / p.months_vacancy,
            p_colleague=p.p_learn_colleague,
            p_written=p.p_learn_written,
            brake=p.complexity_brake,
            p_decay=p.p_skill_decay,
            p_memory_loss=p.p_memory_loss,
        )
