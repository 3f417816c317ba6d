"""The coded source tables that the package carries, each read once.

A row is a dict of strings, exactly as printed in the file: an empty cell means "not given in the
source" and the word `none` means that the source says there is none, so nothing is ever turned
into a missing value. What the tables hold and how they were coded stands in `data/README.md`.
"""

import csv
from functools import cache
from importlib.resources import files
from io import StringIO

from diffusion.base.errors import SettingError, nearest

Row = dict[str, str]

TABLES = (
    "case_challenges",
    "case_facts",
    "case_groups",
    "case_members",
    "case_networks",
    "case_places",
    "documents",
    "erasmi_networks",
    "erasmi_survey",
    "evidence",
    "interventions",
    "labour_costs",
    "levers_missed",
    "levers_not_shown",
    "parameters",
    "practices",
    "register",
    "spring_cops",
    "spring_survey",
)


def table(name: str) -> list[Row]:
    """The rows of a table by its file name without `.csv`; the caller may change its copy.

    Raises:
        SettingError: no table of that name.
    """
    return [dict(row) for row in _read(name)]


def cells(text: str) -> list[str]:
    """The entries of a `;` separated cell; an empty cell has none."""
    return [entry.strip() for entry in text.split(";") if entry.strip()]


def number(text: str) -> float | None:
    """The number in a cell, or None where the source gives none."""
    return float(text) if text.strip() else None


def by_id(name: str) -> dict[str, Row]:
    """The rows of a table keyed by their first column (`id` or `key`)."""
    rows = table(name)
    first = next(iter(rows[0])) if rows else "id"
    return {row[first]: row for row in rows}


@cache
def _read(name: str) -> tuple[Row, ...]:
    if name not in TABLES:
        raise SettingError(
            f"there is no source table '{name}'; tables: {', '.join(TABLES)}{nearest(name, TABLES)}"
        )
    text = (files("diffusion.evidence") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(StringIO(text, newline="")))
