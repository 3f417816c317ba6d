import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.unit.world.defaults import practices, synthetic
from tests.unit.world.invariants import assert_valid


# degrees that small worlds miss are drawn too
@pytest.mark.filterwarnings("ignore:world.mean_degree")
# shrinking a failing world takes minutes and tells little
@settings(max_examples=25, phases=(Phase.explicit, Phase.generate))
@given(
    n=st.integers(10, 150),
    territories=st.integers(1, 10),
    seed=st.integers(0, 2**62),
    degree=st.floats(1.0, 8.0),
    closure=st.floats(0.0, 0.8),
    cop_share=st.floats(0.0, 1.0),
    network_share=st.floats(0.0, 1.0),
    limit=st.integers(1, 50),
)
def test_every_synthetic_world_is_valid(
    n: int,
    territories: int,
    seed: int,
    degree: float,
    closure: float,
    cop_share: float,
    network_share: float,
    limit: int,
) -> None:
    world = synthetic(
        n=n,
        n_territories=territories,
        modularity=0.0,
        mean_degree=degree,
        clustering=closure,
        cop_share=cop_share,
        network_share=network_share,
    )
    state = world.build(practices(limit=limit), seed)
    assert state.n_organisations == n
    assert state.n_practices == limit
    assert_valid(state)
