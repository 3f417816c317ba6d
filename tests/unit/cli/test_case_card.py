"""The card of a case: what its source says, what is assumed, how to run it."""

import pytest

import diffusion
from diffusion.base.errors import SettingError
from diffusion.cli import main
from diffusion.cli.case_card import card, case_list
from diffusion.evidence import sources
from diffusion.world.worlds import CaseWorld
from diffusion.world.worlds.cases import cases

HEADINGS = ("What the source says:", "What is assumed:", "How to run it:")


def test_all_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "case"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{key}: " in shown for key in cases())
    assert len(list(case_list())) == 32


@pytest.mark.parametrize("name", cases())
def test_a_card_says_what_is_known_what_is_assumed_and_how_to_run(name: str) -> None:
    lines = list(card(cases()[name]))
    assert [line for line in lines if line in HEADINGS] == list(HEADINGS)
    for table in ("case_members", "case_places", "case_groups", "case_facts"):
        for row in sources.table(table):
            if row["case"] == name:
                assert any(row["note"] in line for line in lines), row
    commands = [line.split() for line in lines if line.startswith("  diffusion run")]
    (words,) = commands
    world = diffusion.load(words[2:]).world
    assert isinstance(world, CaseWorld)
    assert world.case == name


def test_a_card_tells_sheet_and_assumption_apart() -> None:
    lines = list(card(cases()["integration_erfurt"]))
    assumed = lines.index("What is assumed:")
    assert any("number of members: 80" in line for line in lines[:assumed])
    assert any("8 x Working group" in line for line in lines[:assumed])
    assert any("world.handover_share x 0.7" in line for line in lines[assumed:])
    silent = list(card(cases()["vyre"]))
    assert any("meetings a year: as a random" in line for line in silent)


def test_money_is_told_as_the_world_has_it() -> None:
    money = {
        "integration_erfurt": "regular coordination money",
        "vyre": "nobody coordinates",
        "magnet_network": "for up to world.months_coordination_grant",
        "migrantinnen_netzwerk_bayern": "has ended",
        "sligo_global_kitchen": "no coordination money",
    }
    for name, words in money.items():
        (line,) = [one for one in card(cases()[name]) if one.startswith("  paid by")]
        assert words in line, name


def test_the_card_of_warsaw_names_its_shock() -> None:
    assert any("shock=[arrivals_2022]" in line for line in card(cases()["warsaw_journey"]))


def test_an_unknown_case_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "case", "erfrut"]) == 2
    said = capsys.readouterr().err
    assert "did you mean 'erfurt'?" in said
    assert said.count("\n") == 1
    with pytest.raises(SettingError, match=r"^world.case = 'erfrut': there is no case 'erfrut'"):
        diffusion.load(["world=case", "world.case=erfrut"])
