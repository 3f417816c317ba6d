"""Ctrl-C and SIGTERM in a sweep: finish what runs, or stop at once."""

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from diffusion.cli import Terminated
from diffusion.runner import stopping
from diffusion.runner.run import Progress

_SAID = "stopping: the runs that have begun still finish; Ctrl-C again stops at once"


class Stopping:
    """While it is entered, Ctrl-C once lets no further run begin; twice, or SIGTERM, ends at once.

    Before the first run there is nothing to finish, so that Ctrl-C ends at once, too.

    Args:
        folder: the results folder of the sweep.
        say: shows a sentence.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._running = self._asked = False
        # a thread of its own: the main one may have been interrupted while it prints, or while it
        # imports what printing needs
        self._saying = threading.Thread(target=say, args=(_SAID,))
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # only the main thread may decide about signals
        if threading.current_thread() is threading.main_thread():
            for number, handler in ((signal.SIGINT, self._int), (signal.SIGTERM, self._term)):
                self._before[number] = signal.signal(number, handler)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._saying.ident is not None:
            self._saying.join()

    def watching(self, progress: Callable[[Progress], None]) -> Callable[[Progress], None]:
        """The same progress, which also tells that runs have begun."""

        def told(now: Progress) -> None:
            self._running = True
            progress(now)

        return told

    def _int(self, number: int, frame: FrameType | None) -> None:
        if self._asked or not self._running:
            raise KeyboardInterrupt
        self._asked = True
        try:
            stopping.ask(self._folder)
        except OSError:  # the disk is full, say: then workers can't be told
            raise KeyboardInterrupt from None
        with suppress(RuntimeError):  # no room for a thread: it stops without a word
            self._saying.start()

    def _term(self, number: int, frame: FrameType | None) -> None:
        raise Terminated
