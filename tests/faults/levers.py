"""An intervention that goes wrong in the run of one seed, until it is mended."""

import math
import os
import signal
import time
from pathlib import Path
from typing import Literal

from diffusion.base.arrays import IntArray
from diffusion.interventions.base import Intervention, reach
from diffusion.world.state import State

PATIENCE = 300.0  # seconds


class Faulty(Intervention):
    """Does what it should not, as long as there is no file `mended` in its folder."""

    does: Literal["raise", "nan", "kill", "kill once", "wait"]
    in_seed: int
    folder: Path

    def begin(self, state: State, name: str) -> IntArray:
        return reach(state, self.target, self.coverage, name)

    def act(self, state: State, rows: IntArray) -> float:
        if state.seed != self.in_seed or (self.folder / "mended").exists():
            return 0.0
        if self.does == "raise":
            raise ArithmeticError("breaks")
        if self.does == "nan":
            return math.nan
        if self.does == "wait":
            (self.folder / "begun").touch()
            until = time.monotonic() + PATIENCE
            while not (self.folder / "mended").exists() and time.monotonic() < until:
                time.sleep(0.05)
            return 0.0
        if self.does == "kill once":
            (self.folder / "mended").touch()
        os.kill(os.getpid(), signal.SIGKILL)
        return 0.0

    def explain(self) -> str:
        return "Goes wrong."
