"""Main effects and interactions of a factorial, full or fractional.

A cell is a scenario at a point of the design. Factors are the interventions and shocks that only
some scenarios have (off, on) and the columns that a design varies from point to point. Two levels
are coded -1 and +1; numbers with more levels enter as a straight line from the lowest (-1) to the
highest (+1).

The effect of a factor is the outcome at its high level minus that at its low level, averaged over
the levels of the others. An interaction of two is half the difference between the effect of the one
at the high and at the low level of the other (Box, Hunter and Hunter 2005, Statistics for
Experimenters, ch. 5); what two interventions do beyond their sum (`pairs`) is twice as much.
Effects are estimated within each replicate, by least squares over its cells. So the luck that the
cells of a replicate share drops out, and intervals are over replicates.

Where cells are only a fraction of all combinations, some effects change together in every cell and
can't be told apart. They are estimated as one and named beside each other (`aliases`, those of up
to one factor more than are asked for). Where cells are not balanced, effects that `order` leaves
out leak in part into the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from diffusion.analysis.bootstrap import factors_for_all
from diffusion.analysis.intervals import FloatArray, Interval, mean_interval
from diffusion.base.errors import ResultsError, SettingError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from diffusion.analysis.comparison import Comparison

TIMES = " × "  # noqa: RUF001
MOST_SHOWN = 40  # effects, rows of a page
_DIGITS = 9  # to which columns of codes are the same

Term = tuple[int, ...]  # columns of the factors whose product it is


@dataclass(frozen=True)
class Design:
    """The cells of the stored runs and the levels of each factor in them.

    `cells` are (scenario, point), with point 0 where there is one only; `codes` shape (cells,
    factors), -1..1; `levels` the lowest and highest value of each factor.
    """

    factors: tuple[str, ...]
    cells: tuple[tuple[str, int], ...]
    codes: FloatArray
    levels: tuple[tuple[Any, Any], ...]

    @property
    def orthogonal(self) -> bool:
        """Whether two levels of each factor are balanced, and against those of each other one."""
        columns = np.column_stack((np.ones(len(self.cells)), self.codes))
        products = columns.T @ columns
        wanted = len(self.cells) * np.eye(len(products))
        return bool(np.all(np.abs(self.codes) == 1.0)) and bool(np.array_equal(products, wanted))


@dataclass(frozen=True)
class Effect:
    """A main effect (one factor) or an interaction (several).

    `interval` is its own 95 % interval, `together` the one that is wide enough for all effects to
    hold at once. `aliases` are those that can't be told apart from it, with their sign.
    """

    factors: tuple[str, ...]
    interval: Interval
    together: Interval
    aliases: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def name(self) -> str:
        """`a` or `a x b`, with a proper sign."""
        return TIMES.join(self.factors)

    @property
    def alias_words(self) -> str:
        """`c x d, -a x e`, or nothing."""
        return ", ".join(_signed(sign, names) for sign, names in self.aliases)

    @property
    def near_aliases(self) -> list[str]:
        """The aliases of at most two factors, each as in `alias_words`; others are mostly small."""
        return [_signed(sign, names) for sign, names in self.aliases if len(names) < 3]


def design(comparison: "Comparison", factors: Sequence[str] | None = None) -> Design:
    """The factorial that the stored runs form.

    Args:
        factors: interventions, shocks or varied columns; None for all that differ between cells.
            Over those left out, effects are averages.

    Raises:
        SettingError: no such factor, one that never changes, or cells that differ in something
            that is no factor.
    """
    table = _levels(comparison)
    known = [name for name in table.columns if table[name].nunique() > 1]
    if factors is None:
        _check_cells(table, known)
    for name in known if factors is None else factors:
        if name not in known:
            why = "never changes" if name in table.columns else "is no factor of these runs"
            raise SettingError(
                f"'{name}' {why} (factors: {', '.join(known) or 'none'}){nearest(name, known)}"
            )
    chosen = tuple(known if factors is None else factors)
    if not chosen:
        raise SettingError(
            "the scenarios differ in no intervention or shock and the design varies nothing, so "
            "there is no factor; compare a factorial"
        )
    coded = [_coded(name, table[name].tolist()) for name in chosen]
    return Design(
        factors=chosen,
        cells=tuple(table.index),
        codes=np.column_stack([codes for codes, _ in coded]),
        levels=tuple(levels for _, levels in coded),
    )


def is_factorial(comparison: "Comparison") -> bool:
    """Whether the runs form a balanced design of two or more factors with two levels each."""
    try:
        found = design(comparison)
    except SettingError:
        return False
    return len(found.factors) > 1 and found.orthogonal


def effects(
    comparison: "Comparison",
    outcome: str,
    factors: Sequence[str] | None = None,
    order: int = 2,
) -> list[Effect]:
    """Main effects and interactions of up to `order` factors; those of fewer factors first.

    Replicates in which a cell is missing, or its outcome not defined, are left out.

    Raises:
        SettingError: as in `design`; no such outcome; or too few cells for that order.
        ResultsError: no replicate has all cells.
    """
    found = design(comparison, factors)
    classes = _classes(found, order)
    columns = np.column_stack([np.ones(len(found.cells)), *(one.column for one in classes)])
    if np.linalg.matrix_rank(columns) < columns.shape[1]:
        raise _too_few_cells(found, order)
    values = _by_cell(comparison, outcome, found)
    # -1 to +1 is two steps
    estimates = 2.0 * (np.linalg.pinv(columns) @ values.T).T[:, 1:]
    k = len(classes)
    own = [mean_interval(column, method=comparison.interval) for column in estimates.T]
    if comparison.interval == "t":
        together = [mean_interval(column, k) for column in estimates.T]
    else:
        together = [
            mean_interval(column, factor=factor).reaching(one)
            for column, factor, one in zip(
                estimates.T, factors_for_all(estimates), own, strict=True
            )
        ]
    return [
        Effect(
            factors=_names(found, one.term),
            interval=own[i],
            together=together[i],
            aliases=tuple((sign, _names(found, term)) for sign, term in one.aliases),
        )
        for i, one in enumerate(classes)
    ]


def largest(comparison: "Comparison", outcome: str) -> tuple[list[Effect], int]:
    """The effects that a page has room for, the largest first, and how many there are in all."""
    every = sorted(effects(comparison, outcome), key=lambda one: -abs(one.interval.mean))
    return every[:MOST_SHOWN], len(every)


def frame(
    comparison: "Comparison",
    outcome: str,
    factors: Sequence[str] | None = None,
    order: int = 2,
) -> "pd.DataFrame":
    """`effects` as a table: outcome, effect, order, levels, mean, intervals, n, aliases."""
    import pandas as pd

    found = design(comparison, factors)
    levels = dict(zip(found.factors, found.levels, strict=True))
    return pd.DataFrame(
        {
            "outcome": outcome,
            "effect": one.name,
            "order": len(one.factors),
            "levels": TIMES.join("{} to {}".format(*levels[name]) for name in one.factors),
            "mean": one.interval.mean,
            "low": one.interval.low,
            "high": one.interval.high,
            "low_together": one.together.low,
            "high_together": one.together.high,
            "n": one.interval.n,
            "excludes_zero": one.interval.excludes_zero,
            "aliases": one.alias_words,
        }
        for one in effects(comparison, outcome, factors, order)
    )


@dataclass(frozen=True)
class _Class:
    """Effects that change together in every cell: the one with the fewest factors, and others."""

    term: Term
    column: FloatArray
    aliases: list[tuple[int, Term]]


def _classes(design: Design, order: int) -> list[_Class]:
    """The effects that can be told apart; aliases may have one factor more."""
    classes: dict[bytes, tuple[int, _Class]] = {}
    for term in _terms(len(design.factors), order + 1):
        column = np.prod(design.codes[:, term], axis=1)
        off = np.round(column - column.mean(), _DIGITS)
        if not off.any():  # can't be told apart from the mean
            continue
        sign = 1 if off[off != 0.0][0] > 0.0 else -1
        key = (sign * off + 0.0).tobytes()  # no negative zeros
        if key in classes:
            first, one = classes[key]
            if len(term) == len(one.term) == 1:
                raise SettingError(
                    f"'{design.factors[one.term[0]]}' and '{design.factors[term[0]]}' change "
                    f"together in every cell; leave one of them out of the factors"
                )
            one.aliases.append((first * sign, term))
        elif len(term) <= order:
            classes[key] = (sign, _Class(term, column, []))
        if len(classes) >= len(design.cells):
            raise _too_few_cells(design, order)
    return [one for _, one in classes.values()]


def _signed(sign: int, names: Sequence[str]) -> str:
    return f"{'-' if sign < 0 else ''}{TIMES.join(names)}"


def _terms(factors: int, order: int) -> Iterator[Term]:
    for size in range(1, min(order, factors) + 1):
        yield from combinations(range(factors), size)


def _too_few_cells(design: Design, order: int) -> SettingError:
    return SettingError(
        f"{len(design.cells)} combinations of {len(design.factors)} factors can't tell effects of "
        f"up to {order} factors apart; ask for a lower order, or compare more combinations"
    )


def _names(design: Design, term: Term) -> tuple[str, ...]:
    return tuple(design.factors[i] for i in term)


def _levels(comparison: "Comparison") -> "pd.DataFrame":
    """Value of every possible factor, one row a cell (scenario, point)."""
    import pandas as pd

    about = comparison.manifest["scenarios"]
    switched = {
        name: [*about[name].get("interventions", []), *about[name].get("shocks", [])]
        for name in comparison.scenarios
    }
    rows = comparison.outcomes
    points = rows["point"] if "point" in rows.columns else pd.Series(0, index=rows.index)
    keys = ["scenario", "point"]
    cells = rows.assign(point=points).drop_duplicates(keys).set_index(keys).sort_index()
    table = cells[comparison.varied()].copy()
    for name in dict.fromkeys(one for every in switched.values() for one in every):
        on = [name in switched[str(scenario)] for scenario, _ in cells.index]
        table[name] = np.where(on, "on", "off")
    return table


def _check_cells(table: "pd.DataFrame", factors: list[str]) -> None:
    twice = table.duplicated(factors, keep=False) if factors else table.index == table.index[0]
    if len(table) > 1 and twice.any():
        one, other = table.index[twice][:2] if factors else table.index[:2]
        raise SettingError(
            f"{_cell(one)} and {_cell(other)} have the same interventions, shocks and varied "
            f"parameters, so what they differ in is no factor; name the factors to average over it"
        )


def _cell(cell: tuple[str, int]) -> str:
    return f"scenario '{cell[0]}' (point {cell[1]})"


def _coded(name: str, values: list[Any]) -> tuple[FloatArray, tuple[Any, Any]]:
    levels = sorted(set(values))
    low, high = levels[0], levels[-1]
    if len(levels) == 2:
        return np.array([1.0 if value == high else -1.0 for value in values]), (low, high)
    if any(isinstance(value, str) for value in levels):
        raise SettingError(
            f"'{name}' has {len(levels)} levels that are no numbers ({', '.join(levels)}); "
            f"leave it out of the factors, or compare two of them"
        )
    numbers = np.array(values, dtype=np.float64)
    return 2.0 * (numbers - low) / (high - low) - 1.0, (low, high)


def _by_cell(comparison: "Comparison", outcome: str, design: Design) -> FloatArray:
    """The outcome, shape (replicates, cells)."""
    import pandas as pd

    several = "point" in comparison.outcomes.columns
    table = pd.DataFrame(
        {
            (scenario, point): values.xs(point, level="point") if several else values
            for scenario, point in design.cells
            for values in [comparison.by_unit(scenario, outcome)]
        }
    ).dropna()
    if not len(table):
        raise ResultsError(
            f"no replicate has '{outcome}' in all of {len(design.cells)} cells; complete the runs, "
            f"or choose another outcome"
        )
    return table.to_numpy(np.float64)
