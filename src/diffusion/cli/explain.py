"""`diffusion explain`: what the model does and what is known about it."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from diffusion.base.errors import SettingError, nearest
from diffusion.cli.parser import add_overrides

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = (
    "diffusion explain month",
    "diffusion explain parameter turnover.share_ngo",
    "diffusion explain intervention cop_formation",
    "diffusion explain interventions",
    "diffusion explain shock pandemic",
    "diffusion explain evidence E008",
    "diffusion explain case erfurt",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    whats = ", ".join(_EXPLAINERS)
    parser.add_argument("what", nargs="?", metavar="what", help=f"what to explain: {whats}")
    without = " and ".join(f"`{what}`" for what in _WITHOUT_NAME)
    parser.add_argument("name", nargs="?", help=f"a key, a name or an id; {without} need none")
    add_overrides(parser)


def execute(args: argparse.Namespace) -> int:
    """Print the explanation; returns the exit code."""
    from diffusion.cli.screen import console

    if args.what not in _EXPLAINERS:
        given = "nothing" if args.what is None else f"'{args.what}'"
        raise SettingError(
            f"explain can't explain {given}; choose from: {', '.join(_EXPLAINERS)}"
            f"{nearest(args.what or '', _EXPLAINERS)}"
        )
    if args.what not in _WITHOUT_NAME and args.name is None:
        raise SettingError(
            f"explain {args.what} needs a name, for example: "
            f"{next(one for one in EXAMPLES if args.what in one)}"
        )
    out = console()
    for line in _EXPLAINERS[args.what](args):
        text = isinstance(line, str)
        out.print(line, markup=not text, soft_wrap=text and not out.is_terminal)
    return 0


def _month(_: argparse.Namespace) -> Iterator[str]:
    from diffusion.model.month import explain_month

    yield "One step of the model is one month, in this order:"
    for number, (name, sentence) in enumerate(explain_month(), start=1):
        yield f"{number:>2}. {name}: {sentence}"


def _parameter(args: argparse.Namespace) -> Iterator[str]:
    from diffusion.evidence.register import Register, sources_of

    entry = Register.load()[_registered(args)]
    key, choice = _as_typed(entry.key)
    config = _configured(args, choice)
    yield f"{' '.join((key, *(f'({one})' for one in choice)))} = {_at(config, key)}"
    yield f"  unit {entry.unit}, range {entry.low:g} to {entry.high:g}, {entry.grade}"
    if entry.note:
        yield f"  {entry.note}"
    for source in sources_of(entry):
        yield f"  {source.id}: {source.text}"
        yield f"      {source.citation}"


def _intervention(args: argparse.Namespace) -> Iterator[str]:
    from diffusion.config.folders import Folders
    from diffusion.config.levers import levers

    known = levers(args.config_dir)
    if args.name in Folders.find(args.config_dir).options("intervention") or args.name not in known:
        yield from _preset("intervention", args)
        return
    lever = known[args.name]
    yield f"{lever.id}: {lever.name}"
    yield f"  what the sources expect: {lever.effect}"
    yield f"  cost: {lever.cost}"
    yield f"  in the model: {lever.stands()}"
    for preset in lever.presets:
        yield f"`diffusion explain intervention {preset}` says what it does, and at what price."


def _preset(group: str, args: argparse.Namespace) -> Iterator[str]:
    """What a preset of a group of configuration files does, and its values."""
    from diffusion.config import compose, settings_of

    config = compose([*args.overrides, f"{group}=[{args.name}]"], args.config_dir)
    for name, one in getattr(settings_of(config), f"{group}s").items():
        yield f"{name}: {one.explain()}"
        yield from (f"  {line}" for line in _lines(config[group][name]))


def _interventions(args: argparse.Namespace) -> "Iterator[str | Table]":
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from diffusion.config.levers import levers

    known = levers(args.config_dir)
    shown = sum(bool(lever.presets) for lever in known.values())
    table = Table(box=box.SIMPLE_HEAD, show_lines=True, padding=(0, 1, 0, 0))
    for title in ("lever of the sources", "preset", "what they expect, and at what cost"):
        table.add_column(title, overflow="fold")
    for lever in known.values():
        table.add_row(
            f"[bold]{lever.id}[/]\n{escape(lever.name)}",
            escape(lever.stands()),
            f"{escape(lever.effect)}\n[italic]Cost: {escape(lever.cost)}[/]",
        )
    yield table
    yield f"{shown} of {len(known)} levers have a preset: diffusion run intervention=[preset]"


def _shocks(args: argparse.Namespace) -> Iterator[str]:
    from diffusion.config import compose, settings_of
    from diffusion.config.folders import Folders

    given = [word for word in (args.name, *args.overrides) if word is not None]
    every = ",".join(Folders.find(args.config_dir).options("shock"))
    settings = settings_of(compose([*given, f"shock=[{every}]"], args.config_dir))
    yield "What can happen to everybody; switch on by name, one or several: shock=[pandemic]"
    yield from (f"{name}: {shock.explain()}" for name, shock in settings.shocks.items())


def _evidence(args: argparse.Namespace) -> Iterator[str]:
    from diffusion.evidence.register import find

    source = find(args.name)
    yield f"{source.id}: {source.text}"
    yield f"    {source.citation}"


def _case(args: argparse.Namespace) -> Iterator[str]:
    from diffusion.cli.case_card import card, case_list
    from diffusion.world.worlds.cases import find_case

    yield from case_list() if args.name is None else card(find_case(args.name))


def _registered(args: argparse.Namespace) -> str:
    """The key of the register for a key of either kind: `world.n` is `world.synthetic.n` there.

    Raises:
        SettingError: a setting that is no parameter, such as the seed.
    """
    from diffusion.config.registered import registered
    from diffusion.evidence.register import Register

    name = str(args.name)
    if name in Register.load():
        return name
    config = _configured(args)
    found = registered(name, config)
    if found is not None:
        return found
    value = _at(config, name, within_lists=False)
    if value is not None and not isinstance(value, dict):
        raise SettingError(
            f"'{name}' (now {value}) is a choice of whoever runs the model, not a parameter with "
            f"a range and sources; the register holds none for it"
        )
    return name


def _configured(args: argparse.Namespace, choice: Sequence[str] = ()) -> Mapping[str, Any]:
    """The resolved configuration; only what is the user's own needs the model to check it.

    Raises:
        SettingError: an override that does not fit.
    """
    if not args.overrides and args.config_dir is None:
        from diffusion.config.composing import composed

        return composed(choice)
    from diffusion.config import compose, settings_of

    config = compose([*args.overrides, *choice], args.config_dir)
    settings_of(config)
    return config


def _as_typed(key: str) -> tuple[str, tuple[str, ...]]:
    """A key of the register as it is set, and the file that must be chosen to have it."""
    group, *names = key.split(".")
    if group in ("intervention", "shock"):
        return key, (f"{group}=[{names[0]}]",)
    if group == "world":
        chosen = (f"world={names[0]}",) if len(names) == 2 else ()
        return f"world.{names[-1]}", chosen
    return (f"practices.{names[-1]}", ()) if group == "practices" else (key, ())


def _at(config: Any, key: str, within_lists: bool = True) -> Any:
    """The value of a key; in the register, a part that is no setting is a place within a list."""
    for part in key.split("."):
        if not isinstance(config, dict) or part not in config:
            return config if within_lists else None
        config = config[part]
    return config


def _lines(settings: dict[str, Any], prefix: str = "") -> Iterable[str]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name} = {value}"


_EXPLAINERS: dict[str, Callable[[argparse.Namespace], "Iterator[str | Table]"]] = {
    "month": _month,
    "parameter": _parameter,
    "intervention": _intervention,
    "interventions": _interventions,
    "shock": partial(_preset, "shock"),
    "shocks": _shocks,
    "evidence": _evidence,
    "case": _case,
}
_WITHOUT_NAME = ("month", "interventions", "shocks", "case")
