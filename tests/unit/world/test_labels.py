import pickle

import pytest

from diffusion.world.labels import Numbered


def test_numbered_names_read_like_a_list() -> None:
    names = Numbered("Organisation", 3)
    assert list(names) == ["Organisation 1", "Organisation 2", "Organisation 3"]
    assert names[-1] == "Organisation 3"
    assert names[1:] == ["Organisation 2", "Organisation 3"]
    assert names.index("Organisation 2") == 1
    assert list(pickle.loads(pickle.dumps(names))) == list(names)
    with pytest.raises(IndexError):
        names[3]
