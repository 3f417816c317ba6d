"""`diffusion network survey`: how well the world agrees with the surveyed networks."""

import argparse

from diffusion.cli.parser import whole_number

EXAMPLES = ("diffusion network survey", "diffusion network survey --seed 7")
LARGEST_SEED = 2**63 - 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "what", choices=["survey"], help="target, achieved and misfit of every surveyed share"
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        default=1,
        help="seed of the world (default: 1)",
    )


def execute(args: argparse.Namespace) -> int:
    """Show the table; returns the exit code."""
    from rich.table import Table

    from diffusion.cli.screen import console
    from diffusion.world.worlds.erasmi_survey import survey_table

    rows = survey_table(args.seed)
    off = sum(row.misfit != 0 for row in rows)
    table = Table(
        title=f"World erasmi, seed {args.seed}: networks beside the survey",
        caption=f"{len(rows) - off} of {len(rows)} figures are met; "
        f"misfit: networks too many (+) or too few (-)",
    )
    for name in ("question", "answer"):
        table.add_column(name)
    for name in ("target", "achieved", "misfit"):
        table.add_column(name, justify="right")
    for row in rows:
        bounds = sorted({row.target_low, row.target_high})
        table.add_row(
            row.question.replace("_", " "),
            row.answer.replace("_", " "),
            " to ".join(map(str, bounds)),
            str(row.achieved),
            f"{row.misfit:+d}" if row.misfit else "0",
        )
    console().print(table)
    return 0
