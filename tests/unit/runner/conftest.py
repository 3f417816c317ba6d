"""Small experiments, and a stand-in for the simulation that needs no time."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diffusion.base.draws import Decision, uniforms
from diffusion.config import Experiment, design
from diffusion.model.measures import Columns
from diffusion.model.settings import ModelSettings

SMALL = [
    "world=synthetic",
    "world.n=60",
    "world.n_territories=3",
    "timing={start: 2, stop: 5, months: 8}",
]


class FakeSimulation:
    """Numbers that depend on the seed; a seed listed in `broken` raises."""

    broken: frozenset[int] = frozenset()
    calls: list[int]

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings

    def run(self) -> None:
        type(self).calls.append(self.settings.seed)
        if self.settings.seed in self.broken:
            raise ArithmeticError(f"seed {self.settings.seed} breaks")

    def _numbers(self) -> Any:
        months = np.arange(self.settings.timing.months)
        return uniforms(self.settings.seed, Decision.TARGET, 0, months)

    def tables(self) -> dict[str, Columns]:
        tables: dict[str, dict[str, list[Any]]] = {
            "months": {
                "month": list(range(len(self._numbers()))),
                "share_using": self._numbers().tolist(),
            },
            "outcomes": {"using_end": [float(self._numbers()[-1])]},
            "survival": {"since_stop": [0, 1], "at_risk": [4, 4], "in_use": [4, 3]},
            "groups": {"month": [0], "dimension": ["scale"], "value": ["little"]},
        }
        if self.settings.record.events:
            tables["events"] = {"month": [0], "event": ["left"]}
        return {
            table: {name: np.array(cells) for name, cells in columns.items()}
            for table, columns in tables.items()
        }


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeSimulation]:
    """The runner simulates in no time; nothing is compiled, and no intervention begins."""

    class Fresh(FakeSimulation):
        calls: list[int] = []  # noqa: RUF012 - each test has its own class

    def together(every: Sequence[ModelSettings]) -> Iterator[tuple[int, Fresh]]:
        for k, settings in enumerate(every):
            run = Fresh(settings)
            run.run()
            yield k, run

    monkeypatch.setattr("diffusion.runner.run.simulate_together", together)
    monkeypatch.setattr("diffusion.runner.run.compile_model", lambda *_: None)
    monkeypatch.setattr("diffusion.runner.run.check_worlds", lambda _: None)
    return Fresh


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Experiment]:
    """An experiment of two scenarios on a small world."""

    def experiment(*overrides: str, replicates: int = 3) -> Experiment:
        return design(
            [
                *SMALL,
                "executor=serial",
                "intervention=[cop_formation]",
                f"replicates={replicates}",
                *overrides,
            ]
        )

    return experiment
