"""Whom an intervention reaches and for how many months: by its coverage, or by its budget.

Under a budget each intervention of a run may cost an equal share of it. Coverage then follows from
the money: those it can mean are paid for the whole window, in the order in which `begin` returns
them, as long as the share lasts; the next one is paid for as many months as the rest allows.
Prices are those of the first month, or, where they vary with luck, what they are on average; such
an intervention then buys by plan, see `Purse`. Where the price does not grow with those reached,
coverage stays as it is set and the money sets the number of months.
"""

from collections.abc import Callable

import numpy as np

from diffusion.base.arrays import IntArray
from diffusion.base.errors import SettingError
from diffusion.interventions.base import Intervention, Purse
from diffusion.world.state import State


def begin(lever: Intervention, state: State, name: str, share: float | None) -> IntArray:
    """Bind an intervention to the world in the first month of its window.

    Args:
        name: under which it is switched on.
        share: what it may cost in EUR; None lets its coverage decide.

    Returns:
        Shape (k, 2): each row that it reaches, and in how many months of its window it is paid.

    Raises:
        SettingError: it means nobody, or the share does not pay one unit for one month.
    """
    if share is not None:
        return _within(lever, state, name, share)
    return _for_months(lever.begin(state, name), lever.window.months, name)


def act(
    lever: Intervention, state: State, reached: IntArray, share: float | None, spent: float
) -> float:
    """Let an intervention act, in a month of its window, on those who are paid for.

    Args:
        reached: what `begin` returned.
        share: what it may cost in EUR, or None.
        spent: EUR that it has cost so far.

    Returns:
        This month's cost in EUR.
    """
    passed = lever.window.before(state.month)
    rows: IntArray = reached[reached[:, 1] > passed, 0]
    if rows.size == 0:
        return 0.0
    if share is None:
        return lever.act(state, rows)
    each = lever.mean_costs(state, reached[:, 0])
    planned = share if each is None else float(each @ np.minimum(reached[:, 1], passed + 1))
    return lever.act_within(state, rows, Purse(left=share - spent, due=planned - spent))


def _for_months(rows: IntArray, months: int, name: str) -> IntArray:
    if rows.size == 0:
        raise SettingError(
            f"intervention '{name}' reaches nobody in this world; choose another target, or more "
            f"coverage"
        )
    return np.column_stack([rows, np.full(rows.size, months)]).astype(np.int64)


def _within(lever: Intervention, state: State, name: str, share: float) -> IntArray:
    """As `begin`, with the coverage that the share pays."""
    trial = state.copy()
    everybody = _covering(lever, 1.0).begin(trial, name)
    each = lever.mean_costs(trial, everybody)

    def cost(count: int) -> float:
        return lever.act(trial, everybody[:count]) if each is None else float(each[:count].sum())

    n, months = everybody.size, lever.window.months
    whole = cost(n)
    if lever.spends_any_sum and whole * months <= share:
        return _for_months(lever.begin(state, name), months, name)
    if whole <= 0.0:
        raise SettingError(
            f"intervention '{name}' {lever.unpriced}, so a budget can't say how far it reaches; "
            f"leave it out, or set budget=null"
        )
    if whole - cost(0) <= 1e-9 * whole:  # one price, whomever it reaches
        paid = _affordable(share, whole, name, "it")
        return _for_months(lever.begin(state, name), min(paid, months), name)
    count = _last(n, lambda k: cost(k) * months <= share)
    if count == 0:
        paid = min(_affordable(share, cost(1), name, "one unit"), months)
        return _for_months(_covering(lever, 1 / n).begin(state, name), paid, name)
    rest = 0
    if count < n:
        rest = int((share - cost(count) * months) / (cost(count + 1) - cost(count)))
    rows = _covering(lever, (count + (rest > 0)) / n).begin(state, name)
    reached = _for_months(rows, months, name)
    reached[count:, 1] = rest
    return reached


def _covering(lever: Intervention, coverage: float) -> Intervention:
    return lever.model_copy(update={"coverage": coverage})


def _affordable(share: float, monthly: float, name: str, what: str) -> int:
    """For how many months a share pays a price, at least one.

    Raises:
        SettingError: for none.
    """
    if share < monthly:
        raise SettingError(
            f"the budget is too small: intervention '{name}' may cost {share:,.2f} EUR of it, but "
            f"{what} costs {monthly:,.2f} EUR a month; give more, or switch on fewer interventions"
        )
    return int(share / monthly)


def _last(n: int, fits: Callable[[int], bool]) -> int:
    """The largest of 1..n that fits, where all smaller ones do too; 0 if none does."""
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
