"""Which practices somebody means."""

from typing import Any

import pytest
from pydantic import ValidationError

from diffusion.base.errors import SettingError
from diffusion.world.practice_choice import PracticeChoice
from tests.simulating import FIELD, OTHER_FIELD, world

STATE = world(
    3, practices={"fields": [FIELD, OTHER_FIELD, FIELD | OTHER_FIELD], "scale": [0, 0, 2]}
)


@pytest.mark.parametrize(
    ("choice", "meant"),
    [
        ({}, 0b111),
        ({"scales": ["little"]}, 0b011),
        ({"scales": ["little", "programme"]}, 0b111),
        ({"fields": ["housing"]}, 0b110),
        ({"fields": ["housing"], "scales": ["little"]}, 0b010),
        ({"named": ["P2", "P0"]}, 0b101),
        ({"named": ["P2", "P0"], "scales": ["programme"]}, 0b100),
    ],
)
def test_it_means_what_meets_every_condition(choice: dict[str, Any], meant: int) -> None:
    assert PracticeChoice.model_validate(choice).mask(STATE, "lever") == meant


@pytest.mark.parametrize(
    ("choice", "said"),
    [({"scales": ["litle"]}, "did you mean 'little'"), ({"fields": ["house"]}, "'house' is not")],
)
def test_unknown_words_are_refused(choice: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PracticeChoice.model_validate(choice)


def test_unknown_names_and_empty_choices_are_refused() -> None:
    with pytest.raises(SettingError, match="lever names the practice 'P7', which this world does"):
        PracticeChoice(named=("P7",)).mask(STATE, "lever")
    with pytest.raises(SettingError, match=r"means no practice of this world \(scale medium\)"):
        PracticeChoice(scales=("medium",)).mask(STATE, "lever")


def test_it_says_what_it_means() -> None:
    assert PracticeChoice().words() == "all practices"
    assert PracticeChoice(scales=("little",), named=("P0",)).words() == "scale little; named P0"
