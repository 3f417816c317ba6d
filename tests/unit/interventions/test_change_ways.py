"""Networks work otherwise for as long as an intervention lasts."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from diffusion.interventions.change_ways import ChangeWays
from diffusion.world.state import State
from diffusion.world.tables import NETWORK_HELP
from tests.simulating import group, world

BASE: dict[str, Any] = {
    "window": {"from": 0, "until": 5},
    "coverage": 1.0,
    "target": "random",
    "evidence": (),
    "facilitated": False,
    "shared": False,
    "more_meetings": 0.0,
    "more_turnout": 0.0,
    "more_depth": 0.0,
    "summary": "Helps",
    "min_members": 4,
    "eur_per_year": 1200,
}


def lever(**settings: Any) -> ChangeWays:
    return ChangeWays.model_validate(BASE | settings)


def networks() -> State:
    """Ten networks of three members and ten of six."""
    state = world(90, posts=1)
    who = np.arange(90).tolist()
    groups = [who[i : i + 3] for i in range(0, 30, 3)] + [who[i : i + 6] for i in range(30, 90, 6)]
    group(state, groups)
    return state


@pytest.mark.parametrize(
    ("settings", "column", "value"),
    [
        ({"facilitated": True}, "mixed", 1),
        ({"shared": True}, "shared", 1),
        ({"more_meetings": 0.5}, "add_rhythm", 0.5),
        ({"more_turnout": 0.1}, "add_turnout", 0.1),
        ({"more_depth": 0.2}, "add_depth", 0.2),
    ],
)
def test_it_reaches_large_networks_and_changes_what_was_asked(
    settings: dict[str, Any], column: str, value: float
) -> None:
    state = networks()
    chosen = lever(**settings)
    rows = chosen.begin(state, "ways")
    assert sorted(rows) == list(range(10, 20))
    assert chosen.act(state, rows) > 0.0
    for name in NETWORK_HELP:
        wanted = value if name == column else 0
        assert (state.networks[name][10:] == wanted).all()
        assert (state.networks[name][:10] == 0).all()
    state.open_month()
    assert not any(state.networks[name].any() for name in NETWORK_HELP)


def test_two_of_them_add_up() -> None:
    state = networks()
    for depth in (0.2, 0.1):
        chosen = lever(more_depth=depth)
        chosen.act(state, chosen.begin(state, "ways"))
    assert state.networks.add_depth[10:] == pytest.approx(0.3)


def test_it_costs_so_much_a_network() -> None:
    state = networks()
    chosen = lever(shared=True, coverage=0.5)
    rows = chosen.begin(state, "ways")
    assert rows.size == 5
    assert chosen.act(state, rows[:0]) == 0.0
    assert chosen.act(state, rows) == pytest.approx(5 * chosen.act(state, rows[:1]))


def test_ways_that_change_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="it changes nothing; set facilitated"):
        lever()
