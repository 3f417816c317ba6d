"""What is said when Ray does not start; needs no Ray."""

from types import SimpleNamespace
from typing import Any

import pytest

from diffusion.base.errors import ResultsError, SettingError
from diffusion.runner.clusters import Ray


def broken(error: Exception) -> Any:
    def init(**_: Any) -> None:
        raise error

    return SimpleNamespace(init=init)


def test_a_machine_too_busy_for_ray_is_no_defect_of_the_program() -> None:
    late = broken(Exception("The current node timed out during startup.\nMore of it."))
    with pytest.raises(ResultsError, match=r"\(The current node timed out during startup\.\)"):
        Ray(workers=1)._start(late)


def test_a_cluster_that_does_not_answer_is_a_wrong_address() -> None:
    with pytest.raises(SettingError, match="no Ray cluster answers at here:1"):
        Ray(workers=1, address="here:1")._start(broken(ConnectionError("nobody")))
    with pytest.raises(RuntimeError, match="something else"):
        Ray(workers=1, address="here:1")._start(broken(RuntimeError("something else")))
