"""Keeping the process-wide multiprocessing start method as it was found."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_start_method() -> Iterator[None]:
    """Undo whatever the body does to the start method.

    Mesa 3.3 sets it to `spawn` for the whole process when it is imported, which would change how
    the caller's own process pools start.
    """
    before = multiprocessing.get_start_method(allow_none=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)
