"""Named errors: each carries one sentence that says what arrived, what is allowed, what to do."""

from collections.abc import Iterable


class DiffusionError(Exception):
    """A mistake that the user can mend; shown as one sentence, never as a traceback."""


class SettingError(DiffusionError):
    """A setting that does not exist, can't be read, or lies outside its bounds."""


class WorldError(DiffusionError):
    """A world that can't be built from what was asked for."""


class ResultsError(DiffusionError):
    """A results folder that can't be written, read, or continued."""


class ExtensionError(DiffusionError):
    """A user's own rule or intervention that does not fit the interface."""


class RoomError(DiffusionError):
    """Processes or threads that the system does not let start."""


class DiffusionWarning(RuntimeWarning):
    """What users should know though nothing fails; its text is one sentence too."""


_SHORT = 3  # letters; a shorter name is near to too many


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint `; did you mean 'x'?` for the nearest of the known names, or an empty string."""
    import difflib  # slow to import, and needed only after a mistake

    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if not close:
        # the last part alone, where it is long enough to say something
        tails = {candidate.rsplit(".", 1)[-1]: candidate for candidate in reversed(names)}
        last = name.rsplit(".", 1)[-1]
        cutoff = 0.6 if len(last) > _SHORT else 1.0
        tail = difflib.get_close_matches(last, tails, n=1, cutoff=cutoff)
        close = [tails[tail[0]]] if tail else []
    return f"; did you mean '{close[0]}'?" if close else ""
