"""What an experiment found, as Markdown for its page: the tables that its `shows` asks for."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

from diffusion.analysis import by_group, by_point, circumstances, factorial, pairs, ranking
from diffusion.analysis.intervals import Interval
from diffusion.base.errors import ResultsError
from diffusion.runner.files import write_with
from diffusion.views import page, tables
from diffusion.views import summary as numbers

if TYPE_CHECKING:
    from diffusion.analysis.comparison import Comparison

MORE, LESS = "▲", "▼"
_OF_THAT = ("of that,", "of what was in use when the money stopped,")  # alone in a heading


def measured(comparison: "Comparison") -> str:
    """The block between the marks: what was computed, how to read it, then every table.

    Raises:
        SettingError: the experiment wants to show something that its runs did not record.
    """
    lines = [_head(comparison), ""]
    for title, table in _sections(comparison):
        lines += [f"**{title}.**", "", *table, ""]
    return "\n".join(lines)


def copy_pictures(path: Path, figures: Path, drawn: Iterable[Path]) -> list[Path]:
    """Put the pictures that a page shows beside it; returns their paths.

    Raises:
        ResultsError: the page shows one that was not drawn, or its folder can't be written.
    """
    known = {one.name for one in drawn}
    copies = []
    for name in page.pictures(path):
        if name not in known:
            raise ResultsError(
                f"{path} shows {name}, which is none of the figures of this experiment "
                f"({', '.join(sorted(known))}); `shows` in its file chooses them"
            )
        copies.append(path.parent / name)
        write_with(copies[-1], partial(copyfile, figures / name))
    return copies


def _head(comparison: "Comparison") -> str:
    manifest = comparison.manifest
    layout = manifest.get("layout")
    at = f" at {layout['said']}; numbers are means over these points" if layout else ""
    return (
        f"{numbers.number_of_runs(comparison)} replicates of each scenario{at}; version "
        f"{manifest['versions']['diffusion']}. Differences are within pairs of runs that share "
        f"their luck, with 95 % intervals; {numbers.MARK} the interval excludes zero, "
        f"{numbers.NO_MARK} it does not. Differences of shares are in percentage points."
    )


def _sections(comparison: "Comparison") -> Iterator[tuple[str, list[str]]]:
    """Tables with their titles; the summary where the experiment wishes nothing else."""
    wishes = tables.shows(comparison).model_dump(exclude_defaults=True)
    if not (wishes or circumstances.are_several(comparison)):
        head, rows = numbers.cells(comparison)
        yield (
            "Shares of all pairs of organisation and practice",
            page.table(head, rows, parting=" "),
        )
        if comparison.others:
            yield "What pairing by luck gains", tables.gained(comparison)
    yield from _asked_for(comparison)


def _asked_for(comparison: "Comparison") -> Iterator[tuple[str, list[str]]]:
    wanted = tables.shows(comparison)
    outcome = wanted.rank_by or tables.RANKED_BY
    several = circumstances.are_several(comparison)
    if wanted.outcomes:
        yield _outcomes(comparison, wanted.outcomes)
    if wanted.also_against:
        yield _outcomes(tables.also(comparison), wanted.outcomes or (outcome,), paid=False)
    if several:
        yield _circumstances(comparison, outcome)
    for dimension in wanted.by_group:
        yield _by_group(comparison, dimension)
    if wanted.pairs:
        yield _pairs(comparison, outcome)
    elif factorial.is_factorial(comparison):
        yield _effects(comparison, outcome)
    if comparison.manifest.get("layout") and comparison.others:
        yield _by_point(comparison, outcome)
    if wanted.rank_by and not (wanted.pairs or several or outcome in wanted.outcomes):
        yield _ranking(comparison, outcome)


def _outcomes(
    comparison: "Comparison", outcomes: Iterable[str], paid: bool = True
) -> tuple[str, list[str]]:
    names = list(outcomes)
    costs = [comparison.level(one, "cost_total").mean for one in comparison.others]
    paid = paid and any(costs)
    rows = [
        [
            comparison.label(scenario),
            *(_words(comparison.difference(scenario, name), name) for name in names),
            *([numbers.amount(cost)] if paid else []),
        ]
        for scenario, cost in zip(comparison.others, costs, strict=True)
    ]
    head = ["", *(numbers.meaning(name).replace(*_OF_THAT) for name in names)]
    head += ["cost, EUR"] if paid else []
    return f"Difference to {_reference(comparison)}", page.table(head, rows)


def _circumstances(comparison: "Comparison", outcome: str) -> tuple[str, list[str]]:
    """Interventions by circumstances; the first row is the circumstances themselves."""
    cells = circumstances.cells(comparison, outcome)
    references = list(dict.fromkeys(one.reference for one in cells))
    alone = [f"*no lever, against {_quoted(comparison, comparison.baseline)}*"]
    for name in references:
        apart = name != comparison.baseline
        alone.append(_words(comparison.difference(name, outcome), outcome) if apart else "")
    rows: dict[tuple[str, ...], list[str]] = {}
    for one in cells:
        row = rows.setdefault(one.levers, [_plain(" + ".join(one.levers)), *[""] * len(references)])
        row[1 + references.index(one.reference)] = _mean(one.difference, outcome) + _more(
            one.change
        )
    title = (
        f"{_capital(numbers.meaning(outcome))}, against the same circumstances without the lever; "
        f"{MORE} more, {LESS} less than under {_quoted(comparison, comparison.baseline)} (the 95 % "
        f"interval of the difference of differences excludes zero)"
    )
    head = ["", *(comparison.label(name) for name in references)]
    return title, page.table(head, [alone, *rows.values()])


def _by_group(comparison: "Comparison", dimension: str) -> tuple[str, list[str]]:
    groups = by_group.groups_of(comparison, dimension)
    rows = [
        [
            comparison.label(name),
            *(
                _mean(by_group.difference(comparison, name, dimension, one), "using")
                for one in groups
            ),
        ]
        for name in comparison.others
    ]
    title = f"In use at the end of the run, by {_plain(dimension)}"
    return title, page.table(["", *map(_plain, groups)], rows)


def _pairs(comparison: "Comparison", outcome: str) -> tuple[str, list[str]]:
    found = sorted(pairs.pairs(comparison, outcome), key=lambda pair: -pair.extra.mean)
    rows = [
        [
            _plain(f"{pair.first} + {pair.second}"),
            *(_mean(one, outcome) for one in (*pair.alone, pair.together)),
            _words(pair.extra, outcome),
        ]
        for pair in found
    ]
    title = (
        f"{_capital(numbers.meaning(outcome))}, what two do together beyond the sum of each alone"
    )
    return title, page.table(["pair", "alone", "alone", "together", "beyond the sum"], rows)


def _ranking(comparison: "Comparison", outcome: str) -> tuple[str, list[str]]:
    rows = [
        [
            str(rank),
            comparison.label(row.scenario),
            _words(row.difference, outcome),
            _interval(row.together, outcome),
            numbers.amount(row.cost),
        ]
        for rank, row in enumerate(ranking.ranked(comparison, outcome), start=1)
    ]
    head = ["rank", "", "difference", f"for all {len(rows)} together", "cost, EUR"]
    title = f"{_capital(numbers.meaning(outcome))}: difference to {_reference(comparison)}"
    return title, page.table(head, rows, left=(1,))


def _effects(comparison: "Comparison", outcome: str) -> tuple[str, list[str]]:
    shown, every = factorial.largest(comparison, outcome)
    found = factorial.design(comparison)
    levels = dict(zip(found.factors, found.levels, strict=True))
    mixed = any(one.near_aliases for one in shown)
    rows = [
        [
            f"{one.name}{_between(levels.get(one.name, ()))}",
            _words(one.interval, outcome),
            _interval(one.together, outcome),
            *([", ".join(one.near_aliases)] if mixed else []),
        ]
        for one in shown
    ]
    head = ["", "high level minus low", f"for all {every} together"]
    head += ["can't be told apart from"] if mixed else []
    many = f", the {len(shown)} largest of {every} effects" if every > len(shown) else ""
    title = f"{_capital(numbers.meaning(outcome))}: what each factor changes{many}"
    return title, page.table(head, rows, left=(0, 3))


def _between(levels: Iterable[object]) -> str:
    """The two levels of a main effect; an interaction has none of its own."""
    ends = [f"{one:g}" if isinstance(one, float) else str(one) for one in levels]
    return f" ({' to '.join(ends)})" if ends else ""


def _by_point(comparison: "Comparison", outcome: str) -> tuple[str, list[str]]:
    rows = []
    for scenario in comparison.others:
        found = list(by_point.differences(comparison, scenario, outcome).values())
        told = [one.mean > 0.0 for one in found if one.excludes_zero]
        ends = (pick(found, key=lambda one: one.mean) for pick in (min, max))
        counts = (f"{n} of {len(found)}" for n in (sum(told), len(told) - sum(told)))
        rows.append([comparison.label(scenario), *counts, *(_words(one, outcome) for one in ends)])
    title = f"{_capital(numbers.meaning(outcome))}: difference to {_reference(comparison)} by point"
    head = ["", "points above zero", "below zero", "smallest difference", "largest difference"]
    return title, page.table(head, rows)


def _words(interval: Interval, outcome: str) -> str:
    """Mean and interval in one line."""
    return numbers.in_its_unit(interval, outcome).replace("\n", " ")


def _mean(interval: Interval, outcome: str) -> str:
    """The mean alone, for tables of many columns."""
    unit, digits = (100.0, 2) if numbers.is_share(outcome) else (1.0, 0)
    mark = numbers.MARK if interval.excludes_zero else numbers.NO_MARK
    return f"{mark} {unit * interval.mean:+,.{digits}f}" if interval.n else ""


def _interval(interval: Interval, outcome: str) -> str:
    return numbers.in_its_unit(interval, outcome).partition("\n")[2].strip("()")


def _more(change: Interval | None) -> str:
    if change is None or not change.excludes_zero:
        return ""
    return f" {MORE if change.mean > 0.0 else LESS}"


def _reference(comparison: "Comparison") -> str:
    if circumstances.are_several(comparison):
        return "the scenario that each is compared with"
    return _quoted(comparison, comparison.against(comparison.others[0]))


def _quoted(comparison: "Comparison", scenario: str) -> str:
    return f"“{comparison.label(scenario)}”"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
