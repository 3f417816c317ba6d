"""Which code computes the numbers of a run, as one digest.

Versions do not tell: numbers move between two of them. A change that moves none, such as one of a
docstring, is another digest too.
"""

import hashlib
from functools import cache
from pathlib import Path

LAYERS = ("base", "evidence", "interventions", "model", "rules", "shocks", "world")
KINDS = (".csv", ".py")  # pages that lie beside them decide nothing
_PACKAGE = Path(__file__).resolve().parents[1]
_DIGITS = 16


@cache
def code_digest() -> str:
    """The digest of the package that runs; read once, when it is first asked for."""
    return digest_of(_PACKAGE)


def digest_of(package: Path) -> str:
    """The digest of what decides the numbers in a package, by relative path and content."""
    digest = hashlib.sha256()
    for name in deciding_files(package):
        content = hashlib.sha256((package / name).read_bytes())
        digest.update(f"{name} {content.hexdigest()}\n".encode())
    return digest.hexdigest()[:_DIGITS]


def deciding_files(package: Path) -> list[str]:
    """The files of the model's layers that decide its numbers, by path from the package."""
    return sorted(
        path.relative_to(package).as_posix()
        for layer in LAYERS
        for kind in KINDS
        for path in (package / layer).rglob(f"[!.]*{kind}")  # editors leave hidden ones
    )
