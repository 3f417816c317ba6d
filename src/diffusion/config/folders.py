"""Where configuration files live: inside the wheel, else in the checkout, plus the user's own."""

from dataclasses import dataclass
from pathlib import Path

import diffusion
from diffusion.base.errors import SettingError

_PACKAGE = Path(diffusion.__file__).resolve().parent


def packaged(name: str) -> Path:
    """The folder `configs` or `experiments`: carried by the wheel, else that of the checkout.

    Raises:
        SettingError: the package was installed without it.
    """
    for folder in (_PACKAGE / name, _PACKAGE.parents[1] / name):
        if folder.is_dir():
            return folder
    raise SettingError(
        f"the folder '{name}' is missing from the installation ({_PACKAGE}); install diffusion anew"
    )


@dataclass(frozen=True)
class Folders:
    """The packaged folders and the user's own, with the choices that each group offers."""

    configs: Path
    experiments: Path
    own: Path | None = None

    @classmethod
    def find(cls, own: Path | str | None = None) -> "Folders":
        """The folders of this installation and the user's own.

        Args:
            own: a folder laid out like `configs/`; its files add choices to the groups.

        Raises:
            SettingError: no such folder, or one of its files has the name of a packaged one.
        """
        found = cls(
            packaged("configs"), packaged("experiments"), Path(own).resolve() if own else None
        )
        found._check_own()
        return found

    def groups(self) -> tuple[str, ...]:
        """The groups of settings that are chosen by name, such as `world`."""
        return tuple(sorted(path.name for path in self.configs.iterdir() if path.is_dir()))

    def options(self, group: str) -> tuple[str, ...]:
        """The choices of a group, in alphabetical order."""
        names = set(_names(self.configs / group))
        if self.own is not None:
            names |= set(_names(self.own / group))
        if group == "experiment":
            names |= set(self.packaged_experiments())
        return tuple(sorted(names))

    def stamp(self) -> tuple[tuple[str, int], ...]:
        """Every file with the time of its last change: the same as long as nothing was edited."""
        folders = [self.configs, self.experiments, *([self.own] if self.own is not None else [])]
        files = sorted(path for folder in folders for path in folder.rglob("*.yaml"))
        return tuple((str(path), path.stat().st_mtime_ns) for path in files)

    def packaged_experiments(self) -> dict[str, Path]:
        """The experiments that come with the package, each in a folder of its own."""
        return {path.parent.name: path for path in self.experiments.glob("*/experiment.yaml")}

    def _check_own(self) -> None:
        if self.own is None:
            return
        if not self.own.is_dir():
            raise SettingError(
                f"--config-dir {self.own}: there is no such folder; give one that holds groups "
                f"such as world/ or intervention/"
            )
        for group in self.groups():
            taken = set(_names(self.own / group)) & set(
                Folders(self.configs, self.experiments).options(group)
            )
            for name in sorted(taken):
                raise SettingError(
                    f"--config-dir: {group}/{name}.yaml has the name of a packaged file; "
                    f"give it another name"
                )


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(path.stem for path in folder.glob("*.yaml"))
