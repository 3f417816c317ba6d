"""The tables of docs/odd.md and docs/results.md name what the code has, and nothing else."""

import re

import pytest

import diffusion
from diffusion.cli.case_card import case_rows
from diffusion.evidence.register import Register
from diffusion.model.settings import RuleParameters
from diffusion.model.simulation import Simulation
from diffusion.runner.store import KEYS
from diffusion.world.traffic import Event
from tests.architecture.checkout import ROOT

WORLD = ["world=synthetic", "world.n=40", "world.n_territories=2", "practices.limit=4"]
RUN = ["timing={start: 0, stop: 1, months: 2}", "intervention=[handover]", "record.events=true"]
NAME = re.compile(r"`([^`]+)`")


def rows(page: str, section: str = "") -> list[list[str]]:
    """The cells of all tables of a page, or of the section with that heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    if section:
        (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def first_names(page: str, section: str) -> list[str]:
    return [name for row in rows(page, section) for name in NAME.findall(row[0])]


@pytest.fixture(scope="module")
def columns() -> dict[str, list[str]]:
    simulation = Simulation(diffusion.load([*WORLD, *RUN])).run()
    return {name: list(table) for name, table in simulation.tables().items()}


def test_every_parameter_of_a_rule_stands_in_the_protocol_as_in_the_register() -> None:
    rules = (*RuleParameters.model_fields, "measures")
    known = {
        key: (", ".join(entry.sources) or "–", entry.grade)  # noqa: RUF001
        for key in Register.load()
        if key.split(".")[0] in rules
        for entry in [Register.load()[key]]
    }
    told = {
        NAME.findall(row[0])[0]: (row[2], row[3])
        for row in rows("odd.md")
        if len(row) == 4 and NAME.fullmatch(row[0])
    }
    assert told == known


@pytest.mark.parametrize("table", ["months", "outcomes", "survival", "groups"])
def test_every_column_of_a_table_is_explained(table: str, columns: dict[str, list[str]]) -> None:
    told = [name.replace("<intervention>", "handover") for name in first_names("results.md", table)]
    assert sorted(told) == sorted(columns[table])


def test_the_event_log_is_explained(columns: dict[str, list[str]]) -> None:
    words = [event.name.lower() for event in Event]
    assert sorted(first_names("results.md", "events")) == sorted([*columns["events"], *words])


def test_the_keys_of_every_table_are_explained() -> None:
    assert tuple(first_names("results.md", "Keys of every table")) == KEYS


def test_the_page_of_cases_has_the_rows_that_the_tables_give() -> None:
    told = [(row[0].strip("`"), *row[1:]) for row in rows("cases.md")[2:]]
    assert told == case_rows()
