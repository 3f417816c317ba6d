"""Tables on screen (rich) and in the results folder (CSV, Markdown), in plain words."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.table import Table

from diffusion.analysis import costs
from diffusion.runner.files import write_csv, write_text
from diffusion.views import page
from diffusion.views import summary as numbers

if TYPE_CHECKING:
    import pandas as pd

    from diffusion.analysis.comparison import Comparison
    from diffusion.analysis.patterns import Pattern
    from diffusion.config.settings import Shows
    from diffusion.model.simulation import Simulation

UNLIMITED = 1000  # columns of a screen on which nothing has to be broken
RANKED_BY = "retained_practice_years"  # unless the experiment says otherwise
VARIANCE_OUTCOMES = ("using_stop", "using_end", "retained_practice_years")
RUN_ROWS = {
    "share_aware": "pairs of organisation and practice: has heard of it",
    "share_using": "… uses it",
    "share_institutionalised": "… made it routine",
    "share_organisations_using": "organisations that use at least one practice",
    "gap_own_field": "don't know best practice in their own field",
    "gap_related_fields": "… in related fields",
    "gap_other_actors": "don't know the actors in other fields",
    "share_in_cop": "organisations in a community of practice",
    "networks_coordinated": "active networks whose coordination works",
    "cross_silo_ties": "working ties across fields or kinds",
    "staff_filled": "posts filled",
    "grants_active": "grant lines with money",
}


@dataclass(frozen=True)
class Summary:
    """The summary table: scenarios as rows where the screen is wide enough, else measures."""

    title: str
    head: list[str]
    rows: list[list[str]]
    legend: str = numbers.LEGEND

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = self.wide()
        needed = console.measure(wide, options=options.update(max_width=UNLIMITED)).maximum
        yield wide if needed <= options.max_width else self.narrow()

    def wide(self) -> Table:
        """One row a scenario, one column a measure."""
        table = _table(self.title, self.legend)
        for k, name in enumerate(self.head):
            if k == 0:
                table.add_column(name, min_width=20, max_width=24)
            else:
                last = k == len(self.head) - 1
                table.add_column(name, justify="right", max_width=21 if last else 18)
        for row in self.rows:
            table.add_row(escape(row[0]), *row[1:])
            table.add_section()
        return table

    def narrow(self) -> Table:
        """One section a measure, one row a scenario: fits 80 columns."""
        table = _table(self.title, self.legend)
        table.padding = (0, 1, 0, 0)
        table.add_column("", min_width=31)
        table.add_column("", justify="right", max_width=14)
        for name in ("difference", "95 % interval"):
            table.add_column(name, justify="right")
        for k, measure in enumerate(self.head[1:], start=1):
            table.add_row(f"[bold]{measure}[/]")
            price = k == len(self.head) - 1  # has an interval but no difference
            for row in self.rows:
                value, *rest = row[k].split("\n")
                if value:
                    table.add_row(f"  {escape(row[0])}", value, *([""] if price else []), *rest)
            table.add_section()
        return table


def summary(comparison: "Comparison") -> Summary:
    """Per scenario: spread, what is still in use later, differences to the baseline, cost."""
    runs = numbers.number_of_runs(comparison)
    unit = "run" if runs == "1" else "runs"
    title = f"What remains when the money stops ({runs} {unit} of each scenario)"
    return Summary(title, *numbers.cells(comparison), numbers.legend(comparison))


def run_summary(simulation: "Simulation") -> Table:
    """One run when the window opens, when the money stops, and at the end."""
    months = simulation.recorder.monthly_columns()  # importing pandas takes as long as a run
    timing = simulation.settings.timing
    # a row holds what is true when its month has passed
    moments = {
        "start": max(timing.start - 1, 0),
        "money stops": max(timing.stop - 1, 0),
        "end": simulation.recorder.months_recorded - 1,
    }
    table = _table("One run", "One run is one possible course of events, not a forecast.")
    table.add_column("")
    for name, month in moments.items():
        table.add_column(f"{name}\n(month {month + 1})", justify="right")
    for column, meaning in RUN_ROWS.items():
        if column in months:
            values = (float(months[column][month]) for month in moments.values())
            table.add_row(meaning, *(numbers.percent(value) for value in values))
    spent = (float(months["cost"][: month + 1].sum()) for month in moments.values())
    table.add_row("spent on interventions, EUR", *(numbers.amount(value) for value in spent))
    return table


def patterns(checked: Sequence["Pattern"]) -> Table:
    """Target, value and interval of every pattern, and whether it is met."""
    met = sum(pattern.ok for pattern in checked)
    table = _table(f"Patterns: {met} of {len(checked)} met", "In brackets: 95 % intervals.")
    for title in ("", "pattern", "target", "found", "", "how it is measured"):
        table.add_column(title, justify="right" if title == "found" else "left")
    for pattern in checked:
        verdict = "[green]met[/]" if pattern.ok else "[red]missed[/]"
        table.add_row(
            pattern.id, pattern.name, pattern.target, _found(pattern), verdict, pattern.how
        )
    return table


def patterns_measured(checked: Sequence["Pattern"], replicates: int) -> str:
    """The same in Markdown, for the page of patterns."""
    met = sum(pattern.ok for pattern in checked)
    head = ["", "pattern", "target", "found (95 % interval)", "", "how it is measured"]
    rows = [
        [
            pattern.id,
            pattern.name,
            pattern.target,
            _found(pattern).replace("\n", " "),
            "met" if pattern.ok else "**missed**",
            pattern.how,
        ]
        for pattern in checked
    ]
    told = f"Of {len(checked)} rows {met} are met, with {replicates} replicates."
    return "\n".join([told, "", *page.table(head, rows, left=(0, 1, 4, 5))])


def _found(pattern: "Pattern") -> str:
    interval = "" if math.isnan(pattern.low) else f"\n({pattern.low:.3g} to {pattern.high:.3g})"
    return f"{pattern.value:.3g}{interval}"


def variance(comparison: "Comparison") -> Table:
    """How much smaller pairing makes the variance of the difference to the baseline."""
    table = _table(
        "What pairing by luck gains",
        "How many times larger the variance of the difference would be with unrelated seeds "
        "(95 % interval): as many times more runs would be needed for the same interval.",
    )
    table.add_column("")
    frame = variance_frame(comparison)
    for outcome in frame["outcome"].unique():
        table.add_column(numbers.MEASURES[outcome], justify="right", max_width=24)
    for scenario in comparison.others:
        rows = frame[frame["scenario"] == scenario]
        table.add_row(
            escape(comparison.label(scenario)),
            *(_times(row) for row in rows.itertuples()),
        )
    return table


def variance_frame(comparison: "Comparison") -> "pd.DataFrame":
    """Columns outcome, scenario, ratio, low, high, n."""
    import pandas as pd

    known = [name for name in VARIANCE_OUTCOMES if name in comparison.outcome_names()]
    parts = [comparison.variance_reduction(name).assign(outcome=name) for name in known]
    return pd.concat(parts, ignore_index=True)


def shows(comparison: "Comparison") -> "Shows":
    """What the experiment shows beyond the usual tables and figures."""
    from diffusion.config.settings import Shows

    return Shows.model_validate(comparison.manifest.get("shows", {}))


def also(comparison: "Comparison") -> "Comparison":
    """The same runs, compared with the scenario that the experiment names beside the baseline."""
    reference = shows(comparison).also_against
    others = tuple(name for name in comparison.scenarios if name != comparison.baseline)
    return replace(comparison, baseline=str(reference), scenarios=others)


def write(comparison: "Comparison", folder: Path) -> list[Path]:
    """Put the tables of a comparison into the folder as CSV and Markdown; return their paths.

    Raises:
        SettingError: the experiment wants to show something that its runs did not record.
        ResultsError: the disk is full, or the folder can't be written.
    """
    text = folder / "summary.md"
    write_text(text, markdown(comparison))
    paths = [text]
    for name, table in _frames(comparison):
        paths.append(folder / f"{name}.csv")
        write_csv(paths[-1], table)
    return paths


def _frames(comparison: "Comparison") -> Iterator[tuple[str, "pd.DataFrame"]]:
    """Tables by the name of their file."""
    import pandas as pd

    from diffusion.analysis import by_group, cost_effectiveness, factorial, pairs, ranking, survival

    wanted = shows(comparison)
    outcome = wanted.rank_by or RANKED_BY
    yield "summary", numbers.frame(comparison)
    if comparison.others:
        yield "differences", comparison.differences()
    if wanted.also_against:
        other = wanted.also_against.replace("/", "-")  # or it would name a folder
        yield f"differences_to_{other}", also(comparison).differences()
    if wanted.rank_by:
        yield "ranking", ranking.frame(comparison, outcome)
    if wanted.by_group:
        yield "by_group", pd.concat([by_group.frame(comparison, d) for d in wanted.by_group])
    if wanted.pairs:
        yield "pairs", pairs.frame(comparison, outcome)
    if len(comparison.survival):
        yield "survival_curves", survival.frame(comparison)
    options = cost_effectiveness.weighed(comparison)
    if options is not None:
        yield "cost_effectiveness", cost_effectiveness.frame(options)
        yield "acceptability", cost_effectiveness.acceptability(options).frame()
    if factorial.is_factorial(comparison):
        yield "effects", factorial.frame(comparison, outcome)


def markdown(comparison: "Comparison") -> str:
    """The summary as a Markdown page: question, scenarios, table, gain from pairing."""
    manifest = comparison.manifest
    head, rows = numbers.cells(comparison)
    lines = [f"# {manifest['experiment']}", "", str(manifest.get("question") or ""), ""]
    for scenario in comparison.scenarios:
        explained = " ".join(manifest["scenarios"][scenario].get("explain") or [])
        lines.append(f"- **{comparison.label(scenario)}** {explained}".rstrip())
    lines += ["", *page.table(head, rows), "", numbers.legend(comparison), ""]
    for sentence in costs.off_budget(comparison):
        lines += [sentence, ""]
    if not comparison.others:
        return "\n".join(lines) + "\n"
    lines += ["## What pairing by luck gains", "", *gained(comparison)]
    return "\n".join(lines) + "\n"


def gained(comparison: "Comparison") -> list[str]:
    """How much smaller pairing makes the variance of differences, as a table in Markdown."""
    rows = [
        [comparison.label(str(row.scenario)), numbers.MEASURES[str(row.outcome)], _times(row)]
        for row in variance_frame(comparison).itertuples()
    ]
    return page.table(["", "outcome", "variance smaller by"], rows)


def _times(row: object) -> str:
    ratio, low, high = (float(getattr(row, name)) for name in ("ratio", "low", "high"))
    if math.isinf(ratio):
        return "no variance left"
    if math.isnan(ratio):
        return "–"  # noqa: RUF001
    interval = "" if math.isnan(low) else f"\n({_factor(low)} to {_factor(high)})"
    return f"{_factor(ratio)} times{interval}"


def _factor(value: float) -> str:
    if value < 1e3:
        return f"{value:.1f}"
    return f"{value:,.0f}" if value < 1e6 else f"{value:.1e}"


def _table(title: str, caption: str) -> Table:
    return Table(
        title=title,
        caption=caption,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
    )
