"""Meetings: who meets whom this month, and how deep the contact goes.

Networks and communities of practice meet at their rhythm while coordinated, more rarely when
members only take turns. Members attend by slack, distance and language (E03). Facilitated
meetings mix tables across silos; plain ones seat like with like. Bilateral contacts follow trust
and the slack of both sides (C03). Interventions arrange further contacts. The result is this
month's list of contacts.
"""

import math
from typing import ClassVar, NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, row_of
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.fetching import is_far, soon
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.base.scratch import scratch
from diffusion.world.adjacency import tie_between
from diffusion.world.rule import CompiledRule, RuleSettings, number, ratio, share
from diffusion.world.seating import (
    delegate,
    fetch_member,
    fetch_seats,
    meet_at_tables,
    place_of,
    renew,
    seated,
)
from diffusion.world.state import State
from diffusion.world.talks import ROUNDING, are_there, may_talk
from diffusion.world.traffic import ARRANGED, BILATERAL, Flow, Live

_HELD = int(Decision.MEETING_HELD)
_ATTEND = int(Decision.ATTENDANCE)
_DELEGATE = int(Decision.DELEGATE)
_SEATING = int(Decision.SEATING)
_BILATERAL = int(Decision.BILATERAL)
_GUEST = int(Decision.VISIT_GUEST)
_MOVED = int(Decision.MEETING_MOVED)
_TIES = int(Live.TIES)
_CONTACTS = int(Live.CONTACTS)
_ATTENDING = int(Live.ATTENDANCE)
_MEETINGS = int(Flow.MEETINGS)
_TALKS = int(Flow.CONTACTS)
_COME = int(Flow.ATTENDANCES)
_ONE = np.uint64(1)  # of unsigned counts: an index of them is not looked up from the end
_TWENTY_FOURTH = 1.0 / 24.0


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
    share_moved_online: float = share("share of what can't be in person that is held online")
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
    moved: float
    trust_stranger: float
    frequency: float
    depth_bilateral: float
    noise: float


@inner
def _bilateral(time, posts, ties, live, contacts, values, seed, month):
    """Partners talk, if both contact persons are there; `time` is what each has for it.

    Returns how many contacts that makes.
    """
    key = draws.stream(seed, _BILATERAL, month)
    talks, over, may = scratch(live), scratch(live), scratch(live, np.uint32)
    hopeful = may_talk(time, ties, live, values.frequency, key, talks, over, may)
    there, n = scratch(hopeful, np.int32), 0
    are_there(posts, ties, may, hopeful, there)
    for k in range(hopeful):
        tie, x = ties[may[k]], talks[may[k]]
        if over[may[k]] >= -ROUNDING - x * x * x * x * _TWENTY_FOURTH:
            luck = draws.at(key, tie.a, tie.b)
            if luck >= x or luck >= 1.0 - math.exp(-x):
                continue
        if there[k] == 0:
            continue
        contact = contacts[n]
        contact.a, contact.b = tie.a, tie.b
        contact.post_a, contact.post_b = tie.post_a, tie.post_b
        contact.depth = values.depth_bilateral + (1.0 - values.depth_bilateral) * tie.trust
        contact.trust = tie.trust
        contact.network = BILATERAL
        tie.contact = month
        n += 1
    return n


@inner
def _arranged(
    orgs, posts, ties, start, partner, tie, arranged, contacts, n, seed, month
):  # fmt: skip
    """What interventions arranged takes place, if both sides have somebody to send.

    `n` contacts are there before; returns how many there are now.
    """
    send = draws.stream(seed, _GUEST, month)
    for x in range(arranged.shape[0]):
        plan = arranged[x]
        a, b = np.int64(plan.guest), np.int64(plan.host)
        visitor, expert = delegate(posts, orgs[a], send, a, b), np.int64(plan.person)
        if expert < 0 or posts[expert].filled == 0:
            expert = delegate(posts, orgs[b], send, b, a)
        if visitor < 0 or expert < 0:
            continue
        contact = contacts[n]
        contact.a, contact.b = a, b
        contact.post_a, contact.post_b = visitor, expert
        contact.depth, contact.trust = plan.depth, plan.trust
        contact.network = ARRANGED
        t = tie_between(start, partner, tie, a, b)
        if t >= 0:
            ties[t].contact = month
            contact.trust = max(plan.trust, ties[t].trust)
        n += 1
    return n


@inner
def _at_a_distance(modifier, values):
    """Share of its bilateral contacts that an organisation still has, in person or online."""
    lost = 1.0 - values.moved * (1.0 - min(1.0, modifier.add_digital_gap))
    return max(0.0, 1.0 - modifier.add_remote * modifier.rel_digital_gap * lost)


@inner
def _meets_online(network, modifiers, key, values):
    """How a network meets that may be kept from it: 1 online, 0 in person, -1 not at all."""
    if network.online == 1 or draws.at(key, network.key, 0) >= network.remote:
        return np.int64(network.online)
    left = 1.0
    if network.coordinator >= 0:
        left = modifiers[network.coordinator].rel_digital_gap
    return -1 if draws.at(key, network.key, 1) < (1.0 - values.moved) * left else 1


@inner
def _open(networks, modifiers, values, seed, month, held):
    """Decide which networks hold a meeting: the first rows of `held`, whose number it returns."""
    hold = draws.stream(seed, _HELD, month)
    moved = draws.stream(seed, _MOVED, month)
    n = 0
    for k in range(networks.shape[0]):
        network = networks[k]
        network.met, network.met_online = 0, 0
        rhythm = network.meetings_per_year / MONTHS_A_YEAR * (1.0 + network.add_rhythm)
        if network.coordinated == 0:
            rhythm *= values.rel_uncoordinated
        if network.active == 0 or draws.at(hold, network.key, 0) >= rhythm:
            continue
        online = np.int64(network.online)
        if network.remote > 0.0:
            online = _meets_online(network, modifiers, moved, values)
            if online < 0:
                continue
        network.met_online = online
        held[n] = k
        n += 1
    return n


@inner
def _invite(slack, networks, held, n_held, start, members, modifiers, values, key, luck, chance):
    """The luck of all members of networks that meet, and their chance to attend if all is near."""
    who, whom = scratch(luck.shape[0], np.int32), scratch(luck.shape[0], np.int32)
    n = 0
    for h in range(n_held):
        network = networks[held[h]]
        eager = values.attendance * (1.0 + network.add_turnout)
        for x in range(start[held[h]], start[held[h] + 1]):
            i = members[x]
            who[n], whom[n] = i, network.key
            chance[n] = eager * min(1.5, slack[i]) * modifiers[i].rel_attendance
            n += 1
    for x in range(n):
        luck[x] = draws.at(key, who[x], whom[x])


@inner
def _comes(org, modifier, network, values, chance, luck):
    """Whether a member comes that would if distance, access and language didn't count."""
    if network.met_online > network.online:  # whoever joined an online network has access to it
        chance *= 1.0 - min(1.0, modifier.add_digital_gap * modifier.rel_digital_gap)
    elif network.met_online == 0 and org.territory != network.territory:
        closed = 1.0 - modifier.rel_distance_gap
        chance *= values.rel_distance + (1.0 - values.rel_distance) * closed
    if org.languages & network.languages == NOTHING:
        chance *= 1.0 - (1.0 - values.rel_language) * modifier.rel_language_gap
    return luck < chance


@inner
def _gather(
    orgs, slack, posts, networks, start, members, modifiers, attendance, place, flows, values,
    seed, month,
):  # fmt: skip
    """Decide which networks meet and who comes; `place` says where they sit.

    Returns how many attend.
    """
    held = scratch(networks.shape[0], np.int64)
    n_held = _open(networks, modifiers, values, seed, month, held)
    luck, chance = scratch(members.shape[0]), scratch(members.shape[0])
    come = scratch(members.shape[0], np.int64)
    attend = draws.stream(seed, _ATTEND, month)
    _invite(
        slack, networks, held, n_held, start, members, modifiers, values, attend, luck, chance
    )  # fmt: skip
    send = draws.stream(seed, _DELEGATE, month)
    seat = draws.stream(seed, _SEATING, month)
    rows, asked = 0, 0
    for h in range(n_held):
        if is_far(orgs.shape[0]) and h + 2 < n_held:
            for x in range(start[held[h + 2]], start[held[h + 2] + 1]):
                fetch_member(orgs, modifiers, members[x])
            for x in range(start[held[h + 1]], start[held[h + 1] + 1]):
                soon(posts, orgs[members[x]].first_post, "filled")
        k = held[h]
        network = networks[k]
        first, eager, back = rows, 0, asked - start[k]
        for x in range(start[k], start[k + 1]):
            come[eager] = x
            # distance, access and language only lower the chance
            eager += 1 if luck[back + x] < chance[back + x] else 0
        asked = back + start[k + 1]
        for c in range(eager):
            x = come[c]
            i = members[x]
            org, modifier = orgs[i], modifiers[i]
            if not _comes(org, modifier, network, values, chance[back + x], luck[back + x]):
                continue
            j = delegate(posts, org, send, i, network.key)
            if j < 0:
                continue
            attending = attendance[rows]
            attending.network, attending.organisation, attending.post = k, i, j
            place[rows] = place_of(
                org, modifier, network, values.noise, draws.at(seat, i, network.key)
            )
            rows += 1
        if rows - first >= 2:
            network.met = 1
            network.months_met += 1
            flows[_MEETINGS] += 1
            flows[_COME] += rows - first
        else:
            rows, network.met_online = first, 0  # nobody to meet
    return rows


@inner
def _tables(
    ties, start, partner, tie, networks, attendance, rows, place, contacts, n, values, month
):
    """Everyone at a table meets everyone else at it.

    `n` contacts are there before; returns how many there are now.
    """
    rank, order = scratch(rows, np.int64), scratch(rows, np.int64)
    seat = scratch(start.shape[0] - 1, np.int32)  # of each organisation, where it sat last
    for i in range(seat.shape[0]):
        seat[i] = -1
    known = scratch(start.shape[0], np.int32)
    # nobody meets more others at a table than sit there
    room = rows * values.table
    tied, talk, n_tied = scratch(room, np.int32), scratch(room, np.int32), 0
    first, fetched = np.int64(0), np.int64(0)
    while first < rows:
        last = seated(attendance, place, first, rows, rank, order)
        fetched = fetch_seats(start, partner, tie, seat, attendance, fetched, last, rows)
        network = networks[attendance[first].network]
        facilitated = network.facilitated == 1 or network.mixed == 1
        depth = values.depth_facilitated if facilitated else values.depth_plain
        if network.met_online == 1:
            depth *= values.rel_online
        depth = min(1.0, depth * (1.0 + network.add_depth))
        n, n_tied = meet_at_tables(
            start, partner, tie, attendance, order, first, last, values.table, seat, known,
            contacts, n, depth, values.trust_stranger, tied, talk, n_tied,
        )  # fmt: skip
        first = last
    renew(ties, contacts, tied, talk, n_tied, month)
    return n


@inner
def has_room(w, values):
    """Whether a month's attendance and contacts have room: what `Meetings.prepare` sees to."""
    seats = w.members.organisation.shape[0]
    ties = w.sizes[_TIES] + w.orgs.shape[0] + w.sizes[_CONTACTS]
    contacts = ties + w.arranged.shape[0] + seats * (values.table // 2 + 1)
    return seats <= w.attendance.shape[0] and contacts <= w.contacts.shape[0]


@inner
def loop(w, values, seed, month):
    """Meetings, for a month."""
    slack = scratch(w.orgs.shape[0])  # ties read it at random: close together
    time = scratch(slack.shape[0])
    for i in range(slack.shape[0]):
        slack[i] = w.orgs[i].slack
        time[i] = slack[i]
        if w.modifiers[i].add_remote > 0.0:
            time[i] *= _at_a_distance(w.modifiers[i], values)
    n = _bilateral(time, w.posts, w.ties, w.sizes[_TIES], w.contacts, values, seed, month)
    n = _arranged(
        w.orgs, w.posts, w.ties, w.adjacency.start, w.adjacency.partner, w.adjacency.tie,
        w.arranged, w.contacts, n, seed, month,
    )  # fmt: skip
    place = scratch(w.attendance.shape[0])
    rows = _gather(
        w.orgs, slack, w.posts, w.networks, w.members.start, w.members.organisation, w.modifiers,
        w.attendance, place, w.flows, values, seed, month,
    )  # fmt: skip
    w.sizes[_ATTENDING] = rows
    n = _tables(
        w.ties, w.adjacency.start, w.adjacency.partner, w.adjacency.tie, w.networks, w.attendance,
        rows, place, w.contacts, n, values, month,
    )  # fmt: skip
    w.sizes[_CONTACTS] = n
    w.flows[_TALKS] += n


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
                moved=p.share_moved_online,
                trust_stranger=p.trust_stranger,
                frequency=p.contacts_per_month,
                depth_bilateral=p.depth_bilateral,
                noise=p.seating_noise,
            )
        )

    def prepare(self, state: State) -> None:
        seats = state.members.organisation.shape[0]
        state.reserve_attendance(seats)
        # every tie, with those that this month adds, and every arranged contact once, and half a
        # table for each seat
        ties = state.n_ties + state.n_organisations + state.n_contacts
        state.reserve_contacts(ties + len(state.arranged) + seats * (self._table // 2 + 1))
