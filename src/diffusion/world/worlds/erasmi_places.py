"""Places of the surveyed ecosystem: those that the sources name, and further ones for the rest.

A place named on a case sheet, by a community of practice, or as the origin of a practice is a
territory of its own. Networks without a sheet sit in a named place of their country or in a
"further place" without a name, because the sources don't say where they are. One national row a
country comes last.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from diffusion.base.arrays import IntArray
from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.worlds.erasmi_sheets import country_code, sheets

WIDE_PLACES = ("United Kingdom (base)", "Europe-wide", "global", "Europe", "EU and beyond")
# Seat of UCLG is background knowledge, not in the brief (which says "global").
SEATS = {"uclg": "spain"}


@dataclass
class Places:
    """Territories under construction: name, country and region of each."""

    names: list[str] = field(default_factory=list)
    countries: list[int] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    rows: dict[tuple[str, int], int] = field(default_factory=dict)
    by_country: dict[int, list[int]] = field(default_factory=dict)  # rows
    n_further: dict[int, int] = field(default_factory=dict)  # further places, by country

    def row(self, name: str, country: str, region: str = "") -> int:
        """The row of a place, added if it is new."""
        code = vocabulary.index(vocabulary.COUNTRIES, country)
        if (name, code) not in self.rows:
            self.rows[name, code] = len(self.names)
            self.by_country.setdefault(code, []).append(len(self.names))
            self.names.append(name)
            self.countries.append(code)
            self.regions.append(region or name)
        return self.rows[name, code]

    def further(self, country: str, region: str = "") -> int:
        """A new unnamed place of a country."""
        code = vocabulary.index(vocabulary.COUNTRIES, country)
        number = self.n_further.get(code, 0) + 1
        self.n_further[code] = number
        name = f"{country.replace('_', ' ').title()}, further place {number}"
        return self.row(name, country, region)

    def of_country(self, code: int) -> list[int]:
        """Rows of a country's places."""
        return self.by_country.get(code, [])

    def with_national(self) -> IntArray:
        """The country of each territory: places, then one national row a country."""
        return np.array([*self.countries, *range(len(vocabulary.COUNTRIES))])

    def copy(self) -> "Places":
        """An independent copy to add a world's own places to."""
        return Places(
            self.names.copy(),
            self.countries.copy(),
            self.regions.copy(),
            self.rows.copy(),
            {code: rows.copy() for code, rows in self.by_country.items()},
            self.n_further.copy(),
        )


@lru_cache(maxsize=1)
def _named() -> tuple[Places, dict[str, tuple[int, ...]]]:
    """All places that the sources name, and the rows of each sheet, CoP and practice."""
    places = Places()
    found: dict[str, tuple[int, ...]] = {}
    for sheet in sheets():
        found[sheet.key] = rows_of(places, sheet.place, sheet.country)
    for row in sources.table("spring_cops"):
        if row["id"] == "municipal_learning_cops":
            found[row["id"]] = (places.row("Amsterdam", "netherlands"),)
        elif row["place"] not in WIDE_PLACES:
            found[row["id"]] = rows_of(places, row["place"], country_code(row["country"]))
    for row in sources.table("practices"):
        if row["source"] == "connection_guide":
            place, country = row["place"].rsplit(", ", 1)
            found[row["id"]] = rows_of(places, place, country_code(country))
    return places, found


def named_places() -> tuple[Places, dict[str, tuple[int, ...]]]:
    """A fresh copy of the named places, and the rows of each sheet, CoP and practice by id."""
    places, found = _named()
    return places.copy(), found


def rows_of(places: Places, text: str, country: str) -> tuple[int, ...]:
    """Places in a cell: `Halberstadt (Saxony-Anhalt)` -> one; `Dublin; Cork` -> two."""
    if text.startswith(WIDE_PLACES):
        return ()
    rows = []
    region = text.rsplit("(", 1)[1].rstrip(")") if "(" in text else ""
    for part in text.split("(")[0].split(";"):
        name = {"Tuzla": "İstanbul"}.get(part.strip(), part.strip())
        rows.append(places.row(name, country, "" if region == "headquarters" else region))
    return tuple(rows)
