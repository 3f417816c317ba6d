"""The digest changes with whatever decides the numbers, and with nothing else."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from diffusion.model import code_digest
from tests.architecture.checkout import PACKAGE, ROOT

LIBRARIES = {"numpy": "2.4.6", "numba": "0.68.1"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in ("base/draws.py", "evidence/data/practices.csv", "views/page.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(PACKAGE / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", ["base/draws.py", "evidence/data/practices.csv"])
def test_a_changed_file_changes_it(name: str, package: Path) -> None:
    before = code_digest.digest_of(package, LIBRARIES)
    with (package / name).open("a") as file:
        file.write(" ")
    assert code_digest.digest_of(package, LIBRARIES) != before


def test_a_new_and_a_renamed_file_change_it(package: Path) -> None:
    before = code_digest.digest_of(package, LIBRARIES)
    (package / "rules" / "further").mkdir(parents=True)
    (package / "rules" / "further" / "rule.py").touch()
    further = code_digest.digest_of(package, LIBRARIES)
    (package / "rules" / "further" / "rule.py").rename(package / "rules" / "rule.py")
    assert len({before, further, code_digest.digest_of(package, LIBRARIES)}) == 3


@pytest.mark.parametrize(
    "name", ["views/page.py", "views/other.py", "evidence/data/README.md", "base/.#draws.py"]
)
def test_what_decides_no_number_leaves_it(name: str, package: Path) -> None:
    before = code_digest.digest_of(package, LIBRARIES)
    (package / name).write_text("something else")
    assert code_digest.digest_of(package, LIBRARIES) == before


@pytest.fixture
def forgotten() -> Iterator[None]:
    """The digest is taken anew, and once more afterwards."""
    code_digest.code_digest.cache_clear()
    yield
    code_digest.code_digest.cache_clear()


@pytest.mark.parametrize("name", ["numpy", "numba", "llvmlite"])
@pytest.mark.usefixtures("forgotten")
def test_another_version_of_a_library_changes_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_digest.code_digest()
    code_digest.code_digest.cache_clear()

    def version(library: str) -> str:
        return metadata.version(library) + (".post1" if library == name else "")

    monkeypatch.setattr("diffusion.model.code_digest.version", version)
    assert code_digest.code_digest() != before


@pytest.mark.parametrize(("number", "same"), [("3.99.0", False), ("{}.{}.99", True)])
@pytest.mark.usefixtures("forgotten")
def test_another_python_changes_it_unless_it_only_mends_mistakes(
    number: str, same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_digest.code_digest()
    code_digest.code_digest.cache_clear()
    there = number.format(*sys.version_info)
    monkeypatch.setattr("diffusion.model.code_digest.python_version", lambda: there)
    assert (code_digest.code_digest() == before) is same


def test_versions_of_libraries_are_not_mixed_up(package: Path) -> None:
    swapped = {"numpy": LIBRARIES["numba"], "numba": LIBRARIES["numpy"]}
    ordered = dict(reversed(LIBRARIES.items()))
    digest = code_digest.digest_of(package, LIBRARIES)
    assert code_digest.digest_of(package, swapped) != digest
    assert code_digest.digest_of(package, ordered) == digest


def test_a_library_without_metadata_is_told_apart_from_any_version() -> None:
    assert code_digest.version_of("no-such-library") == "not installed"
    assert "not installed" not in code_digest.library_versions().values()


def test_it_imports_none_of_these_libraries() -> None:
    code = (
        "import sys; from diffusion.model.code_digest import LIBRARIES, code_digest;"
        "print(code_digest(), [name for name in LIBRARIES if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [code_digest.code_digest(), "[]"]


def test_it_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = code_digest.code_digest()
    monkeypatch.setattr(code_digest, "digest_of", lambda *_: pytest.fail("read again"))
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
