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
from diffusion.base.arrays import NOTHING, FloatArray, bit, count, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR, monthly_hazard
from diffusion.base.pairs import pairs
from diffusion.base.picking import picked, some
from diffusion.base.scratch import cleared, scratch
from diffusion.world import learning
from diffusion.world.adjacency import drop_lapsed
from diffusion.world.rule import (
    CompiledRule,
    RuleSettings,
    number,
    per_month,
    per_year,
    ratio,
    share,
)
from diffusion.world.succession import hand_over_ties
from diffusion.world.traffic import Event, Flow, log
from diffusion.world.vocabulary import CONTRACTS, KINDS

_EXIT = int(Decision.EXIT)
_REFILL = int(Decision.REFILL)
_HANDOVER = int(Decision.HANDOVER)
_EXITS = int(Flow.EXITS)
_LOST = int(Flow.KNOWLEDGE_LOST)
_SAVED = int(Flow.KNOWLEDGE_SAVED)
_LEFT = int(Event.LEFT)
_PERMANENT = CONTRACTS.index("permanent")
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
    return (line.active == 1) & (line.renewed == 0) & (month >= line.ends - _LAST_MONTHS)


@inner
def _usual(org, modifier, values):
    """The hazard of leaving of paid staff, and that of volunteers."""
    rel = (1.0 + values.overload_slope * org.overload) * modifier.rel_turnover
    unpaid = values.hazard_volunteer * modifier.rel_volunteer_turnover * rel
    return values.hazards[org.kind] * rel, unpaid


@inner
def _expect(orgs, grants, modifiers, ending, most, places, leave, values, month):
    """Fills what a month holds for organisations and for those whom a grant pays.

    Args:
        ending: of leaving, by grant, which those whose grant ends soon exceed; first of no grant.
        most: the highest hazard of leaving there is, or 1 and more where a grant ends soon.
        places: at which somebody may leave; all of them if that may be anybody.
    """
    for i in range(orgs.shape[0]):
        paid, unpaid = _usual(orgs[i], modifiers[i], values)
        most[i] = max(paid, unpaid) * max(1.0, values.first_year) + modifiers[i].add_exit
    ending[0], last_months = 0.0, values.hazard_last_months
    for g in range(grants.shape[0]):
        holder, ends = np.uint32(grants[g].organisation), _ends_soon(grants[g], month)
        ending[g + 1] = last_months if ends else 0.0
        most[holder] = max(most[holder], 1.0 if ends else 0.0)
    for i in range(orgs.shape[0]):
        n_posts = orgs[i].n_posts
        few = draws.rare(draws.half(leave, i), 0, _PLACES) & (bit(min(n_posts, _PLACES)) - _ONE)
        places[i] = few if (most[i] <= draws.RARE) & (n_posts <= _PLACES) else ~NOTHING


@inner
def _may_leave(orgs, places, leavers, whose):
    """Lists the posts at these places, and their organisations; returns how many."""
    whom, found = scratch(orgs.shape[0], np.int32), 0
    for x in range(some(places, whom)):
        i = whom[x]
        first, left = orgs[i].first_post, places[i]
        if left == ~NOTHING:
            for j in range(first, first + orgs[i].n_posts):
                leavers[found], whose[found] = j, i
                found += 1
            continue
        while left != NOTHING:
            leavers[found], whose[found] = first + lowest(left), i
            left = without_lowest(left)
            found += 1
    return found


@inner
def _lucky(orgs, posts, most, leavers, whose, luck, found, leave):
    """Keeps, of those who may leave, whose luck is below the highest hazard; returns how many."""
    place, person = scratch(found, np.int32), scratch(found, np.int32)
    filled, kept = scratch(found, np.int32), 0
    for x in range(found):
        post = posts[leavers[x]]
        person[x], filled[x] = post.person, post.filled
        place[x] = leavers[x] - orgs[whose[x]].first_post
    for x in range(found):
        few = draws.rare(draws.half(leave, whose[x]), place[x] // _PLACES, _PLACES)
        u = draws.at(leave, leavers[x], person[x])
        u = draws.among(few, place[x] % _PLACES, u)
        luck[x] = u if filled[x] == 1 else np.inf
    for x in range(found):
        bound = most[whose[x]]
        leavers[kept], whose[kept], luck[kept] = leavers[x], whose[x], luck[x]
        kept += 1 if luck[kept] < bound else 0
    return kept


@inner
def _leavers(orgs, posts, modifiers, ending, leavers, whose, luck, found, values, month):
    """Keeps, of those who may leave, who do; returns how many."""
    hazard, kept, first_year = scratch(found), 0, values.first_year
    for x in range(found):
        post, modifier = posts[leavers[x]], modifiers[whose[x]]
        paid, unpaid = _usual(orgs[whose[x]], modifier, values)
        usual = unpaid if post.contract == _VOLUNTEER else paid
        usual *= first_year if month - post.hired < MONTHS_A_YEAR else 1.0
        hazard[x] = max(usual, ending[np.uint32(post.grant + 1)]) + modifier.add_exit
    for x in range(found):
        leavers[kept], whose[kept] = leavers[x], whose[x]
        kept += 1 if luck[x] < hazard[x] else 0
    return kept


@inner
def _exits(orgs, uses, posts, grants, modifiers, adrift, flows, events, values, seed, month):
    """People leave; they are `adrift`."""
    n, m, leave = orgs.shape[0], posts.shape[0], draws.stream(seed, _EXIT, month)
    most, places = scratch(n), scratch(n, np.uint64)
    leavers, whose = scratch(m, np.int32), scratch(m, np.int32)
    ending = scratch(grants.shape[0] + 1)
    _expect(orgs, grants, modifiers, ending, most, places, leave, values, month)
    found = _may_leave(orgs, places, leavers, whose)
    luck = scratch(found)
    found = _lucky(orgs, posts, most, leavers, whose, luck, found, leave)
    found = _leavers(orgs, posts, modifiers, ending, leavers, whose, luck, found, values, month)
    knows, leads = scratch(found, np.uint64), scratch(found, np.uint64)
    for x in range(found):
        post = posts[leavers[x]]
        knows[x] = post.knows
        leads[x] = post.knows & orgs[whose[x]].led
        post.knows, post.filled, post.left = NOTHING, 0, month
        adrift[leavers[x]] = True
        log(events, month, _LEFT, whose[x], -1, leavers[x], -1)
    flows[_EXITS] += found
    _hand_over(orgs, modifiers, leavers, whose, knows, flows, values, seed, month)
    _give_up(orgs, uses, leavers, whose, leads, month)
    for x in range(found):
        if knows[x] != NOTHING:
            orgs[whose[x]].knows = learning.together(posts, orgs[whose[x]])


@inner
def _hand_over(orgs, modifiers, leavers, whose, knows, flows, values, seed, month):
    """What leavers know is lost, except what they write down."""
    key = draws.stream(seed, _HANDOVER, month)
    hands_over = scratch(knows.shape[0], np.bool_)
    for x in range(knows.shape[0]):
        habit = orgs[whose[x]].handover + modifiers[whose[x]].add_handover
        hands_over[x] = draws.at(key, leavers[x], 0) < habit
        flows[_LOST] += count(knows[x])
    for x in range(knows.shape[0]):
        left = knows[x] if hands_over[x] else NOTHING
        while left != NOTHING:
            p = lowest(left)
            left = without_lowest(left)
            if draws.at(key, leavers[x], 1 + p) < values.handover:
                orgs[whose[x]].written |= bit(p)
                flows[_SAVED] += 1


@inner
def _give_up(orgs, uses, leavers, whose, leads, month):
    """Practices lose their champions, of whom some are among those who leave."""
    who, what, n = pairs(leads)
    champion = scratch(n, np.int32)
    for y in range(n):
        champion[y] = uses[whose[who[y]], what[y]].champion
    for y in range(n):
        if champion[y] == leavers[who[y]]:
            i, p = whose[who[y]], what[y]
            uses[i, p].champion = -1
            uses[i, p].champion_left = month
            orgs[i].led &= ~bit(p)


@inner
def _survey(posts, vacant):
    """Lists vacant posts; returns how many."""
    free = scratch(posts.shape[0], np.bool_)
    for j in range(posts.shape[0]):
        free[j] = posts[j].filled == 0
    return picked(free, vacant)


@inner
def _refill(orgs, posts, grants, modifiers, vacant, free, adrift, p_refill, seed, month):
    """Posts that were vacant are filled again; changes the list of them."""
    key = draws.stream(seed, _REFILL, month)
    empty = cleared(orgs.shape[0], np.int32)  # vacant posts of each organisation
    luck, chance, person = scratch(free), scratch(free), scratch(free, np.int32)
    for x in range(free):
        post, before = posts[vacant[x]], 1 - adrift[np.uint32(vacant[x])]
        i = np.uint32(post.organisation)
        # nobody comes in the month in which somebody left
        person[x], chance[x] = post.person, p_refill * modifiers[i].rel_refill * before
        empty[i] += before
        adrift[np.uint32(vacant[x])] = post.left >= month - 1  # by other ways than this rule, too
    for x in range(free):
        luck[x] = draws.at(key, vacant[x], person[x])
    lucky = 0
    for x in range(free):
        vacant[lucky] = vacant[x]
        lucky += 1 if luck[x] < chance[x] else 0
    for x in range(lucky):
        post = posts[vacant[x]]
        org, g = orgs[post.organisation], post.grant
        by_grant = post.contract == _FIXED_TERM and g >= 0
        if by_grant and (grants[g].active == 0 or _ends_soon(grants[g], month)):
            continue
        post.filled = 1
        post.hired = month
        post.person += 1
        if empty[post.organisation] == org.n_posts:  # now somebody can take over
            for j in range(org.first_post, org.first_post + org.n_posts):
                adrift[j] = True


@inner
def loop(w, values, seed, month):
    """Turnover, for a month; ties that lapse are marked, the rule of ties drops them."""
    adrift, vacant = cleared(w.posts.shape[0], np.bool_), scratch(w.posts.shape[0], np.int32)
    _exits(
        w.orgs, w.uses, w.posts, w.grants, w.modifiers, adrift, w.flows, w.events, values, seed,
        month,
    )  # fmt: skip
    free = _survey(w.posts, vacant)
    _refill(
        w.orgs, w.posts, w.grants, w.modifiers, vacant, free, adrift, values.p_refill, seed, month
    )
    learning.teach(w.orgs, w.uses, w.posts, w.practices, values, seed, month)
    learning.fade(w.orgs, w.practices, values, seed, month)
    learning.name_champions(w.orgs, w.uses, w.posts)
    hand_over_ties(
        w.orgs, w.posts, w.ties, w.sizes, w.modifiers, adrift, w.flows, values, seed, month
    )


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
