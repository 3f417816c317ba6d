"""Two-level fractions of a factorial: which combinations are run, and what gets mixed up.

A factor's column is the product of the columns of some base factors (signs, -1 low and +1 high).
It is kept as a bit mask of these base factors, so the product of two columns is the exclusive or
of their masks. Resolution R: no product of fewer than R columns is constant. At III main effects
are mixed up with interactions of two factors, at IV such interactions with each other, at V none
of them.

Source: Box, Hunter and Hunter 2005, Statistics for Experimenters, chapter 6.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import xor

import numpy as np
import numpy.typing as npt

from diffusion.base.errors import SettingError

LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # I is the column of ones
LOWEST, HIGHEST = 3, 5  # resolutions that are searched for
_TRIES = 20_000  # columns tried for a fraction of one size, before a larger one is taken
_TIMES = " x "


@dataclass(frozen=True)
class Fraction:
    """A fraction of the combinations of two-level factors.

    `masks` holds one mask a factor; the first `base` factors are their own columns, the others
    products of them. All combinations are the fraction without further factors.
    """

    base: int
    masks: tuple[int, ...]

    def signs(self) -> npt.NDArray[np.int64]:
        """-1 for low, +1 for high, shape (2**base, factors); the first factor changes fastest."""
        place = np.arange(1 << self.base)[:, None]
        own = 2 * ((place >> np.arange(self.base)[None, :]) & 1) - 1
        columns = [
            own[:, [k for k in range(self.base) if mask >> k & 1]].prod(axis=1)
            for mask in self.masks
        ]
        return np.stack(columns, axis=1)

    def resolution(self) -> int | None:
        """The smallest number of factors whose product is constant; None if there is none."""
        if self.base == len(self.masks):
            return None
        for size in range(1, len(self.masks) + 1):
            if any(reduce(xor, some) == 0 for some in combinations(self.masks, size)):
                return size
        return None

    def aliases(self, order: int = 2) -> list[tuple[tuple[int, ...], ...]]:
        """Groups of effects of at most `order` factors that can't be told apart."""
        by_column: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for size in range(1, order + 1):
            for effect in combinations(range(len(self.masks)), size):
                by_column[reduce(xor, (self.masks[k] for k in effect))].append(effect)
        return [tuple(mixed) for mixed in by_column.values() if len(mixed) > 1]

    def generators(self) -> list[str]:
        """The further factors in letters, `E=ABCD`."""
        return [
            f"{LETTERS[k]}={''.join(LETTERS[j] for j in range(self.base) if mask >> j & 1)}"
            for k, mask in enumerate(self.masks)
            if k >= self.base
        ]


def everything(factors: int) -> Fraction:
    """All combinations."""
    return Fraction(factors, tuple(1 << k for k in range(factors)))


def smallest(factors: int, resolution: int) -> Fraction:
    """The smallest fraction of at least this resolution, with the highest it can have then.

    Args:
        factors: 2 or more; up to 25 have letters.
        resolution: 3, 4 or 5.
    """
    for base in range(resolution - 1, factors):
        for aim in range(HIGHEST, resolution - 1, -1):
            masks = _searched(base, factors, aim)
            if masks is not None:
                return Fraction(base, masks)
    return everything(factors)


def stated(factors: int, generators: Sequence[str]) -> Fraction:
    """The fraction that generators such as `E=ABCD` state.

    Raises:
        SettingError: letters that are no factors or no base factors, or a resolution below III.
    """
    base = factors - len(generators)
    letters = LETTERS[:factors]
    masks = {letter: 1 << k for k, letter in enumerate(letters[: max(base, 0)])}
    for line in generators:
        made, _, product = line.upper().replace(" ", "").partition("=")
        if len(made) != 1 or made not in letters[max(base, 0) :] or made in masks:
            raise SettingError(
                f"design.generators holds '{line}': with {factors} factors and "
                f"{len(generators)} generators each of {', '.join(letters[max(base, 0) :])} needs "
                f"one, such as {letters[-1]}={letters[: max(base, 2)]}"
            )
        if len(product) < 2 or len(set(product)) < len(product) or set(product) - set(LETTERS):
            raise SettingError(
                f"design.generators holds '{line}': write the product of two or more factors in "
                f"letters, each once"
            )
        if set(product) - set(letters[:base]):
            raise SettingError(
                f"design.generators holds '{line}': the product may hold {letters[:base]} only, "
                f"the factors without a generator"
            )
        masks[made] = reduce(xor, (1 << letters.index(letter) for letter in product))
    fraction = Fraction(base, tuple(masks[letter] for letter in letters))
    if (fraction.resolution() or LOWEST) < LOWEST:
        raise SettingError(
            f"design.generators {', '.join(generators)} mix up main effects with each other; "
            f"state different products"
        )
    return fraction


def in_words(fraction: Fraction, names: Sequence[str]) -> Iterator[str]:
    """What the fraction mixes up, one sentence a group of main effects and interactions of two.

    Args:
        names: of the factors, in their order.
    """
    for first, *others in fraction.aliases():
        mixed = ", ".join(_TIMES.join(names[k] for k in effect) for effect in others)
        yield f"{_TIMES.join(names[k] for k in first)} can't be told apart from {mixed}"


def roman(resolution: int) -> str:
    """A resolution as it is written: III, IV, V, VI ..."""
    tens, rest = divmod(resolution, 10)
    digits = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    return "X" * tens + digits[rest]


def _searched(base: int, factors: int, resolution: int) -> tuple[int, ...] | None:
    """Masks of factors in 2**base combinations with this resolution, if the search finds any.

    A column may be added if it is no product of fewer than `resolution` - 1 others. Long products
    are tried first. For IV, products of an odd number of factors always go together.
    """
    own = [1 << k for k in range(base)]
    if base < resolution - 1 or factors >= 1 << base:
        return None
    candidates = sorted(
        (mask for mask in range(1, 1 << base) if mask.bit_count() >= resolution - 1),
        key=lambda mask: (-mask.bit_count(), mask),
    )
    if resolution == HIGHEST - 1:
        candidates = [mask for mask in candidates if mask.bit_count() % 2]
    taken = _products(own, resolution - 2)
    left = _TRIES

    def grow(found: list[int], taken: set[int], start: int) -> list[int] | None:
        nonlocal left
        if len(found) == factors:
            return found
        for k in range(start, len(candidates)):
            mask = candidates[k]
            if mask in taken:
                continue
            left -= 1
            if left < 0 or len(candidates) - k < factors - len(found):
                return None
            longer = [*found, mask]
            grown = grow(longer, taken | _with(mask, found, resolution - 2), k + 1)
            if grown is not None:
                return grown
        return None

    grown = grow(own, taken, 0)
    return None if grown is None else tuple(grown)


def _products(masks: Sequence[int], most: int) -> set[int]:
    """All products of 1 to `most` columns."""
    sizes = range(1, most + 1)
    return {reduce(xor, some) for size in sizes for some in combinations(masks, size)}


def _with(mask: int, found: Sequence[int], most: int) -> set[int]:
    """The products of at most `most` columns that a further column adds."""
    return {mask} | {mask ^ product for product in _products(found, most - 1)}
