"""What processes owe each other: to end with the one that started them, and to hear Ctrl-C."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import FrameType

_LOOKING = 0.2  # seconds between two looks for the parent
_LATER = 0.05  # seconds after which an interrupt is tried again
# functions of llvmlite that the compiler calls from C, where an exception is printed and lost
_CALLED_FROM_C = ("_raw_object_cache_notify", "_raw_object_cache_getbuffer")


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
            again = threading.Timer(_LATER, signal.raise_signal, (number,))
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


def _is_called_from_c(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name in _CALLED_FROM_C:
            return True
        frame = frame.f_back
    return False
