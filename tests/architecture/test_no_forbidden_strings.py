"""The project stands alone: no file names a path of one machine or a package registry."""

import re
import subprocess

import pytest

from tests.architecture.checkout import ROOT

# Spelt in pieces, so that this file is not its own finding.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"\.\./" + "shared",
            "/(work|farm|root)" + "/",
            "index" + "-url",
            '"resolved": *' + '"http',
            "url *= *" + r'"https?://[^"]*\.(whl|tar\.gz)',
        ]
    )
)


def project_files() -> list[str]:
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_points_outside_the_project() -> None:
    names = project_files()
    if not names:
        pytest.skip("not a git checkout")
    found = []
    for name in names:
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        found += [
            f"{name}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), 1)
            if FORBIDDEN.search(line)
        ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "see .." + "/shared/notes.md",
        "open('" + "/work" + "/main/x.csv')",
        "pip install --extra-index" + "-url https://example.org",
    ],
)
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    assert FORBIDDEN.search(line)
