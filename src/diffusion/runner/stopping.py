"""Ending a sweep early: a file in its results folder, which every worker looks for between runs.

A file reaches workers wherever they are, because the results folder does: in this process, in
others, on a Dask or a Ray cluster. A run that has begun is finished and stored.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from diffusion.runner.design import Chunk

STOPPING = "stopping"


def ask(folder: Path) -> None:
    """Let no further run begin in the sweep of this folder.

    Raises:
        OSError: the folder can't be written.
    """
    (folder / STOPPING).touch()


def asked(folder: Path) -> bool:
    """Whether no further run is to begin."""
    return (folder / STOPPING).exists()


def withdraw(folder: Path) -> None:
    """Let runs begin again; a folder that can't be written keeps what it has."""
    with suppress(OSError):
        (folder / STOPPING).unlink(missing_ok=True)


def until_asked(folder: Path, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Chunks one after the other, as long as nobody asks to stop."""
    for chunk in chunks:
        if asked(folder):
            return
        yield chunk
