"""The digest changes with whatever decides the numbers, and with nothing else."""

import shutil
import tomllib
from pathlib import Path

import pytest

from diffusion.model import code_digest
from tests.architecture.checkout import PACKAGE, ROOT


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in ("base/draws.py", "evidence/data/practices.csv", "views/page.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(PACKAGE / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", ["base/draws.py", "evidence/data/practices.csv"])
def test_a_changed_file_changes_it(name: str, package: Path) -> None:
    before = code_digest.digest_of(package)
    with (package / name).open("a") as file:
        file.write(" ")
    assert code_digest.digest_of(package) != before


def test_a_new_and_a_renamed_file_change_it(package: Path) -> None:
    before = code_digest.digest_of(package)
    (package / "rules" / "further").mkdir(parents=True)
    (package / "rules" / "further" / "rule.py").touch()
    further = code_digest.digest_of(package)
    (package / "rules" / "further" / "rule.py").rename(package / "rules" / "rule.py")
    assert len({before, further, code_digest.digest_of(package)}) == 3


@pytest.mark.parametrize(
    "name", ["views/page.py", "views/other.py", "evidence/data/README.md", "base/.#draws.py"]
)
def test_what_decides_no_number_leaves_it(name: str, package: Path) -> None:
    before = code_digest.digest_of(package)
    (package / name).write_text("something else")
    assert code_digest.digest_of(package) == before


def test_it_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = code_digest.code_digest()
    monkeypatch.setattr(code_digest, "digest_of", lambda package: pytest.fail("read again"))
    assert code_digest.code_digest() == first


def test_it_covers_the_model_and_every_layer_within() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = contracts["importlinter"]["contracts"][0]["layers"]
    inner = " | ".join(layers[layers.index("model") :]).split(" | ")
    assert sorted(code_digest.LAYERS) == sorted(inner)


def test_the_layers_hold_no_file_of_another_kind() -> None:
    present = {
        path.relative_to(PACKAGE).as_posix()
        for layer in code_digest.LAYERS
        for path in (PACKAGE / layer).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert present - set(code_digest.deciding_files(PACKAGE)) == {"evidence/data/README.md"}
