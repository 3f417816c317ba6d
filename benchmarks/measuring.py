"""Fresh processes, clocks, memory, and what machine this is.

The driver itself imports nothing large and runs every job in a process of its own. Linux counts
the memory of the parent towards the peak of the child that it starts, so a small parent is what
makes a peak the job's own.
"""

import gc
import json
import os
import platform
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1e6  # bytes
UNKNOWN = "unknown"  # commit of code that lies in no clone
_CODE = ("src", "configs", "experiments", "benchmarks")  # what decides what is measured
_LIBRARIES = ("diffusion", "numpy", "numba", "mesa")
# what `ru_maxrss` counts
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024

# modules lie on disk as bytecode wherever they have run before, unless that is forbidden
_USUAL = {"PYTHONDONTWRITEBYTECODE": ""}

T = TypeVar("T")


class JobError(Exception):
    """A process of the benchmark failed; its own words are on stderr."""


class Job(NamedTuple):
    """What a fresh process gave back and took."""

    result: Any  # JSON-ready
    seconds: float  # from its start to its end, the interpreter's start included
    cpu_seconds: float  # of itself and of the processes that it waited for
    peak_mb: float  # most memory that was resident at a time, without its own children


class Spent(NamedTuple):
    """Wall and processor seconds."""

    seconds: float
    cpu_seconds: float


class Line(NamedTuple):
    """A line that a process printed."""

    seconds: float  # since the process was started
    stream: str  # stdout or stderr
    text: str


def fresh(
    job: Callable[..., Any], environment: Mapping[str, str] | None = None, **arguments: Any
) -> Job:
    """Call a function of a module in a process of its own.

    Args:
        job: a function whose arguments and result are JSON-ready, and that prints nothing.
        environment: variables to add to those of this process.

    Raises:
        JobError: the process failed.
    """
    name = f"{job.__module__}:{job.__qualname__}"
    command = [sys.executable, "-m", "benchmarks.measuring", name, json.dumps(arguments)]
    before = _children_cpu()
    started = time.perf_counter()
    finished = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | _USUAL | dict(environment or {}),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if finished.returncode != 0:
        raise JobError(f"{name} ended with exit code {finished.returncode}")
    answer = json.loads(finished.stdout.splitlines()[-1])
    return Job(answer["result"], seconds, _children_cpu() - before, answer["peak_mb"])


def watch(command: Sequence[str], environment: Mapping[str, str] | None = None) -> list[Line]:
    """Run a command to its end and note when it printed each line, in the order of time.

    Raises:
        JobError: it failed.
    """
    lines: list[Line] = []
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

        def read(stream: str, pipe: IO[str]) -> None:
            for text in pipe:
                lines.append(Line(time.perf_counter() - started, stream, text.rstrip()))

        pipes = {"stdout": process.stdout, "stderr": process.stderr}
        readers = [
            threading.Thread(target=read, args=(stream, pipe)) for stream, pipe in pipes.items()
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    if process.returncode != 0:
        said = " / ".join(line.text for line in lines if line.stream == "stderr")
        raise JobError(f"{' '.join(command)} ended with exit code {process.returncode}: {said}")
    return sorted(lines)


def spent(action: Callable[[], T]) -> tuple[T, Spent]:
    """What an action returns, and the wall and processor seconds of this process in it."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    return result, Spent(time.perf_counter() - wall, time.process_time() - cpu)


def resident_mb() -> float:
    """Memory that is resident now, after a garbage collection; its peak so far without /proc."""
    gc.collect()
    pages = Path("/proc/self/statm")
    if not pages.is_file():
        return _peak_mb()
    return int(pages.read_text().split()[1]) * resource.getpagesize() / MEGABYTE


def machine() -> dict[str, str]:
    """What measures: processor, cores, memory, versions, date."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": now(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": platform.platform(),
        "load before": load(),
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
    }


def now() -> str:
    """Date and time in UTC, to the minute."""
    return datetime.now(UTC).isoformat(timespec="minutes")


def commit() -> str:
    """The commit of the code in short, with `-dirty` if the code differs from it."""
    head = _git("rev-parse", "--short", "HEAD") if (ROOT / ".git").exists() else None
    if not head:
        return UNKNOWN
    return f"{head}-dirty" if _git("status", "--porcelain", "--", *_CODE) else head


def load() -> str:
    """How many processes wanted a core in the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}"


def say(text: str) -> None:
    """A line of progress."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _git(*words: str) -> str | None:
    """What git says about this clone; None if it fails or is not there."""
    try:
        said = subprocess.run(("git", *words), cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / MEGABYTE


def _children_cpu() -> float:
    """Processor seconds of the processes waited for, and of those that they waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _answer(name: str, arguments: str) -> None:
    """The side of the fresh process: call the job and print what it gave and took."""
    module, _, function = name.partition(":")
    result = getattr(import_module(module), function)(**json.loads(arguments))
    answer = {"result": result, "peak_mb": _peak_mb()}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    _answer(*sys.argv[1:])
