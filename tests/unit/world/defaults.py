"""The packaged settings of worlds and practices, with changes."""

from typing import Any

import yaml

from diffusion.world.practices import PracticesSettings
from diffusion.world.worlds import CaseWorld, ErasmiWorld, SyntheticWorld
from tests.architecture.checkout import ROOT


def values(name: str) -> dict[str, Any]:
    """The values of one configuration file, without its defaults list."""
    text = (ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    loaded.pop("defaults", None)
    return loaded


def erasmi(**changes: Any) -> ErasmiWorld:
    return ErasmiWorld(**{**values("world/base/settled"), **values("world/erasmi"), **changes})


def case(name: str, **changes: Any) -> CaseWorld:
    """The world of a case; its file takes what it does not say from the surveyed world."""
    files = ("world/base/settled", "world/erasmi", "world/case")
    joined = {key: value for file in files for key, value in values(file).items()}
    return CaseWorld(**{**joined, "case": name, **changes})


def synthetic(**changes: Any) -> SyntheticWorld:
    return SyntheticWorld(
        **{**values("world/base/settled"), **values("world/synthetic"), **changes}
    )


def practices(**changes: Any) -> PracticesSettings:
    return PracticesSettings(**{**values("practices/catalogue"), **changes})
