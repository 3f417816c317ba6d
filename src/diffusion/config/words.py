"""What pydantic found wrong, as one sentence with key, value and what is allowed."""

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from diffusion.base.errors import SettingError, nearest

Location = tuple[int | str, ...]

_RENAMED = {"interventions": "intervention", "shocks": "shock"}
_LEFT_OUT = ("rules",)
_SHOULD_BE = {
    "int_": "a whole number",
    "float_": "a number",
    "finite_number": "a finite number",
    "bool_": "true or false",
    "string_type": "a word or text",
    "list_type": "a list such as [a,b]",
    "tuple_type": "a list such as [a,b]",
    "dict_type": "a group of settings",
    "model_": "a group of settings",
}
_BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")


def setting_error(
    error: ValidationError, model: type[BaseModel] | None, data: Any, prefix: str = ""
) -> SettingError:
    """The first mistake of a validation in words.

    Args:
        error: what pydantic raised.
        model: the class that was validated; its bounds are named.
        data: what was validated.
        prefix: key of the settings within the configuration.
    """
    first = error.errors(include_url=False)[0]
    location = _without_tags(first["loc"], data)
    key = dotted_key(location, prefix)
    names = list(_model_at(model, location[:-1], data).model_fields) if model else []
    return SettingError(_sentence(first, key, location, _field_at(model, location, data), names))


def dotted_key(location: Location, prefix: str = "") -> str:
    """The key as the user writes it: rules stand at the top, names of groups have no s."""
    parts = [prefix] if prefix else []
    for i, part in enumerate(location):
        if i == 0 and not prefix and part in _LEFT_OUT:
            continue
        if i == 0 and not prefix:
            part = _RENAMED.get(str(part), part)
        parts.append(str(part))
    return ".".join(parts)


def shown(value: Any) -> str:
    """A value as one would write it in a YAML file, cut to a readable length."""
    if isinstance(value, bool) or value is None:
        text = {True: "true", False: "false", None: "null"}[value]
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(f"{name}: {shown(item)}" for name, item in value.items()) + "}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(shown(item) for item in value) + "]"
    elif isinstance(value, str):
        text = f"'{value}'"
    else:
        text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _sentence(
    first: Mapping[str, Any], key: str, location: Location, field: Any, names: Sequence[str]
) -> str:
    kind, value, context = first["type"], first["input"], first.get("ctx", {})
    given = f"{key} = {shown(value)}" if key else shown(value)
    if kind == "extra_forbidden":
        known = [name if "." not in key else f"{key.rpartition('.')[0]}.{name}" for name in names]
        return f"{given}: there is no setting '{key}'{nearest(key, known)}"
    if kind == "missing":
        return f"{key} is missing; give it a value"
    if kind in _BOUNDS:
        return f"{given}: allowed {_bounds(field, context)}"
    if kind in ("literal_error", "enum"):
        allowed = get_args(field.annotation) if field is not None else ()
        words = ", ".join(map(str, allowed)) if allowed else str(context.get("expected"))
        return f"{given}: allowed {words}{nearest(str(value), [str(item) for item in allowed])}"
    if kind == "union_tag_invalid":
        expected = str(context["expected_tags"]).replace("'", "")
        return f"{key}.kind = '{context['tag']}': allowed {expected}"
    if kind == "union_tag_not_found":
        return f"{key}.kind is missing; choose a file with {key}=..."
    if kind in ("value_error", "assertion_error"):
        said = str(context.get("error", first["msg"]))
        if not key:  # a check across groups names the key itself
            return said
        return f"{key}: {said}" if isinstance(value, BaseModel | Mapping) else f"{given}: {said}"
    if kind == "string_pattern_mismatch" and field is not None and field.description:
        return f"{given}: should be {field.description}"
    for name, should_be in _SHOULD_BE.items():
        if kind.startswith(name):
            return f"{given}: should be {should_be}"
    return f"{given}: {first['msg'][:1].lower()}{first['msg'][1:]}"


def _bounds(field: Any, context: Mapping[str, Any]) -> str:
    limits: dict[str, Any] = {}
    for constraint in field.metadata if field is not None else ():
        for name in ("ge", "gt", "le", "lt"):
            value = getattr(constraint, name, None)
            if value is not None:
                limits[name] = value
    limits = {**context, **limits}
    low = _bound(limits, "ge", "gt", "more than ")
    high = _bound(limits, "le", "lt", "less than ")
    if low and high:
        return f"{low} to {high}" if "ge" in limits else f"{low}, up to {high}"
    return (f"{low} or more" if "ge" in limits else low) or (
        f"{high} or less" if "le" in limits else high
    )


def _bound(limits: Mapping[str, Any], closed: str, opened: str, beyond: str) -> str:
    if closed in limits:
        return _number(limits[closed])
    return f"{beyond}{_number(limits[opened])}" if opened in limits else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _without_tags(location: Location, data: Any) -> Location:
    """Pydantic puts the tag of a union into the path (`world.erasmi.n`); the user did not."""
    kept: list[int | str] = []
    for place, part in enumerate(location):
        if isinstance(data, Mapping) and part == data.get("kind"):
            last = place == len(location) - 1
            # a world may have a setting of that name (`world.case`), which holds nothing further
            if part not in data or not (last or isinstance(data[part], Mapping | list)):
                continue
        kept.append(part)
        data = _inside(data, part)
    return tuple(kept)


def _inside(data: Any, part: int | str) -> Any:
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, Sequence) and isinstance(part, int) and part < len(data):
        return data[part]
    return getattr(data, str(part), None)


def _field_at(model: type[BaseModel] | None, location: Location, data: Any) -> FieldInfo | None:
    if model is None or not location:
        return None
    holder = _model_at(model, location[:-1], data)
    return _field(holder, location[-1])


def _field(model: type[BaseModel], name: int | str) -> FieldInfo | None:
    aliased = (field for field in model.model_fields.values() if field.alias == name)
    return model.model_fields.get(str(name)) or next(aliased, None)


class _Nothing(BaseModel):
    """Stands for "no model there": it has no fields."""


def _model_at(model: type[BaseModel], location: Location, data: Any) -> type[BaseModel]:
    for part in location:
        field = _field(model, part)
        data = _inside(data, part)
        candidates = _models(field.annotation) if field is not None else []
        kind = data.get("kind") if isinstance(data, Mapping) else None
        model = next(
            (one for one in candidates if _kind(one) == kind),
            candidates[0] if candidates else _Nothing,
        )
    return model


def _kind(model: type[BaseModel]) -> object:
    """The word by which a union recognises this model."""
    field = model.model_fields.get("kind")
    return next(iter(get_args(field.annotation)), None) if field is not None else None


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation such as `A | B | None` allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        return [one for part in get_args(annotation) for one in _models(part)]
    return []
