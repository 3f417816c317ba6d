"""Where a process that computes for another begins: nothing of the model is imported here."""

import gc
import os
import pickle
import signal
import sys
from typing import Any

from diffusion.base.processes import end_with

_MODEL = "diffusion.model.simulation"


def work(packed: bytes, parent: int) -> tuple[int, Any]:
    """Apply a function to a job, which keeps its number; pickled by the process `parent`.

    Ctrl-C reaches every process of the terminal; the parent alone decides what it means. What can't
    be unpickled there, as exceptions with arguments of their own, would look like a death of this
    process; it is raised in words.
    """
    if os.getpid() != parent:
        end_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    function, number, job = unpacked(packed)
    try:
        return number, function(job)
    except Exception as error:
        if _travels(error):
            raise
        raise RuntimeError(f"{type(error).__name__}: {error}") from error


def _travels(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever its class does then
        return False
    return True


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
