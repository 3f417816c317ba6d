"""`diffusion run`: one run of the composed settings, or with -m one of each combination."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from diffusion.base.errors import SettingError
from diffusion.cli.parser import add_overrides, add_results

EXAMPLES = (
    "diffusion run",
    "diffusion run intervention=[cop_formation] seed=7",
    "diffusion run shock=[pandemic,funding_cut]",
    "diffusion run world=synthetic timing.months=60 --results results/try",
    "diffusion run -m seed=1,2,3 intervention=[],[cop_formation]",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    add_overrides(parser)
    add_results(parser)
    parser.add_argument(
        "-m",
        "--multirun",
        action="store_true",
        help="a run of each combination: seed=1,2,3 or seed='range(1,4)', as in Hydra",
    )


def execute(args: argparse.Namespace) -> int:
    """Run once, show a summary, store the tables, then draw; returns the exit code."""
    if args.multirun:
        from diffusion.cli import multirun

        if args.dry_run:
            raise SettingError(
                "--dry-run does not look ahead at the runs of -m; leave one of them out, or use "
                "`diffusion compare --dry-run`"
            )
        return multirun.execute(args)
    from diffusion.analysis.costs import off_budget_words
    from diffusion.cli import dry_run
    from diffusion.cli.screen import console, show_figures, show_paths
    from diffusion.config import compose, settings_of
    from diffusion.runner.single import experiment_of, run_once
    from diffusion.views import tables

    config = compose(args.overrides, args.config_dir)
    _refuse_unused(args.overrides)
    folder = args.results if args.results is not None else config["results"]
    settings = settings_of(config)
    if args.dry_run:
        experiment = experiment_of(settings)
        return dry_run.show(experiment, Path(folder or experiment.results), args)
    out = console()
    finished = run_once(
        settings,
        folder,
        args.fresh,
        notice=lambda text: console(stderr=True).print(text),
        show=lambda simulation: out.print(tables.run_summary(simulation)),
    )
    cost = finished.simulation.outcomes()["cost_total"]
    told = off_budget_words("This run", cost, settings.budget) if settings.interventions else []
    for sentence in (*_left_out(config), *finished.explained, *told):
        out.print(sentence, markup=False)
    show_paths(out, "Results", [finished.folder, *finished.tables])
    if args.no_figures:
        return 0

    def draw(folder: Path) -> list[Path]:
        from diffusion.views import figures

        return figures.save_run(finished.simulation, folder)

    show_figures(out, finished.folder, draw)
    return 0


def _refuse_unused(overrides: Sequence[str]) -> None:
    """Refuse what is typed for an experiment; what its file says may stay.

    Raises:
        SettingError: a setting that one run does not read.
    """
    from diffusion.config.overrides import parse
    from diffusion.config.settings import Plan

    of_experiments = Plan.model_fields.keys() - {"results"}
    for override in parse(overrides):
        if override.key.split(".")[0] in of_experiments:
            raise SettingError(
                f"'{override.line}' changes nothing in one run, only experiments read it; leave it "
                f"out, or use `diffusion compare`"
            )


def _left_out(config: Mapping[str, Any]) -> Iterator[str]:
    """What an experiment holds that one run does not."""
    names = ", ".join(config["scenarios"])
    if names:
        yield (
            "This is one run without what the scenarios of the experiment change; "
            f"`diffusion compare` with the same settings runs them: {names}."
        )
