"""What a command shows: text, tables, and progress that suits a terminal or a log file."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from diffusion.runner.run import Progress
    from diffusion.runner.store import Results

FAILED = 1  # exit code
SECONDS_BETWEEN_LINES = 5.0
SECONDS_OF_A_RATE = 1.0  # two workers may report in the same moment
NO_TERMINAL_WIDTH = 160  # a log file has room for the widest table


def console(stderr: bool = False) -> Console:
    """The terminal, or a plain stream of generous width where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else NO_TERMINAL_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def show_paths(out: Console, heading: str, paths: Iterable[Path]) -> None:
    """List files as the user can open them from here."""
    out.print(heading)
    for path in paths:
        out.print(f"  {path}", soft_wrap=True, markup=False)


def tell_failures(results: "Results") -> int:
    """Say on stderr how many runs failed, if any; the exit code."""
    failures = results.failures()
    if not failures:
        return 0
    sys.stderr.write(
        f"diffusion: {len(failures)} of {results.manifest['runs']} runs failed "
        f"({failures[0]['error']}); tracebacks stand in {results.path / 'failures'}\n"
    )
    return FAILED


@contextmanager
def if_interrupted(sentence: str, folder: Path | None = None) -> Iterator[None]:
    """Say what an interrupt of the body leaves behind.

    Args:
        folder: where results stand by then, if the sentence tells of them.

    Raises:
        KeyboardInterrupt: of the same class, with that sentence; with none if that folder holds no
            results.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        there = folder is None or (folder / "manifest.json").is_file()
        raise type(interrupt)(*([sentence] if there else [])) from None


def duration(seconds: float) -> str:
    """A time in the unit that suits it: 40 s, 12 min, 3.5 h, 2.1 days."""
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 0.5 else "less than a second"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def show_figures(out: Console, folder: Path, draw: Callable[[Path], Iterable[Path]]) -> None:
    """Draw the figures of a results folder, which is complete already, and list them.

    Raises:
        KeyboardInterrupt: it was interrupted; the results stay as they are.
    """
    console(stderr=True).print("drawing figures ...")
    with if_interrupted(f"not all figures are drawn; the results in {folder} are complete"):
        drawn = draw(folder / "figures")
    show_paths(out, "Figures", drawn)


class ShowProgress:
    """Shows done, failed, rate and time left: a bar on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._out = console(stderr=True)
        self._bar: Bar | None = None
        self._first: tuple[float, int] | None = None  # when the first runs came in, how many
        self._last_line = 0.0
        if self._out.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[more]}"),
                console=self._out,
                auto_refresh=False,  # by a thread, with which a process can't be copied
            )
            self._task = self._bar.add_task("Simulating", total=None, start=False, more="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def notice(self, text: str) -> None:
        """Say what takes time before the first run."""
        self._out.print(text, markup=False)

    def __call__(self, now: "Progress") -> None:
        """Show how far the runs are."""
        computed = now.done + now.failed
        if computed == 0 and now.skipped:
            self.notice(f"{now.skipped} of {now.total} runs are there already")
        if computed > 0 and self._first is None:
            self._first = (time.monotonic(), computed)
        if self._bar is None:
            self._line(now)
            return
        if not self._bar.tasks[0].started:
            self._bar.start_task(self._task)
        more = f"runs, {now.failed} failed{self._rate(now)}"
        finished = now.skipped + now.done + now.failed
        self._bar.update(self._task, total=now.total, completed=finished, more=more, refresh=True)

    def _line(self, now: "Progress") -> None:
        finished = now.skipped + now.done + now.failed
        due = time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES
        if now.done + now.failed == 0 or not (due or finished == now.total):
            return
        self._last_line = time.monotonic()
        self.notice(f"{finished} of {now.total} runs, {now.failed} failed{self._rate(now)}")

    def _rate(self, now: "Progress") -> str:
        """Runs a second and time left, once they can be told; the start of workers counts out."""
        computed = now.done + now.failed
        if self._first is None or computed == self._first[1]:
            return ""
        took = time.monotonic() - self._first[0]
        if took < SECONDS_OF_A_RATE:
            return ""
        rate = (computed - self._first[1]) / took
        left = (now.total - now.skipped - computed) / rate
        return f", {rate:.1f} runs/s" + (f", {duration(left)} left" if left > 0.0 else "")
