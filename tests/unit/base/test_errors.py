"""Errors that a user can mend, and the hint at the nearest right name."""

import pytest

from diffusion.base import errors
from diffusion.base.errors import DiffusionError, nearest


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("turnoverr", ["turnover", "funding"], "; did you mean 'turnover'?"),
        ("timing.mnths", ["timing.months", "timing.start"], "; did you mean 'timing.months'?"),
        ("share_ngo", ["turnover.share_ngo", "ties.decay"], "; did you mean 'turnover.share_ngo'?"),
        ("qqqq", ["turnover", "funding"], ""),
        ("turnover", [], ""),
    ],
)
def test_nearest_names_the_closest_known_name(name: str, known: list[str], hint: str) -> None:
    assert nearest(name, known) == hint


def test_nearest_reads_an_iterator_once() -> None:
    assert nearest("fundin", iter(["funding", "ties"])) == "; did you mean 'funding'?"


@pytest.mark.parametrize("error", ["SettingError", "WorldError", "ResultsError", "ExtensionError"])
def test_every_named_error_is_shown_as_one_sentence(error: str) -> None:
    cls = getattr(errors, error)
    assert issubclass(cls, DiffusionError)
    assert str(cls("one sentence")) == "one sentence"
