"""A file is written whole or not at all, with the mode and at the place of any other file."""

import os
from pathlib import Path

import pytest

from diffusion.base.writing import write_whole, written_as


def hello(path: Path) -> None:
    path.write_text("hello")


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_the_umask_decides_the_mode(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "file", hello)
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("present", [True, False])
def test_a_link_stays_and_its_target_is_written(present: bool, tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "file", tmp_path / "link"
    target.parent.mkdir()
    if present:
        target.write_text("before")
    link.symlink_to(Path("there") / "file")
    write_whole(link, hello)
    assert link.is_symlink()
    assert target.read_text() == "hello"
    assert sorted(tmp_path.rglob("*")) == [link, target.parent, target]


def test_an_interrupted_write_leaves_the_file_of_before(tmp_path: Path) -> None:
    def stopped(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    (tmp_path / "file").write_text("before")
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "file", stopped)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "before"


def test_a_temporary_name_tells_which_file_was_written(tmp_path: Path) -> None:
    seen: list[str] = []

    def noted(path: Path) -> None:
        seen.append(path.name)
        hello(path)

    write_whole(tmp_path / "part-1.json", noted)
    assert [written_as(name) for name in seen] == ["part-1.json"]
    others = ("part-1.json.77", ".part-1.json", ".part-1.json.swp", ".77", "..77", ".part-1.77x")
    assert [written_as(name) for name in others] == [None] * len(others)
