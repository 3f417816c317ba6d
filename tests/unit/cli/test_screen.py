"""Progress in words."""

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


def test_rate_and_time_left_are_of_what_this_call_computes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with ShowProgress() as show:
        for done, failed in ((0, 0), (10, 0), (18, 2), (48, 2)):
            show(Progress(done, failed, 50, 100))
            now[0] += 10.0
    assert capsys.readouterr().err.splitlines() == [
        "50 of 100 runs are there already",
        "60 of 100 runs, 0 failed",
        "70 of 100 runs, 2 failed, 1.0 runs/s, 30 s left",
        "100 of 100 runs, 2 failed, 2.0 runs/s",
    ]


def test_two_reports_at_the_same_moment_tell_no_rate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with ShowProgress() as show:
        for done in (5, 10):
            show(Progress(done, 0, 0, 10))
            now[0] += 0.001
    assert capsys.readouterr().err.splitlines()[-1] == "10 of 10 runs, 0 failed"
