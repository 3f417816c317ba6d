"""Exchange: awareness and know-how pass apart.

On a contact awareness passes with probability 0.10 from an organisation that runs the practice
and 0.013 from one that only knows of it (D06, D07), times depth, clarity and the relevance of the
field. A practice presented in a community of practice reaches those present with 0.70 (E07); a
notice on a platform with 0.04. Know-how passes only on deep contacts with a person who knows,
from person to person. Clarity is 1 with a common language, otherwise 1/1.44 (F01); mediation
closes part of the gap (F03). Contacts with users of a practice are remembered for 12 months.
Interventions tell organisations of practices and teach them to one of their people.

Sources are read as they stood at the start of the rule, so the order of contacts is irrelevant.
"""

import math
from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, bit, count, has, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.fetching import TOGETHER
from diffusion.base.pairs import pairs
from diffusion.base.picking import below
from diffusion.base.scratch import scratch
from diffusion.world.likeness import clarity, relevance, similarity
from diffusion.world.memory import (
    AWARE,
    MET,
    WIDTH,
    fade,
    forget,
    numbers_of,
    recall,
    remember,
    side_by_side,
)  # fmt: skip
from diffusion.world.pushes import p_told
from diffusion.world.rule import CompiledRule, RuleSettings, number, per_month, share
from diffusion.world.state import GENERAL
from diffusion.world.traffic import ARRANGED, Event, Flow, Live, log
from diffusion.world.ways import both_ways, case, lessons, may_pass, most_likely, note_tags, take_in

_AWARE = int(Decision.AWARENESS)
_KNOW = int(Decision.KNOW_HOW)
_SHOW = int(Decision.PRESENTATION)
_PRESENTED = int(Decision.PRESENTED)
_NOTICE = int(Decision.NOTICE)
_TOLD = int(Decision.TOLD)
_COURSE = int(Decision.COURSE)
_HEARD = int(Event.HEARD)
_LEARNED = int(Event.LEARNED)
_N_HEARD = int(Flow.AWARENESS)
_N_TRANSFERS = int(Flow.TRANSFERS)
_N_CROSS = int(Flow.CROSS_TRANSFERS)
_N_MEETING = int(Flow.TRANSFERS_BY_MEETING)
_CONTACTS = int(Live.CONTACTS)
_ATTENDING = int(Live.ATTENDANCE)


class Parameters(RuleSettings):
    """What passes on a contact."""

    p_aware_from_user: float = share("hearing of a practice on a contact with a user")
    p_aware_from_informed: float = share("the same from one that only knows of it")
    p_aware_presented: float = share("hearing of a practice presented in a community of practice")
    p_aware_notice: float = per_month("hearing of a practice through a platform")
    p_know_how: float = share("know-how passing on a fully deep, trusted, clear contact")
    deep_contact: float = share("depth from which know-how can pass")
    complexity_brake: float = share("fall of that chance from the simplest to the most complex")
    language_multiplier: float = number(
        "exchange with a common language over without", "ratio", 1.0, 10.0
    )
    relevance_related: float = share("interest in a practice of a related field")
    relevance_other: float = share("interest in a practice of another field")
    p_forget: float = per_month("forgetting a practice nobody in the organisation knows how to run")
    months_memory: float = number("how long contacts are remembered", "months", 1.0, 120.0)
    similarity_country: float = share("weight of the same country in the similarity of places")
    similarity_kind: float = share("weight of the same kind of organisation")
    similarity_level: float = share("weight of the same level")
    similarity_field: float = share("weight of a common field")


class _Values(NamedTuple):
    p_user: float
    p_informed: float
    p_presented: float
    p_notice: float
    p_know_how: float
    deep: float
    brake: float
    gap: float
    related: float
    other: float
    p_forget: float
    fade: float
    country: float
    kind: float
    level: float
    field: float


@inner
def _most(modifiers):
    """The furthest reach of notices, and the largest multipliers of pupils and of teachers."""
    notices, pupil, teacher = 0.0, 0.0, 0.0
    for i in range(modifiers.shape[0]):
        modifier = modifiers[i]
        notices = max(notices, modifier.add_notices)
        pupil = max(pupil, modifier.rel_know_how)
        teacher = max(teacher, modifier.rel_teaching)
    return notices, pupil, teacher


@inner
def _notices(
    orgs, modifiers, pushes, promotions, n_practices, aware, flows, events, values, seed, month
):
    """Notices and promotion arrive."""
    notice = draws.stream(seed, _NOTICE, month)
    tell = draws.stream(seed, _TOLD, month)
    everything = ~NOTHING >> np.uint64(64 - n_practices)
    for i in range(orgs.shape[0]):
        reach = values.p_notice * modifiers[i].add_notices
        unheard = everything & ~aware[i] if reach > 0.0 else NOTHING
        while unheard != NOTHING:
            p, unheard = lowest(unheard), without_lowest(unheard)
            luck = draws.at(notice, i, p)
            if luck < reach and luck < reach * relevance(orgs[i], modifiers[i], p, values):
                aware[i] |= bit(p)
                flows[_N_HEARD] += 1
                log(events, month, _HEARD, i, p, -1, -1)
        told = pushes[i].promoted & ~aware[i]
        while told != NOTHING:
            p, told = lowest(told), without_lowest(told)
            chance = p_told(pushes[i], promotions, p) * relevance(orgs[i], modifiers[i], p, values)
            if draws.at(tell, i, p) < chance:
                aware[i] |= bit(p)
                flows[_N_HEARD] += 1
                log(events, month, _HEARD, i, p, -1, -1)


@inner
def _awareness(
    orgs, contacts, first, source, to, running, news, block, depth, modifiers, n_practices, minds,
    flows, events, values, seed, month,
):  # fmt: skip
    """News passes on every contact."""
    key, few = draws.stream(seed, _AWARE, month), scratch(to.shape[0], np.uint64)
    may_pass(to, running, news, block, depth, few, key, n_practices, values)
    way, what, n = pairs(news)
    bound, luck, own = scratch(n), scratch(n), scratch(n, np.uint64)
    who, whom = scratch(n, np.uint32), scratch(n, np.int64)
    for y in range(n):
        x, p = way[y], what[y]
        who[y], own[y], whom[y] = to[x], few[x], case(block, source, x, p)
        bound[y] = values.p_user if has(running[x], p) else values.p_informed
        bound[y] *= depth[x]  # language and relevance only lower the chance
    for y in range(n):
        luck[y] = draws.among(own[y], what[y], draws.at(key, who[y], whom[y]))
    for z in range(below(luck, bound, who)):
        y = who[z]
        x, p = way[y], np.int64(what[y])
        i, j = np.int64(source[x]), np.int64(to[x])
        chance = values.p_user if has(running[x], p) else values.p_informed
        clear = depth[x] * clarity(orgs, modifiers, i, j, values)
        if luck[y] >= chance * clear or has(minds[j, AWARE], p):
            continue  # somebody else may have told of it this month
        if luck[y] < chance * (clear * relevance(orgs[j], modifiers[j], p, values)):
            minds[j, AWARE] |= bit(p)
            flows[_N_HEARD] += 1
            log(events, month, _HEARD, j, p, i, contacts[first + (x >> 1)].network)


@inner
def _know_how(
    orgs, uses, posts, practices, contacts, first, source, to, heard, block, modifiers, rel_pupil,
    rel_teacher, taught, n_taught, flows, events, values, seed, month,
):  # fmt: skip
    """People teach people on deep contacts; nobody teaches what was learned this month.

    `rel_pupil` and `rel_teacher` are the largest multipliers of any organisation. Whoever learns
    joins the posts in `taught`; returns how many these are now.
    """
    key, pupils = draws.stream(seed, _KNOW, month), scratch(to.shape[0], np.uint32)
    gaps = scratch(to.shape[0], np.uint64)
    lessons(posts, contacts, first, heard, pupils, gaps)
    way, what, n = pairs(gaps)
    pupil, whom, likely = scratch(n, np.uint32), scratch(n, np.int64), scratch(n, np.uint32)
    bound, luck = scratch(n), scratch(n)
    most_likely(practices, contacts, first, way, what, rel_pupil, rel_teacher, values, bound)
    for y in range(n):
        pupil[y], whom[y] = pupils[way[y]], case(block, source, way[y], what[y])
    for y in range(n):
        luck[y] = draws.at(key, pupil[y], whom[y])
    for z in range(below(luck, bound, likely)):
        y = likely[z]
        x, p = way[y], np.int64(what[y])
        contact, i, j = contacts[first + (x >> 1)], np.int64(source[x]), np.int64(to[x])
        org, post, practice = orgs[j], posts[pupil[y]], practices[p]
        strength = contact.depth * contact.trust * modifiers[j].rel_know_how
        strength *= modifiers[i].rel_teaching
        clear = strength * clarity(orgs, modifiers, i, j, values)
        chance = values.p_know_how * clear * (1.0 - values.brake * practice.complexity)
        if luck[y] >= chance or has(post.learned, p):
            continue  # somebody else may have taught it this month
        if luck[y] >= chance * relevance(org, modifiers[j], p, values):
            continue
        if post.learned == NOTHING:
            taught[n_taught] = pupil[y]
            n_taught += 1
        post.learned |= bit(p)
        _learn(orgs[i], org, uses[j, p], practice, p, values)
        flows[_N_TRANSFERS] += 1
        flows[_N_CROSS] += 0 if orgs[i].fields & org.fields & ~GENERAL != NOTHING else 1
        flows[_N_MEETING] += 1 if contact.network >= 0 else 0
        log(events, month, _LEARNED, j, p, i, contact.network)
    return n_taught


@inner
def _on_contacts(
    orgs, uses, posts, practices, contacts, live, networks, exposure, modifiers, rel_pupil,
    rel_teacher, minds, flows, events, values, seed, month,
):  # fmt: skip
    """What the month's contacts pass on and leave behind."""
    n_practices, tags = exposure.shape[1], scratch(networks.shape[0] - ARRANGED, np.int64)
    note_tags(networks, tags)
    taught, n_taught = scratch(2 * live, np.uint32), np.int64(0)
    for first in range(0, live, TOGETHER):
        n = 2 * min(live - first, TOGETHER)
        source, to = scratch(n, np.uint32), scratch(n, np.uint32)
        block, depth = scratch(n, np.int64), scratch(n)
        running, news, heard = scratch(n, np.uint64), scratch(n, np.uint64), scratch(n, np.uint64)
        both_ways(contacts, first, tags, minds, source, to, running, news, heard, block, depth)
        remember(exposure, to, running, depth, minds)
        _awareness(
            orgs, contacts, first, source, to, running, news, block, depth, modifiers, n_practices,
            minds, flows, events, values, seed, month,
        )  # fmt: skip
        n_taught = _know_how(
            orgs, uses, posts, practices, contacts, first, source, to, heard, block, modifiers,
            rel_pupil, rel_teacher, taught, n_taught, flows, events, values, seed, month,
        )  # fmt: skip
    take_in(posts, minds, taught, n_taught)


@inner
def _learn(one, org, use, practice, p, values):
    """An organisation knows how to run practice p, as well as another can show it."""
    org.knows |= bit(p)
    fit = practice.adaptability
    fit += (1.0 - fit) * similarity(one, org, values)
    use.fit = max(use.fit, fit)


@inner
def _courses(
    orgs, uses, posts, practices, modifiers, pushes, aware, events, values, seed, month
):  # fmt: skip
    """One person of each organisation that is sent to a course may learn what it teaches."""
    key = draws.stream(seed, _COURSE, month)
    for i in range(orgs.shape[0]):
        taught = pushes[i].taught
        while taught != NOTHING:
            p, taught = lowest(taught), without_lowest(taught)
            org, practice, pupil = orgs[i], practices[p], -1
            turn = draws.below(key, i, 2 * p, org.n_posts)
            for k in range(turn, turn + org.n_posts):
                j = org.first_post + k % org.n_posts
                if posts[j].filled == 1 and not has(posts[j].knows, p):
                    pupil = j
                    break
            chance = pushes[i].p_taught * (1.0 - values.brake * practice.complexity)
            chance *= relevance(org, modifiers[i], p, values)
            if pupil >= 0 and draws.at(key, i, 2 * p + 1) < chance:
                posts[pupil].knows |= bit(p)
                org.knows |= bit(p)
                aware[i] |= bit(p)
                use = uses[i, p]
                use.fit = max(use.fit, practice.adaptability)  # no place to compare with
                log(events, month, _LEARNED, i, p, -1, -1)


@inner
def _presentations(
    orgs, networks, attendance, live, modifiers, aware, users, flows, events, values, seed, month
):
    """At a meeting of a community one of those who run something presents it."""
    choose = draws.stream(seed, _SHOW, month)
    hear = draws.stream(seed, _PRESENTED, month)
    first = 0
    while first < live:
        k = attendance[first].network
        last = first
        while last < live and attendance[last].network == k:
            last += 1
        speaker, key = np.int64(-1), np.int64(networks[k].key)
        if networks[k].is_cop == 1:
            offset = draws.below(choose, key, 0, last - first)
            for x in range(last - first):
                i = np.int64(attendance[first + (offset + x) % (last - first)].organisation)
                if users[i] != NOTHING:
                    speaker = i
                    break
        if speaker >= 0:
            shown = users[speaker]
            for _ in range(draws.below(choose, key, 1, count(shown))):
                shown = without_lowest(shown)
            p = lowest(shown)
            for x in range(first, last):
                i = np.int64(attendance[x].organisation)
                if has(aware[i], p):
                    continue
                chance = values.p_presented * relevance(orgs[i], modifiers[i], p, values)
                chance *= clarity(orgs, modifiers, speaker, i, values)
                if draws.at(hear, i, key) < chance:
                    aware[i] |= bit(p)
                    flows[_N_HEARD] += 1
                    log(events, month, _HEARD, i, p, speaker, k)
        first = last


@inner
def loop(w, values, seed, month):
    """Exchange, for a month."""
    n = w.orgs.shape[0]
    before, aware = scratch(n, np.uint64), scratch(n, np.uint64)
    users, kept, met = scratch(n, np.uint64), scratch(n, np.uint64), scratch(n)
    recall(w.orgs, values.fade, before, aware, users, kept, met)
    reach, rel_pupil, rel_teacher = _most(w.modifiers)
    if values.p_notice * reach > 0.0 or w.promotions.shape[0] > 0:
        _notices(
            w.orgs, w.modifiers, w.pushes, w.promotions, w.exposure.shape[1], aware, w.flows,
            w.events, values, seed, month,
        )  # fmt: skip
    forget(kept, aware, w.exposure.shape[1], values.p_forget, seed, month)
    fade(w.exposure.reshape(-1), values.fade)
    minds = scratch((n, WIDTH), np.uint64)
    side_by_side(before, aware, users, met, minds)
    _on_contacts(
        w.orgs, w.uses, w.posts, w.practices, w.contacts, w.sizes[_CONTACTS], w.networks,
        w.exposure, w.modifiers, rel_pupil, rel_teacher, minds, w.flows, w.events, values, seed,
        month,
    )  # fmt: skip
    heard, remembered = minds[:, AWARE], numbers_of(minds)[:, MET]
    _courses(
        w.orgs, w.uses, w.posts, w.practices, w.modifiers, w.pushes, heard, w.events, values, seed,
        month,
    )  # fmt: skip
    _presentations(
        w.orgs, w.networks, w.attendance, w.sizes[_ATTENDING], w.modifiers, heard, users, w.flows,
        w.events, values, seed, month,
    )  # fmt: skip
    for i in range(n):
        org = w.orgs[i]
        org.aware, org.contacts = heard[i], remembered[i]


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Exchange(CompiledRule):
    """Passes awareness and know-how on the month's contacts, presentations and notices."""

    name: ClassVar[str] = "exchange"
    summary: ClassVar[str] = "News of a practice passes easily, know-how only in deep contacts."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self.values = row_of(
            _Values(
                p_user=p.p_aware_from_user,
                p_informed=p.p_aware_from_informed,
                p_presented=p.p_aware_presented,
                p_notice=p.p_aware_notice,
                p_know_how=p.p_know_how,
                deep=p.deep_contact,
                brake=p.complexity_brake,
                gap=1.0 - 1.0 / p.language_multiplier,
                related=p.relevance_related,
                other=p.relevance_other,
                p_forget=p.p_forget,
                fade=math.exp(-1.0 / p.months_memory),
                country=p.similarity_country,
                kind=p.similarity_kind,
                level=p.similarity_level,
                field=p.similarity_field,
            )
        )
