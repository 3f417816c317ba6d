"""The examples of docs/designs.md do what the page says."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diffusion.config import design
from diffusion.runner.run import run_experiment
from tests.architecture.checkout import ROOT

PAGE = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
SMALL = ["world=synthetic", "world.n=60", "world.n_territories=3", "executor=serial"]
SHORT = "timing={start: 2, stop: 5, months: 8}"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[list[str]]:
    for block in blocks("bash"):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line)


@pytest.mark.parametrize("words", list(commands()), ids=lambda words: " ".join(words)[-60:])
def test_every_command_is_a_design(words: list[str]) -> None:
    assert words[:2] == ["diffusion", "compare"]
    experiment = design([*SMALL, *words[2:]])
    assert (experiment.layout is None) == (experiment.until is not None)


def test_the_experiment_of_the_page_composes(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    head, body = text.split("\n", 1)
    path = tmp_path / head.removeprefix("# file: ")
    path.parent.mkdir()
    path.write_text(body, encoding="utf-8")
    experiment = design([*SMALL, "experiment=what_matters"], tmp_path)
    assert experiment.layout is not None
    assert len(experiment.layout.points) == 16
    assert len(experiment.layout.factors) == 4
    assert len(experiment.scenarios["cop"].points) == 16


def test_salib_reads_the_points(
    fake: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def numbers(self: Any) -> Any:
        rules = self.settings.rules
        months = np.arange(self.settings.timing.months)
        return months + rules.turnover.rel_turnover + 0.0 * rules.adoption.start_rate

    monkeypatch.setattr(fake, "_numbers", numbers)
    (words,) = [words for words in commands() if "name=indices" in words]
    experiment = design([*SMALL, SHORT, *words[2:]])
    run_experiment(experiment, tmp_path / "results" / "indices")
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    found: dict[str, Any] = {}
    exec(code, found)
    total = dict(zip(found["varied"], found["indices"]["ST"], strict=True))
    assert total["turnover.rel_turnover"] == pytest.approx(1.0, abs=0.1)
    assert total["adoption.start_rate"] == pytest.approx(0.0, abs=1e-9)
    assert "turnover.rel_turnover" in capsys.readouterr().out
