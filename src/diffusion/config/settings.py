"""The resolved configuration turned into the frozen settings of the model and of an experiment."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from diffusion.base.errors import SettingError, nearest
from diffusion.config.designs.kinds import Design, Until
from diffusion.config.targets import build_target
from diffusion.config.words import dotted_key, setting_error, shown
from diffusion.interventions.base import Intervention
from diffusion.model.clock import Timing
from diffusion.model.settings import ModelSettings, RuleParameters
from diffusion.shocks.base import Shock

_HEADLESS = "; the file of an experiment begins with a line '# @package _global_'"
_OF_THE_MODEL = ("seed", "timing", "world", "practices", "measures", "record", "budget")


class ScenarioPlan(BaseModel):
    """A scenario as an experiment file states it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(min_length=1)
    overrides: tuple[str, ...] = ()
    against: str | None = Field(
        None, description="the scenario it is compared with, if not the baseline"
    )


class Shows(BaseModel):
    """Figures and tables of an experiment beyond those that every comparison has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcomes: tuple[str, ...] = Field((), description="in the figure of differences")
    rank_by: str | None = Field(None, description="the outcome by which scenarios are ranked")
    by_group: tuple[str, ...] = Field((), description="groupings of record.groups: who profits")
    pairs: bool = Field(False, description="what two interventions do beyond their sum")
    also_against: str | None = Field(
        None, description="a scenario to compare the others with, beside the baseline"
    )


class Plan(BaseModel):
    """What a configuration says about the experiment rather than about the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(
        pattern=r"^[\w+-][\w.+-]*$",
        description="letters, digits, . _ + and - only, and must not begin with .",
    )
    question: str
    replicates: int = Field(ge=1, le=1_000_000)
    until: Until
    design: Design
    results: str | None = Field(pattern=r"\S", description="a folder, or null for results/<name>")
    baseline: str
    scenarios: dict[str, ScenarioPlan]
    shows: Shows
    executor: dict[str, Any]

    @property
    def most(self) -> int:
        """Replicates, at most."""
        return self.replicates if self.until.half_width is None else self.until.at_most


def plan_of(config: Mapping[str, Any]) -> Plan:
    """The experiment's part of a resolved configuration.

    Raises:
        SettingError: an unknown entry, or a value that is not allowed.
    """
    _check_top_level(config)
    data = {name: config[name] for name in Plan.model_fields if name in config}
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise setting_error(error, Plan, data) from error


def settings_of(config: Mapping[str, Any]) -> ModelSettings:
    """The model's part of a resolved configuration.

    Raises:
        SettingError: a setting that is unknown or out of its bounds.
        ExtensionError: an intervention whose import path leads nowhere.
    """
    data: dict[str, Any] = {name: config[name] for name in _OF_THE_MODEL if name in config}
    data["rules"] = {name: config[name] for name in RuleParameters.model_fields if name in config}
    timing = _timing(config)
    data["shocks"] = {name: _shock(name, entry) for name, entry in config["shock"].items()}
    data["interventions"] = {
        name: _intervention(name, entry, timing) for name, entry in config["intervention"].items()
    }
    try:
        return ModelSettings.model_validate(data)
    except ValidationError as error:
        raise setting_error(error, ModelSettings, data) from error
    except SettingError as error:
        raise SettingError(f"{_part_with_mistake(data)}{error}") from error


def _timing(config: Mapping[str, Any]) -> Timing:
    """The clock, checked before the windows that follow it, so that mistakes carry its name."""
    try:
        return Timing.model_validate(config["timing"])
    except ValidationError as error:
        raise setting_error(error, Timing, config["timing"], "timing") from error


def _intervention(name: str, entry: Any, timing: Timing) -> Intervention:
    """An intervention from its settings.

    Raises:
        SettingError: a setting that is unknown or out of its bounds, or no month to act in.
        ExtensionError: its import path leads nowhere.
    """
    settings = _group("intervention", name, entry)
    if timing.start == timing.stop and settings.get("window") == {
        "from": timing.start,
        "until": timing.stop,
    }:
        raise SettingError(
            f"timing.start = {timing.start} and timing.stop = {timing.stop} leave no month to "
            f"intervention.{name}: stop must be later than start where interventions are on"
        )
    return build_target(settings, f"intervention.{name}", Intervention)  # type: ignore[type-abstract]


def _shock(name: str, entry: Any) -> Shock:
    """A shock from its settings.

    Raises:
        SettingError: a setting that is unknown or out of its bounds.
        ExtensionError: its import path leads nowhere.
    """
    return build_target(_group("shock", name, entry), f"shock.{name}", Shock)  # type: ignore[type-abstract]


def _group(group: str, name: str, entry: Any) -> Mapping[str, Any]:
    """The settings of one of a group; a file without its first line sets them one level too high.

    Raises:
        SettingError: it is no group of settings.
    """
    if not isinstance(entry, Mapping):
        raise SettingError(
            f"{group}.{name} = {shown(entry)}: should be a group of settings; its file begins "
            f"with a line '# @package {group}.<name of the file>'"
        )
    return entry


def _part_with_mistake(data: Mapping[str, Any]) -> str:
    """The part of the settings whose own checks refuse it, as `world: `; they don't know it."""
    for name, field in ModelSettings.model_fields.items():
        kind: Any = field.annotation
        try:
            TypeAdapter(kind).validate_python(data.get(name))
        except SettingError:
            return f"{dotted_key((name,))}: "
        except ValidationError:
            continue
    return ""


def _check_top_level(config: Mapping[str, Any]) -> None:
    known = {
        *_OF_THE_MODEL,
        *RuleParameters.model_fields,
        *Plan.model_fields,
        "intervention",
        "shock",
    }
    for name in config:
        if name not in known:
            raise SettingError(
                f"an experiment or configuration file sets '{name}', which does not exist"
                f"{_HEADLESS if name == 'experiment' else nearest(name, known)}"
            )
