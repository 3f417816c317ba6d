"""The survey's figures beside what the drawn networks have: target, achieved, misfit."""

from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import IntArray
from diffusion.world import vocabulary
from diffusion.world.state import State
from diffusion.world.worlds.erasmi_draw import COORDINATOR_ANSWERS, Surveyed, surveyed
from diffusion.world.worlds.erasmi_natural import PRIMARY, is_primary, spring_shares
from diffusion.world.worlds.erasmi_sheets import COUNTRY_GROUPS, QUESTIONS, TYPES, bounds, sheets


class SurveyRow(NamedTuple):
    """One figure of the survey beside what the 55 networks of a world have."""

    question: str
    answer: str
    target_low: int
    target_high: int
    achieved: int
    misfit: int  # networks too many (+) or too few (-); 0 = inside the bounds


def survey_table(seed: int) -> list[SurveyRow]:
    """Target, achieved and misfit of every figure that the drawn networks are meant to meet."""
    networks = surveyed(seed)
    rows = [
        *_exclusive_rows("country", networks.country_group, COUNTRY_GROUPS),
        *_exclusive_rows("type", networks.type, TYPES),
        *_exclusive_rows("coordinator", networks.coordinator, COORDINATOR_ANSWERS),
        *_exclusive_rows("formalisation", networks.formalisation, vocabulary.FORMALISATIONS),
        *_framework_rows(networks),
        *_crosstab_rows(networks),
    ]
    for question in QUESTIONS:
        for answer in bounds()[question]:
            given = sum(answer in answers[question] for answers in networks.answers)
            rows.append(_row(question, answer, given))
    rows.append(_row("survey_meta", "networks_in_survey", networks.type.shape[0]))
    rows.append(_row("survey_meta", "case_sheets_in_appendix", len(sheets())))
    return rows


class ShareRow(NamedTuple):
    """One share of the SPRING survey beside what the communities of practice of a state have."""

    question: str
    answer: str
    target: float
    achieved: float


def cop_table(state: State) -> list[ShareRow]:
    """Membership in active communities of practice and whom they primarily consist of.

    A community consists primarily of a group that makes up at least `PRIMARY_FROM` of its members;
    shares are over members, because the survey asked organisations.

    Source: ss_014, ss_017 to ss_020.
    """
    target = spring_shares()
    members, start = state.members.organisation, state.members.start
    inside = np.zeros(state.n_organisations, np.bool_)
    total, primary = 0, np.zeros(len(PRIMARY))
    for k in np.flatnonzero((state.networks.is_cop == 1) & (state.networks.active == 1)):
        mine = members[start[k] : start[k + 1]]
        inside[mine] = True
        total += mine.shape[0]
        primary += mine.shape[0] * is_primary(state.organisations.kind[mine])
    return [
        ShareRow("cop_membership", "organisation_in_a_cop", target.in_cop, float(inside.mean())),
        *(
            ShareRow("cop_composition", group, float(share), float(weight) / max(1, total))
            for group, share, weight in zip(PRIMARY, target.primary, primary, strict=True)
        ),
    ]


def _exclusive_rows(question: str, codes: IntArray, words: tuple[str, ...]) -> list[SurveyRow]:
    counts = dict(zip(words, np.bincount(codes, minlength=len(words)).tolist(), strict=True))
    sums = {
        "non_state_plus_migrant_plus_informal": (
            "non_state_integration",
            "migrant_network",
            "informal_group",
        ),
        "formal_plus_soft_formal": ("formal", "soft_formal"),
    }
    return [
        _row(question, answer, sum(counts[word] for word in sums.get(answer, (answer,))))
        for answer in bounds()[question]
    ]


def _framework_rows(networks: Surveyed) -> list[SurveyRow]:
    sums = {"supportive_plus_no_statement": ("supportive", "no_statement")}
    return [
        _row(
            "policy_framework",
            answer,
            sum(word in sums.get(answer, (answer,)) for word in networks.framework),
        )
        for answer in bounds()["policy_framework"]
    ]


def _crosstab_rows(networks: Surveyed) -> list[SurveyRow]:
    def count(kind: str, **also: str) -> int:
        mine = networks.type == TYPES.index(kind)
        for name, (codes, words) in columns.items():
            if name in also:
                mine &= np.isin(codes, [words.index(word) for word in also[name].split()])
        return int(mine.sum())

    columns = {
        "country": (networks.country_group, COUNTRY_GROUPS),
        "coordinator": (networks.coordinator, vocabulary.COORDINATORS),
        "formalisation": (networks.formalisation, vocabulary.FORMALISATIONS),
    }
    state = vocabulary.COORDINATORS.index("state")
    other_types = ~np.isin(
        networks.type, [TYPES.index("state_integration"), TYPES.index("inter_territorial")]
    )
    named = "ireland italy turkey other_sweden_netherlands_malta"
    found = {
        "state_integration_in_germany": count("state_integration", country="germany"),
        "state_integration_in_ireland_italy_turkey_other": count(
            "state_integration", country=named
        ),
        "inter_territorial_in_turkey": count("inter_territorial", country="turkey"),
        "joint_provision_in_turkey_or_italy": count("joint_provision", country="turkey italy"),
        "state_integration_coordinated_by_state": count("state_integration", coordinator="state"),
        "inter_territorial_coordinated_by_state": count("inter_territorial", coordinator="state"),
        "state_coordinated_of_other_types": int(
            (other_types & (networks.coordinator == state)).sum()
        ),
        "inter_territorial_formal": count("inter_territorial", formalisation="formal"),
        "joint_provision_formal": count("joint_provision", formalisation="formal"),
    }
    rows = [
        _row(question, answer, found[answer])
        for question in (
            "crosstab_type_country",
            "crosstab_type_coordinator",
            "crosstab_type_formalisation",
        )
        for answer in bounds()[question]
    ]
    informal = int((networks.type == TYPES.index("informal_group")).sum())
    irish = count("informal_group", country="ireland")
    rows.append(
        SurveyRow(
            "crosstab_type_country",
            "informal_groups_in_ireland",
            informal,
            informal,
            irish,
            irish - informal,
        )
    )
    return rows


def _row(question: str, answer: str, achieved: int) -> SurveyRow:
    low, high = bounds()[question][answer]
    misfit = achieved - high if achieved > high else min(0, achieved - low)
    return SurveyRow(question, answer, low, high, achieved, misfit)
