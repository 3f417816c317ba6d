"""What a command does where its streams are closed, full, or read by nobody any more.

Without stdout it can't show what it was asked for, so it ends. Without stderr nobody hears how far
it is, and it goes on.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NoReturn

from diffusion.base.errors import DiffusionError, DiffusionWarning
from diffusion.base.writing import reason

UNREAD = 141  # exit code, as of a process that SIGPIPE ends


class OutputError(DiffusionError):
    """What a command shows can't be written."""


class Unread(Exception):
    """Whoever read what the command shows has gone, as `head` does."""


@contextmanager
def shown() -> Iterator[None]:
    """Let the body write to stdout, all of which is written at the end.

    What the body raises counts more than what stdout then lacks: Ctrl-C ends the reader of a pipe
    as well.

    Raises:
        OutputError: stdout is closed, or can't be written.
        Unread: it is a pipe that nobody reads any more.
    """
    if _is_closed(sys.stdout):
        raise OutputError(
            "stdout is closed, so there is no place for what this command shows; open it, for "
            "example with `> FILE` or `> /dev/null`"
        )
    stream: Any = _Shown(sys.stdout)
    with redirect_stdout(stream):
        try:
            yield
        except (Exception, KeyboardInterrupt):
            with suppress(OutputError, Unread):
                stream.flush()
            raise
        except SystemExit:  # `--help` has been shown
            stream.flush()
            raise
        stream.flush()


@contextmanager
def told() -> Iterator[None]:
    """Let the body write to stderr, whether anybody reads it or not."""
    _fill_closed()
    with _warnings_in_words(), ExitStack() as closing:
        stream: Any = sys.stderr
        if _is_closed(stream):
            stream = closing.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        with redirect_stderr(_Told(stream)):
            yield


class _Stream:
    """A stream whose errors are of another kind than those of files that a command writes.

    Programs that call commands put objects of their own in its place, which may do no more than
    write.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, as the stream does, with a question mark for letters that it does not have."""
        try:
            try:
                self._stream.write(text)
            except UnicodeEncodeError as error:
                known = text.encode(error.encoding, "replace").decode(error.encoding)
                self._stream.write(known)
        except OSError as error:
            self._end(error)
        return len(text)

    def flush(self) -> None:
        """Write what waits, as the stream does."""
        try:
            getattr(self._stream, "flush", _nothing)()
        except OSError as error:
            self._end(error)

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(getattr(self._stream, "isatty", _nothing)())

    def _end(self, error: OSError) -> None:
        """Lead the stream to nowhere, or what it still holds would fail anew as Python ends."""
        with suppress(AttributeError, OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), self._stream.fileno())


class _Shown(_Stream):
    def _end(self, error: OSError) -> NoReturn:
        super()._end(error)
        if isinstance(error, BrokenPipeError):
            raise Unread from error
        raise OutputError(
            f"what this command shows can't be written to stdout ({reason(error)}); what it has "
            f"stored stays, so make room or send stdout elsewhere, and give the command again"
        ) from error


class _Told(_Stream):
    """What can't be told is left out: it is never what a command was asked for."""


def _nothing() -> None:
    """What a stream does that has no such method."""


def _is_closed(stream: Any) -> bool:
    return stream is None or bool(getattr(stream, "closed", False))


def _fill_closed() -> None:
    """Open closed streams to nowhere: the next file that is opened would take the place of one.

    What the system or a library says would go into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it takes the lowest number


@contextmanager
def _warnings_in_words() -> Iterator[None]:
    """Write warnings that are a sentence for the user like mistakes."""
    usual: Any = warnings.formatwarning

    def formatted(message: Any, category: type[Warning], *place: Any) -> str:
        if issubclass(category, DiffusionWarning):
            return f"diffusion: {message}\n"
        return str(usual(message, category, *place))

    changed: Any = formatted
    warnings.formatwarning = changed
    try:
        yield
    finally:
        warnings.formatwarning = usual
