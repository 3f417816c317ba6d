"""Compiling before the first run: every rule is a part of it, and it says so."""

import pytest

from diffusion.model.month import ORDER
from diffusion.runner import compiling
from tests.simulating import settings


def test_every_rule_is_a_part() -> None:
    assert sorted(compiling.PARTS) == sorted([compiling.MEASURING, *(rule.name for rule in ORDER)])


@pytest.mark.parametrize("compiled", [False, True])
def test_it_says_so_if_there_is_something_to_compile(
    compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(compiling, "is_compiled", lambda: compiled)
    monkeypatch.setattr(compiling, "PROCESSES", 1)
    compiling.compile_model(settings(months=1, start=0, stop=1), said.append)
    assert said == [] if compiled else [compiling.COMPILING]
