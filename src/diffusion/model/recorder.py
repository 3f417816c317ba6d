"""Writes down what happens: totals, groups, the history of use, events; tables at the end."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from diffusion.base.arrays import (
    FloatArray,
    IntArray,
    MaskArray,
    copied,
    table_of,
)
from diffusion.base.errors import DiffusionError
from diffusion.base.months import MONTHS_A_YEAR
from diffusion.model.clock import Record, Timing
from diffusion.model.measures import (
    Columns,
    MeasureSettings,
    Sizes,
    monthly_columns,
    open_ledger,
)
from diffusion.model.snapshot import Arrays, as_array, as_table
from diffusion.model.totals import Ledger, Recorded, Totals, note_history, take
from diffusion.model.yearly import STAGES, Groups, Yearly, months_of_groups, open_groups
from diffusion.world.state import State
from diffusion.world.traffic import Flow
from diffusion.world.vocabulary import FIELDS, KINDS, NETWORK_TYPES, SCALES


@dataclass
class History:
    """Month by month, what every organisation used: row m is the state after m months.

    using: shape (months + 1, n), masks. unfunded: the same, practices in use whose grant is gone.
    """

    using: MaskArray
    unfunded: MaskArray


class Monthly(NamedTuple):
    """What is written down of each month; row m is the world after m months."""

    totals: Totals
    by_practice: IntArray  # uses, shape (months + 1, P)
    by_territory: IntArray  # uses, shape (months + 1, territories)
    slow: FloatArray  # clustering, modularity, largest component; NaN where not measured
    flows: IntArray  # counts of the month, see traffic.Flow


class Recorder:
    """Collects the rows of one run.

    Args:
        state: the world, as it stands before the first month.
        timing: length of the run, and the window that outcomes refer to.
        measures: cut-offs.
        record: which groups, and whether to keep the event log and the history.
    """

    def __init__(
        self, state: State, timing: Timing, measures: MeasureSettings, record: Record
    ) -> None:
        self._state, self._timing, self._record = state, timing, record
        self._few_others = measures.gap_other_actors
        self._ledger = open_ledger(state, measures)
        self._sizes = Sizes(state, self._ledger)
        self._costs: list[dict[str, float]] = []
        self._groups = open_groups(state, timing.months if record.groups else 0)
        rows = timing.months + 1
        self._monthly = Monthly(
            totals=table_of(Totals, rows),
            by_practice=np.zeros((rows, state.n_practices), np.int32),
            by_territory=np.zeros((rows, len(state.territories)), np.int32),
            slow=np.full((rows, 3), np.nan),
            flows=np.zeros((rows, len(Flow)), np.int64),
        )
        self._derived: tuple[int, Columns] = (-1, {})
        self._history: History | None = None
        w = state.tables()
        if record.history:
            shape = (rows, state.n_organisations)
            self._history = History(np.zeros(shape, np.uint64), np.zeros(shape, np.uint64))
            note_history(w.orgs, w.uses, self._history.using[0], self._history.unfunded[0])
        take(w, self.recorded, 0)

    @property
    def months_recorded(self) -> int:
        """How many months have been written down."""
        return len(self._costs)

    @property
    def history(self) -> History:
        """What every organisation used, month by month.

        Raises:
            DiffusionError: the history was not switched on.
        """
        if self._history is None:
            raise DiffusionError("the history is off; switch it on with record.history=true")
        return self._history

    @cached_property
    def recorded(self) -> Recorded:
        """Where each month is measured (`totals.take`)."""
        monthly = self._monthly
        return Recorded(
            ledger=self._ledger,
            totals=monthly.totals,
            by_practice=monthly.by_practice,
            by_territory=monthly.by_territory,
            flows=monthly.flows,
            stop=self._timing.stop,
            few_others=self._few_others,
        )

    @cached_property
    def yearly(self) -> Yearly:
        """Where what is measured once a year is measured (`yearly.take_yearly`)."""
        return Yearly(
            slow=self._monthly.slow,
            groups=self._groups,
            by_group=bool(self._record.groups),
            months=self._timing.months,
        )

    def _forget(self) -> None:
        """What is derived is made anew when it is asked for."""
        for derived in ("recorded", "yearly"):
            self.__dict__.pop(derived, None)

    def note(self, costs: Sequence[dict[str, float]]) -> None:
        """Write down what is not measured with the rules, of the months that have just passed.

        Args:
            costs: of each of these months, by intervention.
        """
        self._costs += costs
        if self._history is not None:
            w, history, m = self._state.tables(), self._history, self._state.month
            note_history(w.orgs, w.uses, history.using[m], history.unfunded[m])

    def spent(self, intervention: str) -> float:
        """EUR that an intervention has cost so far."""
        return math.fsum(costs.get(intervention, 0.0) for costs in self._costs)

    def fork(self, state: State, timing: Timing) -> "Recorder":
        """A recorder of its own for a copy of the state; what is written so far is in common.

        Args:
            timing: may have other months and, as long as neither has come, another stop.
        """
        forked = copy.copy(self)
        forked._forget()
        forked._state, forked._timing = state, timing
        forked._ledger = copied(self._ledger)
        forked._costs = list(self._costs)
        rows = len(months_of_groups(timing.months)) if self._record.groups else 0
        forked._groups = Groups(*(_cut(array, rows) for array in self._groups))
        rows = timing.months + 1
        forked._monthly = Monthly(*(_cut(array, rows) for array in self._monthly))
        if self._history is not None:
            using, unfunded = self._history.using, self._history.unfunded
            forked._history = History(_cut(using, rows), _cut(unfunded, rows))
        return forked

    def pack(self) -> tuple[dict[str, Any], Arrays]:
        """What has been written down, as JSON-ready data and arrays."""
        about = {"costs": self._costs}
        arrays: Arrays = {
            f"recorder.{name}": as_array(value) for name, value in self._monthly._asdict().items()
        }
        arrays["recorder.ledger"] = as_array(self._ledger)
        arrays |= {f"recorder.groups.{name}": a for name, a in self._groups._asdict().items()}
        if self._history is not None:
            arrays |= {f"recorder.history.{name}": a for name, a in vars(self._history).items()}
        return about, arrays

    def unpack(self, about: dict[str, Any], arrays: Arrays) -> None:
        """Go on where the recorder stood that was packed."""
        self._forget()
        kinds = get_type_hints(Monthly)
        self._monthly = Monthly(
            *(as_table(kinds[name], arrays[f"recorder.{name}"]) for name in Monthly._fields)
        )
        self._ledger = as_table(Ledger, arrays["recorder.ledger"])
        self._sizes = Sizes(self._state, self._ledger)
        self._costs = about["costs"]
        self._groups = Groups(*(arrays[f"recorder.groups.{name}"] for name in Groups._fields))
        if self._history is not None:
            parts = (arrays[f"recorder.history.{name}"] for name in ("using", "unfunded"))
            self._history = History(*parts)

    def monthly_columns(self, interventions: tuple[str, ...] = ()) -> Columns:
        """The columns of the monthly table, one value a month so far.

        Args:
            interventions: names of those that get a column of their costs.
        """
        columns: Columns = {"month": np.arange(self.months_recorded)}
        columns |= self._columns()
        for name in interventions:
            columns[f"cost_{name}"] = np.array([costs.get(name, 0.0) for costs in self._costs])
        return columns

    def groups_columns(self) -> Columns:
        """Shares by group, every 12th month and the last; rows by month, dimension and group."""
        noted = months_of_groups(self._timing.months) if self._record.groups else []
        noted = [month for month in noted if month < self.months_recorded]
        if not noted:
            none = np.zeros(0, object)
            whole = {"month": np.zeros(0, np.int64), "dimension": none, "value": none}
            return whole | {"n": np.zeros(0, np.int64)} | {s: np.zeros(0) for s in STAGES}
        found = Groups(*(array[: len(noted)] for array in self._groups))
        grouped = [self._grouped(found, dimension) for dimension in self._record.groups]
        sizes = [len(names) for names, _, _ in grouped]
        pairs = np.concatenate([pairs for _, _, pairs in grouped], axis=1)
        uses = np.concatenate([uses for _, uses, _ in grouped], axis=2)
        month, group = pairs.nonzero()
        dimension = np.repeat(np.array(self._record.groups, object), sizes)
        value = np.array([name for names, _, _ in grouped for name in names], object)
        n = pairs[month, group]
        columns: Columns = {
            "month": np.array(noted)[month],
            "dimension": dimension[group],
            "value": value[group],
            "n": n,
        }
        for number, stage in enumerate(STAGES):
            columns[stage] = uses[month, number, group] / n
        return columns

    def _grouped(self, found: Groups, dimension: str) -> tuple[Sequence[str], IntArray, IntArray]:
        """Names of the groups of a dimension, uses and pairs that could be.

        Args:
            found: the rows of the months so far.

        Returns:
            Names (groups), uses (months, STAGES, groups), pairs (months, groups).
        """
        state, n, p = self._state, self._sizes.n, self._sizes.practices
        by_practice, by_kind, by_territory, by_type, type_size = found
        months = by_practice.shape[0]
        if dimension == "practice":
            return state.names.practices, by_practice, np.full((months, p), n)
        if dimension in ("scale", "field"):
            names, inside = _practice_groups(state, dimension)
            return names, by_practice @ inside.T, np.tile(inside.sum(axis=1) * n, (months, 1))
        if dimension == "kind":
            sizes = np.bincount(state.organisations.kind, minlength=len(KINDS))
            return KINDS, by_kind, np.tile(sizes * p, (months, 1))
        if dimension == "territory":
            names = state.names.territories
            return names, by_territory, np.tile(self._sizes.by_territory * p, (months, 1))
        return (*NETWORK_TYPES, "none"), by_type, type_size * p

    def survival_columns(self) -> Columns:
        """Use after `stop` of what was in use then, in unbroken use and in use at all."""
        stop, totals = self._timing.stop, self._monthly.totals
        rows = slice(stop, self.months_recorded + 1)
        months = totals.cohort_in_use[rows].shape[0]
        return {
            "since_stop": np.arange(months),
            "at_risk": np.full(months, totals.using[stop], np.int64),
            "unbroken": totals.cohort_unbroken[rows].astype(np.int64),
            "in_use": totals.cohort_in_use[rows].astype(np.int64),
        }

    def outcomes(self) -> dict[str, float]:
        """One row a run: spread, what remains, time to spread, costs, gaps.

        Raises:
            DiffusionError: the run has not reached its last month.
        """
        if self.months_recorded < self._timing.months:
            raise DiffusionError(
                f"outcomes are of whole runs; this one stands at month {self.months_recorded} "
                f"of {self._timing.months}: run it to the end first"
            )
        start, stop = self._timing.start, self._timing.stop
        using = self._monthly.totals.using.astype(np.float64)
        columns = self._columns()
        newly = columns["share_newly_using"]
        result = {
            "using_start": using[start] / self._sizes.pairs,
            "using_stop": using[stop] / self._sizes.pairs,
            "using_end": using[-1] / self._sizes.pairs,
            # what is in use after month m counts for the month that begins there
            "practice_years": using[start + 1 :].sum() / MONTHS_A_YEAR,
            "retained_practice_years": using[stop + 1 :].sum() / MONTHS_A_YEAR,
        }
        result |= self._retained(stop)
        result["n_ever_used"] = columns["n_ever_used"][-1]
        result["months_to_10"] = _first_month(newly, 0.10)
        result["months_to_50"] = _first_month(newly, 0.50)
        result["cost_total"] = columns["cost"].sum()
        for gap in ("gap_own_field", "gap_related_fields", "gap_other_actors"):
            result[gap] = columns[gap][max(0, stop - 1)]
        return {name: float(value) for name, value in result.items()}

    def _retained(self, stop: int) -> dict[str, float]:
        """Of the pairs in use at `stop`: in use, unbroken, restarted, stopped later on."""
        result: dict[str, float] = {}
        totals = self._monthly.totals
        at_risk = float(totals.using[stop])
        for later in (12, 36, 60):
            known = stop + later <= self._timing.months and at_risk
            result[f"retained_{later}"] = (
                totals.cohort_in_use[stop + later] / at_risk if known else np.nan
            )
        broken = {"unbroken_60": np.nan, "restarted_60": np.nan, "stopped_60": np.nan}
        if stop + 60 <= self._timing.months and at_risk:
            unbroken = totals.cohort_unbroken[stop + 60] / at_risk
            broken = {
                "unbroken_60": unbroken,
                "restarted_60": result["retained_60"] - unbroken,
                "stopped_60": 1.0 - result["retained_60"],
            }
        return result | broken

    def _columns(self) -> Columns:
        """What follows from the totals and costs so far; the table and outcomes share it."""
        months, columns = self._derived
        if months != self.months_recorded:
            monthly, rows = self._monthly, slice(1, self.months_recorded + 1)
            columns = monthly_columns(*monthly, self._sizes, rows)
            # rounded once: `sum` gives another last digit from Python 3.12 on
            costs = [math.fsum(costs.values()) for costs in self._costs]
            columns["cost"] = np.array(costs, np.float64)
            self._derived = (self.months_recorded, columns)
        return columns


def _cut(array: Any, rows: int) -> Any:
    """A copy with so many rows: fewer of its own, or further ones that are still empty."""
    if rows == array.shape[0]:
        return copied(array)
    # what was not taken yet looks everywhere as in the last row: rows are filled in order
    return copied(array[np.minimum(np.arange(rows), array.shape[0] - 1)])


def _first_month(shares: FloatArray, level: float) -> float:
    reached = np.flatnonzero(shares >= level)
    return float(reached[0] + 1) if reached.size else np.nan


def _practice_groups(state: State, dimension: str) -> tuple[Sequence[str], IntArray]:
    """Names of the groups of practices, and which practices are inside, shape (groups, P)."""
    practices = state.practices
    if dimension == "scale":
        codes = np.arange(len(SCALES))[:, None]
        return SCALES, (practices.scale == codes).astype(np.int64)
    bits = np.uint64(1) << np.arange(len(FIELDS), dtype=np.uint64)[:, None]
    return FIELDS, ((practices.fields & bits) != 0).astype(np.int64)
