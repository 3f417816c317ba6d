"""Where the practices of the catalogue come from: the organisation, and since when."""

from functools import lru_cache

import numpy as np

from diffusion.base.arrays import IntArray
from diffusion.evidence import sources
from diffusion.world import vocabulary
from diffusion.world.practices import Catalogue
from diffusion.world.worlds.ecosystem import Ecosystem
from diffusion.world.worlds.erasmi_census import Census
from diffusion.world.worlds.erasmi_cops import country_of
from diffusion.world.worlds.erasmi_members import Joined
from diffusion.world.worlds.erasmi_sheets import sheets

CARRIERS = {  # practice -> the sheet or community of practice that the source describes it under
    "art_based_workshops": "enmw",
    "testimony_card_game": "enmw",
    "city_peer_learning": "uclg",
    "municipal_learning_cops": "municipal_learning_cops",
    "regional_civic_health_orientation": "partnership_skane",
    "city_matchmaking": "share_network",
    "joint_counselling": "polish_consortium",
    "decentralised_welcome_offices": "lokal_willkommen_dortmund",
    "needs_matching_database": "lokal_willkommen_dortmund",
    "volunteer_language_mediators": "lokal_willkommen_dortmund",
    "language_cafes": "lokal_willkommen_dortmund",
    "volunteer_multiplier_training": "lokal_willkommen_dortmund",
    "ngo_coordination_for_city": "integration_erfurt",
    "network_cafes": "integration_erfurt",
    "virtual_advisor_forum": "iq_netzwerk_sachsen_anhalt",
    "recognition_counselling": "iq_netzwerk_sachsen_anhalt",
    "regional_migrant_women_groups": "migrantinnen_netzwerk_bayern",
    "newcomers_theme_evenings": "newcomers_network_harz",
    "story_exchange": "narrative4_girls_stories",
    "employer_training": "new_communities_partnership",
    "migrant_led_umbrella": "new_communities_partnership",
    "global_kitchen": "sligo_global_kitchen",
    "professional_foster_care": "a_misura_di_bambino",
    "dispersed_ngo_reception": "cas_perugia",
    "social_farming": "orti_in_pace",
    "handicraft_meeting_place": "grupp_39",
    "childcare_beside_sessions": "grupp_39",
    "skills_certification": "mahir_eller",
    "digital_literacy_courses": "rebuilding_lives_land_of_hope",
    "mother_child_centres": "tuzla_acem",
    "mobile_info_table": "tuzla_acem",
    "monthly_breakfasts": "tuzla_solidarity_platform",
    "entrepreneurship_peer_academy": "magnet_network",
    "open_resource_portal": "eminent_network",
    "youth_study_sessions": "vyre",
}
JOINT = ("joint_counselling",)  # run by several members, one in each place


def origins(
    catalogue: Catalogue, groups: Joined, people: Census, settings: Ecosystem
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Organisation, practice and first month of each origin, and each practice's country.

    A practice runs at the coordinator of the network under which the source describes it, at its
    first member where nobody coordinates, or at its own named host. In a world without that
    network or place it has no origin, but its country is known.
    """
    by_key = {plan.key: k for k, plan in enumerate(groups.plans)}
    seats = _seats()
    who, which, since = [], [], []
    country = np.full(len(catalogue.ids), -1, np.int64)
    for p, (name, origin) in enumerate(zip(catalogue.ids, catalogue.origins, strict=True)):
        year = origin.founding_year
        carrier = CARRIERS.get(name, "")
        if name not in people.named:
            country[p] = seats.get(carrier, -1)
        if name in people.named:
            hosts = [people.named[name]]
        elif carrier in by_key:
            k = by_key[carrier]
            hosts = _hosts(name, k, groups, people)
            year = year or groups.plans[k].founding_year or None
        else:
            continue
        year = settings.start_year - settings.origin_years_unknown if year is None else year
        who += hosts
        which += [p] * len(hosts)
        since += [min(-1, (year - settings.start_year) * 12 - 1)] * len(hosts)
    return np.array(who, np.int64), np.array(which, np.int64), np.array(since, np.int64), country


@lru_cache(maxsize=1)
def _seats() -> dict[str, int]:
    """The country of each sheet and community of practice that is no wider than a country."""
    seats = {sheet.key: sheet.country for sheet in sheets() if sheet.level != "europe"}
    for row in sources.table("spring_cops"):
        if row["level"] not in ("europe", "global"):
            seats[row["id"]] = country_of(row)
    return {key: vocabulary.index(vocabulary.COUNTRIES, word) for key, word in seats.items()}


def _hosts(name: str, k: int, groups: Joined, people: Census) -> list[int]:
    members = groups.members[k]
    if name in JOINT:
        first_in_place = np.unique(people.territory[members], return_index=True)[1]
        return [int(members[i]) for i in first_in_place]
    coordinator = groups.coordinators[k]
    return [coordinator if coordinator >= 0 else int(members[0])]
