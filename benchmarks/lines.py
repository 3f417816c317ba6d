"""Group `lines`: what a month consists of, counted line by line where loops run as plain Python."""

import linecache
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from benchmarks import workload
from benchmarks.measuring import ROOT, fresh, say
from benchmarks.table import Row

TITLE = "lines: what a month consists of, counted where loops run as plain Python"
PLAIN = {"NUMBA_DISABLE_JIT": "1"}

_N, _MONTHS = 200, 12  # the world that is watched
_QUICK_MONTHS = 4
_HOTTEST = 10
_OF_A_RULE = 3  # hottest lines that a rule's row names
_PACKAGE = ROOT / "src" / "diffusion"
# counted by line: what rules do, and the helpers that they call there; by call: these and `base`
_BY_LINE = (_PACKAGE / "rules", _PACKAGE / "world")
_BY_CALL = (*_BY_LINE, _PACKAGE / "base")
_PEERS = ROOT / "benchmarks" / "peers"
_OF_MESA = (_PEERS, _PEERS / "mesa_rules")
_UNIT = "an organisation-month"


class Place(NamedTuple):
    """A line of a file, or a function by the line of its `def`."""

    file: str
    line: int
    function: str = ""

    def __str__(self) -> str:
        """Where it is, and the function's name or what the line says."""
        path = Path(self.file)
        said = self.function or linecache.getline(self.file, self.line).strip()
        return f"{path.parent.name}/{path.name}:{self.line}  {said}"


class Counting:
    """Counts lines and calls while it is entered.

    A line counts each time that it is executed, a comprehension once a turn of its own.

    Args:
        by_line: folders with the files whose lines are counted.
        by_call: folders with the files whose functions are counted.
    """

    def __init__(self, by_line: Sequence[Path], by_call: Sequence[Path] = ()) -> None:
        self._by_line, self._by_call = by_line, by_call
        self.lines: Counter[Place] = Counter()
        self.calls: Counter[Place] = Counter()
        self._kinds: dict[CodeType, tuple[bool, bool]] = {}  # by line, by call

    def __enter__(self) -> "Counting":
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def total(self) -> int:
        """Lines so far."""
        return self.lines.total()

    def _enter(self, frame: FrameType, _: str, __: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        kinds = self._kinds.get(code)
        if kinds is None:
            folder = Path(code.co_filename).parent
            kinds = self._kinds[code] = (folder in self._by_line, folder in self._by_call)
        by_line, by_call = kinds
        if by_call and not code.co_name.startswith("<"):
            self.calls[Place(code.co_filename, code.co_firstlineno, code.co_name)] += 1
        return self._line if by_line else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        if event == "line":
            self.lines[Place(frame.f_code.co_filename, frame.f_lineno)] += 1
        return self._line


def rows(quick: bool) -> list[Row]:
    """Lines by rule with its hottest ones, then the hottest lines and functions of the month."""
    months = _QUICK_MONTHS if quick else _MONTHS
    say(f"  {_N} organisations, {months} months, uncompiled")
    found = fresh(count, PLAIN, n=_N, months=months).result
    rules = found["rules"]
    of_rules = sum(rules[rule]["lines"] for rule in rules)
    return [
        *(
            Row(f"lines of {rule}", one["lines"], _UNIT, remarks=_named(one["hottest"]))
            for rule, one in rules.items()
        ),
        Row("lines of all rules", of_rules, _UNIT),
        Row("lines of shared helpers outside of rules", found["whole"] - of_rules, _UNIT),
        *(Row(f"line {what}", often, _UNIT) for what, often in found["lines"]),
        *(Row(f"calls of {what}", often, _UNIT) for what, often in found["calls"]),
        _mesa_row(months),
    ]


def _mesa_row(months: int) -> Row:
    """Lines of the Mesa model in the same months."""
    say(f"  the Mesa model, {_N} organisations, {months} months")
    found = fresh(count_mesa, n=_N, months=months).result
    remarks = f"what `map`, `sum` and the like repeat not counted; {_named(found['hottest'])}"
    return Row("lines of the Mesa model", found["lines"], _UNIT, remarks=remarks)


def _named(hottest: list[tuple[str, float]]) -> str:
    return "; ".join(f"{often:.3g} x {what}" for what, often in hottest)


def count(n: int, months: int) -> dict[str, Any]:
    """Lines and calls an organisation-month in a run that starts at month 0.

    Returns:
        `rules`: by rule its `lines` and its `hottest` ones; `whole`: lines of all months;
        `lines` and `calls`: the most frequent ones, each with how often.

    Raises:
        RuntimeError: loops are compiled here, so that their lines can't be seen.
    """
    from benchmarks.watched import watched
    from diffusion.base.compiled import config

    if not config.DISABLE_JIT:
        raise RuntimeError("loops are compiled here, so that their lines can't be seen")
    counting = Counting(_BY_LINE, _BY_CALL)
    seen: list[Counter[Place]] = []  # what was counted at each reading of the meter

    def meter() -> float:
        seen.append(counting.lines.copy())
        return counting.total()

    simulation, rules = watched(workload.settings(n, months), meter)
    with counting:
        simulation.run()
    each = n * months
    # a rule reads the meter before and after each of its steps, in the order of the month
    by_rule: dict[str, Counter[Place]] = {one.rule.name: Counter() for one in rules}
    for k, name in enumerate(list(by_rule) * months):
        by_rule[name] += seen[2 * k + 1] - seen[2 * k]
    return {
        "rules": {
            name: {"lines": lines.total() / each, "hottest": _most(lines, _OF_A_RULE, each)}
            for name, lines in by_rule.items()
        },
        "whole": counting.total() / each,
        "lines": _most(counting.lines, _HOTTEST, each),
        "calls": _most(counting.calls, _HOTTEST, each),
    }


def count_mesa(n: int, months: int) -> dict[str, Any]:
    """Lines an organisation-month of the Mesa model, from month 0 on, and its hottest ones."""
    from benchmarks.against_mesa import steps
    from benchmarks.peers.mesa_model import DiffusionModel

    model, counting = DiffusionModel(settings=workload.settings(n, months)), Counting(_OF_MESA)
    with counting:
        steps(model.step, months)
    each = n * months
    return {
        "lines": counting.total() / each,
        "hottest": _most(counting.lines, _OF_A_RULE, each),
    }


def _most(counts: Counter[Place], how_many: int, each: int) -> list[tuple[str, float]]:
    return [(str(place), often / each) for place, often in counts.most_common(how_many)]
