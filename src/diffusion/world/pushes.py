"""Practices that interventions put before organisations, for a month.

Like modifiers they are neutral again at the start of each month. Modifiers hold for whatever an
organisation does, pushes for some practices only. Where two interventions push at the same
organisation, the stronger effect holds for the practices of both.
"""

import numpy as np

from diffusion.base.arrays import FloatArray, MaskArray, Table, bare, table_of


class Pushes(Table):
    """One row an organisation."""

    told: MaskArray  # practices of which it is told
    taught: MaskArray  # practices in which one of its people is trained
    eased: MaskArray  # practices whose start is supported
    p_told: FloatArray  # chance, 0..1, that it hears; in practices of its own fields
    p_taught: FloatArray  # chance, 0..1, that the person learns the simplest practice
    rel_eased: FloatArray  # hazard of starting a trial of what is eased


def neutral_pushes(n: int) -> Pushes:
    """Pushes that change nothing, for n organisations."""
    return table_of(Pushes, n, rel_eased=1.0)


def reset(pushes: Pushes) -> None:
    """Take all pushes back, in place."""
    # all columns are as wide as a word: as one block of words they are set at once
    cells = bare(pushes).view(np.uint64).reshape(len(pushes), -1)
    cells[:] = _NEUTRAL


_NEUTRAL = bare(neutral_pushes(1)).view(np.uint64)
