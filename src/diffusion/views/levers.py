"""What levers move, as a table on screen and as a page in Markdown, with the same numbers."""

import math
from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from diffusion.analysis.intervals import Interval
from diffusion.analysis.levers import Effect, Failed
from diffusion.views import page

TITLE = "What does each lever move?"
HEAD = ("measure", "when", "expected", "without it", "effect", "")
LEGEND = (
    "Effect: mean over the months of the window (during) or after it, minus the same run without "
    "the lever, with its 95 % interval over pairs. Met: the whole interval lies on the expected "
    "side of zero. Cost: EUR a run."
)
READ_WITH_CARE = (
    "The sources state directions, hardly ever sizes: most sizes are judgements or assumptions, as "
    "`diffusion explain parameter` says of each, and which measures a preset names was settled "
    "after trial runs. So the table shows that mechanisms do what they say, not that levers work."
)


def table(found: Sequence[Effect | Failed]) -> Group:
    """One section a lever, a row for each measure, fit for 80 columns; below, why some fail."""
    shown = Table(
        title=_title(found),
        caption=LEGEND,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title_justify="left",
        caption_justify="left",
        title_style="bold",
    )
    for name in HEAD:
        right = name in ("without it", "effect")
        shown.add_column(name, justify="right" if right else "left", overflow="fold")
    for lever, rows in _by_lever(found):
        for k, row in enumerate(rows):
            if isinstance(row, Failed):
                shown.add_row(f"[bold]{escape(lever)}[/]", *[""] * 4, "[red]failed[/]")
                continue
            if k == 0:
                shown.add_row(f"[bold]{escape(lever)}[/]", *[""] * 3, f"{row.cost:,.0f} EUR", "")
            colour = "green" if row.met else "red"
            *cells, verdict = _cells(row, parting="\n")
            shown.add_row(f"  {cells[0]}", *cells[1:], f"[{colour}]{verdict}[/]")
        shown.add_section()
    return Group(shown, *(Text(f"{name}: {why}") for name, why in _reasons(found)))


def measured(found: Sequence[Effect | Failed], command: str, replicates: int) -> str:
    """The block of the page `docs/levers.md`: which command, how many runs, the table."""
    rows = []
    for row in found:
        if isinstance(row, Failed):
            rows.append([f"`{row.lever}`", *[""] * 6, "failed", " ".join(row.sentence.split())])
            continue
        measure, *cells = _cells(row, parting=" ")
        why = "" if row.met else " ".join(row.note.split())
        rows.append([f"`{row.lever}`", f"{row.cost:,.0f}", f"`{measure}`", *cells, why])
    lines = [
        "```",
        command,
        "```",
        "",
        f"{_title(found)}, each with {replicates} pairs of runs. {LEGEND} A miss is printed as a "
        f"miss. {READ_WITH_CARE}",
        "",
        *page.table(["lever", "cost", *HEAD, "why"], rows, left=(0, 2, 3, 4, 7, 8)),
    ]
    return "\n".join(lines)


def _reasons(found: Iterable[Effect | Failed]) -> Iterator[tuple[str, str]]:
    """Why levers failed, and why effects are missed where that is known."""
    for row in found:
        if isinstance(row, Failed):
            yield row.lever, row.sentence
        elif row.note and not row.met:
            yield f"{row.lever}, {row.measure}", row.note


def _title(found: Sequence[Effect | Failed]) -> str:
    effects = [row for row in found if isinstance(row, Effect)]
    levers = {row.lever for row in found}
    met = sum(row.met for row in effects)
    title = f"{len(levers)} levers and shocks: {met} of {len(effects)} effects met"
    failed = len(found) - len(effects)
    return f"{title}, {failed} failed" if failed else title


def _by_lever(
    found: Iterable[Effect | Failed],
) -> Iterable[tuple[str, list[Effect | Failed]]]:
    rows: dict[str, list[Effect | Failed]] = {}
    for row in found:
        rows.setdefault(row.lever, []).append(row)
    return rows.items()


def _cells(row: Effect, parting: str) -> tuple[str, ...]:
    """Measure, when, expected, without, effect, verdict."""
    return (
        row.measure,
        row.when,
        row.expected,
        f"{row.without:.3g}",
        _interval(row.effect, parting),
        "met" if row.met else "missed",
    )


def _interval(effect: Interval, parting: str) -> str:
    if effect.identical:
        return "exactly 0"
    text = f"{effect.mean:+.3g}"
    if math.isnan(effect.low):
        return text
    return f"{text}{parting}({effect.low:+.3g} to {effect.high:+.3g})"
