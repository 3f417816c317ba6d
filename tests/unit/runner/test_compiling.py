"""Compiling the model before workers start."""

import pytest

from diffusion.model import compiling as of_the_month
from diffusion.runner import compiling
from tests.simulating import settings


@pytest.mark.parametrize("compiled", [False, True])
def test_it_says_so_if_there_is_something_to_compile(
    compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    for module in (compiling, of_the_month):
        monkeypatch.setattr(module, "is_compiled", lambda: compiled)
    monkeypatch.setattr(of_the_month, "PROCESSES", 1)
    compiling.compile_model(settings(months=1, start=0, stop=1), said.append)
    assert said == ([] if compiled else [of_the_month.COMPILING])
