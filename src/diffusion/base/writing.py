"""Writing a file whole or not at all."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9]+", re.DOTALL)


def write_whole(path: Path, write: Callable[[Path], object], suffix: str = "") -> None:
    """Let a function write a file under a temporary name, then rename.

    The file has the mode that the umask allows. A link stays a link: its target is written.

    Args:
        suffix: of the temporary name, for writers that look at it.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}{suffix}")
    try:
        write(temporary)
        temporary.replace(target)
    finally:  # whatever stopped it, Ctrl-C included
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def written_as(temporary: str) -> str | None:
    """The name of the file that `write_whole` writes under this one, without a suffix.

    Returns:
        None if it gives no such name.
    """
    found = _TEMPORARY.fullmatch(temporary)
    return None if found is None else found["name"]


def reason(error: OSError) -> str:
    """What the system says; libraries wrap it in words of their own."""
    return str(error) if error.errno is None else os.strerror(error.errno)
