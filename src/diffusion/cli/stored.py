"""A results folder in place of settings: `diffusion compare RESULTS` computes nothing."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from diffusion.base.errors import ResultsError, SettingError, nearest

if TYPE_CHECKING:
    from diffusion.analysis.comparison import Comparison
    from diffusion.runner.store import Results

_FOR_COMPUTING = ("results", "fresh", "config_dir", "dry_run")  # options


def stored(args: argparse.Namespace) -> "Results | None":
    """The results folder that was named instead of settings, or None.

    Raises:
        SettingError: several folders, or one beside settings or options that make runs.
        ResultsError: there is no such folder, it holds no results, or it can't be written.
    """
    from diffusion.runner.files import check_writable
    from diffusion.runner.store import Results

    named = [word for word in args.overrides if _is_folder(word)]
    if not named:
        _refuse_names(args)
        return None
    check_interval(args.interval)
    options = [f"--{one.replace('_', '-')}" for one in _FOR_COMPUTING if getattr(args, one, None)]
    more = [*(word for word in args.overrides if word != named[0]), *options]
    if more:
        raise SettingError(
            f"'{more[0]}' can't go with the results folder {named[0]}, from which only what is "
            f"stored is compared; leave out one of them"
        )
    folder = Path(named[0])
    if not folder.is_dir():
        beside = [str(path.parent) for path in folder.parent.glob("*/manifest.json")]
        raise ResultsError(
            f"there is no folder {folder}{nearest(str(folder), beside)}; "
            f"`diffusion results list {folder.parent}` shows what is there"
        )
    results = Results(folder)
    check_writable(folder)
    return results


def check_interval(kind: str) -> None:
    """Refuse an interval that there is not, before anything is computed.

    Raises:
        SettingError: it is none of those that there are.
    """
    from diffusion.analysis.intervals import METHODS

    if kind not in METHODS:
        raise SettingError(
            f"--interval = '{kind}': choose from {', '.join(METHODS)}{nearest(kind, METHODS)}"
        )


def left_out(results: "Results", comparison: "Comparison") -> Iterator[str]:
    """What the folder lacks, and what is not compared for that reason."""
    runs, finished = int(results.manifest["runs"]), len(results.finished())
    if finished >= runs:
        return
    failed = len(results.failures())
    n = comparison.outcomes["replicate"].nunique()
    compared = (
        f"compared are the {n} replicates in which every scenario has finished"
        if comparison.is_complete
        else "no replicate has finished in every scenario, so each is compared on those it shares "
        "with its reference"
    )
    yield f"{runs - finished} of {runs} runs are missing, {failed} of them failed: {compared}."
    for name in results.manifest["scenarios"]:
        if name not in comparison.scenarios:
            yield f"No run of '{name}' has finished, so it is not compared."


def _refuse_names(args: argparse.Namespace) -> None:
    """Say of a word that is neither a setting nor a folder what was probably meant.

    Raises:
        SettingError: there is one.
    """
    from diffusion.config.folders import Folders

    for word in args.overrides:
        if "=" in word or word.startswith(("+", "~")):
            continue
        known = Folders.find(args.config_dir).options("experiment")
        hint = nearest(word, known).replace("'", "'experiment=", 1)
        raise SettingError(
            f"'{word}' is neither a setting nor a results folder that is there{hint}; write "
            f"key=value, for example seed=7, or a folder, for example results/what_remains"
        )


def _is_folder(word: str) -> bool:
    return (
        "=" not in word
        and not word.startswith(("+", "~"))
        and (os.sep in word or "/" in word or Path(word).is_dir())
    )
