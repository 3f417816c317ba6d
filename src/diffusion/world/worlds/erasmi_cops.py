"""Communities of practice: those of the SPRING brief as themselves, and natural ones.

Which organisations join is decided in `erasmi_members`; here is what each of them is.
"""

import math

from diffusion.evidence import sources
from diffusion.world.practices import field_mask
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_networks import Plan, kinds_behind, roll
from diffusion.world.worlds.erasmi_places import SEATS, Places
from diffusion.world.worlds.erasmi_sheets import country_code
from diffusion.world.worlds.luck import Use

FIRST_SPRING = 60  # keys of luck beyond those of the surveyed networks
DUTCH_COPS_BEGUN = 6  # of twelve; the second wave was planned at writing


def spring_plans(
    places: Places, found: dict[str, tuple[int, ...]], settings: Ecosystem, seed: int
) -> list[Plan]:
    """The communities of practice of the SPRING brief as themselves; the Dutch ones one by one."""
    plans = []
    for j, row in enumerate(sources.table("spring_cops")):
        copies = DUTCH_COPS_BEGUN if row["id"] == "municipal_learning_cops" else 1
        homes = found.get(row["id"], ())
        for copy in range(copies):
            if copy > 0:
                homes = (places.further(country_of(row)),)
            plans.append(
                spring_plan(row, FIRST_SPRING + 8 * j + copy, copy, places, homes, settings, seed)
            )
    return plans


def country_of(row: dict[str, str]) -> str:
    """The country of a community's seat."""
    return SEATS.get(row["id"]) or country_code(row["country"])


def spring_plan(
    row: dict[str, str],
    k: int,
    copy: int,
    places: Places,
    homes: tuple[int, ...],
    settings: Ecosystem,
    seed: int,
) -> Plan:
    """A community of the SPRING brief in its places; of several alike, one after the other."""
    wide = row["level"] in ("europe", "global", "national")
    kinds = kinds_behind(sources.cells(row["member_kinds"]), settings)
    count = sources.number(row["member_count"])
    coordinator = {"migrant_organisation": "ngo"}.get(
        row["coordinator_kind"], row["coordinator_kind"]
    )
    return Plan(
        key=row["id"] if copy == 0 else f"{row['id']}_{copy + 1}",
        name=row["name"]
        if not row["id"].startswith("municipal")
        else f"{row['name']}: {places.names[homes[0]]}",
        type={
            "local_regional_national": "cop_local",
            "embedded_in_network": "cop_embedded",
            "specialised": "cop_specialised",
        }[row["cop_kind"]],
        country=country_of(row),
        home=-1 if wide or not homes else homes[0],
        scope={"local": "home", "regional": "region", "national": "places"}.get(
            row["level"], "europe"
        ),
        level={"global": "europe"}.get(row["level"], row["level"]),
        size=int(count) if count else cop_size(k, settings, seed),
        kinds=kinds,
        coordinator=coordinator,
        coordinator_name=row["coordinator_name"],
        formalisation=row["formalisation"],
        fields=field_mask(row["fields"]),
        meetings_per_year=settings.cop_meetings_per_year,
        facilitated=True,
        online=row["id"] == "uclg",
        bridging=len(kinds) > 1,
        policy_link=row["policy_link"] == "true",
        regular_money=coordinator == "state",
        months_funded=cop_months(k, settings, seed) if coordinator != "none" else 0,
        founding_year=int(row["founding_year"] or 0),
        places=homes,
    )


def cop_size(k: int, settings: Ecosystem, seed: int) -> int:
    """Log-normal number of organisations in a community of practice (E01)."""
    u = 1.0 - roll(seed, Use.COP_SIZE, 2 * k)
    z = math.sqrt(-2.0 * math.log(u)) * math.cos(
        2.0 * math.pi * roll(seed, Use.COP_SIZE, 2 * k + 1)
    )
    size = settings.cop_size_median * math.exp(settings.cop_size_sigma * z)
    return int(min(settings.cop_size_max, max(settings.cop_size_min, round(size))))


def cop_months(k: int, settings: Ecosystem, seed: int) -> int:
    """Months of paid facilitation left."""
    return 1 + int(roll(seed, Use.COP_ATTRIBUTE, 8 * k + 7) * settings.cop_months_funded)
