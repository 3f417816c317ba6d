"""The event log in words: who learned what from whom, who left, what lapsed and why."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from diffusion.base.arrays import IntArray
from diffusion.base.errors import DiffusionError
from diffusion.world.state import State
from diffusion.world.traffic import EVENT_COLUMNS, Event, room_for_events

if TYPE_CHECKING:
    import pandas as pd

_EVENTS_AN_ORGANISATION_MONTH = 4


def open_log(state: State, months: int) -> None:
    """Make room for the events of so many months; 0 switches the log off."""
    state.events = room_for_events(months * state.n_organisations * _EVENTS_AN_ORGANISATION_MONTH)


def events_table(state: State) -> "pd.DataFrame":
    """The event log of a state.

    Raises:
        DiffusionError: the log was not switched on, or ran out of room.
    """
    import pandas as pd

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
    table = pd.DataFrame(log[1 : size + 1], columns=list(EVENT_COLUMNS))
    table["event"] = words[table["event"]]
    table["organisation"] = _named(table["organisation"].to_numpy(), names.organisations)
    table["practice"] = _named(table["practice"].to_numpy(), names.practices)
    table["network"] = _named(table["network"].to_numpy(), names.networks)
    return table


def _named(codes: IntArray, names: Sequence[str]) -> list[str]:
    return [names[code] if code >= 0 else "" for code in codes]
