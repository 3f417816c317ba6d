"""Progress in words."""

from collections.abc import Callable

import pytest

from diffusion.cli.screen import ShowProgress, duration
from diffusion.runner.run import Progress


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.1, "less than a second"),
        (42, "42 s"),
        (99.6, "2 min"),
        (5_900, "98 min"),
        (36_000, "10.0 h"),
        (864_000, "10.0 days"),
    ],
)
def test_times_are_told_in_the_unit_that_suits_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


Shown = Callable[[float, list[Progress]], list[str]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    """The lines that reports give which come so many seconds apart."""

    def lines(seconds: float, reports: list[Progress]) -> list[str]:
        now = [1000.0]
        monkeypatch.setattr("time.monotonic", lambda: now[0])
        with ShowProgress() as show:
            for report in reports:
                show(report)
                now[0] += seconds
        return capsys.readouterr().err.splitlines()

    return lines


def test_rate_and_time_left_are_of_what_this_call_computes(shown: Shown) -> None:
    reports = [Progress(*told, 50, 100) for told in ((0, 0), (10, 0), (18, 2), (48, 2))]
    assert shown(10.0, reports) == [
        "50 of 100 runs are there already",
        "60 of 100 runs, 0 failed",
        "70 of 100 runs, 2 failed, 1.0 runs/s, 30 s left",
        "100 of 100 runs, 2 failed, 2.0 runs/s",
    ]


def test_two_reports_at_the_same_moment_tell_no_rate(shown: Shown) -> None:
    reports = [Progress(done, 0, 0, 10) for done in (5, 10)]
    assert shown(0.001, reports)[-1] == "10 of 10 runs, 0 failed"
