"""Which preset stands for which lever of the sources, read without composing anything.

A preset says it itself: `covers` in its file holds ids of rows of `interventions.csv`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from diffusion.base.errors import SettingError, nearest
from diffusion.config.folders import Folders
from diffusion.evidence import sources

try:
    from yaml import CSafeLoader as Loader  # ten times as fast, where PyYAML was built with it
except ImportError:  # pragma: no cover
    from yaml import SafeLoader as Loader


@dataclass(frozen=True)
class Lever:
    """A row of `interventions.csv`: what it is, and what stands for it in the model.

    `presets` are names of files of `configs/intervention/`; `reason` says why the model can't
    show it, and is empty if it can.
    """

    id: str
    name: str
    effect: str
    cost: str
    presets: tuple[str, ...]
    reason: str

    @property
    def resolved(self) -> bool:
        """Whether a preset stands for it, or a reason why none does."""
        return bool(self.presets or self.reason)

    def stands(self) -> str:
        """What stands for it in the model, in words."""
        if self.presets:
            return ", ".join(self.presets)
        return f"not shown: {self.reason}" if self.reason else "no preset yet"


def levers(config_dir: Path | str | None = None) -> dict[str, Lever]:
    """Every lever of the sources by its id, in the order of the table.

    Args:
        config_dir: a folder of the user's own, whose presets count too.

    Raises:
        SettingError: a preset that covers what is no lever, or a file that is no YAML.
    """
    rows = sources.by_id("interventions")
    reasons = {row["id"]: row["reason"] for row in sources.table("levers_not_shown")}
    presets: dict[str, list[str]] = {id: [] for id in rows}
    for preset, covered in covers(config_dir).items():
        for id in covered:
            if id not in rows:
                raise SettingError(
                    f"intervention '{preset}' covers '{id}', which is no row of "
                    f"interventions.csv{nearest(id, rows)}"
                )
            presets[id].append(preset)
    return {
        id: Lever(
            id=id,
            name=row["name"],
            effect=row["expected_effect"],
            cost=row["cost_hint"],
            presets=tuple(presets[id]),
            reason=reasons.get(id, ""),
        )
        for id, row in rows.items()
    }


def covers(config_dir: Path | str | None = None) -> dict[str, tuple[str, ...]]:
    """Preset -> ids of the levers that it stands for, in alphabetical order."""
    folders = Folders.find(config_dir)
    homes = [folders.configs, *([folders.own] if folders.own is not None else [])]
    files = {path.stem: path for home in homes for path in home.glob("intervention/*.yaml")}
    return {name: tuple(_read(files[name]).get("covers") or ()) for name in sorted(files)}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise SettingError(f"{path} is no valid YAML ({reason}); mend it") from error
    return data if isinstance(data, dict) else {}
