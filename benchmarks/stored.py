"""What was measured, group by group, in docs/benchmark.json.

A run renews the groups that it measures, each as soon as it is done, so that one that is cut off
or partial loses nothing. Values of another machine or of other versions are not kept beside them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measuring import UNKNOWN
from benchmarks.table import Row

Facts = dict[str, str]  # of the machine, see `measuring.machine`
_OF_THE_MOMENT = ("date", "load before")  # facts that differ from run to run


class Measured(NamedTuple):
    """One group: its rows, and under which circumstances they were measured."""

    rows: list[Row]
    date: str
    load: str  # before it
    seconds: float
    commit: str  # of the code

    def circumstances(self) -> str:
        """When, with which code, for how long, and what else the machine did."""
        return f"{self.date}, commit {self.commit}, {self.seconds:.0f} s, load {self.load}"


Groups = dict[str, Measured]


def lasting(machine: Mapping[str, str]) -> Facts:
    """What stays the same from run to run on one machine with the same versions."""
    return {name: text for name, text in machine.items() if name not in _OF_THE_MOMENT}


def read(path: Path, machine: Mapping[str, str]) -> Groups:
    """The groups that the same machine measured earlier; none if there is no such file."""
    if not path.is_file():
        return {}
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if data["machine"] != lasting(machine):
        return {}
    return {
        name: Measured(
            [Row.from_plain(row) for row in group["rows"]],
            **{one: group[one] for one in ("date", "load", "seconds")},
            commit=group.get("commit", UNKNOWN),
        )
        for name, group in data["groups"].items()
    }


def write(groups: Groups, machine: Mapping[str, str], path: Path) -> None:
    """All groups and the machine, as JSON."""
    plain = {
        name: {**group._asdict(), "rows": [row.plain() for row in group.rows]}
        for name, group in groups.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": lasting(machine), "groups": plain}, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
