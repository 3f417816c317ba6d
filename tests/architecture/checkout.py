"""The files of the checkout that the architecture tests look at."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "diffusion"


def python_files(*folders: str) -> list[Path]:
    """All Python files below the folders, by path from the root."""
    return sorted(
        path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py")
    )


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file given by its path from the root."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def dotted_names(tree: ast.AST) -> Iterator[str]:
    """Every name that is imported or read, in full: `numpy.random`, `Decision.EXIT`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)
