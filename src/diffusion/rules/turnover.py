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
from diffusion.world.adjacency import drop_lapsed, has_lapsed, lapse
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
_ONE = np.uint64(1)
_PLACES = 16  # of an organisation, at which chance looks at once
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
def _few_leave(org, modifier, hazard_paid, grants, values, month):
    """Whether nobody's hazard of leaving exceeds what `draws.rare` finds."""
    for g in range(org.first_grant, org.first_grant + org.n_grants):
        if _ends_soon(grants[g], month):
            return False
    most = max(hazard_paid, values.hazard_volunteer * modifier.rel_volunteer_turnover)
    most *= (1.0 + values.overload_slope * org.overload) * modifier.rel_turnover
    return most * max(1.0, values.first_year) + modifier.add_exit <= draws.RARE


@inner
def _hazard(org, modifier, post, hazard_paid, grants, values, month):
    """Chance that the person in a post leaves this month."""
    g, hazard = post.grant, hazard_paid
    if post.contract == _VOLUNTEER:
        hazard = values.hazard_volunteer * modifier.rel_volunteer_turnover
    hazard *= (1.0 + values.overload_slope * org.overload) * modifier.rel_turnover
    if month - post.hired < MONTHS_A_YEAR:
        hazard *= values.first_year
    if post.contract == _FIXED_TERM and g >= 0 and _ends_soon(grants[g], month):
        hazard = max(hazard, values.hazard_last_months)
    return hazard + modifier.add_exit


@inner
def _leave(org, modifier, post, i, j, uses, handover, flows, values, month):
    """The person in post j of organisation i leaves with what it knows."""
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
            org.led &= ~bit(p)
    post.knows = NOTHING
    post.filled = 0
    post.left = month


@inner
def _come_and_go(
    orgs, uses, posts, grants, modifiers, shaken, flows, events, values, seed, month
):  # fmt: skip
    """People leave, and vacant posts are filled again.

    Fills, for each organisation, what those who are there know together, and `shaken`: whether a
    vacant post may hold ties that somebody else can take over.
    """
    leave = draws.stream(seed, _EXIT, month)
    refill = draws.stream(seed, _REFILL, month)
    handover = draws.stream(seed, _HANDOVER, month)
    for i in range(orgs.shape[0]):
        org, modifier = orgs[i], modifiers[i]
        hazard_paid = values.hazards[org.kind]
        p_refill = values.p_refill * modifier.rel_refill
        few_leave = _few_leave(org, modifier, hazard_paid, grants, values, month)
        own, few = draws.half(leave, i), NOTHING
        known, staff, came, left = NOTHING, 0, 0, 0
        for place in range(org.n_posts):
            if place % _PLACES == 0:
                few = draws.rare(own, place // _PLACES, _PLACES)
            else:
                few >>= _ONE  # its lowest bit stands for this place
            j = org.first_post + place
            post = posts[j]
            if post.filled == 1:
                staff += 1
                if not few_leave or few & _ONE != NOTHING:
                    luck = draws.among(few, 0, draws.at(leave, j, post.person))
                    if luck < _hazard(org, modifier, post, hazard_paid, grants, values, month):
                        flows[_EXITS] += 1
                        log(events, month, _LEFT, i, -1, j, -1)
                        _leave(org, modifier, post, i, j, uses, handover, flows, values, month)
                        left += 1
                known |= post.knows
                continue
            left += 1 if post.left >= month - 1 else 0  # by other ways than this rule
            g = post.grant
            payable = post.contract != _FIXED_TERM or g < 0
            if not payable:
                payable = grants[g].active == 1 and not _ends_soon(grants[g], month)
            if payable and draws.at(refill, j, post.person) < p_refill:
                post.filled = 1
                post.hired = month
                post.person += 1
                came += 1
        org.knows = known
        shaken[i] = left > 0 or (staff == 0 and came > 0)


@inner
def _learn(orgs, uses, posts, practices, values, seed, month):
    """Colleagues teach each other what runs; what is not needed is forgotten."""
    learn = draws.stream(seed, _LEARN, month)
    decay = draws.stream(seed, _DECAY, month)
    fade = draws.stream(seed, _MEMORY, month)
    ease = np.empty(practices.shape[0])
    width = draws.width(ease.shape[0])
    for p in range(ease.shape[0]):
        ease[p] = 1.0 - values.brake * practices[p].complexity
    all_learn = max(values.p_colleague, values.p_written) > draws.RARE
    all_forget = values.p_decay > draws.RARE
    for i in range(orgs.shape[0]):
        org, known = orgs[i], orgs[i].knows
        running = org.trial | org.adopted | org.institutional
        teachable = running & (known | org.written)
        together = NOTHING
        for j in range(org.first_post, org.first_post + org.n_posts):
            post = posts[j]
            if post.filled == 0:
                continue  # nobody, who knows nothing
            missing = teachable & ~post.knows
            idle = post.knows & ~running
            if missing | idle == NOTHING:
                together |= post.knows
                continue
            # a practice is missing or idle, never both, hence one look at who is lucky serves both
            own = draws.half(learn, j)
            few = draws.rare(own, 0, width)
            missing &= ~NOTHING if all_learn else few
            idle &= ~NOTHING if all_forget else few
            while missing != NOTHING:
                p = lowest(missing)
                missing = without_lowest(missing)
                chance = values.p_colleague if has(known, p) else values.p_written
                if draws.among(few, p, draws.rest(own, p)) < chance * ease[p]:
                    post.knows |= bit(p)
            while idle != NOTHING:
                p = lowest(idle)
                idle = without_lowest(idle)
                if draws.among(few, p, draws.at(decay, j, p)) < values.p_decay:
                    post.knows &= ~bit(p)
                    if uses[i, p].champion == j:
                        uses[i, p].champion = -1
                        org.led &= ~bit(p)
            together |= post.knows
        shelved = org.written & ~running
        if shelved != NOTHING:
            own = draws.half(fade, i)
            few = draws.rare(own, 0, width)
            shelved &= ~NOTHING if values.p_memory_loss > draws.RARE else few
            while shelved != NOTHING:
                p = lowest(shelved)
                shelved = without_lowest(shelved)
                if draws.among(few, p, draws.rest(own, p)) < values.p_memory_loss:
                    org.written &= ~bit(p)
        org.knows = together


@inner
def _name_champions(orgs, uses, posts):
    """Of each running practice that has no champion, who has known it for longest."""
    for i in range(orgs.shape[0]):
        org = orgs[i]
        open_to = org.knows & (org.trial | org.adopted | org.institutional) & ~org.led
        while open_to != NOTHING:
            p = lowest(open_to)
            open_to = without_lowest(open_to)
            best = -1
            for j in range(org.first_post, org.first_post + org.n_posts):
                if has(posts[j].knows, p) and (best < 0 or posts[j].hired < posts[best].hired):
                    best = j
            if best >= 0:
                uses[i, p].champion = best
                org.led |= bit(p)


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
def _p_lapse(org, modifier, values):
    """Chance that a tie lapses with its contact person."""
    habit = min(1.0, org.handover + modifier.add_handover)
    return values.p_tie_loss * (1.0 - habit * values.handover)


@inner
def _hand_over_ties(
    orgs, posts, ties, sizes, start, partner, tie, modifiers, shaken, flows, values, seed, month
):  # fmt: skip
    """Ties of those who left lapse, or somebody else takes them over.

    `shaken` says of which organisations a tie may be held by a vacant post.
    """
    key = draws.stream(seed, _TIE_LAPSE, month)
    for i in range(orgs.shape[0]):
        if not shaken[i]:
            continue
        for k in range(start[i], start[i + 1]):
            t, other = tie[k], np.int64(partner[k])
            row = ties[t]
            own = np.int64(row.post_a if row.a == i else row.post_b)
            if posts[own].filled == 1 or has_lapsed(row):
                continue
            gone = posts[own].left == month
            if gone and draws.at(key, i, other) < _p_lapse(orgs[i], modifiers[i], values):
                lapse(ties, sizes, t)
                flows[_TIES_LOST] += 1
                continue
            heir = _successor(posts, orgs[i], key, own, other)
            if row.a == i:
                row.post_a = heir
            else:
                row.post_b = heir


@inner
def loop(w, values, seed, month):
    """Turnover, for a month; ties that lapse are marked, the rule of ties drops them."""
    shaken = np.empty(w.orgs.shape[0], np.bool_)
    _come_and_go(
        w.orgs, w.uses, w.posts, w.grants, w.modifiers, shaken, w.flows, w.events, values, seed,
        month,
    )  # fmt: skip
    _learn(w.orgs, w.uses, w.posts, w.practices, values, seed, month)
    _name_champions(w.orgs, w.uses, w.posts)
    _hand_over_ties(
        w.orgs, w.posts, w.ties, w.sizes, w.adjacency.start, w.adjacency.partner, w.adjacency.tie,
        w.modifiers, shaken, w.flows, values, seed, month,
    )  # fmt: skip


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python; whoever reads the ties next finds none that lapsed."""
    loop(w, values[0], seed, month)
    drop_lapsed(w.ties, w.sizes, w.adjacency.start, w.adjacency.partner, w.adjacency.tie)


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
