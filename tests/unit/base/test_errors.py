"""Errors that a user can mend, and the hint at the nearest right name."""

import subprocess
import sys

import pytest

import diffusion
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


def test_the_package_offers_what_callers_catch() -> None:
    assert diffusion.DiffusionError is DiffusionError
    assert "DiffusionError" in diffusion.__all__
    with pytest.raises(diffusion.DiffusionError, match="did you mean 'seed'"):
        diffusion.load(["seeed=1"])


def test_the_package_imports_nothing_of_its_own_before_it_is_asked() -> None:
    code = """
import sys
import diffusion
print([name for name in sys.modules if name.startswith("diffusion.")])
diffusion.DiffusionError
print("diffusion.base.errors" in sys.modules)
"""
    words = [sys.executable, "-c", code]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert shown == "[]\nTrue\n"
