"""Names that are made when they are asked for: a world may have millions, and few are read."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import SupportsIndex, overload


class Labels(Sequence[str]):
    """Names by row."""

    @abstractmethod
    def label(self, row: int) -> str:
        """The name of row 0, 1, ..."""

    @overload
    def __getitem__(self, rows: SupportsIndex) -> str: ...

    @overload
    def __getitem__(self, rows: slice) -> list[str]: ...

    def __getitem__(self, rows: SupportsIndex | slice) -> str | list[str]:
        if isinstance(rows, slice):
            return [self.label(row) for row in range(len(self))[rows]]
        return self.label(range(len(self))[rows])


class Numbered(Labels):
    """Names that only differ by a number, from 1 on.

    Args:
        word: that all have in common.
        count: how many there are.
    """

    def __init__(self, word: str, count: int) -> None:
        self._word = word
        self._count = count

    def __len__(self) -> int:
        return self._count

    def label(self, row: int) -> str:
        return f"{self._word} {row + 1}"
