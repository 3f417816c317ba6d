"""One command at a time computes into a results folder: a lock that its process holds.

The lock is the system's (flock) on a file in the folder. It ends with the process, however that
ends, so a file that a killed process left behind locks nothing. Where the file system has no such
locks nothing is held; `Store` then still refuses what another sweep left no place for.
"""

import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from diffusion.base.errors import ResultsError

if sys.platform != "win32":
    import fcntl

LOCK = "lock"
BRIEFLY = 0.2  # seconds: a command that is just leaving is no reason to be refused
_PAUSE = 0.02  # seconds between two tries

_open: set[int] = set()  # descriptors of the locks of this process
_mine: ContextVar[frozenset[Path]] = ContextVar("_mine", default=frozenset())


@contextmanager
def held(folder: Path, patience: float = BRIEFLY) -> Iterator[None]:
    """Keep other commands out of a results folder; what the caller holds already stays held.

    The folder is made, and removed if it is still empty at the end.

    Args:
        patience: seconds to wait for another command to leave.

    Raises:
        ResultsError: another command is at work there; nothing was touched.
    """
    folder = folder.absolute()
    if folder in _mine.get():
        yield
        return
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    descriptor = _locked(folder, patience)
    if descriptor is not None:
        _open.add(descriptor)
    before = _mine.set(_mine.get() | {folder})
    try:
        yield
    finally:
        _mine.reset(before)
        if descriptor in _open:
            with suppress(OSError):  # the folder turned read-only, say
                (folder / LOCK).unlink(missing_ok=True)
            _open.remove(descriptor)
            os.close(descriptor)
        with suppress(OSError):  # from the first on that holds something
            for path in made:
                path.rmdir()


def _leave() -> None:
    """Hold no lock that this process has only as a copy of another, or it would outlive that."""
    while _open:
        os.close(_open.pop())


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_leave)


def _locked(folder: Path, patience: float) -> int | None:
    """The file of the lock, open; None where there are no locks.

    A folder that can't be written has none: whoever writes there says why it can't be.
    """
    until = time.monotonic() + patience
    access = os.O_RDONLY  # a file open for writing keeps a disk from being made read-only
    while True:
        try:
            return _opened(folder / LOCK, access)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise ResultsError(
                    f"{folder} is in use: {_holder(folder / LOCK)} computes there; wait until it "
                    f"has ended, or choose another folder with --results"
                ) from None
            time.sleep(_PAUSE)
        except OSError:
            if access == os.O_RDWR:
                return None
            access = os.O_RDWR  # as locks over NFS ask for


def _opened(path: Path, access: int) -> int:
    """The file, open and locked.

    Raises:
        BlockingIOError: another process has locked it, or has just removed it.
        OSError: there are no locks here.
    """
    if sys.platform == "win32":
        raise OSError("this system has no flock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        descriptor = os.open(path, access | os.O_CREAT, 0o666)
        stack.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink == 0:
            raise BlockingIOError
        with suppress(OSError):  # a full disk is no reason to leave the folder unlocked
            path.write_text(f"process {os.getpid()} on {platform.node()}", encoding="utf-8")
        stack.pop_all()
    return descriptor


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError):
        return path.read_text(encoding="utf-8") or "another command"
    return "another command"
