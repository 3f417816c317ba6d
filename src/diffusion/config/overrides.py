"""What the user typed, checked before Hydra composes it: each mistake is one sentence.

Hydra itself would accept `+typo=1` and `~group`, and explains unbalanced brackets in the words of
its grammar. Here `+` is allowed for settings that exist (it then means nothing), `~` never.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override as Parsed
from hydra.errors import HydraException

from diffusion.base.errors import SettingError, nearest
from diffusion.config.folders import Folders

_KEY = re.compile(r"[A-Za-z_][\w/-]*(\.[\w-]+)*", re.ASCII)
_CLOSES = {"(": ")", "[": "]", "{": "}"}
MANY = ("intervention", "shock")  # groups of which several files may be chosen
_NONE = ("intervention", "shock", "experiment")  # groups of which none may be chosen

Choices = Mapping[str, Any]
Homes = Callable[[str], Sequence[str]]  # a key -> the choices of its group that have it


@dataclass(frozen=True)
class Override:
    """One `key=value`: the key without a leading `+`, the value as Hydra reads it."""

    key: str
    value: Any
    line: str


def parse(lines: Iterable[str]) -> list[Override]:
    """Read overrides.

    Raises:
        SettingError: no list of texts, or one that can't be read, removes a group, or gives
            several values at once.
    """
    parser = OverridesParser.create()
    return [_parse(line, parser) for line in listed(lines)]


def listed(lines: object) -> list[str]:
    """Overrides as a list, however a caller in Python has put them.

    Raises:
        SettingError: a single text, or anything else that holds no texts.
    """
    if isinstance(lines, str | bytes | Mapping) or not isinstance(lines, Iterable):
        raise SettingError(f"{lines!r} is no list of overrides; write {_as_list(lines)}")
    found = list(lines)
    for line in found:
        if not isinstance(line, str):
            raise SettingError(
                f"overrides hold {line!r}, which is no text; write each as key=value in quotes, "
                f'for example ["seed=7"]'
            )
    return found


def _as_list(lines: object) -> str:
    """What was probably meant by overrides that are no list."""
    texts = [lines] if isinstance(lines, str) else ["seed=7"]
    if isinstance(lines, Mapping):
        texts = [f"{key}={value}" for key, value in lines.items()]
    return json.dumps(texts, ensure_ascii=False)


def choices(overrides: Iterable[Override], folders: Folders) -> dict[str, Any]:
    """The groups that are chosen by name; a later choice replaces an earlier one.

    Raises:
        SettingError: a choice that the group does not offer.
    """
    chosen: dict[str, Any] = {}
    for override in overrides:
        if override.key in folders.groups() and not isinstance(override.value, dict):
            chosen[override.key] = _choice(override, folders.options(override.key))
    return chosen


def values(overrides: Iterable[Override], folders: Folders) -> list[Override]:
    """The overrides that set a value, rather than choose a file of a group."""
    return [
        override
        for override in overrides
        if override.key not in folders.groups() or isinstance(override.value, dict)
    ]


def _nowhere(_: str) -> Sequence[str]:
    return ()


def check_key(
    override: Override, known: Mapping[str, Any], folders: Folders, homes: Homes = _nowhere
) -> None:
    """A value may only be set where the composed configuration has one.

    Args:
        known: the composed configuration.
        homes: asked where a key that is not known would be; slow, so only after a mistake.

    Raises:
        SettingError: unknown keys, each with the choice that has it or the nearest right name.
    """
    keys = list(dotted(known))
    parts = override.key.split(".")
    if parts[0] in folders.groups() and parts[1:] == ["kind"]:
        raise SettingError(
            f"{override.line}: the kind comes with the file; choose one with {parts[0]}=..., "
            f"where ... is one of: {', '.join(folders.options(parts[0]))}"
        )
    if override.key in MANY:
        example = folders.options(override.key)[0]
        raise SettingError(
            f"{override.line}: choose {override.key}s by name, {override.key}=[{example}], and set "
            f"their values with {override.key}.{example}.coverage=0.8"
        )
    if override.key in keys:
        _check_kind(override, override.key, override.value, _at(known, override.key), homes)
        return
    group = parts[0]
    if group in MANY and len(parts) > 1 and parts[1] not in known[group]:
        options = folders.options(group)
        if parts[1] in options:
            raise SettingError(
                f"{override.line}: '{parts[1]}' is not switched on; "
                f"add it with {group}=[{parts[1]}]"
            )
        raise SettingError(
            f"{override.line}: there is no {group} '{parts[1]}'; choose from: "
            f"{', '.join(options)}{nearest(parts[1], options)}"
        )
    raise SettingError(_unknown(override, override.key, keys, homes))


def dotted(data: Any, prefix: str = "") -> Iterable[str]:
    """All keys of nested settings, groups included, as `turnover.share_ngo`."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            key = f"{prefix}{name}"
            yield key
            yield from dotted(value, f"{key}.")


def _parse(line: str, parser: OverridesParser) -> Override:
    parsed = read(line, parser)
    key = parsed.key_or_group
    if parsed.is_sweep_override():
        raise SettingError(
            f"'{line}' gives several values; give one, or a list in brackets, {key}=[a,b]; "
            f"`diffusion run -m` makes a run of each"
        )
    return Override(key, plain(parsed.value()), line)


def read(line: str, parser: OverridesParser) -> Parsed:
    """An override as Hydra reads it, several values included.

    Raises:
        SettingError: it can't be read, or removes a group.
    """
    if line.startswith("~"):
        raise SettingError(
            f"'{line}' would remove settings, which the model needs; "
            f"choose another value with key=value instead"
        )
    key, equals, _ = line.lstrip("+").partition("=")
    if not equals:
        raise SettingError(f"'{line}' is no setting; write key=value, for example seed=7")
    if not _KEY.fullmatch(key):
        raise SettingError(
            f"'{line}': '{key}' can't be the name of a setting; write key=value, "
            f"for example turnover.rel_turnover=2"
        )
    try:
        return parser.parse_override(line.lstrip("+"))
    except HydraException:
        raise SettingError(f"'{line}' can't be read: {_what_is_wrong(line)}") from None


def plain(value: Any) -> Any:
    """Nested lists and dicts without Hydra's own types (quoted strings become strings)."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if not isinstance(value, bool | int | float | type(None)) else value


def _what_is_wrong(line: str) -> str:
    opened: list[str] = []
    quote = ""
    for character in line:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _CLOSES:
            opened.append(character)
        elif character in _CLOSES.values() and (not opened or _CLOSES[opened.pop()] != character):
            return f"'{character}' closes a bracket that was not opened"
    if quote:
        return f"the quote {quote} is not closed"
    if opened:
        return f"the bracket '{opened[-1]}' is not closed; add '{_CLOSES[opened[-1]]}'"
    return (
        "put values with spaces, letters such as é or signs such as , : = into quotes, "
        "for example \"name='a, b'\""
    )


def _choice(override: Override, options: Sequence[str]) -> Any:
    key, value = override.key, override.value
    if value is None and key in _NONE:
        return [] if key in MANY else None
    names = value if isinstance(value, list) else [value]
    if isinstance(value, list) and key not in MANY:
        raise SettingError(f"{override.line}: choose one of: {', '.join(options)}")
    for name in names:
        if name not in options:
            given = "nothing" if name in (None, "") else f"'{name}'"
            raise SettingError(
                f"{override.line}: there is no {key} {given}; choose from: "
                f"{', '.join(options)}{nearest(str(name), options)}"
            )
        if names.count(name) > 1:
            raise SettingError(f"{override.line}: '{name}' stands there twice; name it once")
    return names if key in MANY else value


def _check_kind(override: Override, key: str, value: Any, known: Any, homes: Homes) -> None:
    """A group takes settings that exist, as in `turnover={share_ngo: 0.2}`; a number no switch."""
    if isinstance(value, bool) and isinstance(known, int | float) and not isinstance(known, bool):
        raise SettingError(f"{override.line}: {key} should be a number")
    windows = isinstance(known, Mapping) and set(known) == {"from", "until"}  # or a list of them
    if isinstance(value, list) and isinstance(known, Mapping) and not windows:
        raise SettingError(f"{override.line}: {key} should be a group of settings")
    if not isinstance(value, dict) or not isinstance(known, Mapping):
        return
    for name, item in value.items():
        inner = f"{key}.{name}"
        if name not in known:
            raise SettingError(_unknown(override, inner, list(dotted(known, f"{key}.")), homes))
        _check_kind(override, inner, item, known[name], homes)


def _unknown(override: Override, key: str, keys: Sequence[str], homes: Homes) -> str:
    elsewhere = [f"{key.split('.')[0]}={name}" for name in homes(key)]
    if len(elsewhere) > 1:
        return (
            f"{override.line}: '{key}' is a setting of {', '.join(elsewhere[:-1])} and "
            f"{elsewhere[-1]} only; add one of them, for example {elsewhere[0]}"
        )
    if elsewhere:
        return f"{override.line}: '{key}' is a setting of {elsewhere[0]} only; add {elsewhere[0]}"
    sign = "'+' would add a new setting, and " if override.line.startswith("+") else ""
    typed = [name for name in keys if not name.endswith("._target_")]
    return f"{override.line}: {sign}there is no setting '{key}'{nearest(key, typed)}"


def _at(known: Any, key: str) -> Any:
    for part in key.split("."):
        known = known[part]
    return known
