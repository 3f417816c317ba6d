"""Chance comes from keyed draws alone, and no two rules share a decision."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from diffusion.base.draws import Decision
from tests.architecture.checkout import dotted_names, parsed, python_files

DRAWS = Path("src/diffusion/base/draws.py")
# Folders in which every file decides for itself; in `world` the builders share decisions.
OWN_LUCK = ("rules", "interventions", "shocks", "model")
OTHER_SOURCES = (
    "random",
    "secrets",
    "numpy.random",
    "np.random",
    "numba.random",
    "os.urandom",
    "uuid.uuid1",
    "uuid.uuid4",
    "scipy.stats.rvs",
    "RandomState",
    "default_rng",
)


def other_randomness(tree: ast.AST) -> set[str]:
    return {
        name
        for name in dotted_names(tree)
        for source in OTHER_SOURCES
        if name == source or name.startswith(f"{source}.") or name.endswith(f".{source}")
    }


def decisions(tree: ast.AST) -> set[str]:
    found = set()
    for name in dotted_names(tree):
        head, _, member = name.rpartition(".")
        if head.rpartition(".")[2] == "Decision" and member in Decision.__members__:
            found.add(member)
    return found


def users() -> dict[str, set[Path]]:
    """Decision -> the files of the package that draw with it."""
    found: dict[str, set[Path]] = defaultdict(set)
    for path in python_files("src"):
        if path != DRAWS:
            for member in decisions(parsed(path)):
                found[member].add(path)
    return found


@pytest.mark.parametrize("path", python_files("src", "tests"), ids=str)
def test_no_file_uses_another_source_of_randomness(path: Path) -> None:
    assert other_randomness(parsed(path)) == set()


@pytest.mark.parametrize(
    "line",
    [
        "import random",
        "from random import choice",
        "import numpy.random as r",
        "from numpy.random import default_rng",
        "x = np.random.rand()",
        "rng = np.random.default_rng(1)",
        "from numpy import random",
        "token = os.urandom(8)",
        "name = uuid.uuid4()",
    ],
)
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    assert other_randomness(ast.parse(line))


def test_the_search_reads_decisions_however_they_are_named() -> None:
    code = "a = int(Decision.EXIT); b = draws.Decision.TRIAL; c = Decision.nothing"
    assert decisions(ast.parse(code)) == {"EXIT", "TRIAL"}


def test_every_decision_is_drawn_somewhere() -> None:
    unused = set(Decision.__members__) - set(users())
    assert not unused, f"never drawn: {sorted(unused)}"


def test_no_two_mechanisms_share_a_decision() -> None:
    shared = {
        member: sorted(map(str, files))
        for member, files in users().items()
        if len(files) > 1 and any(path.parts[2] in OWN_LUCK for path in files)
    }
    assert not shared
