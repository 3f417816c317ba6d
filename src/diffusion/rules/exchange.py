"""Exchange: awareness and know-how pass apart.

On a contact awareness passes with probability 0.10 from an organisation that runs the practice
and 0.013 from one that only knows of it (D06, D07), times depth, clarity and the relevance of the
field. A practice presented in a community of practice reaches those present with 0.70 (E07); a
notice on a platform with 0.04. Know-how passes only on deep contacts with a person who knows,
from person to person. Clarity is 1 with a common language, otherwise 1/1.44 (F01); mediation
closes part of the gap (F03). Contacts with users of a practice are remembered for 12 months.

Sources are read as they stood at the start of the rule, so the order of contacts is irrelevant.
"""

import math
from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, bit, count, has, lowest, row_of, without_lowest
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.world.rule import CompiledRule, RuleSettings, number, per_month, share
from diffusion.world.traffic import Event, Flow, Live, log
from diffusion.world.vocabulary import FIELDS

_AWARE = int(Decision.AWARENESS)
_KNOW = int(Decision.KNOW_HOW)
_SHOW = int(Decision.PRESENTATION)
_PRESENTED = int(Decision.PRESENTED)
_NOTICE = int(Decision.NOTICE)
_FORGET = int(Decision.FORGET)
_HEARD = int(Event.HEARD)
_LEARNED = int(Event.LEARNED)
_N_HEARD = int(Flow.AWARENESS)
_N_TRANSFERS = int(Flow.TRANSFERS)
_N_CROSS = int(Flow.CROSS_TRANSFERS)
_N_MEETING = int(Flow.TRANSFERS_BY_MEETING)
_GENERAL = np.uint64(1 << FIELDS.index("general"))
_PRACTICES = 64
_CONTACTS = int(Live.CONTACTS)
_ATTENDING = int(Live.ATTENDANCE)
_TAGS = 1 << 21  # more than any network's key: tells meetings of the same two apart


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
def _relevance(own, related, interest_related, interest_other, p):
    """Interest of an organisation in practice p: 1 in its own field, less beyond."""
    if has(own, p):
        return 1.0
    return interest_related if has(related, p) else interest_other


@inner
def _similarity(orgs_alike, values):
    """How alike two places are, 0..1, from (country, kind, level, field) being the same."""
    country, kind, level, field = orgs_alike
    alike = 0.0
    if country:
        alike += values.country
    if kind:
        alike += values.kind
    if level:
        alike += values.level
    if field:
        alike += values.field
    return alike / (values.country + values.kind + values.level + values.field)


@inner
def _awareness(
    orgs, exposure, networks, contacts, n_contacts, modifiers, aware_before, users, interest,
    flows, events, values, seed, month,
):  # fmt: skip
    """News passes, and contacts with users are remembered."""
    key = draws.stream(seed, _AWARE, month)
    related, other = interest
    aware = orgs.aware
    for c in range(2 * n_contacts):
        # each contact is read both ways
        source, to = contacts.a[c >> 1], contacts.b[c >> 1]
        if c & 1 == 1:
            source, to = to, source
        depth, k = contacts.depth[c >> 1], contacts.network[c >> 1]
        orgs.contacts[to] += depth
        running = users[source]
        news = aware_before[source] & ~aware[to]
        if news != NOTHING:
            clear = depth
            if orgs.languages[source] & orgs.languages[to] == NOTHING:
                gaps = modifiers.rel_language_gap
                clear *= 1.0 - values.gap * min(gaps[source], gaps[to])
            tag = networks.key[k] + 1 if k >= 0 else 0
            while news != NOTHING:
                p = lowest(news)
                news = without_lowest(news)
                chance = values.p_user if has(running, p) else values.p_informed
                luck = draws.at(key, to, (source * _PRACTICES + p) * _TAGS + tag)
                if luck >= chance * clear:
                    continue  # relevance only lowers the chance
                chance *= clear * _relevance(
                    orgs.own_practices[to], orgs.related_practices[to], related[to], other[to], p
                )
                if luck < chance:
                    aware[to] |= bit(p)
                    flows[_N_HEARD] += 1
                    log(events, month, _HEARD, to, p, source, k)
        while running != NOTHING:
            p = lowest(running)
            running = without_lowest(running)
            exposure[to, p] += depth


@inner
def _know_how(
    orgs, uses, posts, practices, networks, contacts, n_contacts, modifiers, aware_before, knows_before,
    interest, flows, events, values, seed, month,
):  # fmt: skip
    """People teach people on deep contacts."""
    key = draws.stream(seed, _KNOW, month)
    related, other = interest
    for c in range(2 * n_contacts):
        source, to = contacts.a[c >> 1], contacts.b[c >> 1]
        teacher, pupil = contacts.post_a[c >> 1], contacts.post_b[c >> 1]
        if c & 1 == 1:
            source, to, teacher, pupil = to, source, pupil, teacher
        depth, k = contacts.depth[c >> 1], contacts.network[c >> 1]
        teach = knows_before[teacher] & aware_before[to] & ~posts.knows[pupil]
        if depth < values.deep or teach == NOTHING:
            continue
        clear = depth * contacts.trust[c >> 1] * modifiers.rel_know_how[to]
        if orgs.languages[source] & orgs.languages[to] == NOTHING:
            gaps = modifiers.rel_language_gap
            clear *= 1.0 - values.gap * min(gaps[source], gaps[to])
        tag = networks.key[k] + 1 if k >= 0 else 0
        while teach != NOTHING:
            p = lowest(teach)
            teach = without_lowest(teach)
            chance = values.p_know_how * clear * (1.0 - values.brake * practices.complexity[p])
            chance *= _relevance(
                orgs.own_practices[to], orgs.related_practices[to], related[to], other[to], p
            )
            if draws.at(key, pupil, (source * _PRACTICES + p) * _TAGS + tag) >= chance:
                continue
            posts.knows[pupil] |= bit(p)
            orgs.knows[to] |= bit(p)
            orgs.aware[to] |= bit(p)  # it may have been forgotten earlier this month
            common_field = orgs.fields[source] & orgs.fields[to] != NOTHING
            alike = (
                orgs.country[source] == orgs.country[to],
                orgs.kind[source] == orgs.kind[to],
                orgs.level[source] == orgs.level[to],
                common_field,
            )
            fit = practices.adaptability[p]
            fit += (1.0 - fit) * _similarity(alike, values)
            uses.fit[to, p] = max(uses.fit[to, p], fit)
            flows[_N_TRANSFERS] += 1
            own_field = orgs.fields[source] & orgs.fields[to] & ~_GENERAL != NOTHING
            flows[_N_CROSS] += 0 if own_field else 1
            flows[_N_MEETING] += 1 if k >= 0 else 0
            log(events, month, _LEARNED, to, p, source, k)


@inner
def _presenter(organisation, users, key, meeting, first, last):
    """Row of the attendance whose organisation presents, -1 if nobody runs anything."""
    size = last - first
    offset = draws.below(key, meeting, 0, size)
    for k in range(size):
        r = first + (offset + k) % size
        if users[organisation[r]] != NOTHING:
            return r
    return -1


@inner
def _presentations(
    orgs,
    networks,
    attendance,
    n_attending,
    modifiers,
    users,
    interest,
    flows,
    events,
    values,
    seed,
    month,
):
    choose = draws.stream(seed, _SHOW, month)
    hear = draws.stream(seed, _PRESENTED, month)
    related, other = interest
    first, rows = 0, n_attending
    while first < rows:
        k = attendance.network[first]
        last = first
        while last < rows and attendance.network[last] == k:
            last += 1
        key = networks.key[k]
        r = -1
        if networks.is_cop[k] == 1:
            r = _presenter(attendance.organisation, users, choose, key, first, last)
        if r >= 0:
            speaker = attendance.organisation[r]
            shown = users[speaker]
            for _ in range(draws.below(choose, key, 1, count(shown))):
                shown = without_lowest(shown)
            p = lowest(shown)
            for x in range(first, last):
                i = attendance.organisation[x]
                if has(orgs.aware[i], p):
                    continue
                chance = values.p_presented * _relevance(
                    orgs.own_practices[i], orgs.related_practices[i], related[i], other[i], p
                )
                if orgs.languages[speaker] & orgs.languages[i] == NOTHING:
                    gaps = modifiers.rel_language_gap
                    chance *= 1.0 - values.gap * min(gaps[speaker], gaps[i])
                if draws.at(hear, i, key) < chance:
                    orgs.aware[i] |= bit(p)
                    flows[_N_HEARD] += 1
                    log(events, month, _HEARD, i, p, speaker, k)
        first = last


@inner
def _notices_and_memory(orgs, exposure, modifiers, interest, flows, events, values, seed, month):
    """Platform notices arrive; what nobody needs is forgotten; remembered contacts fade."""
    notice = draws.stream(seed, _NOTICE, month)
    forget = draws.stream(seed, _FORGET, month)
    related, other = interest
    cells = exposure.ravel()
    for x in range(cells.shape[0]):
        cells[x] *= values.fade
    for i in range(orgs.kind.shape[0]):
        orgs.contacts[i] *= values.fade
        reach = values.p_notice * modifiers.add_notices[i]
        if reach > 0.0:
            for p in range(exposure.shape[1]):
                if not has(orgs.aware[i], p):
                    chance = reach * _relevance(
                        orgs.own_practices[i], orgs.related_practices[i], related[i], other[i], p
                    )
                    if draws.at(notice, i, p) < chance:
                        orgs.aware[i] |= bit(p)
                        flows[_N_HEARD] += 1
                        log(events, month, _HEARD, i, p, -1, -1)
        needed = orgs.trial[i] | orgs.adopted[i] | orgs.institutional[i]
        loose = orgs.aware[i] & ~(needed | orgs.knows[i] | orgs.lapsed[i])
        while loose != NOTHING:
            p = lowest(loose)
            loose = without_lowest(loose)
            if draws.at(forget, i, p) < values.p_forget:
                orgs.aware[i] &= ~bit(p)


@inner
def loop(w, values, seed, month):
    """Exchange, for a month."""
    aware_before, knows_before = w.orgs["aware"].copy(), w.posts["knows"].copy()
    users = w.orgs["adopted"] | w.orgs["institutional"]
    silo = w.orgs["siloing"] * w.modifiers["rel_siloing"]
    interest = (values.related**silo, values.other**silo)
    _notices_and_memory(
        w.orgs, w.exposure, w.modifiers, interest, w.flows, w.events, values, seed, month
    )
    _awareness(
        w.orgs, w.exposure, w.networks, w.contacts, w.sizes[_CONTACTS], w.modifiers, aware_before, users, interest, w.flows,
        w.events, values, seed, month,
    )  # fmt: skip
    _know_how(
        w.orgs, w.uses, w.posts, w.practices, w.networks, w.contacts, w.sizes[_CONTACTS], w.modifiers, aware_before,
        knows_before, interest, w.flows, w.events, values, seed, month,
    )  # fmt: skip
    _presentations(
        w.orgs, w.networks, w.attendance, w.sizes[_ATTENDING], w.modifiers, users, interest, w.flows, w.events, values,
        seed, month,
    )  # fmt: skip


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
