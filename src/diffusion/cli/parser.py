"""Arguments of a command: options and overrides in any order, mistakes as one sentence."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from diffusion.base.errors import SettingError, nearest


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are `SettingError`s."""

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Read the words after the command.

        Raises:
            SettingError: an option that does not exist, or lacks its value.
        """
        words = list(words)
        if any(action.option_strings and action.nargs == "+" for action in self._actions):
            # settings first, or an option of several words would take those that follow it
            words.sort(key=lambda word: "=" not in word or word.startswith("-"))
        known, unknown = self.parse_known_intermixed_args(words)
        if unknown:
            options = [name for action in self._actions for name in action.option_strings]
            raise SettingError(
                f"there is no option '{unknown[0]}' here{nearest(unknown[0], options)}; "
                f"`{self.prog} --help` lists the options"
            )
        return known

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}; `{self.prog} --help` shows how to write it")


def command_parser(name: str, text: str, examples: Sequence[str]) -> Parser:
    """The parser of a command with what all commands have in common."""
    parser = Parser(
        prog=f"diffusion {name}",
        description=text[:1].upper() + text[1:] + ".",
        epilog="\n".join(["examples:", *(f"  {example}" for example in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def add_overrides(
    parser: argparse.ArgumentParser, own_files: bool = True, or_else: str = ""
) -> None:
    """`key=value` arguments and, with `own_files`, the user's own configuration folder.

    Args:
        or_else: what may stand there instead of settings.
    """
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="key=value",
        help=f"settings, for example seed=7{or_else and f'; or {or_else}'}",
    )
    if own_files:
        parser.add_argument(
            "--config-dir", type=_folder, metavar="DIR", help="your own folder, like configs/"
        )


def add_results(parser: argparse.ArgumentParser) -> None:
    """Where results go, and what happens to earlier ones."""
    parser.add_argument("--results", type=_folder, metavar="DIR", help="folder for the results")
    parser.add_argument(
        "--fresh", action="store_true", help="replace what an earlier call left in that folder"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be computed, and how long"
    )
    parser.add_argument("--no-figures", action="store_true", help="don't draw figures")


def add_page(parser: argparse.ArgumentParser) -> None:
    """A page in Markdown that takes the tables."""
    parser.add_argument(
        "--write",
        type=_file,
        metavar="FILE",
        help="put the tables between the marks of this page in Markdown, or make it",
    )


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """The reader of an option that takes a whole number within bounds, both included."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' should be a whole number") from None
        if not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(f"{number}: allowed {lowest} to {highest}")
        return number

    return read


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty name; give a folder, or . for this one")
    return Path(text)


def _file(text: str) -> Path:
    path = Path(text)
    if not path.name or path.is_dir():
        raise argparse.ArgumentTypeError(f"'{text}' should be a file, for example page.md")
    return path
