"""`diffusion levers`: what every lever moves, beside what the sources expect of it."""

import argparse
import shlex

from diffusion.cli.parser import add_overrides, add_page, whole_number

EXAMPLES = (
    "diffusion levers --replicates 10",
    "diffusion levers --only cop_formation handover --replicates 20 executor.workers=4",
    "diffusion levers --write docs/levers.md",
)
FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add_overrides(parser)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some levers only")
    parser.add_argument(
        "--replicates",
        type=whole_number(2, 1_000_000),
        default=60,
        help="pairs of runs of each lever (default: 60)",
    )
    add_page(parser)


def execute(args: argparse.Namespace) -> int:
    """Show effect, interval and verdict of each lever; a miss is a finding, not an error."""
    from diffusion.analysis import levers
    from diffusion.cli.screen import ShowProgress, console, show_paths
    from diffusion.views import levers as views
    from diffusion.views import page

    if args.write is not None:
        page.check(args.write)
    with ShowProgress() as progress:
        found = levers.check(
            args.overrides,
            args.replicates,
            args.only,
            args.config_dir,
            progress=progress,
            notice=progress.notice,
        )
    out = console()
    out.print(views.table(found))
    if args.write is not None:
        page.put(views.measured(found, _command(args), args.replicates), args.write, views.TITLE)
        show_paths(out, "Written", [args.write])
    return FAILED if any(isinstance(row, levers.Failed) for row in found) else 0


def _command(args: argparse.Namespace) -> str:
    """The command that gives the same numbers again."""
    words = ["diffusion", "levers", *args.overrides, "--replicates", str(args.replicates)]
    if args.config_dir is not None:
        words += ["--config-dir", str(args.config_dir)]
    return shlex.join([*words, *(["--only", *args.only] if args.only else [])])
