"""Writes down what happens: the monthly table, the history of use, groups, outcomes, events."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from diffusion.base.arrays import (
    NEVER,
    NOTHING,
    FloatArray,
    IntArray,
    MaskArray,
    bit,
    counts,
    lowest,
    without_lowest,
)
from diffusion.base.compiled import compiled
from diffusion.base.errors import DiffusionError
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.model.measures import Measurer, MeasureSettings, using_mask
from diffusion.world.state import State
from diffusion.world.traffic import EVENT_COLUMNS, Event, room_for_events
from diffusion.world.vocabulary import FIELDS, KINDS, NETWORK_TYPES, SCALES

if TYPE_CHECKING:
    import pandas as pd

PRACTICE_DIMENSIONS = ("practice", "scale", "field")
GROUPS_EVERY = 12
_EVENTS_AN_ORGANISATION_MONTH = 4


@compiled
def _without_grant(using, unfunded, result):
    """The practices in use whose grant is gone, for each organisation."""
    for i in range(using.shape[0]):
        mask, gone = using[i], NOTHING
        while mask != NOTHING:
            p = lowest(mask)
            mask = without_lowest(mask)
            if unfunded[i, p] > NEVER:
                gone |= bit(p)
        result[i] = gone


@dataclass
class History:
    """Month by month, what every organisation used: row m is the state after m months.

    using: shape (months + 1, n), masks. unfunded: the same, practices in use whose grant is gone.
    """

    using: MaskArray
    unfunded: MaskArray


@dataclass
class Recorder:
    """Collects the rows of one run."""

    state: State
    months: int
    measures: MeasureSettings
    groups: tuple[str, ...]
    events: bool
    rows: list[dict[str, float]] = field(default_factory=list)
    group_rows: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        state = self.state
        shape = (self.months + 1, state.n_organisations)
        self.history = History(np.zeros(shape, np.uint64), np.zeros(shape, np.uint64))
        self._measurer = Measurer(state, self.measures)
        self._ever = using_mask(state)
        self._first = self._ever.copy()
        self._note_history(0)
        if self.events:
            state.events = room_for_events(
                self.months * state.n_organisations * _EVENTS_AN_ORGANISATION_MONTH
            )

    def record(self, costs: dict[str, float]) -> None:
        """Measure the month that has just passed (`state.month` is still that month)."""
        state = self.state
        row = {"month": float(state.month)} | self._measurer.measure(state)
        self._ever |= using_mask(state)
        row["n_ever_used"] = float(counts(self._ever).sum())
        row["share_newly_using"] = float(((self._ever & ~self._first) != 0).mean())
        row["cost"] = sum(costs.values())
        row |= {f"cost_{name}": cost for name, cost in costs.items()}
        self.rows.append(row)
        self._note_history(state.month + 1)
        last = state.month + 1 == self.months
        if self.groups and (state.month % GROUPS_EVERY == 0 or last):
            self._note_groups()

    def _note_history(self, m: int) -> None:
        state = self.state
        self.history.using[m] = using_mask(state)
        _without_grant(self.history.using[m], state.uses.unfunded, self.history.unfunded[m])

    def _note_groups(self) -> None:
        state = self.state
        stages = (state.organisations.aware, using_mask(state), state.organisations.institutional)
        by_practice = np.array([self._measurer.use_by_practice(stage) for stage in stages])
        by_organisation = np.array([counts(stage) for stage in stages])
        n, p = state.n_organisations, state.n_practices
        for dimension in self.groups:
            if dimension in PRACTICE_DIMENSIONS:
                totals, others = by_practice, n
                groups = _practice_groups(state, dimension)
            else:
                totals, others = by_organisation, p
                groups = _organisation_groups(state, dimension)
            for name, rows in groups:
                if rows.size:
                    pairs = rows.size * others
                    aware, using, institutionalised = totals[:, rows].sum(axis=1) / pairs
                    entry = (state.month, dimension, name, pairs)
                    self.group_rows.append((*entry, aware, using, institutionalised))

    def months_table(self) -> "pd.DataFrame":
        """One row a month."""
        import pandas as pd

        table = pd.DataFrame(self.rows)
        table["month"] = table["month"].astype(np.int64)
        return table

    def groups_table(self) -> "pd.DataFrame":
        """Shares by group, every 12th month and the last."""
        import pandas as pd

        columns = ["month", "dimension", "value", "n", "aware", "using", "institutionalised"]
        return pd.DataFrame(self.group_rows, columns=columns)

    def events_table(self) -> "pd.DataFrame":
        """The event log in words.

        Raises:
            DiffusionError: the log was not switched on, or ran out of room.
        """
        import pandas as pd

        if not self.events:
            raise DiffusionError("the event log is off; switch it on with record.events=true")
        log = self.state.events
        size, capacity = int(log[0, 0]), log.shape[0] - 1
        if size > capacity:
            raise DiffusionError(
                f"the event log has room for {capacity} events and {size} happened; "
                f"run fewer months or organisations"
            )
        names = self.state.names
        words = np.array([event.name.lower() for event in Event])
        table = pd.DataFrame(log[1 : size + 1], columns=list(EVENT_COLUMNS))
        table["event"] = words[table["event"]]
        table["organisation"] = _named(table["organisation"].to_numpy(), names.organisations)
        table["practice"] = _named(table["practice"].to_numpy(), names.practices)
        table["network"] = _named(table["network"].to_numpy(), names.networks)
        return table

    def survival(self, stop: int) -> "pd.DataFrame":
        """Use after month `stop` of what was in use then, in unbroken use and in use at all."""
        import pandas as pd

        using = self.history.using[stop:]
        start = using[0]
        unbroken = np.bitwise_and.accumulate(using, axis=0)
        return pd.DataFrame(
            {
                "since_stop": np.arange(using.shape[0]),
                "at_risk": int(counts(start).sum()),
                "unbroken": counts(unbroken).sum(axis=1),
                "in_use": counts(using & start).sum(axis=1),
            }
        )

    def outcomes(self, start: int, stop: int) -> dict[str, float]:
        """One row a run: spread, what remains, time to spread, costs, gaps."""
        using = self.history.using
        n_using = counts(using).sum(axis=1).astype(np.float64)
        pairs = float(self.state.n_organisations * self.state.n_practices)
        result = {
            "using_start": n_using[start] / pairs,
            "using_stop": n_using[stop] / pairs,
            "using_end": n_using[-1] / pairs,
            # what is in use after month m counts for the month that begins there
            "practice_years": n_using[start + 1 :].sum() / MONTHS_A_YEAR,
            "retained_practice_years": n_using[stop + 1 :].sum() / MONTHS_A_YEAR,
        }
        result |= self._retained(stop)
        result["n_ever_used"] = self.rows[-1]["n_ever_used"]
        newly = np.array([row["share_newly_using"] for row in self.rows])
        result["months_to_10"] = _first_month(newly, 0.10)
        result["months_to_50"] = _first_month(newly, 0.50)
        result["cost_total"] = float(sum(row["cost"] for row in self.rows))
        at_stop = self.rows[max(0, stop - 1)]
        for gap in ("gap_own_field", "gap_related_fields", "gap_other_actors"):
            result[gap] = at_stop[gap]
        return {name: float(value) for name, value in result.items()}

    def _retained(self, stop: int) -> dict[str, float]:
        """Of the pairs in use at `stop`: in use, unbroken, restarted, stopped later on."""
        result: dict[str, float] = {}
        start = self.history.using[stop]
        at_risk = float(counts(start).sum())
        for later in (12, 36, 60):
            value = np.nan
            if stop + later <= self.months and at_risk:
                value = counts(self.history.using[stop + later] & start).sum() / at_risk
            result[f"retained_{later}"] = value
        broken = {"unbroken_60": np.nan, "restarted_60": np.nan, "stopped_60": np.nan}
        if stop + 60 <= self.months and at_risk:
            window = self.history.using[stop : stop + 61]
            unbroken = counts(np.bitwise_and.reduce(window, axis=0)).sum() / at_risk
            broken = {
                "unbroken_60": unbroken,
                "restarted_60": result["retained_60"] - unbroken,
                "stopped_60": 1.0 - result["retained_60"],
            }
        return result | broken


def _first_month(shares: FloatArray, level: float) -> float:
    reached = np.flatnonzero(shares >= level)
    return float(reached[0] + 1) if reached.size else np.nan


def _named(codes: IntArray, names: list[str]) -> list[str]:
    return [names[code] if code >= 0 else "" for code in codes]


def _practice_groups(state: State, dimension: str) -> list[tuple[str, IntArray]]:
    """(name, practices) of every group of a dimension of practices."""
    practices = state.practices
    if dimension == "practice":
        return [(name, np.array([p])) for p, name in enumerate(state.names.practices)]
    if dimension == "scale":
        return [(name, np.flatnonzero(practices.scale == s)) for s, name in enumerate(SCALES)]
    return [
        (name, np.flatnonzero(practices.fields & np.uint64(1 << f)))
        for f, name in enumerate(FIELDS)
    ]


def _organisation_groups(state: State, dimension: str) -> list[tuple[str, IntArray]]:
    """(name, organisations) of every group of a dimension of organisations."""
    orgs = state.organisations
    if dimension == "kind":
        return [(name, np.flatnonzero(orgs.kind == k)) for k, name in enumerate(KINDS)]
    if dimension == "territory":
        territories = enumerate(state.names.territories)
        return [(name, np.flatnonzero(orgs.territory == r)) for r, name in territories]
    groups = []
    types = np.repeat(state.networks.type, np.diff(state.members.start))
    for t, name in enumerate(NETWORK_TYPES):
        groups.append((name, np.unique(state.members.organisation[types == t])))
    everyone = np.arange(state.n_organisations)
    return [*groups, ("none", np.setdiff1d(everyone, state.members.organisation))]
