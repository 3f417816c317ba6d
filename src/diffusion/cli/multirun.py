"""`diffusion run -m`: a run of each combination of several values, as in Hydra."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from diffusion.runner.store import Results

SHOWN = 30  # rows; the files have them all
_OUTCOMES = {
    "using_start": "in use at start",
    "using_stop": "when the money stops",
    "using_end": "at the end",
}


def execute(args: argparse.Namespace) -> int:
    """Compute what is missing and show one row a run; returns the exit code."""
    from diffusion.cli.screen import (
        ShowProgress,
        console,
        if_interrupted,
        show_paths,
        tell_failures,
    )
    from diffusion.runner.multirun import run_sweep

    sentence = "what was finished is kept, give the same command again to go on"
    with if_interrupted(sentence), ShowProgress() as progress:
        results = run_sweep(
            args.overrides,
            args.config_dir,
            args.results,
            args.fresh,
            progress=progress,
            notice=progress.notice,
        )
    out = console()
    if results.finished():
        out.print(_table(results))
    show_paths(out, "Results", [results.path])
    return tell_failures(results)


def _table(results: "Results") -> "Table":
    """The first runs with what was swept and how much is in use."""
    from rich.table import Table

    rows = results.table("outcomes")
    several = len(results.manifest["scenarios"]) > 1
    keys = [*(["scenario"] if several else []), *results.manifest["varied"], "seed"]
    title = f"{len(rows)} runs: share of organisations x practices in use"
    if len(rows) > SHOWN:
        title += f" (the first {SHOWN})"
    table = Table(title=title, title_justify="left")
    for key in keys:
        table.add_column(key)
    for words in _OUTCOMES.values():
        table.add_column(words, justify="right")
    for _, row in rows.head(SHOWN).iterrows():
        shares = (f"{100 * row[name]:.2f} %" for name in _OUTCOMES)
        table.add_row(*(str(row[key]) for key in keys), *shares)
    return table
