"""Which code computes the numbers of a run, with which Python and libraries, as one digest.

The version of the package does not tell: numbers move between two of them. A change that moves
none, such as one of a docstring, is another digest too. Of Python and libraries the versions tell,
so that none of these is imported for it.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

LAYERS = ("base", "evidence", "interventions", "model", "rules", "shocks", "world")
KINDS = (".csv", ".py")  # pages that lie beside them decide nothing
LIBRARIES = ("numpy", "numba", "llvmlite")  # whose sums, functions and machine code runs go through
PYTHON = "python"  # whose own sums and functions runs go through too
_PACKAGE = Path(__file__).resolve().parents[1]
_DIGITS = 16


@cache
def code_digest() -> str:
    """The digest of the package, Python and libraries that run; read once, when first asked for."""
    return digest_of(_PACKAGE, library_versions())


def digest_of(package: Path, libraries: Mapping[str, str]) -> str:
    """The digest of what decides the numbers.

    Args:
        package: its files count by relative path and content.
        libraries: name -> version, of Python as well.
    """
    digest = hashlib.sha256()
    for name in deciding_files(package):
        content = hashlib.sha256((package / name).read_bytes())
        digest.update(f"{name} {content.hexdigest()}\n".encode())
    for name, number in sorted(libraries.items()):
        digest.update(f"{name} {number}\n".encode())
    return digest.hexdigest()[:_DIGITS]


def deciding_files(package: Path) -> list[str]:
    """The files of the model's layers that decide its numbers, by path from the package."""
    return sorted(
        path.relative_to(package).as_posix()
        for layer in LAYERS
        for kind in KINDS
        for path in (package / layer).rglob(f"[!.]*{kind}")  # editors leave hidden ones
    )


def library_versions() -> dict[str, str]:
    """The version of Python, and of each library, that decides numbers with the code."""
    return {PYTHON: series(python_version()), **{name: version_of(name) for name in LIBRARIES}}


def series(version_of_python: str) -> str:
    """3.11 of 3.11.7: what follows mends mistakes and moves no number."""
    return ".".join(version_of_python.split(".")[:2])


def version_of(library: str) -> str:
    """The version that is installed, as its metadata say."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def in_words(package: str, digest: str, libraries: Mapping[str, str]) -> str:
    """A version of the package with what else decides its numbers, for sentences that refuse."""
    beside = ", ".join(f"{name} {number}" for name, number in libraries.items())
    return f"diffusion {package} ({beside}; digest of these and the code {digest})"
