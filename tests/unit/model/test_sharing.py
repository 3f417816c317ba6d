"""Runs that fork, that are simulated together or in threads: the same bits as one by one."""

import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from diffusion.base.errors import DiffusionError
from diffusion.model.settings import ModelSettings, shared_months
from diffusion.model.sharing import simulate_together
from diffusion.model.simulation import Simulation
from diffusion.world.rule import Rule
from diffusion.world.state import State
from tests.simulating import same_run, settings

COP, LANGUAGE = "intervention=[cop_formation]", "intervention=[language_mediation]"
BOTH = "intervention=[cop_formation,language_mediation]"
PANDEMIC = "shock=[pandemic]"
CLOCK: dict[str, Any] = {"months": 14, "start": 4, "stop": 9}
LOG = ("record.events=true", "record.history=true")


def small(*overrides: str, **clock: int) -> ModelSettings:
    return settings(*overrides, **{**CLOCK, **clock})


@pytest.mark.parametrize(
    ("one", "other", "months"),
    [
        ((), (), 14),
        ((), (COP,), 4),
        ((COP,), (LANGUAGE,), 4),
        ((COP,), (BOTH,), 4),
        ((COP,), (COP, "intervention.cop_formation.coverage=0.4"), 4),
        ((BOTH,), (COP, "intervention.cop_formation.window={from: 4, until: 9}"), 4),
        ((), (COP, "intervention.cop_formation.window={from: 7, until: 9}"), 7),
        ((), (PANDEMIC,), 4),
        ((PANDEMIC,), (PANDEMIC, COP), 4),
        ((PANDEMIC,), (PANDEMIC, "shock.pandemic.window.from=6"), 4),
        ((PANDEMIC, "shock.pandemic.window.from=6"), (), 6),
        ((), ("timing.stop=12",), 8),
        ((), ("timing.start=1",), 14),
        ((), ("timing.months=20",), 13),
        ((), ("exchange.p_know_how=0.4",), 0),
        ((), ("record.groups=[]",), 0),
        ((), ("seed=8",), -1),
        ((), ("practices.limit=3",), -1),
    ],
)
def test_how_long_two_runs_agree(one: tuple[str, ...], other: tuple[str, ...], months: int) -> None:
    assert shared_months(small(*one), small(*other)) == months
    assert shared_months(small(*other), small(*one)) == months


@pytest.mark.parametrize("month", [0, 3, 4])
def test_a_fork_goes_on_like_a_run_of_its_own(month: int) -> None:
    base, lever = small(*LOG), small(BOTH, "shock=[pandemic,programme_end]", *LOG)
    stem = Simulation(base)
    while stem.month < month:
        stem.step()
    fork = stem.fork(lever)
    same_run(fork.run(), Simulation(lever).run())
    same_run(stem.run(), Simulation(base).run())


def test_a_fork_may_have_another_clock() -> None:
    stem = Simulation(small())
    for _ in range(8):
        stem.step()
    other = small(months=20, stop=12)
    same_run(stem.fork(other).run(), Simulation(other).run())


def test_what_has_shown_already_cannot_be_changed() -> None:
    stem = Simulation(small())
    for _ in range(5):
        stem.step()
    with pytest.raises(DiffusionError, match=r"stands at month 5.*from month 4 on"):
        stem.fork(small(COP))
    with pytest.raises(DiffusionError, match="their world or seed"):
        stem.fork(small("seed=99"))


class Count(Rule):
    """A rule that remembers something of its own."""

    name = "count"
    summary = "Counts months."

    def __init__(self) -> None:
        self.months = 0

    def step(self, state: State) -> None:
        self.months += 1


def test_a_fork_has_rules_of_its_own() -> None:
    rule = Count()
    stem = Simulation(small(), rules=[rule])
    stem.step()
    fork = stem.fork(stem.settings)
    fork.step()
    assert rule.months == 1
    assert [mine.months for mine in fork.rules.rules if isinstance(mine, Count)] == [2]


def test_together_gives_the_bits_of_one_by_one() -> None:
    later = "intervention.cop_formation.window={from: 6, until: 9}"
    every = [
        small(*LOG),
        small(COP, *LOG),
        small("seed=3", *LOG),
        small(BOTH, *LOG),
        small(COP, later, *LOG),
        small(BOTH, "exchange.p_know_how=0.4", *LOG),
        small("seed=3", LANGUAGE, *LOG),
        small(*LOG),
    ]
    found = dict(simulate_together(every))
    assert sorted(found) == list(range(len(every)))
    for k, one in enumerate(every):
        assert found[k].settings == one
        same_run(found[k], Simulation(one).run())


def test_together_builds_a_world_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = type(small().world)
    built = []
    build = world.build

    def counted(self: Any, practices: Any, seed: int) -> State:
        built.append(seed)
        return build(self, practices, seed)

    monkeypatch.setattr(world, "build", counted)
    list(simulate_together([small(), small(COP), small(BOTH), small("seed=3"), small(LANGUAGE)]))
    assert built == [small().seed, 3]


def test_only_what_others_still_fork_from_is_kept_beside_a_run() -> None:
    def alive() -> int:
        return sum(type(one) is Simulation for one in gc.get_objects())  # some are dead proxies

    gc.collect()
    before = alive()
    for _ in simulate_together([small(), small(COP), small(LANGUAGE), small(PANDEMIC)]):
        assert alive() - before <= 2


def test_threads_do_not_matter() -> None:
    every = [small(COP, f"seed={seed}") for seed in range(6)]

    def run(one: ModelSettings) -> Simulation:
        return Simulation(one).run()

    with ThreadPoolExecutor(2) as pool:
        for threaded, one in zip(pool.map(run, every), every, strict=True):
            same_run(threaded, run(one))
