import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from diffusion.world.worlds.linking import Pairs, circle_sizes


@given(
    st.lists(st.integers(0, 5), max_size=60),
    st.floats(1.0, 20.0),
)
def test_a_group_is_cut_into_circles_that_differ_by_one_at_most(
    group: list[int], size: float
) -> None:
    sizes = circle_sizes(np.array(group, np.int64), size).tolist()
    for count in (group.count(g) for g in range(6) if g in group):
        circles = max(1, round(count / size))
        number = [place * circles // count for place in range(count)]
        assert sizes[:circles] == [number.count(c) for c in range(circles)]
        sizes = sizes[circles:]
    assert sizes == []


@given(st.lists(st.lists(st.integers(-1, 30), max_size=20), max_size=5), st.integers(0, 40))
def test_pairs_come_up_once_and_in_their_order(parts: list[list[int]], most: int) -> None:
    pairs = Pairs(80)
    first = [5, 3, 5, 8]
    with np.errstate(over="ignore"):
        assert pairs.new([np.array(first)], 4).tolist() == [5, 3, 8]
        found = pairs.new((np.array(part, np.int64) for part in parts), most).tolist()
    offered = [number for part in parts for number in part if number not in (-1, *first)]
    assert found == list(dict.fromkeys(offered))[:most]
