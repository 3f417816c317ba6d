"""What was measured as Markdown, for the page that shows it between two marks.

Everything between the marks is written by runs; what stands around them is written by hand.
"""

from collections.abc import Mapping, Sequence

from benchmarks.stored import Facts, Measured
from benchmarks.table import Row, bound
from benchmarks.targets import TARGETS, Target
from diffusion.views import page

_TARGETS_HEAD = ("what is asked", "measured", "target", "", "remarks")
_ROWS_HEAD = ("what", "measured", "remarks")
_VERDICTS = {True: "met", False: "**missed**", None: "not measured"}


def measured(groups: Mapping[str, Measured], about: Facts, command: str) -> str:
    """The block between the marks: what measured, every target, then all other rows by group.

    Args:
        groups: title of a group: what was measured.
        about: what lasts of the machine.
        command: what measures all of it.
    """
    facts = "; ".join(f"{name}: {text}" for name, text in about.items())
    rows = [row for group in groups.values() for row in group.rows]
    lines = [f"Written by `{command}`. {facts}.", ""]
    lines += page.table(
        _TARGETS_HEAD,
        [line for target in TARGETS.values() for line in _asked(target, rows)],
        range(len(_TARGETS_HEAD)),
    )
    for title, group in groups.items():
        others = [(row.what, _value(row), row.remarks) for row in group.rows if row.target is None]
        lines += ["", f"**{_capital(title)}.** {group.circumstances()}."]
        if others:
            lines += ["", *page.table(_ROWS_HEAD, others, range(len(_ROWS_HEAD)))]
    return "\n".join(lines) + "\n"


def _asked(target: Target, rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The lines of a target: one a row that has it, or one that says nothing was measured."""
    found = [row for row in rows if row.target == target]
    if not found:
        return [(target.aim, "", bound(target), _VERDICTS[None], "")]
    return [
        (
            target.aim if number == 0 else "",
            f"{row.what}: {_value(row)}",
            bound(target),
            _VERDICTS[row.met],
            row.remarks,
        )
        for number, row in enumerate(found)
    ]


def _value(row: Row) -> str:
    return row.value if row.measured is None else f"{row.value} {row.unit}".strip()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
