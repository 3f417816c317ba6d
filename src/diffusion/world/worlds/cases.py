"""The networks that the sources describe one by one, as cases to simulate: what each is made of.

A case is a row of `erasmi_networks`, `spring_cops` or `case_networks`, with the members, places,
groups and further facts that its description names. Each row says whether it stands in the source
(`sheet`), is an assumption (`assumed`), or has no counterpart in the model (`left_out`).
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from diffusion.base.errors import SettingError, nearest
from diffusion.evidence import sources
from diffusion.evidence.sources import Row

SOURCES = {  # table of a case -> document that it was coded from
    "erasmi_networks": "erasmi_compendium",
    "spring_cops": "spring_brief",
    "case_networks": "connection_guide",
}
_LETTERS = str.maketrans({"\u0131": "i", "\u0142": "l"})  # dotless i and l with a stroke
_WORD = 4  # letters; shorter parts of a name say too little


class Case(NamedTuple):
    """One case as the tables have it; `row` is its row of `table`."""

    key: str
    table: str
    row: Row
    places: tuple[Row, ...]
    members: tuple[Row, ...]
    groups: tuple[Row, ...]
    facts: tuple[Row, ...]

    @property
    def name(self) -> str:
        return self.row["name"]

    @property
    def document(self) -> str:
        """Key of the document that describes it."""
        return SOURCES[self.table]

    def fact(self, name: str) -> str:
        """The value of a fact, empty if the case does not have it."""
        return next((row["value"] for row in self.facts if row["fact"] == name), "")

    def challenges(self) -> list[str]:
        """Tags of the challenges that its sheet names, and of those added as facts."""
        named = sources.cells(self.row.get("challenges", ""))
        return named + [row["value"] for row in self.facts if row["fact"] == "challenge"]

    def waves(self) -> list[tuple[int, int]]:
        """How many communities begin, and in which month after the first; empty without waves."""
        pairs = [wave.split("@") for wave in sources.cells(self.row.get("start_waves", ""))]
        years = [int(year) for _, year in pairs]
        return [
            (int(n), 12 * (year - min(years))) for (n, _), year in zip(pairs, years, strict=True)
        ]


@lru_cache(maxsize=1)
def cases() -> dict[str, Case]:
    """All cases by id, in the order of their tables."""
    parts = {
        name: sources.table(f"case_{name}") for name in ("places", "members", "groups", "facts")
    }
    found = {}
    for table in SOURCES:
        for row in sources.table(table):
            of_case = {
                name: tuple(one for one in rows if one["case"] == row["id"])
                for name, rows in parts.items()
            }
            found[row["id"]] = Case(row["id"], table, row, **of_case)
    return found


def find_case(name: str) -> Case:
    """The case of that id, or the only one with that part in its id or else in its place.

    Raises:
        SettingError: no case, or several; names those that are near.
    """
    known, wanted = cases(), _plain(name)
    if wanted in known:
        return known[wanted]
    for texts in (
        {key: key for key in known},
        {key: _plain(case.row["place"]) for key, case in known.items()},
    ):
        found = [key for key, text in texts.items() if wanted and wanted in text]
        if len(found) == 1:
            return known[found[0]]
        if found:
            raise SettingError(
                f"case '{name}' may be {', '.join(found)}; write as much as only one has"
            )
    words = [*known, *(word for key in known for word in key.split("_") if len(word) >= _WORD)]
    words += [_plain(place) for case in known.values() for place in _places_named(case)]
    raise SettingError(
        f"there is no case '{name}'{nearest(wanted, words)}; "
        f"`diffusion explain case` lists all {len(known)}"
    )


def _places_named(case: Case) -> list[str]:
    return [part.split("(")[0] for part in sources.cells(case.row["place"])]


def _plain(text: str) -> str:
    """Lower case without accents, words joined by `_`, so that İzmir is found as `izmir`."""
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    kept = "".join(one for one in letters if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]+", "_", kept.casefold()).strip("_")
