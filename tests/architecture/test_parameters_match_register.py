"""A parameter has its bounds in its class, its default in configs/, its range in the register.

Register keys of rules and measures are `<rule>.<field>`, with one key a leaf where a field holds
several values. Keys of other groups name a field of a file, `world.base.settled.posts_low`, and
their range holds for every value of that field.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from pydantic import BaseModel, ValidationError

import diffusion.rules
from diffusion.evidence.register import Register
from diffusion.model.measures import MeasureSettings
from diffusion.model.settings import RuleParameters
from tests.architecture.checkout import ROOT

CONFIGS = ROOT / "configs"


def rules() -> dict[str, type[BaseModel]]:
    """Rule -> its class of parameters, for every module of `diffusion.rules` that has one."""
    found: dict[str, type[BaseModel]] = {}
    for module in pkgutil.iter_modules(diffusion.rules.__path__):
        cls = getattr(importlib.import_module(f"diffusion.rules.{module.name}"), "Parameters", None)
        if isinstance(cls, type) and issubclass(cls, BaseModel):
            found[module.name] = cls
    return found


CLASSES: dict[str, type[BaseModel]] = {**rules(), "measures": MeasureSettings}


def read(path: Path) -> dict[str, Any]:
    """A YAML file as it stands; references to other settings stay text."""
    loaded = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    assert isinstance(loaded, dict), f"{path} is no mapping"
    return {str(key): value for key, value in loaded.items()}


def numbers(value: object, key: str) -> Iterator[tuple[str, float]]:
    """The numbers below a value with their full keys; words, switches and blanks have none."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from numbers(part, f"{key}.{name}")
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from numbers(part, f"{key}.{position}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield key, float(value)


def defaults(rule: str) -> dict[str, Any]:
    return read(CONFIGS / rule / "default.yaml")


def replaced(values: Mapping[str, Any], path: list[str], number: float) -> dict[str, Any]:
    """The values with one leaf replaced."""
    head, *rest = path
    old = values[head]
    if isinstance(old, list):
        named = {str(position): part for position, part in enumerate(old)}
        return {**values, head: list(replaced(named, rest, number).values())}
    return {**values, head: replaced(old, rest, number) if rest else number}


def unit_of(cls: type[BaseModel], field: str) -> str | None:
    extra = cls.model_fields[field].json_schema_extra if field in cls.model_fields else None
    return str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else None


def register_keys(group: str) -> list[str]:
    return [key for key in Register.load() if key.split(".")[0] == group]


def test_every_rule_of_the_month_has_parameters_and_defaults() -> None:
    assert set(rules()) == set(RuleParameters.model_fields)
    folders = {path.parent.name for path in CONFIGS.glob("*/default.yaml")}
    assert folders == set(CLASSES)


@pytest.mark.parametrize("rule", CLASSES)
def test_no_class_repeats_a_default(rule: str) -> None:
    repeated = [
        name for name, field in CLASSES[rule].model_fields.items() if not field.is_required()
    ]
    assert not repeated, "default values stand only in configs/"


@pytest.mark.parametrize("rule", CLASSES)
def test_fields_and_defaults_are_the_same_and_in_bounds(rule: str) -> None:
    values = defaults(rule)
    assert set(values) == set(CLASSES[rule].model_fields)
    CLASSES[rule].model_validate(values)


@pytest.mark.parametrize("rule", CLASSES)
def test_every_default_stands_in_the_register_and_nothing_else_does(rule: str) -> None:
    keys = {key for name, value in defaults(rule).items() for key, _ in numbers(value, name)}
    registered = {key.removeprefix(f"{rule}.") for key in register_keys(rule)}
    assert sorted(keys - registered) == [], "not in the register"
    assert sorted(registered - keys) == [], "in the register, but no such parameter"


@pytest.mark.parametrize("rule", CLASSES)
def test_every_default_lies_in_its_range(rule: str) -> None:
    register = Register.load()
    outside = {
        key: (number, register[key].low, register[key].high)
        for key, number in numbers(defaults(rule), rule)
        if key in register and not register[key].holds(number)
    }
    assert not outside


@pytest.mark.parametrize("rule", CLASSES)
def test_both_ends_of_every_range_can_be_set(rule: str) -> None:
    values, register = defaults(rule), Register.load()
    refused = []
    for key in register_keys(rule):
        for end in (register[key].low, register[key].high):
            try:
                CLASSES[rule].model_validate(replaced(values, key.split(".")[1:], end))
            except ValidationError as error:
                refused.append(f"{key}={end}: {error.errors()[0]['msg']}")
    assert not refused


@pytest.mark.parametrize("rule", CLASSES)
def test_class_and_register_name_the_same_unit(rule: str) -> None:
    register, cls = Register.load(), CLASSES[rule]
    different = {
        key: (unit, register[key].unit)
        for key in register_keys(rule)
        if (unit := unit_of(cls, key.split(".")[1])) is not None and unit != register[key].unit
    }
    assert not different


def fields_of_other_groups() -> dict[str, list[float]]:
    """`<group>.<...>.<file>.<field>` -> its numbers, for all files that are no rule's."""
    found = {}
    for path in CONFIGS.rglob("*.yaml"):
        parts = path.relative_to(CONFIGS).with_suffix("").parts
        if len(parts) > 1 and parts[0] not in CLASSES:
            for name, value in read(path).items():
                leaves = [number for _, number in numbers(value, name)]
                if leaves:
                    found[".".join([*parts, name])] = leaves
    return found


def test_register_keys_of_other_groups_hold_every_value_of_their_field() -> None:
    register, fields, wrong = Register.load(), fields_of_other_groups(), []
    for key in register:
        if key.split(".")[0] not in CLASSES:
            outside = [value for value in fields.get(key, []) if not register[key].holds(value)]
            if key not in fields or outside:
                wrong.append(f"{key}: {outside or 'no such field'}")
    assert not wrong


def test_every_number_of_the_surveyed_world_and_of_shocks_stands_in_the_register() -> None:
    surveyed = ("world.base.", "world.erasmi.", "shock.")
    missing = [
        field
        for field in fields_of_other_groups()
        if field.startswith(surveyed) and field not in Register.load()
    ]
    assert not missing
