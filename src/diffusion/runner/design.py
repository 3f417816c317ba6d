"""An experiment turned into runs with stable ids, in the order A, B, C, A, B, C.

A design with points runs every scenario at every point: scenarios alternate within a point, points
within a replicate.

Replicate r has the seed `seed + r` in every scenario, so scenarios are compared with the same
luck, and any single run can be repeated with `diffusion run ... seed=<its seed>`. Neighbouring
seeds are independent, because draws are hashed.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from diffusion.model.code_digest import code_digest
from diffusion.model.settings import ModelSettings

if TYPE_CHECKING:
    from diffusion.config import Experiment

ID_LENGTH = 16  # hex digits; a clash among a million runs has a chance below 1e-7
CHUNKS = 60  # enough that the progress bar moves
LARGEST_CHUNK = 50  # a killed process loses at most this many runs


@dataclass(frozen=True)
class Run:
    """One simulation: a scenario with the luck of one replicate, at a point of the design.

    `point` is None and `varied` empty in a design of scenarios and replicates only.
    """

    run_id: str
    scenario: str
    replicate: int
    seed: int
    settings: ModelSettings
    point: int | None = None
    varied: Mapping[str, Any] = field(default_factory=dict)

    def keys(self) -> dict[str, Any]:
        """What every row of a table says of its run: column -> value."""
        point = {} if self.point is None else {"point": self.point}
        own = {"replicate": self.replicate, "seed": self.seed, "run_id": self.run_id}
        return {"scenario": self.scenario, **point, **own, **self.varied}


@dataclass(frozen=True)
class Chunk:
    """Runs that one worker computes in a row and stores as one part."""

    number: int
    runs: tuple[Run, ...]
    later: frozenset[str] = frozenset()  # ids of those that are not wanted yet
    earlier: frozenset[str] = frozenset()  # ids of those that an earlier call finished


def runs_of(experiment: "Experiment") -> list[Run]:
    """All runs; every replicate is complete before the next, so a stopped sweep is balanced.

    With `until`, those of all replicates that it may come to.
    """
    scenarios, layout = experiment.scenarios, experiment.layout
    points: list[tuple[int | None, Mapping[str, float]]] = [(None, {})]
    if layout is not None:
        points = [(number, layout.point(number)) for number in range(len(layout.points))]
    every = {
        (name, k): (settings, _Identity(name, settings.plain(), points[k][0]))
        for name, scenario in scenarios.items()
        for k, settings in enumerate(scenario.every())
    }
    return [
        _run(name, *every[name, k], replicate, point, varied)
        for replicate in range(experiment.most)
        for k, (point, varied) in enumerate(points)
        for name in scenarios
    ]


def chunks_of(runs: Sequence[Run]) -> list[Chunk]:
    """Runs cut into parts; the cut depends on the design only, never on the workers.

    The scenarios of a replicate, and of a point, stay together as far as possible: what they have
    in common is simulated once.
    """
    pairs = groupby(runs, key=lambda run: (run.replicate, run.point))
    replicates = [list(same) for _, same in pairs]
    widest = max((len(same) for same in replicates), default=1)
    wanted = max(1, min(LARGEST_CHUNK // widest, math.ceil(len(replicates) / CHUNKS)))
    parts: list[list[Run]] = []
    for first in range(0, len(replicates), wanted):
        together = [run for same in replicates[first : first + wanted] for run in same]
        parts += [together[k : k + LARGEST_CHUNK] for k in range(0, len(together), LARGEST_CHUNK)]
    return [Chunk(number, tuple(part)) for number, part in enumerate(parts)]


def design_hash(runs: Sequence[Run]) -> str:
    """The same for the same runs in the same order, whatever computes them."""
    return _digest([run.run_id for run in runs])


def run_of(
    scenario: str,
    settings: ModelSettings,
    data: Mapping[str, Any],
    replicate: int,
    point: int | None = None,
    varied: Mapping[str, Any] | None = None,
) -> Run:
    """A run with its id.

    Args:
        settings: with the seed of replicate 0.
        data: the settings as plain data.
        varied: what the point sets, by dotted key.
    """
    return _run(
        scenario, settings, _Identity(scenario, data, point), replicate, point, varied or {}
    )


def _run(
    scenario: str,
    settings: ModelSettings,
    identity: "_Identity",
    replicate: int,
    point: int | None,
    varied: Mapping[str, Any],
) -> Run:
    seed = settings.seed + replicate
    settings = settings.model_copy(update={"seed": seed})
    return Run(identity.of(seed), scenario, replicate, seed, settings, point, varied)


class _Identity:
    """The ids of runs that differ in their seeds: what they have in common is written once.

    An id is a digest of the run as JSON with sorted keys.
    """

    def __init__(self, scenario: str, data: Mapping[str, Any], point: int | None) -> None:
        about: dict[str, Any] = {"model": code_digest(), "scenario": scenario}
        if point is not None:  # points may have the same settings where one lacks what varies
            about["point"] = point
        before = {name: value for name, value in data.items() if name < "seed"}
        after = {name: value for name, value in data.items() if name > "seed"}
        head = f'{_text(about)[:-1]},"settings":{{{_items(before)}"seed":'
        self._head = hashlib.sha256(head.encode())
        self._tail = f"{_items(after, first=False)}}}}}"

    def of(self, seed: int) -> str:
        """The id of the run with this seed."""
        found = self._head.copy()
        found.update(f"{_text(seed)}{self._tail}".encode())
        return found.hexdigest()[:ID_LENGTH]


def _items(data: Mapping[str, Any], first: bool = True) -> str:
    """Entries of an object, without its braces, with a comma where others follow or precede."""
    text = _text(data)[1:-1]
    if not text:
        return ""
    return f"{text}," if first else f",{text}"


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=True)


def _digest(data: Any) -> str:
    return hashlib.sha256(_text(data).encode()).hexdigest()
