"""The event log in words: who learned what from whom, who left, what lapsed and why."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from diffusion.base.arrays import IntArray
from diffusion.base.errors import DiffusionError
from diffusion.model.measures import Columns
from diffusion.world.state import State
from diffusion.world.traffic import EVENT_COLUMNS, Event, room_for_events

_EVENTS_AN_ORGANISATION_MONTH = 4


def open_log(state: State, months: int) -> None:
    """Make room for the events of so many months; 0 switches the log off."""
    state.events = room_for_events(months * state.n_organisations * _EVENTS_AN_ORGANISATION_MONTH)


def events_columns(state: State) -> Columns:
    """The event log of a state, as columns.

    Raises:
        DiffusionError: the log was not switched on, or ran out of room.
    """
    if state.events.shape[0] == 1:
        raise DiffusionError("the event log is off; switch it on with record.events=true")
    log = state.events
    size, capacity = int(log[0, 0]), log.shape[0] - 1
    if size > capacity:
        raise DiffusionError(
            f"the event log has room for {capacity} events and {size} happened; "
            f"run fewer months or organisations"
        )
    names = state.names
    words = np.array([event.name.lower() for event in Event])
    columns: Columns = dict(zip(EVENT_COLUMNS, log[1 : size + 1].T, strict=True))
    columns["event"] = words[columns["event"]].astype(object)
    columns["organisation"] = _named(columns["organisation"], names.organisations)
    columns["practice"] = _named(columns["practice"], names.practices)
    columns["network"] = _named(columns["network"], names.networks)
    return columns


def _named(codes: IntArray, names: Sequence[str]) -> npt.NDArray[np.object_]:
    return np.array([names[code] if code >= 0 else "" for code in codes], object)
