"""Where a process that computes chunks begins: nothing of the model is imported here."""

import gc
import os
import pickle
import signal
import sys
import threading
import time
from functools import lru_cache
from typing import Any

_MODEL = "diffusion.model.simulation"
_LOOKING = 0.2  # seconds between two looks for the parent


def work(packed: bytes, parent: int) -> Any:
    """Apply a task to a chunk; `packed` are both, pickled by the process `parent`.

    Ctrl-C reaches every process of the terminal; the parent alone decides what it means.
    """
    if os.getpid() != parent:
        end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task, chunk = unpacked(packed)
    return task(chunk)


@lru_cache(maxsize=1)  # once a process
def end_with(parent: int) -> None:
    """End this process as soon as the one that started it has ended, whatever it is at.

    Otherwise it would go on with what is queued, beside whoever takes up the sweep again.
    """
    threading.Thread(target=_look_for, args=(parent,), daemon=True).start()


def _look_for(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOKING)
    os._exit(1)


def unpacked(packed: bytes) -> Any:
    """The objects that the parent packed; the first ones have the model imported.

    What is imported stays, so garbage is not looked for meanwhile, nor among that later on.
    """
    if _MODEL in sys.modules or not gc.isenabled():
        return pickle.loads(packed)
    gc.disable()
    try:
        return pickle.loads(packed)
    finally:
        gc.freeze()
        gc.enable()
