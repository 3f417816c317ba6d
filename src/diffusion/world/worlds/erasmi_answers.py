"""Answers of which a network may give several, dealt to the drawn networks by quotas."""

from functools import lru_cache

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray
from diffusion.base.draws import Decision
from diffusion.world.worlds.erasmi_sheets import (
    COUNTRY_GROUPS,
    NO_FACILITATION,
    QUESTIONS,
    TYPES,
    UNNUMBERED_FACILITATION,
    bounds,
    sheets,
)
from diffusion.world.worlds.luck import Use, luck_table

AFFINITY = 5.0  # odds of the networks that the text names for an answer
_SMALL = ("migrant_network", "informal_group")
_NAMED_SMALL = (("member", "migrants_and_refugees"), ("internal_communication", "messaging"))
_NAMED_GERMAN_STATE = ("internal_communication", "working_group")
_LARGEST = 128  # answers a question can have, for keys of luck


def dealt_answers(types: IntArray, groups: IntArray, seed: int) -> list[dict[str, frozenset[str]]]:
    """Question -> answers for every network: the sheets' own, the others' by quotas.

    Each answer's total is drawn within the survey's bounds; what the sheets leave over goes to
    drawn networks at random, sooner to those that the text names for it.
    """
    answers = [dict(sheet.answers) for sheet in sheets()]
    drawn = np.arange(len(answers), types.shape[0])
    given = [
        _dealt_question(question, q, types, groups, drawn, seed)
        for q, question in enumerate(QUESTIONS)
    ]
    for k in range(drawn.shape[0]):
        answers.append(
            {
                question: frozenset(of_question[k])
                for question, of_question in zip(QUESTIONS, given, strict=True)
            }
        )
    return answers


def _dealt_question(
    question: str, q: int, types: IntArray, groups: IntArray, drawn: IntArray, seed: int
) -> list[set[str]]:
    """The answers of the drawn networks to one question."""
    given: list[set[str]] = [set() for _ in drawn]
    closed = np.zeros(drawn.shape[0], np.bool_)
    names = sorted(bounds()[question], key=lambda name: name != NO_FACILITATION)
    keys = q * _LARGEST + np.arange(len(names))
    totals = _luck(seed, np.zeros(1, np.int64), keys)[0].tolist()
    scores = -np.log(1.0 - _luck(seed, drawn, keys)).T
    for name, u, score in zip(names, totals, scores, strict=True):
        low, high = bounds()[question][name]
        wanted = low + int(u * (high - low + 1))
        left = wanted - _on_sheets(question, name)
        score = score / _weights(question, name, types[drawn], groups[drawn])
        score[closed] = np.inf
        for k in score.argsort(kind="stable")[: max(0, left)].tolist():
            given[k].add(name)
        if name == NO_FACILITATION:
            closed = np.array([bool(mine) for mine in given])
    if question == "facilitation":
        for mine in given:
            mine.update([UNNUMBERED_FACILITATION] if not mine else [])
    if question == "member":
        _cover(given)
    return given


@lru_cache(maxsize=256)
def _on_sheets(question: str, name: str) -> int:
    """How many sheets give an answer."""
    return sum(name in sheet.answers[question] for sheet in sheets())


def _cover(given: list[set[str]]) -> None:
    """Every network has members: those without an answer take one from those with most."""
    for mine in given:
        if not mine:
            giver = max(given, key=len)
            answer = sorted(giver)[0]
            giver.remove(answer)
            mine.add(answer)


def _weights(question: str, name: str, types: IntArray, groups: IntArray) -> FloatArray:
    """Odds of an answer by network; the text names some networks for some answers."""
    if (question, name) in _NAMED_SMALL:
        named = (types == TYPES.index(_SMALL[0])) | (types == TYPES.index(_SMALL[1]))
    elif (question, name) == _NAMED_GERMAN_STATE:
        german = groups == COUNTRY_GROUPS.index("germany")
        named = german & (types == TYPES.index("state_integration"))
    else:
        return np.ones(types.shape[0])
    return np.where(named, AFFINITY, 1.0)


def _luck(seed: int, who: IntArray, whom: IntArray) -> FloatArray:
    return luck_table(seed, Decision.WORLD_NETWORK, Use.ANSWER, who, whom)
