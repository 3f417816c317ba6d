"""Meetings: who meets whom this month, and how deep the contact goes.

Networks and communities of practice meet at their rhythm while coordinated, more rarely when
members only take turns. Members attend by slack, distance and language (E03). Facilitated
meetings mix tables across silos; plain ones seat like with like. Bilateral contacts follow trust
and the slack of both sides (C03). The result is this month's list of contacts.
"""

import math
from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, lowest, row_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.world.adjacency import tie_between
from diffusion.world.rule import CompiledRule, RuleSettings, number, ratio, share
from diffusion.world.state import State
from diffusion.world.traffic import Flow, Live

_HELD = int(Decision.MEETING_HELD)
_ATTEND = int(Decision.ATTENDANCE)
_DELEGATE = int(Decision.DELEGATE)
_SEATING = int(Decision.SEATING)
_BILATERAL = int(Decision.BILATERAL)
_TIES = int(Live.TIES)
_LIVE_CONTACTS = int(Live.CONTACTS)
_ATTENDING = int(Live.ATTENDANCE)
_MEETINGS = int(Flow.MEETINGS)
_CONTACTS = int(Flow.CONTACTS)


class Parameters(RuleSettings):
    """How organisations come together."""

    attendance: float = share("chance that a member with normal slack attends")
    rel_attendance_distance: float = ratio("attendance in person from another territory", 1.0)
    rel_attendance_language: float = ratio("attendance without the meeting's language", 1.0)
    rel_rhythm_uncoordinated: float = ratio("meetings held when nobody coordinates", 1.0)
    table_size: int = number("people at a table", "persons", 2, 20)
    depth_facilitated: float = share("depth of a contact at a facilitated table")
    depth_plain: float = share("depth of a contact at a plain meeting")
    rel_depth_online: float = ratio("depth of an online contact relative to one in person", 1.0)
    trust_stranger: float = share("trust between people who only share a meeting")
    contacts_per_month: float = number("contacts on a fully trusted tie", "per month", 0.0, 20.0)
    depth_bilateral: float = share("depth of a bilateral contact without trust")
    seating_noise: float = number(
        "chance in plain seating; 0 = strictly like with like", "1", 0.0, 1.0
    )


class _Values(NamedTuple):
    attendance: float
    rel_distance: float
    rel_language: float
    rel_uncoordinated: float
    table: int
    depth_facilitated: float
    depth_plain: float
    rel_online: float
    trust_stranger: float
    frequency: float
    depth_bilateral: float
    noise: float


@inner
def _delegate(filled, first_post, n_posts, key, i, whom):
    """The person whom organisation i sends: a filled post, -1 if nobody is there."""
    offset = draws.below(key, i, whom, n_posts)
    for k in range(n_posts):
        j = first_post + (offset + k) % n_posts
        if filled[j] == 1:
            return j
    return -1


@inner
def _bilateral(orgs, posts, ties, contacts, sizes, values, seed, month):
    key = draws.stream(seed, _BILATERAL, month)
    n = 0
    for t in range(sizes[_TIES]):
        a, b = ties.a[t], ties.b[t]
        pa, pb = ties.post_a[t], ties.post_b[t]
        if posts.filled[pa] == 0 or posts.filled[pb] == 0:
            continue
        trust = ties.trust[t]
        time = math.sqrt(orgs.slack[a] * orgs.slack[b])
        if draws.at(key, a, b) < 1.0 - math.exp(-values.frequency * trust * time):
            contacts.a[n], contacts.b[n] = a, b
            contacts.post_a[n], contacts.post_b[n] = pa, pb
            contacts.depth[n] = values.depth_bilateral + (1.0 - values.depth_bilateral) * trust
            contacts.trust[n] = trust
            contacts.network[n] = -1
            ties.contact[t] = month
            n += 1
    sizes[_LIVE_CONTACTS] = n


@inner
def _gather(
    orgs, posts, networks, members, modifiers, attendance, sizes, place, flows, values, seed, month
):
    """Decide which networks meet and who comes; `place` says where they sit."""
    held = draws.stream(seed, _HELD, month)
    attend = draws.stream(seed, _ATTEND, month)
    send = draws.stream(seed, _DELEGATE, month)
    seat = draws.stream(seed, _SEATING, month)
    rows = 0
    for k in range(networks.type.shape[0]):
        networks.met[k] = 0
        rhythm = networks.meetings_per_year[k] / MONTHS_A_YEAR
        if networks.coordinated[k] == 0:
            rhythm *= values.rel_uncoordinated
        key = networks.key[k]
        if networks.active[k] == 0 or draws.at(held, key, 0) >= rhythm:
            continue
        first = rows
        for x in range(members.start[k], members.start[k + 1]):
            i = members.organisation[x]
            chance = values.attendance * min(1.5, orgs.slack[i]) * modifiers.rel_attendance[i]
            if networks.online[k] == 0 and orgs.territory[i] != networks.territory[k]:
                chance *= values.rel_distance
            if orgs.languages[i] & networks.languages[k] == NOTHING:
                chance *= 1.0 - (1.0 - values.rel_language) * modifiers.rel_language_gap[i]
            if draws.at(attend, i, key) >= chance:
                continue
            j = _delegate(posts.filled, orgs.first_post[i], orgs.n_posts[i], send, i, key)
            if j < 0:
                continue
            attendance.network[rows] = k
            attendance.organisation[rows] = i
            attendance.post[rows] = j
            # facilitated meetings seat by lot, plain ones by field and kind, blurred by chance
            lot = draws.at(seat, i, key)
            place[rows] = lot
            if networks.facilitated[k] == 0:
                own = lowest(orgs.fields[i]) if orgs.fields[i] != NOTHING else 0
                like = (own + orgs.kind[i] / 8.0) / 16.0
                silo = orgs.siloing[i] * modifiers.rel_siloing[i] * (1.0 - values.noise)
                silo = min(1.0, silo)
                place[rows] = silo * like + (1.0 - silo) * lot
            rows += 1
        if rows - first >= 2:
            networks.met[k] = 1
            networks.months_met[k] += 1
            flows[_MEETINGS] += 1
        else:
            rows = first  # nobody to meet
    sizes[_ATTENDING] = rows


@inner
def _tables(ties, adjacency, networks, attendance, place, contacts, sizes, values, month):
    """Everyone at a table meets everyone else at it."""
    start, partner, tie = adjacency.start, adjacency.partner, adjacency.tie
    organisation, post = attendance.organisation, attendance.post
    n = sizes[_LIVE_CONTACTS]
    first, rows = 0, sizes[_ATTENDING]
    while first < rows:
        k = attendance.network[first]
        last = first
        while last < rows and attendance.network[last] == k:
            last += 1
        order = np.argsort(place[first:last])
        depth = values.depth_facilitated if networks.facilitated[k] == 1 else values.depth_plain
        if networks.online[k] == 1:
            depth *= values.rel_online
        for x in range(last - first):
            rx = first + order[x]
            for y in range(x + 1, min(last - first, (x // values.table + 1) * values.table)):
                ry = first + order[y]
                a, b = organisation[rx], organisation[ry]
                trust = values.trust_stranger
                t = tie_between(start, partner, tie, a, b)
                if t >= 0:
                    trust = max(trust, ties.trust[t])
                    ties.contact[t] = month
                contacts.a[n], contacts.b[n] = a, b
                contacts.post_a[n], contacts.post_b[n] = post[rx], post[ry]
                contacts.depth[n], contacts.trust[n] = depth, trust
                contacts.network[n] = k
                n += 1
        first = last
    sizes[_LIVE_CONTACTS] = n


@inner
def loop(w, values, seed, month):
    """Meetings, for a month."""
    place = np.zeros(w.attendance.network.shape[0])
    _bilateral(w.orgs, w.posts, w.ties, w.contacts, w.sizes, values, seed, month)
    _gather(
        w.orgs, w.posts, w.networks, w.members, w.modifiers, w.attendance, w.sizes, place, w.flows, values,
        seed, month,
    )  # fmt: skip
    _tables(
        w.ties, w.adjacency, w.networks, w.attendance, place, w.contacts, w.sizes, values, month
    )
    w.flows[_CONTACTS] += w.sizes[_LIVE_CONTACTS]


@compiled
def enter(w, values, seed, month):
    """The loop with an entry from Python."""
    loop(w, values[0], seed, month)


class Meetings(CompiledRule):
    """Fills the month's attendance and contacts."""

    name: ClassVar[str] = "meetings"
    summary: ClassVar[str] = "Networks meet, partners talk: the month's contacts and their depth."
    enter = staticmethod(enter)

    def __init__(self, parameters: Parameters) -> None:
        p = parameters
        self._table = p.table_size
        self.values = row_of(
            _Values(
                attendance=p.attendance,
                rel_distance=p.rel_attendance_distance,
                rel_language=p.rel_attendance_language,
                rel_uncoordinated=p.rel_rhythm_uncoordinated,
                table=p.table_size,
                depth_facilitated=p.depth_facilitated,
                depth_plain=p.depth_plain,
                rel_online=p.rel_depth_online,
                trust_stranger=p.trust_stranger,
                frequency=p.contacts_per_month,
                depth_bilateral=p.depth_bilateral,
                noise=p.seating_noise,
            )
        )

    def prepare(self, state: State) -> None:
        seats = state.members.organisation.shape[0]
        state.reserve_attendance(seats)
        # every tie once, and half a table for each seat
        state.reserve_contacts(state.n_ties + seats * (self._table // 2 + 1))
