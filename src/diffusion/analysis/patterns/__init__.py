"""The patterns that the default world must show: each with target, value and interval.

A pattern that the world misses is reported as missed. P4 and the restarts of P2 are targets that
the defaults were calibrated to (see `docs/odd.md`); they test the calibration, not the model.
"""

from collections.abc import Callable, Sequence

from diffusion.analysis.patterns.communities import in_communities
from diffusion.analysis.patterns.knowing import gaps, repository_and_contact, silos
from diffusion.analysis.patterns.lasting import after_the_grant
from diffusion.analysis.patterns.pattern import Pattern
from diffusion.analysis.patterns.people import coordination, turnover
from diffusion.analysis.patterns.runs import Runs
from diffusion.analysis.patterns.spread import little_and_programmes, s_curve
from diffusion.base.errors import SettingError, nearest
from diffusion.config.overrides import listed

__all__ = ["CHECKS", "Pattern", "check"]

CHECKS: dict[tuple[str, ...], Callable[[Runs], list[Pattern]]] = {
    ("P1",): s_curve,
    ("P2", "P3"): after_the_grant,
    ("P4",): gaps,
    ("P5",): in_communities,
    ("P6",): repository_and_contact,
    ("P7",): little_and_programmes,
    ("P8",): turnover,
    ("P9",): coordination,
    ("P10",): silos,
}


def check(
    overrides: Sequence[str] = (),
    replicates: int = 10,
    only: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
    workers: int = 2,
) -> list[Pattern]:
    """Run the default world, changed by overrides, and compare it with the patterns.

    Args:
        overrides: as on the command line, for example `world=synthetic`.
        replicates: runs of each set-up, at least 2; scenarios are paired by luck.
        only: ids of patterns; all if not given.
        progress: told the name of each set-up before it runs.
        workers: processes that share the replicates.

    Raises:
        SettingError: an unknown pattern, too few replicates, or an override that does not fit.
    """
    known = [id for ids in CHECKS for id in ids]
    wanted = known if only is None else list(only)
    for name in wanted:
        if name not in known:
            raise SettingError(
                f"pattern '{name}' can't be checked; allowed: {', '.join(known)}"
                f"{nearest(name, known)}"
            )
    if replicates < 2:
        raise SettingError(
            f"replicates = {replicates} gives no intervals; patterns need at least 2"
        )
    runs = Runs(listed(overrides), replicates, workers, progress)
    return [
        pattern
        for ids, find in CHECKS.items()
        if set(ids) & set(wanted)
        for pattern in find(runs)
        if pattern.id in wanted
    ]
