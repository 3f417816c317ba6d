"""`diffusion run`: one run of the composed settings."""

import argparse

from diffusion.cli.parser import add_overrides, add_results

EXAMPLES = (
    "diffusion run",
    "diffusion run intervention=[cop_formation] seed=7",
    "diffusion run world=synthetic timing.months=60 --results results/try",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add_overrides(parser)
    add_results(parser)


def execute(args: argparse.Namespace) -> int:
    """Run once, show a summary and draw figures; returns the exit code."""
    from diffusion.cli.screen import console, show_paths
    from diffusion.config import compose, settings_of
    from diffusion.runner.single import run_once
    from diffusion.views import figures, tables

    config = compose(args.overrides, args.config_dir)
    folder = args.results if args.results is not None else config["results"]
    out = console()
    finished = run_once(
        settings_of(config),
        folder,
        args.fresh,
        notice=lambda text: console(stderr=True).print(text),
    )
    out.print(tables.run_summary(finished.simulation))
    for explained in finished.explained:
        out.print(explained, markup=False)
    if not args.no_figures:
        drawn = figures.save_run(finished.simulation, finished.folder / "figures")
        show_paths(out, "Figures", drawn)
    show_paths(out, "Results", [finished.folder, *finished.tables])
    return 0
