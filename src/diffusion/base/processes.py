"""What processes owe each other: to start soon, to end with who started them, to hear Ctrl-C."""

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import TYPE_CHECKING

from diffusion.base.errors import RoomError

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

_LOOKING = 0.2  # seconds between two looks for the parent
_LATER = 0.05  # seconds after which an interrupt is tried again
_PATIENCE = 60.0  # seconds until copies that answer nothing are given up
_EACH, _BESIDE = 2, 3  # processes and threads of each worker, and of those who look after them
_STACK = 1 << 20  # bytes; memory is not what is asked for
_ENDINGS = (signal.SIGINT, signal.SIGTERM)
# functions of llvmlite that the compiler calls from C, where an exception is printed and lost
_CALLED_FROM_C = ("_raw_object_cache_notify", "_raw_object_cache_getbuffer")


def is_worker() -> bool:
    """Whether this is one of several processes side by side, so that it must start no others.

    Multiprocessing and joblib give what they start a name, before it imports the script that is
    run; only later it knows its parent.
    """
    return multiprocessing.current_process().name != "MainProcess"


def has_room(workers: int = 0, threads: int = 0) -> bool:
    """Whether the system lets so many workers start, with threads of ours beside them.

    Processes and threads count alike for its limits, so threads are started to see. Pools don't
    survive it where one of theirs can't start: they wait for it for ever.
    """
    seen, started = threading.Event(), list[threading.Thread]()
    usual = threading.stack_size(_STACK)
    try:
        for _ in range((_EACH * workers + _BESIDE if workers else 0) + threads):
            thread = threading.Thread(target=seen.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        return False
    finally:
        threading.stack_size(usual)
        seen.set()
        for thread in started:
            thread.join()
    return True


def require_room(workers: int, instead: str) -> None:
    """Make sure that so many workers can start; one is this process itself.

    Args:
        instead: what the user may do so that none need start.

    Raises:
        RoomError: the system does not let them.
    """
    if workers > 1 and not has_room(workers):
        raise RoomError(
            f"{workers} workers take more processes and threads than the system lets this user "
            f"start; {instead}, or raise the limit (`ulimit -u` shows it; a container may have "
            f"one of its own)"
        )


def may_start() -> bool:
    """Whether this process may start others: a daemon of multiprocessing may not."""
    if multiprocessing.current_process().daemon:
        return False
    if sys.platform == "win32":
        return True
    try:
        multiprocessing.get_context("fork").Lock()
    except (ImportError, OSError):  # the system has no semaphores
        return False
    return True


def may_copy() -> bool:
    """Whether other processes may be copies of this one, which have all that it has imported.

    A copy goes on with the thread that made it and no other, so what another one holds just then
    stays locked in it for ever. Libraries of other systems than Linux start threads unseen.
    """
    return sys.platform == "linux" and threading.active_count() == 1 and may_start()


@contextmanager
def copies(number: int) -> "Iterator[ProcessPoolExecutor | None]":
    """Copies of this process that compute for it; None where it may have none, or has no room.

    They are killed at the end, whatever they are at: after a mistake nobody waits for that.
    """
    if not may_copy() or not has_room(number):
        yield None
        return
    with ExitStack() as ending:
        pool = _copied(number, ending)
        if pool is None:
            ending.close()
        yield pool


def _copied(number: int, ending: ExitStack) -> "ProcessPoolExecutor | None":
    """Copies that work; what there is of others goes with `ending`."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    others, made = set(multiprocessing.active_children()), set[BaseProcess]()
    fork = multiprocessing.get_context("fork")
    ending.callback(_wait_for, made)
    with _endings_blocked():
        try:
            pool = ProcessPoolExecutor(number, fork, _begin, (os.getpid(),))
            first = pool.submit(int)  # all of them start with it, and before the pool has threads
            ending.callback(pool.shutdown, cancel_futures=True)
        except (OSError, RuntimeError):  # no room for so many processes, or for threads
            return None
        finally:
            made.update(set(multiprocessing.active_children()) - others)
            ending.callback(_kill, made)
    try:
        first.result(_PATIENCE)
    except (BrokenProcessPool, TimeoutError):
        return None
    return pool


def _kill(processes: Iterable[BaseProcess]) -> None:
    for process in processes:
        process.kill()


def _wait_for(processes: Iterable[BaseProcess]) -> None:
    for process in processes:
        process.join()


@contextmanager
def _endings_blocked() -> Iterator[None]:
    """Let signals that end this process wait for a moment.

    Python drops what their handlers raise while it forks, and a copy would go on in what this
    process does where it handles them.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(parent: int) -> None:
    """Give up what a copy has taken over and must not keep.

    What the other one has made stays out of the collector's way: to look at it is to copy it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
    try:
        end_with(parent)
    except RuntimeError:  # no room for a thread
        os._exit(1)
    gc.freeze()


@contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl-C for a moment; processes that start meanwhile ignore it for good.

    Only the main thread may decide about signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@lru_cache(maxsize=1)  # once a process
def end_with(parent: int) -> None:
    """End this process as soon as the one that started it has ended, whatever it is at.

    Otherwise it would go on with what is queued, beside whoever takes up the work again.
    """
    threading.Thread(target=_look_for, args=(parent,), daemon=True).start()


def _look_for(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOKING)
    os._exit(1)


@contextmanager
def interrupts_heard() -> Iterator[None]:
    """Let Ctrl-C wait for a moment where the compiler calls Python from C and would swallow it."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    handler = before

    def interrupt(number: int, frame: FrameType | None) -> None:
        if _is_called_from_c(frame):
            again = threading.Timer(_LATER, _interrupt_main_thread, (number,))
            again.daemon = True
            again.start()
        else:
            handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, before)


def _interrupt_main_thread(number: int) -> None:
    """Send a signal to the thread that handles it, which wakes up if it waits."""
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, number)


def _is_called_from_c(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name in _CALLED_FROM_C:
            return True
        frame = frame.f_back
    return False
