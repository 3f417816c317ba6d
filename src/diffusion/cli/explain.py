"""`diffusion explain`: what the model does and what is known about it."""

import argparse
from collections.abc import Iterable, Iterator
from typing import Any

from diffusion.base.errors import SettingError
from diffusion.cli.parser import add_overrides

EXAMPLES = (
    "diffusion explain month",
    "diffusion explain parameter turnover.share_ngo",
    "diffusion explain intervention cop_formation",
    "diffusion explain evidence E008",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("what", choices=sorted(_EXPLAINERS), help="what to explain")
    parser.add_argument("name", nargs="?", help="a key, a name or an id; `month` needs none")
    add_overrides(parser)


def execute(args: argparse.Namespace) -> int:
    """Print the explanation; returns the exit code."""
    from diffusion.cli.screen import console

    if args.what != "month" and args.name is None:
        raise SettingError(
            f"explain {args.what} needs a name, for example: "
            f"{next(one for one in EXAMPLES if args.what in one)}"
        )
    out = console()
    for line in _EXPLAINERS[args.what](args):
        out.print(line, markup=False, soft_wrap=not out.is_terminal)
    return 0


def _month(_: argparse.Namespace) -> Iterator[str]:
    from diffusion.model.month import explain_month

    yield "One step of the model is one month, in this order:"
    for number, (name, sentence) in enumerate(explain_month(), start=1):
        yield f"{number:>2}. {name}: {sentence}"


def _parameter(args: argparse.Namespace) -> Iterator[str]:
    from diffusion.config import compose
    from diffusion.evidence.register import Register, sources_of

    entry = Register.load()[args.name]
    yield f"{entry.key} = {_at(compose(args.overrides, args.config_dir), entry.key)}"
    yield f"  unit {entry.unit}, range {entry.low:g} to {entry.high:g}, {entry.grade}"
    if entry.note:
        yield f"  {entry.note}"
    for source in sources_of(entry):
        yield f"  {source.id}: {source.text}"
        yield f"      {source.citation}"


def _intervention(args: argparse.Namespace) -> Iterator[str]:
    from diffusion.config import compose, settings_of

    config = compose([*args.overrides, f"intervention=[{args.name}]"], args.config_dir)
    for name, intervention in settings_of(config).interventions.items():
        yield f"{name}: {intervention.explain()}"
        yield from (f"  {line}" for line in _lines(config["intervention"][name]))


def _evidence(args: argparse.Namespace) -> Iterator[str]:
    from diffusion.evidence.register import find

    source = find(args.name)
    yield f"{source.id}: {source.text}"
    yield f"    {source.citation}"


def _at(config: Any, key: str) -> Any:
    """The value of a key of the register; a part that is no setting is a place within a list."""
    for part in key.split("."):
        if not isinstance(config, dict) or part not in config:
            return config
        config = config[part]
    return config


def _lines(settings: dict[str, Any], prefix: str = "") -> Iterable[str]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name} = {value}"


_EXPLAINERS = {
    "month": _month,
    "parameter": _parameter,
    "intervention": _intervention,
    "evidence": _evidence,
}
