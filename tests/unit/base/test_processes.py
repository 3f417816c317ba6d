"""Processes are copies where they may be, end with who started them, and hear Ctrl-C in time."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from diffusion.base import processes
from diffusion.base.errors import RoomError
from diffusion.base.processes import has_room, interrupts_heard, interrupts_ignored, require_room

STARTING = """import multiprocessing, os, time
from diffusion.base.processes import end_with

def wait(parent, told):
    end_with(parent)
    told.send(os.getpid())
    time.sleep(60)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    context.Process(target=wait, args=(os.getpid(), there)).start()
    print(here.recv(), flush=True)
    time.sleep(60)
"""
COPYING = """import multiprocessing, os, signal, threading, time
from diffusion.base.processes import copies, may_copy

made = []

def asked():
    os.kill(os.getpid(), signal.SIGINT)  # as a terminal sends it to all
    return made, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

signal.signal(signal.SIGTERM, lambda *_: None)
for world in ("one", "another"):
    made.append(world)
    with copies(2) as pool:
        print(*pool.submit(asked).result())
        pool.submit(time.sleep, 60)
        own = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        own.start()
    print(own.is_alive())
    own.kill()
    own.join()

threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print(may_copy())
"""
FORKING = """import multiprocessing, os, signal, threading
from diffusion.base.processes import copies

class Ended(BaseException): ...

def end(*_):
    raise Ended

signal.signal(signal.SIGTERM, end)
fork, forks = os.fork, []

def forked():
    forks.append(None)
    {before}
    child = fork()
    {after}
    return child

os.fork = forked
{first}
try:
    with copies(2) as pool:
        print(pool, end=" ")
except Ended:
    print("ended", end=" ")
print(len(forks), len(multiprocessing.active_children()))
"""
TERM = "os.kill(os.getpid(), signal.SIGTERM)"
CROWDED = """
    if len(forks) > 1:
        raise BlockingIOError("no more processes")
"""
NO_THREADS = """
def refuse(_):
    raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
"""
FULL_BY_THEN = """
from diffusion.base import processes
processes.has_room = lambda _: True
"""
DAEMON = """import multiprocessing
from diffusion.base.processes import copies, may_copy

def ask(_):
    with copies(2) as pool:
        return pool is None, may_copy()

with multiprocessing.get_context("fork").Pool(1) as pool:
    print(pool.map(ask, [0]))
"""
SOON = 20.0  # seconds; without it both wait a minute

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux")


def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    script = tmp_path / "starting.py"
    script.write_text(STARTING, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        child = int(one.stdout.readline())
        one.kill()
    until = time.monotonic() + SOON
    with suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.kill(child, 0)
            time.sleep(0.05)
        pytest.fail("it goes on")


def told(code: str) -> list[str]:
    """What a process of one thread prints; nothing on stderr."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SOON)
    assert done.stderr == ""
    return done.stdout.splitlines()


@on_linux
def test_copies_have_what_was_made_before_them_and_end_alone_where_they_are() -> None:
    assert told(COPYING) == [
        "['one'] True",
        "True",  # what somebody else started meanwhile lives
        "['one', 'another'] True",
        "True",
        "False",  # beside another thread
    ]


@on_linux
@pytest.mark.parametrize(
    ("before", "after", "first", "says"),
    [
        (CROWDED, "", "", "None 2 0"),
        ("", "", NO_THREADS, "None 0 0"),
        ("", "", FULL_BY_THEN + NO_THREADS, "None 2 0"),
        (TERM, "", "", "ended 2 0"),  # heard, though Python drops what handlers raise in a fork
        ("", f"if child == 0: {TERM}", "", "None 2 0"),  # copies that die at once say nothing
    ],
    ids=["crowded", "no threads", "no threads by then", "ended", "copies ended"],
)
def test_without_all_copies_there_are_none(before: str, after: str, first: str, says: str) -> None:
    code = FORKING.format(before=before or "pass", after=after or "pass", first=first)
    assert told(code) == [says]


@on_linux
def test_daemons_have_no_copies() -> None:
    assert told(DAEMON) == ["[(True, False)]"]


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets so many further threads start at a time, and no more."""

    def limited(number: int) -> None:
        before = threading.active_count()
        start = threading.Thread.start

        def refuse(thread: threading.Thread) -> None:
            if threading.active_count() - before >= number:
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", refuse)

    return limited


def test_room_is_for_workers_and_those_who_look_after_them(limit: Callable[[int], None]) -> None:
    threads, stack = threading.active_count(), threading.stack_size()
    limit(processes._EACH * 3 + processes._BESIDE)
    assert has_room(3)
    assert not has_room(3, threads=1)
    assert not has_room(4)
    assert (threading.active_count(), threading.stack_size()) == (threads, stack)


def test_where_no_thread_can_start_one_worker_is_all(limit: Callable[[int], None]) -> None:
    limit(0)
    assert has_room()
    require_room(1, "nothing to do")
    with pytest.raises(RoomError, match=r"^8 workers take more .*; take fewer, or raise the limit"):
        require_room(8, "take fewer")


def _raw_object_cache_notify(wait: Callable[[float], None]) -> str:
    """Named as what the compiler calls from C."""
    signal.raise_signal(signal.SIGINT)
    wait(0.0)
    return "went on"


def interrupted(found: list[str]) -> None:
    with interrupts_heard():
        found.append(_raw_object_cache_notify(time.sleep))
        time.sleep(SOON)


def test_an_interrupt_waits_until_the_compiler_is_back_from_c() -> None:
    found: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(found)
    assert found == ["went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_elsewhere_an_interrupt_is_heard_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_heard():
        signal.raise_signal(signal.SIGINT)


def test_interrupts_are_ignored_only_while_processes_start() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupts_ignored():
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) == before
