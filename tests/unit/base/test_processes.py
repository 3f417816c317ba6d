"""Processes are copies where they may be, end with who started them, and hear Ctrl-C in time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from diffusion.base.processes import interrupts_heard, interrupts_ignored

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
COPYING = """import os, signal, threading, time
from diffusion.base.processes import copies, may_copy

made = []

def asked():
    os.kill(os.getpid(), signal.SIGINT)  # as a terminal sends it to all
    return made, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

signal.signal(signal.SIGTERM, lambda *_: None)
for world in ("one", "another"):
    assert may_copy()
    made.append(world)
    with copies(2) as pool:
        print(*pool.submit(asked).result())
        pool.submit(time.sleep, 60)

threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print(may_copy())
"""
CROWDED = """import multiprocessing, os
from diffusion.base.processes import copies

made, fork = [], os.fork

def crowded():
    if made:
        raise BlockingIOError("no more processes")
    made.append(True)
    return fork()

os.fork = crowded
with copies(2) as pool:
    print(pool, end=" ")
print(len(multiprocessing.active_children()))
"""
SOON = 20.0  # seconds; without it both wait a minute


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


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux")
def test_copies_have_what_was_made_before_them_and_end_where_they_are() -> None:
    command = [sys.executable, "-c", COPYING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SOON)
    assert done.stdout.splitlines() == [
        "['one'] True",
        "['one', 'another'] True",
        "False",  # beside another thread
    ]
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux")
def test_without_room_for_all_copies_there_are_none() -> None:
    command = [sys.executable, "-c", CROWDED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SOON)
    assert done.stdout == "None 0\n"


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
