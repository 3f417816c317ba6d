"""The register: range, unit, sources and grade of every parameter of the model.

A parameter's type and bounds stand in its rule's class and its default value in `configs/`; what
is known about it stands here. Keys are `<rule>.<field>`, or `<rule>.<field>.<leaf>` where a field
holds several values. A source is the id of a row of the coded tables: A01 (parameter estimate),
E008 (claim), es_001 and ss_001 (survey figures).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from diffusion.base.errors import SettingError, nearest
from diffusion.evidence import sources

GRADES = ("measured", "derived", "recalled", "judgement", "assumption")


@dataclass(frozen=True)
class Source:
    """One row of the coded tables: its id, what it says, and where that comes from."""

    id: str
    text: str
    citation: str


@dataclass(frozen=True)
class Entry:
    """What is known about one parameter; `low` and `high` are a working 90 % range."""

    key: str
    unit: str
    low: float
    high: float
    grade: str
    sources: tuple[str, ...]
    note: str

    def holds(self, value: float) -> bool:
        """Whether a value lies inside the range, ends included."""
        return self.low <= value <= self.high


class Register:
    """All entries by key, in the order of the file.

    Raises:
        SettingError: on looking up a key that is not in the register.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(entries)

    @classmethod
    def load(cls) -> "Register":
        """The register that the package carries, read and checked once.

        Raises:
            SettingError: a row that breaks the rules of the register, named by its key.
        """
        return _packaged()

    @classmethod
    def of_rows(cls, rows: list[sources.Row]) -> "Register":
        """A register of rows with the columns key, unit, low, high, grade, sources, note.

        Raises:
            SettingError: a repeated key, an unknown grade, a range that is no range, or no
                source although the grade is not `assumption`.
        """
        entries: dict[str, Entry] = {}
        for row in rows:
            entry = _entry(row)
            if entry.key in entries:
                raise SettingError(f"the register holds '{entry.key}' twice; keep one row")
            entries[entry.key] = entry
        return cls(entries)

    def __getitem__(self, key: str) -> Entry:
        try:
            return self._entries[key]
        except KeyError:
            raise SettingError(
                f"the register has no parameter '{key}'{nearest(key, self._entries)}"
            ) from None

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def sources_of(entry: Entry) -> list[Source]:
    """The rows behind an entry, in the order in which it names them; none for an assumption."""
    return [find(source) for source in entry.sources]


def find(source: str) -> Source:
    """A row of the coded tables by its id.

    Args:
        source: A01 (parameter estimate), E008 (claim), es_001 or ss_001 (survey figure), in
            capital or small letters.

    Raises:
        SettingError: no row of that id; the nearest id is named.
    """
    known = _known_sources()
    for id in (source, source.upper(), source.lower()):
        if id in known:
            return known[id]
    raise SettingError(
        f"there is no source '{source}'; ids look like A01 (parameter), E008 (claim), es_001 "
        f"or ss_001 (survey){nearest(source, known)}"
    )


def _entry(row: sources.Row) -> Entry:
    key, grade = row["key"], row["grade"]
    try:
        low, high = float(row["low"]), float(row["high"])
    except ValueError:
        raise SettingError(
            f"the register row '{key}' has the range '{row['low']}' to '{row['high']}'; "
            f"write two numbers"
        ) from None
    if not low <= high:
        raise SettingError(f"the register row '{key}' has a range from {low} to {high}; swap them")
    if grade not in GRADES:
        raise SettingError(
            f"the register row '{key}' has the grade '{grade}'; allowed: {', '.join(GRADES)}"
        )
    ids = tuple(sources.cells(row["sources"]))
    if not ids and grade != "assumption":
        raise SettingError(
            f"the register row '{key}' is graded '{grade}' but names no source; "
            f"name one or grade it 'assumption'"
        )
    return Entry(key, row["unit"], low, high, grade, ids, row["note"])


@cache
def _packaged() -> Register:
    return Register.of_rows(sources.table("register"))


@cache
def _known_sources() -> dict[str, Source]:
    cited = {row["key"]: row["citation"] for row in sources.table("documents")}
    known = [_of_parameter(row) for row in sources.table("parameters")]
    known += [
        Source(row["id"], row["claim"], f"{cited[row['source']]} {row['locator']}".strip())
        for row in sources.table("evidence")
    ]
    known += [
        _of_figure(row, "question", cited["erasmi_compendium"])
        for row in sources.table("erasmi_survey")
    ]
    known += [
        _of_figure(row, "measure", cited[_spring_document(row["section"])])
        for row in sources.table("spring_survey")
    ]
    return {source.id: source for source in known}


def _spring_document(section: str) -> str:
    return "spring_workshop" if section.startswith("workshop") else "spring_brief"


def _of_parameter(row: sources.Row) -> Source:
    text = (
        f"{row['meaning']}: {row['central']} ({row['low']} to {row['high']}) {row['unit']}; "
        f"{row['seen_or_recalled']}, confidence {row['confidence']}"
    )
    return Source(row["id"], text, row["source"])


def _of_figure(row: sources.Row, subject: str, citation: str) -> Source:
    figure = row.get("value") or row.get("count") or row["share"]
    unit = row.get("unit", "")
    said = " ".join(part for part in (figure, unit) if part) or row["note"]
    base = f" of {row['base']}" if row["base"] and row.get("count") else ""
    words = f"{row[subject]}, {row['answer']}".replace("_", " ")
    return Source(
        row["id"],
        f"{words}: {said}{base} ({row['qualifier']})",
        f"{citation} {row['section'].removeprefix('brief: ')}",
    )
