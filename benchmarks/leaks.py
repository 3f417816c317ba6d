"""Group `leaks`: models that nobody holds any more leave no memory behind."""

from benchmarks import workload
from benchmarks.measuring import fresh, resident_mb, say
from benchmarks.table import Row
from benchmarks.targets import TARGETS

TITLE = "leaks: models with their agents made, stepped once and discarded"

_MODELS = (100, 500, 1_000)
_N = 50  # organisations of each


def rows(quick: bool) -> list[Row]:
    """The same in a quick run: a leak shows only after many models."""
    say(f"  {_MODELS[-1]:,} models")
    found = fresh(discard).result
    more = 1000 * (found[-1] - found[0]) / (_MODELS[-1] - _MODELS[0])
    remarks = f"from model {_MODELS[0]:,} on; {_N} organisations each"
    return [
        *(
            Row(f"resident memory after {models:,} models", mb, "MB")
            for models, mb in zip(_MODELS, found, strict=True)
        ),
        Row("memory that a discarded model leaves", more, "kB", TARGETS["leaks"], remarks),
    ]


def discard() -> list[float]:
    """Resident MB after each number of models."""
    from diffusion.model.model import Model

    workload.warm_up()
    settings = workload.settings(_N, months=12)
    found = []
    for made in range(1, _MODELS[-1] + 1):
        model = Model(settings, seed=made)
        model.step()
        if not model.agents:
            raise RuntimeError("a model without agents shows nothing")
        del model
        if made in _MODELS:
            found.append(resident_mb())
    return found
