"""The packaged settings of worlds and practices, with changes."""

from typing import Any

import yaml

from diffusion.world.practices import PracticesSettings
from diffusion.world.worlds import ErasmiWorld, SyntheticWorld
from tests.architecture.checkout import ROOT


def values(name: str) -> dict[str, Any]:
    """The values of one configuration file, without its defaults list."""
    text = (ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    loaded.pop("defaults", None)
    return loaded


def erasmi(**changes: Any) -> ErasmiWorld:
    return ErasmiWorld(**{**values("world/base/settled"), **values("world/erasmi"), **changes})


def synthetic(**changes: Any) -> SyntheticWorld:
    return SyntheticWorld(
        **{**values("world/base/settled"), **values("world/synthetic"), **changes}
    )


def practices(**changes: Any) -> PracticesSettings:
    return PracticesSettings(**{**values("practices/catalogue"), **changes})
