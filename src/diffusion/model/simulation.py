"""One run: a world, the rules of the month, the shocks, the interventions, the recorder.

This is the engine; `diffusion.model.model.Model` is its Mesa face. It does not import mesa, so
that workers of a sweep start quickly.
"""

import copy
from collections.abc import Callable, Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from diffusion.base.arrays import IntArray
from diffusion.base.errors import DiffusionError
from diffusion.interventions.base import Intervention
from diffusion.model import snapshot, spending
from diffusion.model.compiling import ready
from diffusion.model.event_log import (
    events_columns,
    make_room,
    months_of_room,
    open_log,
    trim_log,
)
from diffusion.model.measures import Columns
from diffusion.model.month import Month
from diffusion.model.recorder import History, Recorder
from diffusion.model.settings import ModelSettings, shared_months
from diffusion.shocks.base import Shock
from diffusion.world.rule import Rule
from diffusion.world.state import State

if TYPE_CHECKING:
    import pandas as pd


def _keyed_overflow() -> np.errstate:
    """Uncompiled, hashes and bit tricks overflow on purpose."""
    return np.errstate(over="ignore")


_MONTHS_AT_ONCE = 12
_ORGANISATION_MONTHS_AT_ONCE = 240_000  # well below a second, so that Ctrl-C is soon heard


class Simulation:
    """A run that can be stepped month by month or to its end.

    The first on a machine compiles the model, in several processes, and says so on stderr.

    Args:
        settings: what to simulate.
        world: a state to run on, instead of the one that `settings.world` builds.
        rules: the rules of the month, instead of the standard order.
    """

    def __init__(
        self,
        settings: ModelSettings,
        world: State | None = None,
        rules: Sequence[Rule] | None = None,
    ) -> None:
        self.settings = settings
        self.rules = Month.standard(settings.rules) if rules is None else Month(rules)
        self._own_rules = rules
        # rows of each shock (as `shock.<name>`) and, see spending.begin, of each intervention
        self.reached: dict[str, IntArray] = {}
        ready(self.rules, lambda: self._placed_in(world))

    def _placed_in(self, world: State | None) -> Self:
        """The run at the start of its first month."""
        settings = self.settings
        if world is None:
            world = settings.world.build(settings.practices, settings.seed)
        self.state = world
        open_log(world, settings.record.events)
        with _keyed_overflow():
            self.recorder = Recorder(
                state=world,
                timing=settings.timing,
                measures=settings.measures,
                record=settings.record,
            )
        return self

    @property
    def month(self) -> int:
        """Months simulated so far."""
        return self.state.month

    @property
    def history(self) -> History:
        """What every organisation used, month by month, if `settings.record.history`."""
        return self.recorder.history

    @property
    def done(self) -> bool:
        """Whether the run has reached its last month."""
        return self.state.month >= self.settings.timing.months

    def step(self) -> None:
        """One month."""
        self._advance(self.month + 1)

    def run_to(self, month: int) -> None:
        """Go on until so many months are simulated; months that are alike pass at once."""
        while self.month < month:
            self._advance(min(month, self._alike_until()))

    def _alike_until(self) -> int:
        """The month up to which nothing but compiled rules need run, at least the next one.

        So many months pass at once as the same act in, if all of these are steady, as the history
        is not noted in, and as the event log has room for.
        """
        month, settings = self.month, self.settings
        every = [one for _, _, one in settings.acting()]
        lasts = [one.lasts(month) for one in every]
        noted = settings.record.history or not self.rules.whole
        if noted or not all(map(self._is_steady, compress(every, lasts))):
            return month + 1
        most = max(_MONTHS_AT_ONCE, _ORGANISATION_MONTHS_AT_ONCE // self.state.n_organisations)
        if settings.record.events:
            most = min(most, months_of_room(self.state))
        until = min(month + most, settings.timing.months)
        if every:
            for later in range(month + 1, until):
                if [one.lasts(later) for one in every] != lasts:
                    return later
        return until

    def _is_steady(self, one: Shock | Intervention) -> bool:
        # under a budget, whom an intervention reaches depends on what is left of it
        return isinstance(one, Intervention) and one.is_steady and self.settings.share is None

    def _advance(self, until: int) -> None:
        """Months up to `until`; shocks and interventions act in the first, for all of them."""
        state, first = self.state, self.state.month
        with _keyed_overflow():
            state.open_month()
            self._strike()
            costs = self._intervene()
            make_room(state)
            self.rules.run(state, self.recorder.recorded, self.recorder.yearly, until)
            self.recorder.note([costs] * (until - first))

    def run(self, on_month: Callable[[Self], None] | None = None) -> Self:
        """All months that are left; `on_month` is called after each."""
        if on_month is None:
            self.run_to(self.settings.timing.months)
        while not self.done:
            self.step()
            if on_month is not None:
                on_month(self)
        return self

    def _strike(self) -> None:
        """Let every shock act that lasts in this month, before anybody can answer it."""
        for name, shock in self.settings.shocks.items():
            if not shock.lasts(self.state.month):
                continue
            key = f"shock.{name}"
            if key not in self.reached:
                self.reached[key] = shock.begin(self.state, name)
            shock.act(self.state, self.reached[key], name)

    def _intervene(self) -> dict[str, float]:
        """Let every intervention act that is in its window; returns this month's costs."""
        costs: dict[str, float] = {}
        for name, intervention in self.settings.interventions.items():
            if not intervention.lasts(self.state.month):
                continue
            if name not in self.reached:
                self.reached[name] = spending.begin(
                    intervention, self.state, name, self.settings.share
                )
            costs[name] = spending.act(
                intervention,
                self.state,
                self.reached[name],
                self.settings.share,
                self.recorder.spent(name),
            )
        return costs

    def fork(self, settings: ModelSettings) -> Self:
        """A run of its own under other settings, with all that has happened so far in common.

        Going on gives the same bits as running the other settings from the start.

        Args:
            settings: that differ in nothing that could have shown by now.

        Raises:
            DiffusionError: they differ in something that has shown (see `shared_months`).
        """
        shared = shared_months(self.settings, settings)
        if shared < self.month:
            since = f"from month {shared} on" if shared >= 0 else "in their world or seed"
            raise DiffusionError(
                f"this run stands at month {self.month}, and the other settings differ from its "
                f"own {since}: only what has not shown yet can be changed"
            )
        rules = copy.deepcopy(self._own_rules)
        if self.month == 0:
            return type(self)(settings, self.state.copy(), rules)
        trim_log(self.state)
        forked = copy.copy(self)
        forked.settings = settings
        forked.state = self.state.copy()
        forked.rules = self.rules if rules is None else Month(rules)
        forked._own_rules = rules
        forked.reached = dict(self.reached)
        forked.recorder = self.recorder.fork(forked.state, settings.timing)
        return forked

    def save(self, path: Path | str) -> None:
        """Write the run as it stands to one file, to go on from with `load`.

        Raises:
            DiffusionError: the run has rules of its own, which no file can hold, or the file
                can't be written.
        """
        snapshot.write(path, *self.pack())

    @classmethod
    def load(cls, path: Path | str, settings: ModelSettings | None = None) -> Self:
        """The run that `save` wrote; going on gives the same bits as never having stopped.

        Args:
            settings: of a branch: may differ in nothing that could have shown by then.

        Raises:
            DiffusionError: the file is no snapshot or is damaged, was saved by other code of
                diffusion or with other libraries, or the settings differ in something that has
                shown (`shared_months`).
            ExtensionError: an intervention of one's own that can't be imported.
        """
        run = cls.unpack(*snapshot.read(path))
        return run if settings is None else run.fork(settings)

    def pack(self) -> tuple[dict[str, Any], snapshot.Arrays]:
        """The run as JSON-ready data and arrays."""
        if self._own_rules is not None:
            raise DiffusionError(
                "a run with rules of its own can't be saved, because a file can't hold them; "
                "fork it instead, or put the rule into the package"
            )
        trim_log(self.state)
        state, tables = snapshot.pack_state(self.state)
        recorded, rows = self.recorder.pack()
        about = {
            "settings": self.settings.plain(),
            "state": state,
            "recorder": recorded,
            "reached": list(self.reached),
        }
        reached = {f"reached.{name}": chosen for name, chosen in self.reached.items()}
        return about, tables | rows | reached

    @classmethod
    def unpack(cls, about: dict[str, Any], arrays: snapshot.Arrays) -> Self:
        """The run that `pack` packed."""
        settings = snapshot.settings_from(about["settings"])
        state = snapshot.unpack_state(about["state"], arrays)
        events = state.events
        run = cls(settings, state)
        state.events = events
        run.recorder.unpack(about["recorder"], arrays)
        run.reached = {name: arrays[f"reached.{name}"] for name in about["reached"]}
        return run

    def months(self) -> "pd.DataFrame":
        """The monthly table, one row a month."""
        return _frame(self._monthly())

    def groups(self) -> "pd.DataFrame":
        """Shares by practice, scale, field, kind, territory, network type as settings ask."""
        return _frame(self.recorder.groups_columns())

    def events(self) -> "pd.DataFrame":
        """The event log, if `settings.record.events`."""
        return _frame(events_columns(self.state))

    def survival(self) -> "pd.DataFrame":
        """What of the use at `timing.stop` is left in the months that follow."""
        return _frame(self.recorder.survival_columns())

    def tables(self) -> dict[str, Columns]:
        """All tables of a finished run by their name in a results folder, as plain columns."""
        outcomes = {name: np.array([value]) for name, value in self.outcomes().items()}
        tables: dict[str, Columns] = {
            "months": self._monthly(),
            "outcomes": outcomes,
            "survival": self.recorder.survival_columns(),
            "groups": self.recorder.groups_columns(),
        }
        if self.settings.record.events:
            tables["events"] = events_columns(self.state)
        return tables

    def _monthly(self) -> Columns:
        return self.recorder.monthly_columns(tuple(self.settings.interventions))

    def outcomes(self) -> dict[str, float]:
        """The outcomes of the run, one number each."""
        return self.recorder.outcomes()


def _frame(columns: Columns) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(columns)
