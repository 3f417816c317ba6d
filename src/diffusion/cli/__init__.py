"""The commands. Heavy libraries are imported inside them, so that `--help` answers at once.

A mistake of the user is one sentence on stderr and exit code 2, with nothing written; so is a
results folder that can't be written any more, with what was finished kept, and stdout that is
closed or full. Failed runs or a defect of the program give exit code 1, Ctrl-C 130, SIGTERM 143,
and a pipe that nobody reads any more 141, without a word; `--debug` shows the traceback.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

import diffusion
from diffusion.base.errors import DiffusionError, SettingError, nearest
from diffusion.cli import streams

COMMANDS = {
    "run": "one run: a summary, figures, the monthly table",
    "compare": "scenarios x replicates, paired by luck: table, figures",
    "explain": "the month, a parameter, a lever, a shock, a case, a piece of evidence",
    "results": "list, show, verify, export or prune what was computed",
    "network": "how well the world agrees with the surveyed networks",
    "levers": "what every lever moves, beside what the sources expect of it",
    "patterns": "the patterns that the default world must show, and whether it does",
}
USER_ERROR, DEFECT, INTERRUPTED, TERMINATED = 2, 1, 130, 143


class Terminated(KeyboardInterrupt):
    """SIGTERM: somebody else ends this process, which is to leave as after Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    with streams.told():
        try:
            with streams.shown():
                return _answer(words)
        except streams.Unread:
            return streams.UNREAD
        except DiffusionError as error:
            if "--debug" in words:
                raise
            sys.stderr.write(f"diffusion: {str(error).replace(chr(10), ' ')}\n")
            return USER_ERROR
        except Exception as error:
            if "--debug" in words:
                raise
            sys.stderr.write(
                f"diffusion: this is a defect of the program, not of your input "
                f"({type(error).__name__}: {error}); --debug shows where\n"
            )
            return DEFECT
        except KeyboardInterrupt as interrupt:
            said = "; ".join(["interrupted", *map(str, interrupt.args)])
            sys.stderr.write(f"diffusion: {said}\n")
            return TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED


def _answer(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0
    if words[0] == "--version":
        sys.stdout.write(f"diffusion {diffusion.__version__}\n")
        return 0
    return _command(words[0], words[1:])


def _command(name: str, words: Sequence[str]) -> int:
    if name not in COMMANDS:
        raise SettingError(
            f"there is no command '{name}'; commands: {', '.join(COMMANDS)}"
            f"{nearest(name, COMMANDS)}"
        )
    from diffusion.cli.parser import command_parser

    module = import_module(f"diffusion.cli.{name}")
    parser = command_parser(name, COMMANDS[name], module.EXAMPLES)
    module.add_arguments(parser)
    code: int = module.execute(parser.parse(words))
    return code


def _help() -> str:
    lines = [
        "usage: diffusion COMMAND [overrides] [options]",
        "",
        "Which conditions and interventions make good integration practices spread across a",
        "network of organisations, and which of them are still in use when the money stops?",
        "",
        "commands:",
        *(f"  {name:<10} {text}" for name, text in COMMANDS.items()),
        "",
        "example:",
        "  diffusion compare experiment=what_remains",
        "",
        "`diffusion COMMAND --help` says more, with examples.",
    ]
    return "\n".join(lines) + "\n"
