"""`--dry-run`: what a command would compute, where, and about how long it takes; writes nothing."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from diffusion.cli.screen import console, duration

if TYPE_CHECKING:
    from rich.table import Table

    from diffusion.config import Experiment
    from diffusion.runner.outlook import Outlook

LISTED = 100  # scenarios; of more, the first are listed
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def show(experiment: "Experiment", folder: Path, args: argparse.Namespace) -> int:
    """Print the design and the estimate; returns the exit code, 0.

    Raises:
        DiffusionError: what the command itself would be refused for.
    """
    from diffusion.runner.outlook import look_ahead

    notice = console(stderr=True)
    outlook = look_ahead(
        experiment, folder, args.fresh, notice=lambda text: notice.print(text, markup=False)
    )
    out = console()
    out.print(_scenarios(experiment))
    if len(experiment.scenarios) > LISTED:
        out.print(f"... and {len(experiment.scenarios) - LISTED} more scenarios")
    for sentence in _sentences(experiment, folder, outlook, args.fresh):
        out.print(sentence, markup=False, soft_wrap=True)
    return 0


def _scenarios(experiment: "Experiment") -> "Table":
    from rich.table import Table

    table = Table(title=experiment.question or experiment.name, title_justify="left")
    for heading in ("scenario", "in words", "switched on", "compared with"):
        table.add_column(heading)
    for name, scenario in list(experiment.scenarios.items())[:LISTED]:
        acting = [one for _, one, _ in scenario.settings.acting()]
        against = scenario.against or experiment.baseline
        table.add_row(
            name, scenario.label, ", ".join(acting) or "-", "-" if against == name else against
        )
    return table


def _sentences(
    experiment: "Experiment", folder: Path, outlook: "Outlook", fresh: bool
) -> list[str]:
    last = experiment.seed + experiment.most - 1
    workers = getattr(outlook.executor, "workers", 1)
    about = ", ".join(f"{name}={value}" for name, value in outlook.executor)
    there = "is not there yet"
    if (folder / "manifest.json").is_file():
        there = "holds earlier results, which --fresh removes first"
        if not fresh:
            there = f"holds {outlook.finished:,} of these runs"
            there += f", and {outlook.failed:,} that failed and would be tried again"
    estimate = outlook.estimate
    alone, together = estimate.seconds, estimate.seconds / min(workers, max(1, outlook.left))
    took = f"about {duration(together)}"
    if workers > 1:
        took += f" on {workers} workers ({duration(alone)} of one processor)"
    layout = experiment.layout
    points = "" if layout is None else f"{len(layout.points):,} points x "
    most = "" if experiment.until is None else "at most "
    return [
        f"Runs: {most}{len(outlook.runs):,} = {len(experiment.scenarios):,} scenarios x "
        f"{points}{experiment.most:,} replicates, seeds {experiment.seed} to {last}, "
        f"{experiment.timing.months} months each",
        f"Executor: {type(outlook.executor).__name__}{f' ({about})' if about else ''}",
        f"Folder: {folder} {there}",
        *_growing(experiment),
        f"Left: {most}{outlook.left:,} runs, {took}, about {_size(estimate.bytes)} on disk",
        f"Estimated {estimate.how}; interventions, writing and starting workers come on top.",
        "Nothing was written; without --dry-run the runs are computed.",
    ]


def _growing(experiment: "Experiment") -> list[str]:
    """When a sweep that adds replicates ends."""
    until = experiment.until
    if until is None:
        return []
    return [
        f"Replicates: {experiment.replicates:,} to begin with, then {until.step:,} more at a time "
        f"until the 95 % interval of every difference in {until.of} is no wider than ± "
        f"{until.half_width:g}, {until.at_most:,} at most"
    ]


def _size(count: float) -> str:
    for unit in _UNITS[:-1]:
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} {_UNITS[-1]}"
