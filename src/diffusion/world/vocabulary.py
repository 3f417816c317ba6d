"""The closed vocabularies of the model, in the order in which arrays code them.

`index(KINDS, "ngo")` gives the code that stands in the arrays; fields and languages are bits of
a mask. The words are those of the sources (ERASMI compendium, SPRING brief).
"""

from collections.abc import Iterable, Sequence

from diffusion.base.errors import SettingError, nearest

KINDS = (
    "state_agency",
    "municipality",
    "ngo",
    "migrant_organisation",
    "educational",
    "company",
    "volunteer_group",
    "research",
)
PUBLIC_KINDS = ("state_agency", "municipality")

LEVELS = ("local", "regional", "national", "europe")

FIELDS = (
    "general",
    "labour_market",
    "education_training",
    "language",
    "housing",
    "health",
    "culture_sports",
    "legal",
    "advocacy",
    "participation",
    "governance",
    "digital",
    "gender",
    "entrepreneurship",
    "outreach",
    "facilitation",
)

SCALES = ("little", "medium", "programme")
COSTS = ("low", "medium", "high")

NETWORK_TYPES = (
    "state_integration",
    "non_state_integration",
    "inter_territorial",
    "joint_provision",
    "project_consortium",
    "migrant_network",
    "informal_group",
    "cop_local",
    "cop_embedded",
    "cop_specialised",
)
COP_TYPES = ("cop_local", "cop_embedded", "cop_specialised")

FORMALISATIONS = ("informal", "mixed", "soft_formal", "formal")

COORDINATORS = (
    "none",
    "state",
    "ngo",
    "single_person",
    "company",
    "educational_institution",
)

GRANT_MAKERS = ("eu", "national", "municipal", "foundation")  # money by calls and follow-ups
OWN_SOURCES = ("membership_fees", "donations", "in_kind", "own_income")  # money without calls
FUNDER_KINDS = (*GRANT_MAKERS, *OWN_SOURCES)

CONTRACTS = ("permanent", "fixed_term", "volunteer")

LANGUAGES = ("de", "tr", "it", "en", "sv", "nl", "mt", "pl", "es", "no", "fr", "ar")

COUNTRIES = (
    "germany",
    "turkey",
    "italy",
    "ireland",
    "united_kingdom",
    "sweden",
    "netherlands",
    "malta",
    "austria",
    "belgium",
    "france",
    "norway",
    "poland",
    "spain",
)
COUNTRY_LANGUAGE = {
    "germany": "de",
    "turkey": "tr",
    "italy": "it",
    "ireland": "en",
    "united_kingdom": "en",
    "sweden": "sv",
    "netherlands": "nl",
    "malta": "mt",
    "austria": "de",
    "belgium": "fr",
    "france": "fr",
    "norway": "no",
    "poland": "pl",
    "spain": "es",
}

STAGES = ("unaware", "aware", "trial", "adopted", "institutionalised", "lapsed")


def index(vocabulary: Sequence[str], word: str) -> int:
    """The code of a word; an unknown word is a `SettingError` naming the nearest right one."""
    try:
        return vocabulary.index(word)
    except ValueError:
        raise SettingError(
            f"'{word}' is not known here; allowed: {', '.join(vocabulary)}"
            f"{nearest(word, vocabulary)}"
        ) from None


def mask(vocabulary: Sequence[str], words: Iterable[str]) -> int:
    """The bit mask of several words of a vocabulary."""
    result = 0
    for word in words:
        result |= 1 << index(vocabulary, word)
    return result
