"""Where worker processes begin: what they import, and what their collector leaves alone."""

import subprocess
import sys

BEGINS = """
import gc, pickle, sys
from diffusion.runner.worker import unpacked
print("numba" in sys.modules, gc.get_freeze_count() > 100_000)
packed = b"cdiffusion.runner.run\\ncompute\\n."
seen = [unpacked(packed) for _ in range(2)]
print(seen[0].__module__, gc.isenabled())
frozen = gc.get_freeze_count()
print("numba" in sys.modules, frozen > 100_000)
kept = [[] for _ in range(10_000)]
unpacked(packed)
print(gc.get_freeze_count() <= frozen)
"""


def test_what_a_worker_imports_is_imported_once_and_left_alone_by_the_collector() -> None:
    told = subprocess.run(
        [sys.executable, "-c", BEGINS], check=True, capture_output=True, text=True
    )
    assert told.stdout.splitlines() == [
        "False False",
        "diffusion.runner.run True",
        "True True",
        "True",
    ]
