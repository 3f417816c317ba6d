"""What large worlds fetch ahead changes no bit of a compiled run (for plain Python: next door)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from diffusion.base.compiled import config
from diffusion.model.simulation import Simulation
from tests.architecture.checkout import ROOT
from tests.simulating import same_run, settings

OVERRIDES = (
    "world.n=300",
    "world.n_territories=6",
    "intervention=[cop_formation,coordinator_funding,language_mediation]",
    "shock=[pandemic]",
    "record.events=true",
    "record.history=true",
)
# numba writes what a global holds into machine code, and numbers are no part of a key on disk:
# hence before anything is compiled, alone, and with a folder of its own
FAR = """
import sys
from diffusion.base import fetching
fetching._FAR = 0
from diffusion.world import memory
memory._NEAR = 0
from diffusion.base.compiled import compiled
from diffusion.base.fetching import is_far
from diffusion.model import compiling, month
from diffusion.model.simulation import Simulation
from tests.simulating import settings

@compiled
def far(rows):
    return is_far(rows)

assert far(1)
compiling.assume_ready()
path, *overrides = sys.argv[1:]
Simulation(settings(*overrides, months=30, start=6, stop=18)).run().save(path)
assert month._months.signatures and not month._months._cache_hits
"""


@pytest.mark.slow
@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")
def test_compiled_far_and_near_worlds_agree_in_every_bit(tmp_path: Path) -> None:
    far = subprocess.run(
        [sys.executable, "-W", "error", "-c", FAR, str(tmp_path / "run"), *OVERRIDES],
        cwd=ROOT,
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert far.returncode == 0, far.stderr
    near = Simulation(settings(*OVERRIDES, months=30, start=6, stop=18)).run()
    same_run(Simulation.load(tmp_path / "run"), near)
    total = near.months().sum()
    for column in ("exits", "transfers", "ties_formed", "ties_lost", "meetings_held", "adoptions"):
        assert total[column] > 0, column
