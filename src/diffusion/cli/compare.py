"""`diffusion compare`: the scenarios of an experiment, paired by luck."""

import argparse
import sys

from diffusion.cli.parser import add_overrides, add_results

EXAMPLES = (
    "diffusion compare",
    "diffusion compare experiment=what_remains replicates=10",
    "diffusion compare intervention=[cop_formation,language_mediation] executor.workers=4",
    "diffusion compare world=synthetic --results results/small --no-figures",
)
FAILED, INTERRUPTED = 1, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add_overrides(parser)
    add_results(parser)


def execute(args: argparse.Namespace) -> int:
    """Compute what is missing, then show tables and draw figures; returns the exit code."""
    from diffusion.analysis.comparison import Comparison
    from diffusion.cli.screen import ShowProgress, console, show_paths
    from diffusion.config import design
    from diffusion.runner.run import run_experiment
    from diffusion.views import figures, tables

    experiment = design(args.overrides, args.config_dir)
    folder = experiment.results if args.results is None else args.results
    try:
        with ShowProgress() as progress:
            results = run_experiment(
                experiment, folder, args.fresh, progress=progress, notice=progress.notice
            )
    except KeyboardInterrupt:
        sys.stderr.write(
            f"diffusion: interrupted; what was finished stands in {folder}, "
            f"give the same command again to go on\n"
        )
        return INTERRUPTED
    failures = results.failures()
    if results.finished():
        comparison = Comparison.of(results)
        out = console()
        out.print(tables.summary(comparison))
        out.print(tables.variance(comparison))
        if not args.no_figures:
            show_paths(out, "Figures", figures.save_all(comparison, results, folder / "figures"))
        show_paths(out, "Results", [folder, *tables.write(comparison, folder)])
    if failures:
        sys.stderr.write(
            f"diffusion: {len(failures)} of {results.manifest['runs']} runs failed "
            f"({failures[0]['error']}); tracebacks stand in {folder / 'failures'}\n"
        )
    return FAILED if failures else 0
