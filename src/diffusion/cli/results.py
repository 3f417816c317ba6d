"""`diffusion results`: list, show, verify, export and prune what was computed."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from diffusion.base.errors import ResultsError, SettingError, nearest

if TYPE_CHECKING:
    from diffusion.runner.store import Results

EXAMPLES = (
    "diffusion results list",
    "diffusion results show results/what_remains",
    "diffusion results verify results/what_remains",
    "diffusion results export results/what_remains --to tables --format csv",
    "diffusion results export results/what_remains --to sweep.xlsx --tables outcomes",
    "diffusion results prune results/what_remains --tables groups survival --yes",
)
WRONG = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("what", metavar="what", help=", ".join((_LIST, *_OF_A_FOLDER)))
    parser.add_argument("folder", nargs="?", type=Path, help="of the results; for list: of folders")
    parser.add_argument("--to", type=Path, metavar="PATH", help="export: folder, or .xlsx file")
    parser.add_argument("--format", help="export: csv (default), parquet or xlsx")
    parser.add_argument("--tables", nargs="+", metavar="TABLE", default=[], help="some tables only")
    parser.add_argument("--yes", action="store_true", help="prune: do it, don't only say it")


def execute(args: argparse.Namespace) -> int:
    """Do what is asked; returns the exit code: 1 if verify found something wrong."""
    from diffusion.runner.store import Results

    if args.what not in (_LIST, *_OF_A_FOLDER):
        raise SettingError(
            f"results can't '{args.what}'; choose from: {', '.join((_LIST, *_OF_A_FOLDER))}"
            f"{nearest(args.what, (_LIST, *_OF_A_FOLDER))}"
        )
    if args.what == _LIST:
        return _list(args.folder or Path("results"))
    if args.folder is None:
        raise SettingError(
            f"results {args.what} needs a folder, for example: "
            f"{next(one for one in EXAMPLES if args.what in one)}"
        )
    return _OF_A_FOLDER[args.what](Results(args.folder), args)


def _list(within: Path) -> int:
    from rich.table import Table

    from diffusion.cli.screen import console
    from diffusion.runner.upkeep import folders, overview

    found, unreadable = folders(within)
    if not found and not unreadable:
        raise ResultsError(
            f"{within} holds no results folder; `diffusion compare` makes one in results/"
        )
    table = Table(title=f"Results in {within}", title_justify="left")
    for name in ("folder", "experiment", "created"):
        table.add_column(name)
    for name in ("scenarios", "replicates", "finished", "failed", "left", "MB"):
        table.add_column(name, justify="right")
    for results in found:
        one = overview(results)
        numbers = (one.scenarios, one.replicates, one.finished, one.failed, one.left)
        table.add_row(
            one.path.name, one.experiment, one.created, *map(str, numbers), _megabytes(one.size)
        )
    console().print(table)
    for sentence in unreadable:
        sys.stderr.write(f"diffusion: {sentence}\n")
    return 0


def _show(results: "Results", _: argparse.Namespace) -> int:
    from diffusion.cli.screen import console
    from diffusion.runner.store import TABLES
    from diffusion.runner.upkeep import overview

    out, one = console(), overview(results)
    points = f" x {one.points} points" if one.points > 1 else ""
    lines = [
        f"{one.experiment}: {results.manifest['question']}".rstrip(": "),
        f"  {one.finished} of {one.runs} runs finished, {one.failed} failed, {one.left} left "
        f"({one.scenarios} scenarios{points} x {one.replicates} replicates), "
        f"{_megabytes(one.size)} MB",
        f"  computed by diffusion {one.version}, folder made {one.created}",
        "  scenarios:",
    ]
    for name, about in results.manifest["scenarios"].items():
        lines.append(f"    {name}: {about['label']}")
        lines += [f"      {sentence}" for sentence in about["explain"]]
    if one.points > 1:
        layout = results.manifest["layout"]
        lines.append(f"  design: {layout['said']}")
        lines += [f"    {sentence}" for sentence in layout["aliases"]]
    lines.append("  tables:")
    for name in TABLES:
        frame = results.table(name)
        if len(frame):
            lines.append(f"    {name}: {len(frame):,} rows, {len(frame.columns)} columns")
    lines += [f"  failed: {one['run_id']}: {one['error']}" for one in results.failures()]
    for line in lines:
        out.print(line, markup=False, soft_wrap=not out.is_terminal)
    return 0


def _verify(results: "Results", _: argparse.Namespace) -> int:
    from diffusion.runner.upkeep import overview, problems

    wrong = list(problems(results))
    for sentence in wrong:
        sys.stderr.write(f"diffusion: {sentence}\n")
    if wrong:
        sys.stderr.write(
            f"diffusion: {len(wrong)} faults; compute it again into another folder, or here with "
            f"--fresh\n"
        )
        return WRONG
    one = overview(results)
    sys.stdout.write(
        f"{results.path}: every table is as it was stored; {one.finished} of {one.runs} runs "
        f"finished, {one.failed} failed, {one.left} left\n"
    )
    return 0


def _export(results: "Results", args: argparse.Namespace) -> int:
    from diffusion.runner.upkeep import export

    if args.to is None:
        raise SettingError("results export needs --to PATH: a folder, or a file that ends in .xlsx")
    guessed = "xlsx" if args.to.suffix == ".xlsx" else "csv"
    for path in export(results, args.to, args.format or guessed, args.tables):
        sys.stdout.write(f"{path}\n")
    return 0


def _prune(results: "Results", args: argparse.Namespace) -> int:
    from diffusion.runner.upkeep import prune, unneeded

    gone = unneeded(results, args.tables)
    size = _megabytes(sum(path.stat().st_size for path in gone))
    if not args.yes:
        for path in gone:
            sys.stdout.write(f"{path}\n")
        sys.stdout.write(f"{len(gone)} files, {size} MB could go; --yes removes them\n")
        return 0
    prune(results, args.tables)
    sys.stdout.write(f"{len(gone)} files, {size} MB are gone; the runs stay finished\n")
    return 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"


_LIST = "list"
_OF_A_FOLDER: dict[str, Callable[["Results", argparse.Namespace], int]] = {
    "show": _show,
    "verify": _verify,
    "export": _export,
    "prune": _prune,
}
