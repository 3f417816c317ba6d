"""Which practices somebody means: by scale, by field, by name."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from diffusion.base.arrays import masks_of
from diffusion.base.errors import SettingError, nearest
from diffusion.world.state import State
from diffusion.world.vocabulary import FIELDS, SCALES, index, mask


class PracticeChoice(BaseModel):
    """The practices that meet every condition given; without any condition, all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scales: tuple[str, ...] = Field((), description="one of these scales")
    fields: tuple[str, ...] = Field((), description="at least one of these fields")
    named: tuple[str, ...] = Field((), description="one of these ids of the catalogue")

    @field_validator("scales", "fields")
    @classmethod
    def _known_words(cls, words: tuple[str, ...], info: object) -> tuple[str, ...]:
        vocabulary = SCALES if getattr(info, "field_name", "") == "scales" else FIELDS
        for word in words:
            try:
                index(vocabulary, word)
            except SettingError as error:
                raise ValueError(str(error)) from error
        return words

    def mask(self, state: State, lever: str) -> np.uint64:
        """The practices of a world that are meant, as a mask.

        Args:
            lever: who asks; named in errors.

        Raises:
            SettingError: a name that the world's catalogue lacks, or a choice that means nothing.
        """
        practices = state.practices
        meant = np.ones(state.n_practices, bool)
        if self.scales:
            meant &= np.isin(practices.scale, [SCALES.index(scale) for scale in self.scales])
        if self.fields:
            meant &= (practices.fields & np.uint64(mask(FIELDS, self.fields))) != 0
        if self.named:
            ids = state.names.practices
            for name in self.named:
                if name not in ids:
                    raise SettingError(
                        f"{lever} names the practice '{name}', which this world does not have"
                        f"{nearest(name, ids)}"
                    )
            meant &= np.isin(np.asarray(ids), self.named)
        if not meant.any():
            raise SettingError(
                f"{lever} means no practice of this world ({self.words()}); choose others, or more "
                f"practices with practices.limit or practices.include"
            )
        found: np.uint64 = masks_of(meant[None, :])[0]
        return found

    def words(self) -> str:
        """The choice in plain words."""
        parts = [
            f"{name} {', '.join(words)}"
            for name, words in (
                ("scale", self.scales),
                ("field", self.fields),
                ("named", self.named),
            )
            if words
        ]
        return "; ".join(parts) if parts else "all practices"
