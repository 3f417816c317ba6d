"""`diffusion compare`: the scenarios of an experiment, paired by luck."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from diffusion.cli.parser import add_overrides, add_page, add_results

if TYPE_CHECKING:
    from diffusion.runner.store import Results

EXAMPLES = (
    "diffusion compare",
    "diffusion compare experiment=what_remains replicates=10",
    "diffusion compare intervention=[cop_formation,language_mediation] executor.workers=4",
    "diffusion compare intervention=[digital_crisis_tools] shock=[pandemic]",
    "diffusion compare design=factorial design.interventions=[cop_formation,handover]",
    "diffusion compare until.half_width=0.02 until.of=retained_36",
    "diffusion compare world=synthetic --results results/small --no-figures",
    "diffusion compare experiment=which_lever --dry-run",
    "diffusion compare results/what_remains --interval bootstrap",
    "diffusion compare results/what_remains --write what_remains.md",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add_overrides(parser, or_else="a results folder: what is stored there, nothing is computed")
    add_results(parser)
    add_page(parser)
    parser.add_argument(
        "--interval",
        default="t",
        metavar="KIND",
        help="t (default), or bootstrap: from resampled replicates",
    )


def execute(args: argparse.Namespace) -> int:
    """Compute what is missing, show and store tables, then draw; returns the exit code."""
    from diffusion.analysis.growing import computed
    from diffusion.cli import dry_run
    from diffusion.cli.screen import ShowProgress, if_interrupted, tell_failures
    from diffusion.cli.stopping import Stopping
    from diffusion.cli.stored import check_interval, stored
    from diffusion.config import design
    from diffusion.views import page

    if args.write is not None:
        page.check(args.write)
    found = stored(args)
    if found is not None:
        _show(found, found.path, args, compute=False)
        return 0
    check_interval(args.interval)
    experiment = design(args.overrides, args.config_dir)
    folder = experiment.results if args.results is None else args.results
    if args.dry_run:
        return dry_run.show(experiment, folder, args)
    whole = f"what was finished stands in {folder}, give the same command again to go on"
    with (
        if_interrupted(whole, folder),
        ShowProgress() as progress,
        Stopping(folder, progress.notice) as stopping,
    ):
        results = computed(
            experiment,
            folder,
            args.fresh,
            progress=stopping.watching(progress),
            notice=progress.notice,
        )
    left = _left(results)
    if left > 0:
        raise KeyboardInterrupt(f"{left} of {results.manifest['runs']} runs are left; {whole}")
    if results.finished():
        _show(results, folder, args)
    return tell_failures(results)


def _left(results: "Results") -> int:
    """Runs that are left of a sweep that was stopped.

    One that grew may hold some of a round that a narrower interval took, and needs no more of it.
    """
    if results.manifest.get("reached") is not None:
        return 0
    finished, failed = len(results.finished()), len(results.failures())
    return int(results.manifest["runs"]) - finished - failed


def _show(results: "Results", folder: Path, args: argparse.Namespace, compute: bool = True) -> None:
    """The tables on screen and as files; only then the figures, which take a while."""
    from diffusion.analysis.comparison import Comparison
    from diffusion.analysis.costs import off_budget
    from diffusion.analysis.growing import reached_in_words
    from diffusion.cli.screen import console, show_figures, show_paths
    from diffusion.cli.stored import left_out
    from diffusion.views import experiment_page, page, tables

    comparison = Comparison.of(results, args.interval).complete()
    out = console()
    out.print(tables.summary(comparison))
    told = (
        *left_out(results, comparison),
        *_designed(results),
        *reached_in_words(comparison),
        *off_budget(comparison),
    )
    for sentence in told:
        out.print(sentence, markup=False)
    if comparison.others:
        out.print(tables.variance(comparison))
    show_paths(out, "Results", [folder, *tables.write(comparison, folder)])
    if args.write is not None:
        question = str(comparison.manifest.get("question") or comparison.manifest["experiment"])
        page.put(experiment_page.measured(comparison), args.write, question)
        show_paths(out, "Written", [args.write])
    if args.no_figures:
        return

    def draw(figures_folder: Path) -> list[Path]:
        from diffusion.views import figures

        drawn = figures.save_all(comparison, results if compute else None, figures_folder)
        if args.write is None:
            return drawn
        return drawn + experiment_page.copy_pictures(args.write, figures_folder, drawn)

    show_figures(out, folder, draw)


def _designed(results: "Results") -> Iterator[str]:
    """What the design varies, and which effects a fraction of it mixes up."""
    layout = results.manifest.get("layout")
    if layout is not None:
        yield f"Each scenario was run at {layout['said']}; numbers are means over these points."
        yield from layout["aliases"]
