"""What passes between the rules within a month: contacts, attendance, counts, and the event log.

Rules never call each other. Meetings write contacts, exchange and ties read them; every rule adds
to the month's flows and, if it is switched on, to the event log.
"""

from enum import IntEnum, unique

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray, Table
from diffusion.base.compiled import typed

BILATERAL = -1  # `network` of a contact between partners
ARRANGED = -2  # `network` of a contact that an intervention arranged


@unique
class Live(IntEnum):
    """Tables with spare capacity: `sizes[...]` says how many of their rows are live."""

    TIES = 0
    CONTACTS = 1
    ATTENDANCE = 2
    LAPSED = 3  # of the ties, those that are to be dropped; none between rules


class Contacts(Table):
    """This month's contacts between two organisations; the first rows are live."""

    a: IntArray
    b: IntArray
    post_a: IntArray  # the persons who met
    post_b: IntArray
    depth: FloatArray  # 0..1
    trust: FloatArray  # 0..1
    network: IntArray  # network whose meeting it was, BILATERAL, or ARRANGED


class Arranged(Table):
    """Contacts that interventions arrange for this month; all rows are live."""

    guest: IntArray  # organisation that seeks
    host: IntArray  # organisation that runs what it seeks
    person: IntArray  # post of the host's person who knows it best, -1 for anybody
    depth: FloatArray  # 0..1
    trust: FloatArray  # 0..1, where the two share no tie of more trust


class Attendance(Table):
    """Who attended which meeting this month; the first rows are live, grouped by network."""

    network: IntArray
    organisation: IntArray
    post: IntArray


@unique
class Flow(IntEnum):
    """What is counted in a month."""

    EXITS = 0
    KNOWLEDGE_LOST = 1  # practices that leave with a person
    KNOWLEDGE_SAVED = 2  # of these, written down by handover
    TIES_FORMED = 3
    TIES_LOST = 4
    MEETINGS = 5
    CONTACTS = 6
    AWARENESS = 7
    TRANSFERS = 8  # know-how passed to a person of another organisation
    CROSS_TRANSFERS = 9  # of these, between organisations without a common field
    TRIALS = 10
    ADOPTIONS = 11
    TRIALS_FAILED = 12
    LAPSES = 13
    RESTARTS = 14
    GRANTS_WON = 15
    POLICIES = 16
    TRANSFERS_BY_MEETING = 17
    EUR_GRANTED = 18  # paid to organisations by grant makers
    EUR_OWN = 19  # fees, donations, gifts in kind and own income that came in
    EUR_SPENT = 20
    EUR_RETURNED = 21  # of ended grants, to those who gave them
    ATTENDANCES = 22


@unique
class Event(IntEnum):
    """What the event log tells; the columns `other` and `network` say from whom and where."""

    HEARD = 0
    LEARNED = 1
    LEFT = 2
    TRIAL = 3
    ADOPTED = 4
    TRIAL_FAILED = 5
    INSTITUTIONALISED = 6
    LAPSED = 7
    RESTARTED = 8
    GRANT_ENDED = 9
    GRANT_STARTED = 10
    POLICY = 11


EVENT_COLUMNS = ("month", "event", "organisation", "practice", "other", "network")


@typed("void(int64[:, ::1], int64, int64, int64, int64, int64, int64)")
def log(events, month, event, organisation, practice, other, network):  # type: ignore[no-untyped-def]
    """Append an event, if the log is switched on.

    `events` has shape (capacity + 1, 6); events[0, 0] counts the events that were asked for (it
    may exceed the capacity), the rows below hold them in the order of EVENT_COLUMNS. `other` is
    the organisation or post it came from or the reason; -1 stands for what does not apply.
    """
    capacity = events.shape[0] - 1
    if capacity == 0:
        return
    row = events[0, 0] + 1
    events[0, 0] = row
    if row <= capacity:
        events[row, 0] = month
        events[row, 1] = event
        events[row, 2] = organisation
        events[row, 3] = practice
        events[row, 4] = other
        events[row, 5] = network


def room_for_events(capacity: int) -> IntArray:
    """An empty log with room for so many events; 0 switches it off."""
    return np.zeros((capacity + 1, len(EVENT_COLUMNS)), np.int64)
