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
from diffusion.base.arrays import NOTHING, FloatArray, bit, has, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR, monthly_hazard
from diffusion.world.adjacency import without_ties
from diffusion.world.rule import (
    CompiledRule,
    RuleSettings,
    number,
    per_month,
    per_year,
    ratio,
    share,
)
from diffusion.world.traffic import Event, Flow, Live, log
from diffusion.world.vocabulary import CONTRACTS, KINDS

_EXIT = int(Decision.EXIT)
_REFILL = int(Decision.REFILL)
_HANDOVER = int(Decision.HANDOVER)
_TIE_LAPSE = int(Decision.TIE_LAPSE_ON_EXIT)
_LEARN = int(Decision.LEARN_FROM_COLLEAGUE)
_DECAY = int(Decision.SKILL_DECAY)
_MEMORY = int(Decision.MEMORY_LOSS)
_TIES = int(Live.TIES)
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
def _ends_soon(line, month):
    """Whether a grant line is in its last months without a follow-up."""
    return line.active == 1 and line.renewed == 0 and month >= line.ends - _LAST_MONTHS


@inner
def _exits(
    org, modifier, i, uses, posts, grants, hazard_paid, flows, events, values, keys, month
):  # fmt: skip
    """People of organisation i leave, and vacant posts are filled again."""
    leave, refill, handover = keys
    strain = (1.0 + values.overload_slope * org.overload) * modifier.rel_turnover
    hazard_volunteer = values.hazard_volunteer * modifier.rel_volunteer_turnover
    p_refill, struck = values.p_refill * modifier.rel_refill, modifier.add_exit
    most = max(hazard_paid, hazard_volunteer) * strain * max(1.0, values.first_year) + struck
    for j in range(org.first_post, org.first_post + org.n_posts):
        post = posts[j]
        g, contract = post.grant, post.contract
        if post.filled == 0:
            payable = contract != _FIXED_TERM or g < 0
            if not payable:
                payable = grants[g].active == 1 and not _ends_soon(grants[g], month)
            if payable and draws.at(refill, j, post.person) < p_refill:
                post.filled = 1
                post.hired = month
                post.person += 1
            continue
        luck = draws.at(leave, j, post.person)
        if luck >= most and (contract != _FIXED_TERM or g < 0):
            continue  # nobody's hazard is higher, but where a grant ends
        hazard = hazard_volunteer if contract == _VOLUNTEER else hazard_paid
        hazard *= strain
        if month - post.hired < MONTHS_A_YEAR:
            hazard *= values.first_year
        if contract == _FIXED_TERM and g >= 0 and _ends_soon(grants[g], month):
            hazard = max(hazard, values.hazard_last_months)
        if luck >= hazard + struck:
            continue
        flows[_EXITS] += 1
        log(events, month, _LEFT, i, -1, j, -1)
        hands_over = draws.at(handover, j, 0) < org.handover + modifier.add_handover
        knows = post.knows
        while knows != NOTHING:
            p = lowest(knows)
            knows = without_lowest(knows)
            flows[_LOST] += 1
            if hands_over and draws.at(handover, j, 1 + p) < values.handover:
                org.written |= bit(p)
                flows[_SAVED] += 1
            use = uses[i, p]
            if use.champion == j:
                use.champion = -1
                use.champion_left = month
        post.knows = NOTHING
        post.filled = 0
        post.left = month


@inner
def _learn(org, i, uses, posts, ease, values, keys):
    """Colleagues teach each other what runs; what is not needed is forgotten.

    Returns what the staff knows together afterwards.
    """
    learn, decay, fade = keys
    first, last = org.first_post, org.first_post + org.n_posts
    known = NOTHING
    for j in range(first, last):
        known |= posts[j].knows
    running = org.trial | org.adopted | org.institutional
    teachable = running & (known | org.written)
    together = NOTHING
    for j in range(first, last):
        post = posts[j]
        if post.filled == 0:
            continue  # nobody, who knows nothing
        missing = teachable & ~post.knows
        idle = post.knows & ~running
        while missing != NOTHING:
            p = lowest(missing)
            missing = without_lowest(missing)
            chance = values.p_colleague if has(known, p) else values.p_written
            if draws.at(learn, j, p) < chance * ease[p]:
                post.knows |= bit(p)
        while idle != NOTHING:
            p = lowest(idle)
            idle = without_lowest(idle)
            if draws.at(decay, j, p) < values.p_decay:
                post.knows &= ~bit(p)
                if uses[i, p].champion == j:
                    uses[i, p].champion = -1
        together |= post.knows
    shelved = org.written & ~running
    while shelved != NOTHING:
        p = lowest(shelved)
        shelved = without_lowest(shelved)
        if draws.at(fade, i, p) < values.p_memory_loss:
            org.written &= ~bit(p)
    return together


@inner
def _name_champions(org, i, uses, posts):
    """Of each running practice that has no champion, who has known it for longest."""
    first, last = org.first_post, org.first_post + org.n_posts
    open_to = org.knows & (org.trial | org.adopted | org.institutional)
    while open_to != NOTHING:
        p = lowest(open_to)
        open_to = without_lowest(open_to)
        use = uses[i, p]
        if use.champion >= 0:
            continue
        best = -1
        for j in range(first, last):
            if has(posts[j].knows, p) and (best < 0 or posts[j].hired < posts[best].hired):
                best = j
        use.champion = best


@inner
def _staff(
    orgs, uses, posts, practices, grants, modifiers, flows, events, values, seed, month
):  # fmt: skip
    """One organisation after the other: who leaves, who learns, who knows what now."""
    exits = (
        draws.stream(seed, _EXIT, month),
        draws.stream(seed, _REFILL, month),
        draws.stream(seed, _HANDOVER, month),
    )
    learning = (
        draws.stream(seed, _LEARN, month),
        draws.stream(seed, _DECAY, month),
        draws.stream(seed, _MEMORY, month),
    )
    ease = np.empty(practices.shape[0])
    for p in range(ease.shape[0]):
        ease[p] = 1.0 - values.brake * practices[p].complexity
    for i in range(orgs.shape[0]):
        org = orgs[i]
        hazard_paid = values.hazards[org.kind]
        _exits(
            org, modifiers[i], i, uses, posts, grants, hazard_paid, flows, events, values, exits,
            month,
        )  # fmt: skip
        org.knows = _learn(org, i, uses, posts, ease, values, learning)
        _name_champions(org, i, uses, posts)


@inner
def _successor(posts, org, key, j, whom):
    """A filled post of the same organisation to take over from post j; j if there is none."""
    offset = draws.below(key, j, whom, org.n_posts)
    for k in range(org.n_posts):
        candidate = org.first_post + (offset + k) % org.n_posts
        if posts[candidate].filled == 1:
            return candidate
    return j


@inner
def _lapse(org, modifier, values):
    """Chance that a tie lapses with its contact person."""
    habit = min(1.0, org.handover + modifier.add_handover)
    return values.p_tie_loss * (1.0 - habit * values.handover)


@inner
def _break_ties(
    orgs, posts, ties, sizes, start, partner, tie, modifiers, flows, values, seed, month
):  # fmt: skip
    """Ties of those who left lapse, or somebody else takes them over."""
    key = draws.stream(seed, _TIE_LAPSE, month)
    moved = np.empty(sizes[_TIES], np.int32)  # where each tie stands now, -1 where it is gone
    kept = 0
    for t in range(sizes[_TIES]):
        row = ties[t]
        pa, pb = row.post_a, row.post_b
        vacant_a, vacant_b = posts[pa].filled == 0, posts[pb].filled == 0
        if vacant_a or vacant_b:
            a, b = row.a, row.b
            left_a, left_b = posts[pa].left == month, posts[pb].left == month
            if (left_a and draws.at(key, a, b) < _lapse(orgs[a], modifiers[a], values)) or (
                left_b and draws.at(key, b, a) < _lapse(orgs[b], modifiers[b], values)
            ):
                flows[_TIES_LOST] += 1
                moved[t] = -1
                continue
            if vacant_a:
                row.post_a = _successor(posts, orgs[a], key, pa, b)
            if vacant_b:
                row.post_b = _successor(posts, orgs[b], key, pb, a)
        if kept < t:
            ties[kept] = row
        moved[t] = kept
        kept += 1
    if kept < sizes[_TIES]:
        without_ties(start, partner, tie, moved)
    sizes[_TIES] = kept


@inner
def loop(w, values, seed, month):
    """Turnover, for a month."""
    _staff(
        w.orgs, w.uses, w.posts, w.practices, w.grants, w.modifiers, w.flows, w.events, values,
        seed, month,
    )  # fmt: skip
    _break_ties(
        w.orgs, w.posts, w.ties, w.sizes, w.adjacency.start, w.adjacency.partner, w.adjacency.tie,
        w.modifiers, w.flows, values, seed, month,
    )  # fmt: skip


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Turnover(CompiledRule):
    """Lets people leave, refills posts, breaks and hands over ties, lets colleagues learn."""

    name: ClassVar[str] = "turnover"
    summary: ClassVar[str] = "People leave with what they know; newcomers learn what is left."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        by_kind = [getattr(p, f"share_{kind}") for kind in KINDS]
        stay = 1.0 - p.share_leaving_at_grant_end
        self.values = row_of(
            _Values(
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
        )
