"""Where the register keeps a setting: `world.n` stands there as `world.synthetic.n`."""

from collections.abc import Mapping
from typing import Any

from diffusion.evidence.register import Register


def registered(key: str, config: Mapping[str, Any]) -> str | None:
    """The key of the register for a key as it is set, or None if it has none.

    Args:
        config: the composed configuration; which world it has decides what is looked up.
    """
    register = Register.load()
    if key in register:
        return key
    group, _, field = key.partition(".")
    files: tuple[str, ...] = ()
    if group == "world":
        chosen = f"world.{config['world']['kind']}"
        files = (chosen, "world.base.settled", "world.erasmi", "world.synthetic")
    elif group == "practices":
        files = ("practices.catalogue",)
    return next((f"{file}.{field}" for file in files if f"{file}.{field}" in register), None)
