"""Overrides as typed: what is read, and what is refused in one sentence."""

from typing import Any

import pytest

import diffusion
from diffusion.analysis.patterns import check
from diffusion.base.errors import SettingError
from diffusion.config.folders import Folders
from diffusion.config.overrides import choices, dotted, parse, values


@pytest.fixture(scope="module")
def folders() -> Folders:
    return Folders.find()


def test_values_are_read_as_yaml() -> None:
    lines = ["a=1", "b=0.5", "c=[x,y]", "d={k: 2}", "e='two, words'", "f=true", "g=null", "h="]
    assert [one.value for one in parse(lines)] == [
        1,
        0.5,
        ["x", "y"],
        {"k": 2},
        "two, words",
        True,
        None,
        "",
    ]


def test_plus_means_nothing_for_a_setting_that_exists() -> None:
    (override,) = parse(["++turnover.share_ngo=0.2"])
    assert override.key == "turnover.share_ngo"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("~world", "would remove settings"),
        ("~world=erasmi", "would remove settings"),
        ("seed", "write key=value"),
        ("record.groups=[practice,scale", "the bracket '[' is not closed; add ']'"),
        ("record.groups=practice]", "']' closes a bracket that was not opened"),
        ("d={a: [1}", "'}' closes a bracket that was not opened"),
        ("name='abc", "the quote ' is not closed"),
        ("d={a b}", "into quotes"),
        ("seed=1,2", "several values; give one"),
        ("seed=range(3)", "several values; give one"),
        ("a@b=c", "'a@b' can't be the name of a setting"),
        ("=3", "can't be the name of a setting"),
    ],
)
def test_what_cannot_be_read_is_refused(line: str, said: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse([line])
    assert said in str(caught.value)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("seed=3", """'seed=3' is no list of overrides; write ["seed=3"]"""),
        ({"seed": 3}, """{'seed': 3} is no list of overrides; write ["seed=3"]"""),
        (b"seed=3", "is no list of overrides"),
        (None, "None is no list of overrides"),
        ([1], "overrides hold 1, which is no text"),
        (["seed=3", None], "overrides hold None, which is no text"),
    ],
)
def test_overrides_in_python_are_a_list_of_texts(given: Any, said: str) -> None:
    for call in (diffusion.load, lambda lines: diffusion.compare(overrides=lines), check):
        with pytest.raises(SettingError) as caught:
            call(given)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


def test_overrides_may_come_one_by_one() -> None:
    assert [one.key for one in parse(f"{key}=1" for key in "ab")] == ["a", "b"]


def test_choices_and_values_are_told_apart(folders: Folders) -> None:
    overrides = parse(["world=synthetic", "world.n=60", "intervention=cop_formation", "seed=3"])
    assert choices(overrides, folders) == {
        "world": "synthetic",
        "intervention": ["cop_formation"],
    }
    assert [one.key for one in values(overrides, folders)] == ["world.n", "seed"]


def test_a_later_choice_replaces_an_earlier_one(folders: Folders) -> None:
    overrides = parse(["intervention=[cop_formation]", "intervention=[language_mediation]"])
    assert choices(overrides, folders) == {"intervention": ["language_mediation"]}


def test_none_of_the_interventions_can_be_chosen(folders: Folders) -> None:
    assert choices(parse(["intervention=null"]), folders) == {"intervention": []}
    assert choices(parse(["intervention=[]"]), folders) == {"intervention": []}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("world=sinthetic", "did you mean 'synthetic'?"),
        ("world=null", "there is no world nothing"),
        ("world=[synthetic]", "choose one of"),
        ("intervention=cop_formatoin", "did you mean 'cop_formation'?"),
        ("shock=pandemie", "there is no shock 'pandemie'"),
        ("shock=[pandmic]", "did you mean 'pandemic'?"),
        ("intervention=[cop_formation,cop_formation]", "stands there twice"),
        ("executor=abacus", "choose from: dask, local, ray, serial"),
        ("experiment=what_remain", "did you mean 'what_remains'?"),
    ],
)
def test_a_choice_that_a_group_lacks_is_refused(line: str, said: str, folders: Folders) -> None:
    with pytest.raises(SettingError) as caught:
        choices(parse([line]), folders)
    assert said in str(caught.value)


def test_keys_are_listed_with_dots() -> None:
    assert list(dotted({"a": {"b": 1, "c": {}}, "d": []})) == ["a", "a.b", "a.c", "d"]
