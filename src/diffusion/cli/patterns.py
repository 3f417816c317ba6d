"""`diffusion patterns`: what the default world must show, and whether it does."""

import argparse

from diffusion.cli.parser import add_overrides, add_page, whole_number

EXAMPLES = (
    "diffusion patterns",
    "diffusion patterns --only P3 P4 --replicates 20",
    "diffusion patterns --only P8 turnover.rel_turnover=1.5",
    "diffusion patterns --write docs/patterns.md",
)
TITLE = "Does the model show the patterns it must show?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add_overrides(parser, own_files=False)
    parser.add_argument("--only", nargs="+", metavar="P1", help="some patterns only")
    parser.add_argument(
        "--replicates",
        type=whole_number(2, 1_000_000),
        default=10,
        help="runs behind each interval (default: 10)",
    )
    add_page(parser)


def execute(args: argparse.Namespace) -> int:
    """Show target, value and interval of each pattern; a miss is a finding, not an error."""
    from diffusion.analysis import patterns
    from diffusion.cli.screen import console, show_paths
    from diffusion.views import page, tables

    if args.write is not None:
        page.check(args.write)
    log = console(stderr=True)
    checked = patterns.check(
        args.overrides,
        args.replicates,
        args.only,
        progress=lambda name: log.print(f"simulating: {name}", markup=False),
    )
    out = console()
    out.print(tables.patterns(checked))
    if args.write is not None:
        page.put(tables.patterns_measured(checked, args.replicates), args.write, TITLE)
        show_paths(out, "Written", [args.write])
    return 0
