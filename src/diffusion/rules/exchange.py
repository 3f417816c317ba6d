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
from diffusion.world.likeness import clarity, relevance, similarity
from diffusion.world.pushes import p_told
from diffusion.world.rule import CompiledRule, RuleSettings, number, per_month, share
from diffusion.world.state import GENERAL
from diffusion.world.traffic import Event, Flow, Live, log

_AWARE = int(Decision.AWARENESS)
_KNOW = int(Decision.KNOW_HOW)
_SHOW = int(Decision.PRESENTATION)
_PRESENTED = int(Decision.PRESENTED)
_NOTICE = int(Decision.NOTICE)
_FORGET = int(Decision.FORGET)
_TOLD = int(Decision.TOLD)
_COURSE = int(Decision.COURSE)
_HEARD = int(Event.HEARD)
_LEARNED = int(Event.LEARNED)
_N_HEARD = int(Flow.AWARENESS)
_N_TRANSFERS = int(Flow.TRANSFERS)
_N_CROSS = int(Flow.CROSS_TRANSFERS)
_N_MEETING = int(Flow.TRANSFERS_BY_MEETING)
_PRACTICES = 64
_CONTACTS = int(Live.CONTACTS)
_ATTENDING = int(Live.ATTENDANCE)
# tags tell contacts of the same two apart: by the meeting's key, 0 bilateral, the last arranged
_TAGS = 1 << 21  # more than any network's key


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
def _notices_and_memory(
    orgs, exposure, modifiers, pushes, promotions, aware_before, aware, users, met, flows, events,
    values, seed, month,
):  # fmt: skip
    """Notices and promotion arrive; what nobody needs is forgotten; remembered contacts fade.

    Fills in, for each organisation, what it had heard of before and has now, what it runs, and
    its remembered contacts.
    """
    notice = draws.stream(seed, _NOTICE, month)
    forget = draws.stream(seed, _FORGET, month)
    tell = draws.stream(seed, _TOLD, month)
    width = draws.width(exposure.shape[1])
    everything = ~NOTHING >> np.uint64(_PRACTICES - exposure.shape[1])
    for i in range(orgs.shape[0]):
        org = orgs[i]
        for p in range(exposure.shape[1]):
            exposure[i, p] *= values.fade
        known, running = org.aware, org.adopted | org.institutional
        aware_before[i], users[i] = known, running
        reach = values.p_notice * modifiers[i].add_notices
        unheard = everything & ~known if reach > 0.0 else NOTHING
        while unheard != NOTHING:
            p = lowest(unheard)
            unheard = without_lowest(unheard)
            luck = draws.at(notice, i, p)
            if luck < reach and luck < reach * relevance(org, modifiers[i], p, values):
                known |= bit(p)
                flows[_N_HEARD] += 1
                log(events, month, _HEARD, i, p, -1, -1)
        told = pushes[i].promoted & ~known
        while told != NOTHING:
            p, told = lowest(told), without_lowest(told)
            chance = p_told(pushes[i], promotions, p) * relevance(org, modifiers[i], p, values)
            if draws.at(tell, i, p) < chance:
                known |= bit(p)
                flows[_N_HEARD] += 1
                log(events, month, _HEARD, i, p, -1, -1)
        loose = known & ~(org.trial | running | org.knows | org.lapsed)
        if loose != NOTHING:
            own = draws.half(forget, i)
            few = draws.rare(own, 0, width)
            loose &= few if values.p_forget <= draws.RARE else ~NOTHING
            while loose != NOTHING:
                p, loose = lowest(loose), without_lowest(loose)
                if draws.among(few, p, draws.rest(own, p)) < values.p_forget:
                    known &= ~bit(p)
        aware[i] = known
        met[i] = org.contacts * values.fade


@inner
def _remember(exposure, contacts, live, users, met):
    """This month's contacts are remembered, and with users of which practice they were."""
    for c in range(2 * live):
        # each contact is read both ways
        contact = contacts[c >> 1]
        source, to = contact.a, contact.b
        if c & 1 == 1:
            source, to = to, source
        met[to] += contact.depth
        running = users[source]
        while running != NOTHING:
            exposure[to, lowest(running)] += contact.depth
            running = without_lowest(running)


@inner
def _awareness(
    orgs, networks, contacts, live, modifiers, n_practices, aware_before, aware, users, flows,
    events, values, seed, month,
):  # fmt: skip
    """News passes on every contact."""
    width = draws.width(n_practices)
    key = draws.stream(seed, _AWARE, month)
    for c in range(2 * live):
        contact = contacts[c >> 1]
        source, to = np.int64(contact.a), np.int64(contact.b)
        if c & 1 == 1:
            source, to = to, source
        news = aware_before[source] & ~aware[to]
        if news == NOTHING:
            continue
        depth, k = contact.depth, contact.network
        tag = np.int64(networks[k].key + 1 if k >= 0 else (k + 1) % _TAGS)
        all_users = ~NOTHING if values.p_user * depth > draws.RARE else NOTHING
        all_informed = ~NOTHING if values.p_informed * depth > draws.RARE else NOTHING
        running = users[source]
        own = draws.half(key, to)
        few = draws.rare(own, source * _TAGS + tag, width)
        news &= few | (all_users & running) | (all_informed & ~running)
        while news != NOTHING:
            p = lowest(news)
            news = without_lowest(news)
            chance = values.p_user if has(running, p) else values.p_informed
            u = draws.rest(own, (source * _PRACTICES + p) * _TAGS + tag)
            luck = draws.among(few, p, u)
            if luck >= chance * depth:
                continue  # language and relevance only lower the chance
            clear = depth * clarity(orgs, modifiers, source, to, values)
            if luck < chance * (clear * relevance(orgs[to], modifiers[to], p, values)):
                aware[to] |= bit(p)
                flows[_N_HEARD] += 1
                log(events, month, _HEARD, to, p, source, k)


@inner
def _know_how(
    orgs, uses, posts, practices, networks, contacts, live, modifiers, aware_before, aware, flows,
    events, values, seed, month,
):  # fmt: skip
    """People teach people on deep contacts; nobody teaches what was learned this month."""
    key = draws.stream(seed, _KNOW, month)
    pupils, n_pupils = np.empty(2 * live, np.int32), 0
    for c in range(2 * live):
        contact = contacts[c >> 1]
        source, to = np.int64(contact.a), np.int64(contact.b)
        teacher, pupil = np.int64(contact.post_a), np.int64(contact.post_b)
        if c & 1 == 1:
            source, to, teacher, pupil = to, source, pupil, teacher
        if contact.depth < values.deep:
            continue
        teach = posts[teacher].knows & aware_before[to] & ~posts[pupil].knows
        if teach == NOTHING:
            continue
        strength = contact.depth * contact.trust * modifiers[to].rel_know_how
        strength *= modifiers[source].rel_teaching
        k = contact.network
        tag = networks[k].key + 1 if k >= 0 else (k + 1) % _TAGS
        while teach != NOTHING:
            p = lowest(teach)
            teach = without_lowest(teach)
            luck = draws.at(key, pupil, (source * _PRACTICES + p) * _TAGS + tag)
            if luck >= values.p_know_how * strength:
                continue  # language, complexity and relevance only lower the chance
            org, post, practice = orgs[to], posts[pupil], practices[p]
            clear = strength * clarity(orgs, modifiers, source, to, values)
            chance = values.p_know_how * clear * (1.0 - values.brake * practice.complexity)
            chance *= relevance(org, modifiers[to], p, values)
            if luck >= chance or has(post.learned, p):
                continue  # somebody else may have taught it this month
            if post.learned == NOTHING:
                pupils[n_pupils] = pupil
                n_pupils += 1
            post.learned |= bit(p)
            org.knows |= bit(p)
            aware[to] |= bit(p)  # it may have been forgotten earlier this month
            fit = practice.adaptability
            fit += (1.0 - fit) * similarity(orgs[source], org, values)
            use = uses[to, p]
            use.fit = max(use.fit, fit)
            flows[_N_TRANSFERS] += 1
            own_field = orgs[source].fields & org.fields & ~GENERAL != NOTHING
            flows[_N_CROSS] += 0 if own_field else 1
            flows[_N_MEETING] += 1 if k >= 0 else 0
            log(events, month, _LEARNED, to, p, source, k)
    for x in range(n_pupils):
        post = posts[pupils[x]]
        post.knows |= post.learned
        post.learned = NOTHING


@inner
def _courses(
    orgs, uses, posts, practices, modifiers, pushes, aware, events, values, seed, month
):  # fmt: skip
    """One person of each organisation that is sent to a course may learn what it teaches."""
    key = draws.stream(seed, _COURSE, month)
    for i in range(orgs.shape[0]):
        taught = pushes[i].taught
        while taught != NOTHING:
            p = lowest(taught)
            taught = without_lowest(taught)
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
    n, live = w.orgs.shape[0], w.sizes[_CONTACTS]
    # the columns that contacts read at random, close together
    aware_before, aware = np.empty(n, np.uint64), np.empty(n, np.uint64)
    users, met = np.empty(n, np.uint64), np.empty(n)
    _notices_and_memory(
        w.orgs, w.exposure, w.modifiers, w.pushes, w.promotions, aware_before, aware, users, met,
        w.flows, w.events, values, seed, month,
    )  # fmt: skip
    _remember(w.exposure, w.contacts, live, users, met)
    _awareness(
        w.orgs, w.networks, w.contacts, live, w.modifiers, w.exposure.shape[1], aware_before, aware,
        users, w.flows, w.events, values, seed, month,
    )  # fmt: skip
    _know_how(
        w.orgs, w.uses, w.posts, w.practices, w.networks, w.contacts, live, w.modifiers,
        aware_before, aware, w.flows, w.events, values, seed, month,
    )  # fmt: skip
    _courses(
        w.orgs, w.uses, w.posts, w.practices, w.modifiers, w.pushes, aware, w.events, values, seed,
        month,
    )  # fmt: skip
    _presentations(
        w.orgs, w.networks, w.attendance, w.sizes[_ATTENDING], w.modifiers, aware, users, w.flows,
        w.events, values, seed, month,
    )  # fmt: skip
    for i in range(n):
        org = w.orgs[i]
        org.aware, org.contacts = aware[i], met[i]


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
