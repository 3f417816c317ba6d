"""Ctrl-C and SIGTERM while a sweep runs, in this process."""

import signal
import threading
from pathlib import Path

import pytest

from diffusion.cli import Terminated
from diffusion.cli.stopping import Stopping
from diffusion.runner import stopping
from diffusion.runner.run import Progress


def nothing(_: Progress) -> None:
    """Show nothing."""


def test_ctrl_c_once_asks_and_twice_raises(tmp_path: Path) -> None:
    said: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with Stopping(tmp_path, said.append) as control:
        control.watching(nothing)(Progress(0, 0, 0, 1))
        signal.raise_signal(signal.SIGINT)
        assert stopping.asked(tmp_path)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert said == ["stopping: the runs that have begun still finish; Ctrl-C again stops at once"]
    assert signal.getsignal(signal.SIGINT) == before


def test_ctrl_c_while_something_is_shown_waits_for_nobody_and_is_told_afterwards(
    tmp_path: Path,
) -> None:
    screen, said = threading.Lock(), []

    def say(text: str) -> None:
        with screen:
            said.append(text)

    with Stopping(tmp_path, say) as control:
        control.watching(nothing)(Progress(0, 0, 0, 1))
        with screen:
            signal.raise_signal(signal.SIGINT)
            assert stopping.asked(tmp_path)
            assert said == []
    assert len(said) == 1


def test_before_the_first_run_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    with Stopping(tmp_path, lambda _: None), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert not stopping.asked(tmp_path)


def test_a_folder_that_cannot_be_told_stops_at_once(tmp_path: Path) -> None:
    with Stopping(tmp_path / "gone", lambda _: None) as control:
        control.watching(nothing)(Progress(0, 0, 0, 1))
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_where_no_thread_can_say_so_it_stops_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    said: list[str] = []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with Stopping(tmp_path, said.append) as control:
        control.watching(nothing)(Progress(0, 0, 0, 1))
        signal.raise_signal(signal.SIGINT)
        assert stopping.asked(tmp_path)
    assert said == []


def test_sigterm_stops_at_once(tmp_path: Path) -> None:
    with Stopping(tmp_path, lambda _: None), pytest.raises(Terminated):
        signal.raise_signal(signal.SIGTERM)
