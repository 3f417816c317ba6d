"""What processes owe each other: to start soon, to end with who started them, to hear Ctrl-C."""

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

_LOOKING = 0.2  # seconds between two looks for the parent
_LATER = 0.05  # seconds after which an interrupt is tried again
# functions of llvmlite that the compiler calls from C, where an exception is printed and lost
_CALLED_FROM_C = ("_raw_object_cache_notify", "_raw_object_cache_getbuffer")


def may_copy() -> bool:
    """Whether other processes may be copies of this one, which have all that it has imported.

    A copy goes on with the thread that made it and no other, so what another one holds just then
    stays locked in it for ever. Libraries of other systems than Linux start threads unseen.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    try:
        multiprocessing.get_context("fork").Lock()
    except (ImportError, OSError):  # the system has no semaphores
        return False
    return True


@contextmanager
def copies(number: int) -> "Iterator[ProcessPoolExecutor | None]":
    """Copies of this process that compute for it; None where it may have none.

    They are killed at the end, whatever they are at: after a mistake nobody waits for that.
    """
    if not may_copy():
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(number, multiprocessing.get_context("fork"), _begin, (os.getpid(),))
    before = set(multiprocessing.active_children())
    try:
        yield pool if _started(pool) else None
    finally:
        made = set(multiprocessing.active_children()) - before
        for copy in made:
            copy.kill()
        pool.shutdown(cancel_futures=True)
        for copy in made:
            copy.join()


def _started(pool: "ProcessPoolExecutor") -> bool:
    """Whether there was room for all copies, which start with the first job.

    Only then the pool has threads.
    """
    try:
        with interrupts_ignored():
            pool.submit(int)
    except OSError:
        return False
    return True


def _begin(parent: int) -> None:
    """Give up what a copy has taken over and must not keep.

    What the other one has made stays out of the collector's way: to look at it is to copy it.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with(parent)
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
