"""Pages in Markdown: tables, and the part between two marks that a command writes.

What stands around the marks is written by hand, and no command changes it.
"""

from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from diffusion.base.errors import SettingError
from diffusion.runner.files import check_writable, write_text

Marks = tuple[str, str]

MARKS: Marks = ("<!-- measured -->", "<!-- /measured -->")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Container[int] = (0,),
    parting: str = "<br>",
) -> list[str]:
    """The lines of a table.

    Args:
        left: columns whose text begins at the left; numbers stand at the right.
        parting: what stands for a line break within a cell.
    """

    def line(cells: Sequence[str]) -> str:
        safe = (cell.replace("|", "\\|").replace("\n", parting) for cell in cells)
        return f"| {' | '.join(safe)} |"

    ruler = " | ".join("---" if k in left else "---:" for k in range(len(head)))
    return [line(head), f"| {ruler} |", *map(line, rows)]


def check(path: Path) -> None:
    """Refuse a page that can't be filled, before anything is computed.

    Raises:
        SettingError: it is there and has not the two marks.
        ResultsError: its folder can't be written.
    """
    if path.exists():
        split(path)
    check_writable(path.parent, "folder", "--write")


def put(block: str, path: Path, title: str, marks: Marks = MARKS) -> None:
    """Put a block between the marks of a page; a page that is not there yet gets title and marks.

    Raises:
        SettingError: it is there and has not the two marks, once each and in their order.
        ResultsError: the disk is full, or the folder can't be written.
    """
    before, after = f"# {title}\n\n", "\n"
    if path.exists():
        before, _, after = split(path, marks)
    write_text(path, f"{before}{marks[0]}\n\n{block.strip()}\n\n{marks[1]}{after}")


def split(path: Path, marks: Marks = MARKS) -> tuple[str, str, str]:
    """What stands before, between and after the marks of a page.

    Raises:
        SettingError: it is no text, or has not the two marks, once each and in their order.
    """
    begin, end = marks
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} can't be read as a page in Markdown ({error})") from error
    before, _, rest = text.partition(begin)
    block, _, after = rest.partition(end)
    if (text.count(begin), text.count(end), rest.count(end)) != (1, 1, 1):
        raise SettingError(
            f"{path} must hold the marks {begin} and then {end}, once each, for what stands "
            f"between them is replaced; add them, or name a file that is not there yet"
        )
    return before, block, after


def pictures(path: Path) -> Iterator[str]:
    """The names of the pictures that a page shows from its own folder."""
    for piece in path.read_text(encoding="utf-8").split("![")[1:]:
        name = piece.partition("](")[2].partition(")")[0]
        if name.endswith((".png", ".svg")) and "/" not in name:
            yield name
