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

    Ctrl-C reaches every process of the terminal; the parent alone decides what it means.
    """
    if os.getpid() != parent:
        end_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    function, number, job = unpacked(packed)
    return number, function(job)


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
