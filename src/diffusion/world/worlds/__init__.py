"""The generators of worlds; each settings class builds its world from a seed and nothing else."""

from typing import Annotated

from pydantic import Field

from diffusion.world.worlds.case import CaseWorld
from diffusion.world.worlds.erasmi import ErasmiWorld
from diffusion.world.worlds.synthetic import SyntheticWorld

WorldSettings = Annotated[ErasmiWorld | SyntheticWorld | CaseWorld, Field(discriminator="kind")]

__all__ = ["CaseWorld", "ErasmiWorld", "SyntheticWorld", "WorldSettings"]
