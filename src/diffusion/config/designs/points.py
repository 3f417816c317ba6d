"""A design laid out: its points, and the settings of a scenario at each of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from diffusion.base.errors import SettingError
from diffusion.config.composing import Data
from diffusion.config.designs import cube, factorial
from diffusion.config.designs.factors import Factor, Value, changed, factor_of, switch
from diffusion.config.designs.kinds import (
    Design,
    Factorial,
    LatinHypercube,
    Saltelli,
    Scenarios,
    Sobol,
)
from diffusion.config.folders import Folders
from diffusion.config.settings import settings_of
from diffusion.model.settings import ModelSettings

LARGEST = 1_000_000  # runs of a design with points
_SAMPLES = {"latin_hypercube": cube.latin_hypercube, "sobol": cube.sobol, "saltelli": cube.saltelli}


@dataclass(frozen=True)
class Layout:
    """The points of a design; each is run under every scenario with the same replicates.

    `points` holds a value for each factor; `said` is the design in words, `aliases` what a
    fraction mixes up, one sentence each.
    """

    kind: str
    factors: tuple[Factor, ...]
    points: tuple[tuple[Value, ...], ...]
    said: str
    seed: int | None = None
    aliases: tuple[str, ...] = ()

    def point(self, number: int) -> dict[str, Value]:
        """The values of a point by key."""
        keys = (factor.key for factor in self.factors)
        return dict(zip(keys, self.points[number], strict=True))

    def settings(self, config: Data) -> tuple[ModelSettings, ...]:
        """The settings of a scenario at every point.

        Args:
            config: the scenario's composed configuration, with all interventions on that the
                design switches.

        Raises:
            SettingError: values that don't go together.
        """
        return tuple(self._at(number, config) for number in range(len(self.points)))

    def about(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            "kind": self.kind,
            "said": self.said,
            "points": len(self.points),
            "seed": self.seed,
            "varied": {factor.key: factor.about() for factor in self.factors},
            "aliases": list(self.aliases),
        }

    def outer(self) -> tuple[int, ...]:
        """The points at which some factor is lowest or highest, where mistakes show first."""
        columns = np.array(self.points, dtype=np.float64)
        found = {*columns.argmin(axis=0).tolist(), *columns.argmax(axis=0).tolist()}
        return tuple(sorted(found))

    def _at(self, number: int, config: Data) -> ModelSettings:
        values = self.point(number)
        try:
            return settings_of(changed(config, values))
        except SettingError as error:
            where = ", ".join(f"{key}={value:g}" for key, value in values.items())
            raise SettingError(f"point {number} of the design ({where}): {error}") from error


def lay_out(
    design: Design, configs: Mapping[str, Data], folders: Folders, runs_each: int
) -> Layout | None:
    """The points of a design; None if it has scenarios and replicates only.

    Args:
        configs: composed configuration of each scenario, with all interventions on that the
            design switches.
        runs_each: replicates, at most.

    Raises:
        SettingError: nothing to vary, an unknown parameter, no range or one outside the bounds,
            or too many runs.
    """
    if isinstance(design, Scenarios):
        return None
    keys = [one.key for one in design.parameters]
    for key in keys:
        if keys.count(key) > 1:
            raise SettingError(f"design.parameters holds '{key}' twice; name it once")
    factors = [factor_of(one, configs, folders) for one in design.parameters]
    if isinstance(design, Factorial):
        switched = [switch(name) for name in design.interventions]
        return _factorial(design, tuple(switched + factors), len(configs) * runs_each)
    if not factors:
        raise SettingError(
            f"the design {design.kind} varies nothing; name parameters, for example "
            f"design.parameters=[turnover.rel_turnover,adoption.start_rate]"
        )
    return _sampled(design, tuple(factors), len(configs) * runs_each)


def _factorial(design: Factorial, factors: tuple[Factor, ...], runs_each: int) -> Layout:
    if not factors:
        raise SettingError(
            "the design factorial varies nothing; name interventions, for example "
            "design.interventions=[cop_formation,handover], or design.parameters"
        )
    n = math.prod(len(factor.levels) for factor in factors)
    if design.resolution is None and not design.generators:
        shrink = "name fewer factors or levels"
        if all(len(factor.levels) == 2 for factor in factors):
            shrink += ", or run a fraction, for example design.resolution=5"
        _check_size(n, runs_each, shrink)
        # the first factor changes fastest, as in a fraction
        points = [values[::-1] for values in product(*(one.levels for one in reversed(factors)))]
        return _laid(design.kind, factors, points, f"all {n:,} combinations of {_count(factors)}")
    fraction = _fraction(design, factors)
    _check_size(1 << fraction.base, runs_each, "name fewer factors, or take a lower resolution")
    lows_highs = [(min(factor.levels), max(factor.levels)) for factor in factors]
    points = [
        tuple(pair[sign > 0] for pair, sign in zip(lows_highs, row, strict=True))
        for row in fraction.signs().tolist()
    ]
    resolution, generators = fraction.resolution(), fraction.generators()
    if resolution is None:
        return _laid(design.kind, factors, points, f"all {n:,} combinations of {_count(factors)}")
    letters = ", ".join(
        f"{letter} {factor.key}" for letter, factor in zip(factorial.LETTERS, factors, strict=False)
    )
    said = (
        f"{len(points):,} of the {n:,} combinations of {_count(factors)}, resolution "
        f"{factorial.roman(resolution)} ({', '.join(generators)}; {letters})"
    )
    names = [factor.key.removeprefix("intervention.") for factor in factors]
    return _laid(design.kind, factors, points, said, tuple(factorial.in_words(fraction, names)))


def _fraction(design: Factorial, factors: Sequence[Factor]) -> factorial.Fraction:
    several = [factor.key for factor in factors if len(factor.levels) != 2]
    if several:
        raise SettingError(
            f"a fraction needs two levels of each factor; {several[0]} has more, so give it two "
            f"or run all combinations (design.resolution=null design.generators=[])"
        )
    if not 2 <= len(factors) <= len(factorial.LETTERS):
        raise SettingError(
            f"a fraction of {len(factors)} factors: allowed 2 to {len(factorial.LETTERS)}; "
            f"more parameters are better sampled (design=latin_hypercube)"
        )
    if design.generators:
        return factorial.stated(len(factors), design.generators)
    assert design.resolution is not None
    return factorial.smallest(len(factors), design.resolution)


def _sampled(
    design: LatinHypercube | Sobol | Saltelli, factors: tuple[Factor, ...], runs_each: int
) -> Layout:
    of_each = len(factors) + 2 if isinstance(design, Saltelli) else 1
    _check_size(design.size * of_each, runs_each, "choose a smaller design.size")
    places = _SAMPLES[design.kind](design.size, len(factors), design.seed)
    columns = [factor.scaled(places[:, k]).tolist() for k, factor in enumerate(factors)]
    points = list(zip(*columns, strict=True))
    said = {
        "latin_hypercube": f"a Latin hypercube of {len(points):,} points",
        "sobol": f"the first {len(points):,} points of a Sobol sequence",
        "saltelli": f"{len(points):,} points for Sobol indices (Saltelli)",
    }[design.kind]
    said += f" over {_count(factors)}, with the seed {design.seed}"
    return _laid(design.kind, factors, points, said, seed=design.seed)


def _laid(
    kind: str,
    factors: tuple[Factor, ...],
    points: Sequence[Sequence[float]],
    said: str,
    aliases: tuple[str, ...] = (),
    seed: int | None = None,
) -> Layout:
    values = tuple(
        tuple(factor.value(number) for factor, number in zip(factors, point, strict=True))
        for point in points
    )
    return Layout(kind, factors, values, said, seed, aliases)


def _check_size(points: int, runs_each: int, shrink: str) -> None:
    """Refuse a design before its points are listed.

    Raises:
        SettingError: too many runs.
    """
    runs = points * runs_each
    if runs > LARGEST:
        raise SettingError(
            f"the design has {points:,} points and with scenarios and replicates {runs:,} runs; "
            f"allowed up to {LARGEST:,}: {shrink}"
        )


def _count(factors: Sequence[Factor]) -> str:
    one = "" if len(factors) == 1 else "s"
    kind = "parameter" if all(not factor.levels for factor in factors) else "factor"
    return f"{len(factors)} {kind}{one}"
