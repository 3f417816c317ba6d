"""The event log in words: who learned what from whom, who left, what lapsed and why."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from diffusion.base.arrays import IntArray
from diffusion.base.errors import DiffusionError
from diffusion.model.measures import Columns
from diffusion.world.state import State
from diffusion.world.traffic import EVENT_COLUMNS, Event, room_for_events

_AHEAD = 1 << 20  # further events to make room for: the log seldom grows, months pass at once
_TIMES_A_USE = 8  # heard of twice, learned at a course, tried, ended, settled, lapsed, restarted


def open_log(state: State, on: bool) -> None:
    """Begin an empty log that grows as `make_room` sees need, or switch it off."""
    state.events = room_for_events(1 if on else 0)


def make_room(state: State) -> None:
    """See that the log, if it is on, has room for whatever may happen in the next month.

    What has no event yet takes no memory before it is written to, on most systems.

    Raises:
        DiffusionError: rules of one's own logged more than there was room for.
    """
    log = state.events
    if len(log) == 1 or _room(state) >= (most := _most_a_month(state)):
        return
    written = _size(state) + 1
    state.events = room_for_events(written + most + max(_AHEAD, written // 2))
    state.events[:written] = log[:written]


def months_of_room(state: State) -> int:
    """For how many months the log has room whatever happens, the next one included anyway."""
    return max(1, _room(state) // _most_a_month(state))


def trim_log(state: State) -> None:
    """Leave out the room that no event has taken yet, for the log is to be copied or stored."""
    state.events = state.events[: max(1, _size(state)) + 1]


def _room(state: State) -> int:
    """For how many further events there is room."""
    return len(state.events) - 1 - _size(state)


def _most_a_month(state: State) -> int:
    """Above what the standard rules can log in a month.

    A post learns each practice once and is left once, a grant line ends or begins, a policy maker
    adopts each practice once.
    """
    organisations, posts = state.n_organisations, len(state.posts)
    each_practice = _TIMES_A_USE * organisations + posts + len(state.territories)
    return state.n_practices * each_practice + posts + len(state.grants)


def _size(state: State) -> int:
    """How many events happened so far.

    Raises:
        DiffusionError: more than there was room for.
    """
    happened, capacity = int(state.events[0, 0]), len(state.events) - 1
    if happened > capacity:
        raise DiffusionError(
            f"the rules of this run logged {happened} events until month {state.month}, and there "
            f"was room for {capacity}, which the standard rules can't exceed in a month; "
            f"log less in rules of your own"
        )
    return happened


def events_columns(state: State) -> Columns:
    """The event log of a state, as columns.

    Raises:
        DiffusionError: the log was not switched on, or rules of one's own overran it.
    """
    if len(state.events) == 1:
        raise DiffusionError("the event log is off; switch it on with record.events=true")
    names = state.names
    words = np.array([event.name.lower() for event in Event])
    columns: Columns = dict(zip(EVENT_COLUMNS, state.events[1 : _size(state) + 1].T, strict=True))
    columns["event"] = words[columns["event"]].astype(object)
    columns["organisation"] = _named(columns["organisation"], names.organisations)
    columns["practice"] = _named(columns["practice"], names.practices)
    columns["network"] = _named(columns["network"], names.networks)
    return columns


def _named(codes: IntArray, names: Sequence[str]) -> npt.NDArray[np.object_]:
    return np.array([names[code] if code >= 0 else "" for code in codes], object)
