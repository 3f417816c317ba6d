"""Commands whose streams are closed, full, or read by nobody any more."""

import io
import os
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from diffusion.base.errors import DiffusionWarning, SettingError
from diffusion.cli import INTERRUPTED, USER_ERROR, main, streams
from diffusion.runner.store import Results
from diffusion.runner.upkeep import problems
from tests.simulating import SHORT

pytestmark = [
    pytest.mark.usefixtures("elsewhere"),
    pytest.mark.skipif(sys.platform == "win32", reason="a shell closes the streams"),
]

RUN = ("run", *SHORT, "--no-figures", "--results", "r")
COMMANDS = (("--help",), ("run", "--help"), ("explain", "month"), ("--version",), RUN)
COMPARE = (
    *("compare", *SHORT, "intervention=[handover]", "replicates=2", "executor.workers=2"),
    *("--no-figures", "--results", "r"),
)
every_command = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
has_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")


def ran(words: tuple[str, ...], led: str) -> tuple[int, str, str]:
    """The exit code of a command, and what it says, where a shell leads its streams somewhere."""
    command = shlex.join([sys.executable, "-m", "diffusion", *words])
    done = subprocess.run(["sh", "-c", f"{command} {led}"], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def stored_whole() -> bool:
    results = Results(Path("r"))
    return len(results.finished()) == results.manifest["runs"] and list(problems(results)) == []


@every_command
def test_without_stdout_nothing_is_begun(words: tuple[str, ...]) -> None:
    code, _, said = ran(words, ">&-")
    assert code == USER_ERROR
    assert said.startswith("diffusion: stdout is closed, ")
    assert said.count("\n") == 1
    assert not Path("r").exists()


@has_full
@every_command
def test_a_full_stdout_is_told_and_what_was_computed_is_stored(words: tuple[str, ...]) -> None:
    code, _, said = ran(words, "> /dev/full")
    assert code == USER_ERROR
    assert "can't be written to stdout (No space left on device)" in said.splitlines()[-1]
    assert "Error" not in said
    assert words is not RUN or stored_whole()


@every_command
def test_a_command_that_nobody_reads_ends_without_a_word(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "diffusion", *words]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert done.returncode == streams.UNREAD
    assert done.stderr == ""
    assert words is not RUN or stored_whole()


@pytest.mark.parametrize("led", ["2>&-", pytest.param("2> /dev/full", marks=has_full)])
@pytest.mark.parametrize("words", [RUN, COMPARE], ids=["run", "compare"])
def test_where_nobody_hears_how_far_it_is_it_works_as_ever(
    words: tuple[str, ...], led: str
) -> None:
    code, shown, _ = ran(words, led)
    assert code == 0
    assert stored_whole()
    assert "Results\n  r\n" in shown


def test_a_mistake_that_nobody_hears_of_has_its_exit_code() -> None:
    assert ran(("run", "no.such=1"), "2>&-") == (USER_ERROR, "", "")
    assert ran(("run", "no.such=1"), "2>&- >&-") == (USER_ERROR, "", "")


def test_no_file_takes_the_place_of_a_closed_stream() -> None:
    code = (
        "import os; from diffusion.cli import streams\n"
        "with streams.told(): print(os.open('file', os.O_CREAT) > 2)"
    )
    command = shlex.join([sys.executable, "-c", code])
    shown = subprocess.run(["sh", "-c", f"{command} <&- 2>&-"], capture_output=True, text=True)
    assert shown.stdout == "True\n"


def test_warnings_for_the_user_are_one_sentence_and_others_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def warned(_: object) -> int:
        for kind in (DiffusionWarning, RuntimeWarning):
            sys.stderr.write(warnings.formatwarning("no room", kind, "loops.py", 3))
        return 0

    usual = warnings.formatwarning
    monkeypatch.setattr("diffusion.cli._answer", warned)
    assert main([]) == 0
    assert warnings.formatwarning is usual
    assert capsys.readouterr().err.splitlines() == [
        "diffusion: no room",
        "loops.py:3: RuntimeWarning: no room",
    ]


class Written:
    """What a program may put in the place of a stream: it writes, and no more."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text


class Gone:
    """A stream of no file, whose reader has gone."""

    def write(self, text: str) -> None:
        raise BrokenPipeError


def put(monkeypatch: pytest.MonkeyPatch, stdout: object, stderr: object) -> None:
    monkeypatch.setattr("sys.stdout", stdout)
    monkeypatch.setattr("sys.stderr", stderr)


@pytest.mark.parametrize("words", [["--version"], ["explain", "month"]])
def test_streams_of_a_program_need_do_no_more_than_write(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, said = Written(), Written()
    put(monkeypatch, shown, said)
    assert main(words) == 0
    assert main(["no-such"]) == USER_ERROR
    assert shown.text
    assert said.text.startswith("diffusion: there is no command 'no-such'")
    put(monkeypatch, Gone(), Gone())
    assert main(words) == streams.UNREAD
    assert main(["no-such"]) == USER_ERROR


def test_streams_that_a_program_has_closed_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    said, closed = Written(), io.StringIO()
    closed.close()
    put(monkeypatch, closed, said)
    assert main(["--version"]) == USER_ERROR
    assert said.text.startswith("diffusion: stdout is closed, ")
    put(monkeypatch, Written(), closed)
    assert main(["no-such"]) == USER_ERROR


def test_letters_that_a_stream_does_not_have_are_question_marks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.TextIOWrapper(io.BytesIO(), "latin-1", newline="")
    put(monkeypatch, shown, Written())
    monkeypatch.setattr(
        "diffusion.cli._answer", lambda _: sys.stdout.write("in use \u2026 \u00e4\n")
    )
    main([])
    assert shown.buffer.getvalue() == b"in use ? \xe4\n"


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (SettingError("no room"), USER_ERROR, "diffusion: no room\n"),
        (KeyboardInterrupt("half is kept"), INTERRUPTED, "diffusion: interrupted; half is kept\n"),
    ],
)
def test_why_a_command_ends_is_told_though_nobody_reads_what_it_showed(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends both sides of `diffusion run | tee log`."""
    reading, writing = os.pipe()
    os.close(reading)

    def answer(_: object) -> int:
        sys.stdout.write("a table that still waits in the buffer")
        raise error

    said = Written()
    with os.fdopen(writing, "w") as shown:
        put(monkeypatch, shown, said)
        monkeypatch.setattr("diffusion.cli._answer", answer)
        assert main([]) == code
    assert said.text == told
