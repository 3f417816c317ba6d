"""How those who work together come to know, and to forget."""

import numpy as np
import pytest

from tests.simulating import advance, know, number_with, quiet, use, world

N = 2000


@pytest.mark.parametrize("posts", [1, 11, 12, 13, 40])
def test_each_organisation_teaches_what_it_runs_itself(posts: int) -> None:
    state = world(50, posts=posts)
    use(state, slice(0, 50, 2))
    know(state, slice(None))
    state.posts.knows[np.arange(len(state.posts)) % posts > 0] = 0
    advance(state, quiet(turnover={"p_learn_colleague": 1.0, "complexity_brake": 0.0}))
    knowing = (state.posts.knows == 1).reshape(50, posts)
    assert knowing[::2].all()
    assert knowing[1::2, 0].all()
    assert not knowing[1::2, 1:].any()


def test_an_organisation_knows_what_its_staff_know() -> None:
    state = world(N, posts=3, practices={"complexity": [0.0, 0.5]})
    use(state, slice(0, N, 2), 0)
    know(state, slice(None), 1)
    state.posts.knows[1::3] = 0
    chances = {"p_learn_colleague": 0.1, "p_skill_decay": 0.2, "months_vacancy": 2.0}
    parameters = quiet(turnover=chances | {"rel_turnover": 1.0, "share_ngo": 0.6})
    for _ in range(4):
        advance(state, parameters)
        union = np.bitwise_or.reduceat(state.posts.knows, state.organisations.first_post)
        assert np.array_equal(state.organisations.knows, union)
    assert 0 < number_with(union, 0) < N // 2
    assert 0 < number_with(union, 1) < N
