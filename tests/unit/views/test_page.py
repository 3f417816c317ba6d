"""Pages in Markdown: only what stands between the marks is written."""

from pathlib import Path

import pytest

from diffusion.base.errors import SettingError
from diffusion.views.page import MARKS, check, pictures, put, table

BEGIN, END = MARKS


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{BEGIN}\n\nold\n\n{END}\n\nAfter\n", encoding="utf-8")
    for _ in range(2):
        put("new\n", page, "unused")
        text = page.read_text(encoding="utf-8")
        assert text == f"# Before\n\n{BEGIN}\n\nnew\n\n{END}\n\nAfter\n"


def test_a_page_that_is_not_there_gets_a_title_and_marks(tmp_path: Path) -> None:
    page = tmp_path / "folder" / "page.md"
    for block in ("one", "two"):
        check(page)
        put(block, page, "What is found?")
    assert page.read_text("utf-8") == f"# What is found?\n\n{BEGIN}\n\ntwo\n\n{END}\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END} {BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_page_without_its_two_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match="must hold the marks"):
        check(page)
    with pytest.raises(SettingError, match="must hold the marks"):
        put("new", page, "title")
    assert page.read_text(encoding="utf-8") == text


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "picture.png"
    page.write_bytes(b"\x89PNG\xff")
    with pytest.raises(SettingError, match="can't be read as a page"):
        check(page)


def test_cells_can_neither_end_a_cell_nor_a_line() -> None:
    lines = table(["a", "b"], [["x | y", "1\n(0 to 2)"]], parting=" ")
    assert lines == ["| a | b |", "| --- | ---: |", "| x \\| y | 1 (0 to 2) |"]


def test_pictures_of_other_folders_are_not_the_pages_own(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("![A](a.png) text ![B](b.svg) ![C](../c.png) [d](d.png) ![E](e.html)")
    assert list(pictures(page)) == ["a.png", "b.svg"]
