"""Pydantic's findings in words: key, value, what is allowed."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from diffusion.config.words import dotted_key, setting_error, shown


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Small(_Strict):
    kind: Literal["small"]
    n: int = Field(ge=2, le=50)


class _Large(_Strict):
    kind: Literal["large"]
    n: int = Field(ge=1000)


class _Window(_Strict):
    start: int = Field(alias="from", ge=0)
    until: int

    @model_validator(mode="after")
    def _in_order(self) -> "_Window":
        if self.until <= self.start:
            raise ValueError(f"until = {self.until} must be later than from = {self.start}")
        return self


class _Rules(_Strict):
    share: float = Field(ge=0.0, le=1.0)
    rate: float = Field(ge=0.0, lt=1.0)
    weight: float = Field(gt=0.0, le=2.0)
    ceiling: float = Field(lt=3.0)


class _Whole(_Strict):
    seed: int = Field(ge=0)
    flag: bool = False
    level: Literal["low", "high"] = "low"
    words: tuple[str, ...] = ()
    world: Annotated[_Small | _Large, Field(discriminator="kind")]
    rules: _Rules
    window: _Window | None = None


GOOD: dict[str, Any] = {
    "seed": 1,
    "world": {"kind": "small", "n": 10},
    "rules": {"share": 0.5, "rate": 0.5, "weight": 1.0, "ceiling": 1.0},
}


def _said(**changes: Any) -> str:
    data = {**GOOD, **changes}
    with pytest.raises(ValidationError) as caught:
        _Whole.model_validate(data)
    return str(setting_error(caught.value, _Whole, data))


def _rules(**changes: float) -> str:
    return _said(rules={**GOOD["rules"], **changes})


def test_bounds_are_named_on_both_sides() -> None:
    assert _rules(share=1.5) == "share = 1.5: allowed 0 to 1"
    assert _rules(rate=1.0) == "rate = 1.0: allowed 0 to less than 1"
    assert _rules(weight=0) == "weight = 0: allowed more than 0, up to 2"
    assert _rules(ceiling=3.5) == "ceiling = 3.5: allowed less than 3"
    assert _said(seed=-1) == "seed = -1: allowed 0 or more"


def test_not_a_number_is_out_of_bounds() -> None:
    assert _rules(share=float("nan")) == "share = nan: allowed 0 to 1"


def test_types_are_named_in_words() -> None:
    assert _said(seed="many") == "seed = 'many': should be a whole number"
    assert _said(seed=1.5) == "seed = 1.5: should be a whole number"
    assert _said(flag="perhaps") == "flag = 'perhaps': should be true or false"
    assert _said(words="one") == "words = 'one': should be a list such as [a,b]"
    assert _said(world=5) == "world = 5: should be a group of settings"


def test_words_that_are_not_in_the_list_get_the_nearest() -> None:
    assert _said(level="hihg") == "level = 'hihg': allowed low, high; did you mean 'high'?"


def test_the_tag_of_a_union_is_left_out_and_the_right_member_is_asked() -> None:
    small = _said(world={"kind": "small", "n": 1})
    assert small == "world.n = 1: allowed 2 to 50"
    large = _said(world={"kind": "large", "n": 1})
    assert large == "world.n = 1: allowed 1000 or more"
    assert _said(world={"kind": "tiny", "n": 1}).startswith("world.kind = 'tiny': allowed")


def test_missing_and_superfluous_settings() -> None:
    assert _said(world={"kind": "small"}) == "world.n is missing; give it a value"
    assert _said(world={"kind": "small", "n": 5, "m": 1}) == (
        "world.m = 1: there is no setting 'world.m'; did you mean 'world.n'?"
    )


def test_what_a_validator_says_is_kept_and_aliases_are_understood() -> None:
    assert _said(window={"from": 9, "until": 3}) == (
        "window: until = 3 must be later than from = 9"
    )
    assert _said(window={"from": -1, "until": 3}) == "window.from = -1: allowed 0 or more"


def test_keys_as_the_user_writes_them() -> None:
    assert dotted_key(("rules", "turnover", "share_ngo")) == "turnover.share_ngo"
    assert dotted_key(("interventions", "x", "coverage")) == "intervention.x.coverage"
    assert dotted_key(("record", "groups", 0)) == "record.groups.0"
    assert dotted_key(("coverage",), "intervention.x") == "intervention.x.coverage"


def test_values_are_shown_as_in_yaml_and_kept_short() -> None:
    assert shown({"a": [True, None, "x"]}) == "{a: [true, null, 'x']}"
    assert len(shown(list(range(1000)))) == 80
