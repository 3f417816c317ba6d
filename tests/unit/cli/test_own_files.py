"""Whatever commands put into a results folder is known to be theirs, and `--fresh` removes it."""

import inspect
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from diffusion.cli import main
from diffusion.runner.store import OF_COMMANDS, TABLES, Results, is_own
from diffusion.views import tables
from tests.simulating import SHORT

EVERYTHING = """# @package _global_
name: everything
question: What does a command write?
baseline: nothing
scenarios:
  nothing: {label: Nothing new}
  handover: {label: One, overrides: ["intervention=[handover]"]}
  other/lever: {label: Other, overrides: ["intervention=[cop_formation]"]}
  both: {label: Both, overrides: ["intervention=[handover,cop_formation]"]}
shows: {also_against: other/lever, rank_by: using_end, by_group: [kind], pairs: true}
record: {events: true}
"""
COMPARE = ["compare", *SHORT, "replicates=2", "executor=serial", "--results", "r"]
FRESH = [*COMPARE, "intervention=[handover]", "--fresh", "--no-figures"]

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.fixture
def everything(tmp_path: Path) -> list[str]:
    """The words of a command whose experiment has every table that there is."""
    file = tmp_path / "own" / "experiment" / "everything.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(EVERYTHING)
    return [*COMPARE, "experiment=everything", "--config-dir", "own"]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_file_of_a_command_is_known(everything: list[str], tmp_path: Path) -> None:
    assert main(everything) == 0
    assert main(["run", *SHORT, "--results", "one", "--no-figures"]) == 0
    found = names(tmp_path / "r") | names(tmp_path / "one")
    assert {name for name in found if not is_own(name)} == set()
    assert set(TABLES) <= found
    assert "differences_to_other-lever.csv" in found, "a slash would have named a folder"
    unseen = {own for own in OF_COMMANDS if not any(fnmatchcase(name, own) for name in found)}
    assert unseen == set(), "no command makes it, or this test misses it"


def test_every_table_of_a_comparison_is_known() -> None:
    """Also one that the experiment above does not have yet."""
    yielded = re.findall(r'yield f?"(.+?)"', inspect.getsource(tables._frames))
    assert "differences_to_{other}" in yielded
    assert [name for name in yielded if not is_own(f"{name}.csv")] == []


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "differences_to_a", "differences_to_a.csv.bak", "my_differences_to_a.csv", ".a"],
)
def test_files_of_others_are_not_taken_for_ours(name: str) -> None:
    assert not is_own(name)


def test_fresh_removes_what_is_ours_and_nothing_else(everything: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "r"
    assert main([*everything, "--no-figures"]) == 0
    (folder / "notes.txt").write_text("of somebody else")
    gone = {"differences_to_other-lever.csv", "by_group.csv", "events"}
    assert gone <= names(folder)
    assert main(FRESH) == 0
    assert not gone & names(folder)
    assert (folder / "notes.txt").read_text() == "of somebody else"
    assert set(Results(folder).manifest["scenarios"]) == {"baseline", "handover"}


def test_fresh_removes_links_and_nothing_behind_them(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "r", tmp_path / "elsewhere"
    assert main([*FRESH, "replicates=1"]) == 0
    elsewhere.mkdir()
    before = {}
    for name in ("finished", "months", "manifest.json"):
        (folder / name).rename(elsewhere / name)
        (folder / name).symlink_to(elsewhere / name)
    (folder / "events").symlink_to(tmp_path / "nowhere")
    for path in (path for path in elsewhere.rglob("*") if path.is_file()):
        before[path] = path.read_bytes()
    assert main(FRESH) == 0
    assert not any(path.is_symlink() for path in folder.iterdir())
    assert len(Results(folder).finished()) == 4
    assert {path: path.read_bytes() for path in before} == before


def test_without_a_manifest_fresh_takes_a_folder_that_holds_nothing_of_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    ours = {"differences_to_a.csv", ".differences_to_a.csv.77"}  # of a command that was killed
    for name in (*ours, "notes.txt"):
        (folder / name).touch()
    assert main(FRESH) == 2
    assert "r holds files that are no results (notes.txt)" in capsys.readouterr().err
    assert names(folder) == {*ours, "notes.txt"}
    (folder / "notes.txt").unlink()
    assert main(FRESH) == 0
    assert "differences_to_a.csv" not in names(folder)
