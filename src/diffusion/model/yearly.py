"""What is measured once a year: the shape of the network of ties, and uses by group."""

from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.compiled import compiled
from diffusion.base.table_type import typed_once
from diffusion.model.totals import take_groups
from diffusion.world.network import measure
from diffusion.world.state import State
from diffusion.world.traffic import Live
from diffusion.world.vocabulary import KINDS, NETWORK_TYPES

SLOW_EVERY = 12  # months between measurements of clustering and components
GROUPS_EVERY = 12
STAGES = ("aware", "using", "institutionalised")
_TIES = int(Live.TIES)


class Groups(NamedTuple):
    """Uses by group in the three STAGES, a row for each month that `months_of_groups` gives."""

    by_practice: IntArray  # shape (rows, STAGES, P)
    by_kind: IntArray
    by_territory: IntArray
    by_type: IntArray  # the last column stands for organisations without a network
    type_size: IntArray  # organisations by type, shape (rows, types)


class _Yearly(NamedTuple):
    slow: FloatArray  # row m after m months, see `network.measure`; NaN where not measured
    groups: Groups
    by_group: bool  # whether uses are counted by group
    months: int  # length of the run; in its last month groups are counted too


@typed_once
class Yearly(_Yearly):
    """Where `take_yearly` writes, and what it must know."""


def months_of_groups(months: int) -> list[int]:
    """The months of a run in which uses are counted by group: each 12th, and the last."""
    return sorted({*range(0, months, GROUPS_EVERY), *range(months)[-1:]})


def open_groups(state: State, months: int) -> Groups:
    """Room for the groups of a run of so many months."""
    rows, types = len(months_of_groups(months)), len(NETWORK_TYPES) + 1
    sizes = (state.n_practices, len(KINDS), len(state.territories), types)
    shapes = [*((rows, len(STAGES), size) for size in sizes), (rows, types)]
    return Groups(*(np.zeros(shape, np.int64) for shape in shapes))


@compiled
def take_yearly(w, yearly, m):  # type: ignore[no-untyped-def]
    """Measure the world after m months, as far as it is measured after so many."""
    passed = m - 1
    if passed % SLOW_EVERY == 0:
        measure(w.orgs, w.ties, w.sizes[_TIES], yearly.slow[m])
    if yearly.by_group and (passed % GROUPS_EVERY == 0 or m == yearly.months):
        row = (passed + GROUPS_EVERY - 1) // GROUPS_EVERY
        groups = yearly.groups
        take_groups(
            w.orgs, w.networks, w.memberships.start, w.memberships.network,
            groups.by_practice[row], groups.by_kind[row], groups.by_territory[row],
            groups.by_type[row], groups.type_size[row],
        )  # fmt: skip
