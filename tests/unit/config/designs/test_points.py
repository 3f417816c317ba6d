"""Designs composed, checked and turned into settings at each point."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffusion.base.errors import SettingError
from diffusion.config import Experiment, design
from diffusion.config.composing import Composer
from diffusion.config.designs.points import Layout
from diffusion.evidence.register import Register

SMALL = ["world=synthetic", "world.n=60", "world.n_territories=3", "replicates=3"]
OF_EXPERIMENT = """\
# @package _global_
defaults:
  - override /design: latin_hypercube
name: mine
question: What matters?
design:
  size: 6
  parameters:
    - turnover.rel_turnover
    - {key: adoption.start_rate, low: 0.1, high: 0.4}
scenarios:
  baseline: {label: Nothing new}
  handover: {label: Handover, overrides: ["intervention=[handover]"]}
"""


def designed(*overrides: str) -> tuple[Experiment, Layout]:
    experiment = design([*SMALL, *overrides])
    assert experiment.layout is not None
    return experiment, experiment.layout


def said(*overrides: str) -> str:
    with pytest.raises(SettingError) as caught:
        design([*SMALL, *overrides])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def column(layout: Layout, key: str) -> list[float]:
    return [layout.point(number)[key] for number in range(len(layout.points))]


def test_without_a_design_there_are_no_points() -> None:
    experiment = design([*SMALL, "intervention=[handover]"])
    assert experiment.layout is None
    assert experiment.scenarios["handover"].points == ()
    assert experiment.most == experiment.replicates == 3


def test_a_factorial_switches_interventions_on_and_off() -> None:
    experiment, layout = designed(
        "design=factorial",
        "design.interventions=[cop_formation,handover]",
        "design.parameters=[{key: turnover.rel_turnover, levels: [0.5, 1, 2]}]",
    )
    assert list(experiment.scenarios) == ["baseline"]
    assert len(layout.points) == 2 * 2 * 3
    points = experiment.scenarios["baseline"].points
    assert [list(one.interventions) for one in points[:4]] == [
        [],
        ["cop_formation"],
        ["handover"],
        ["cop_formation", "handover"],
    ]
    assert [one.rules.turnover.rel_turnover for one in points[::4]] == [0.5, 1.0, 2.0]
    assert not experiment.scenarios["baseline"].settings.interventions
    assert layout.about()["varied"]["intervention.handover"]["levels"] == [0, 1]


def test_a_fraction_says_what_it_mixes_up() -> None:
    _, layout = designed(
        "design=factorial",
        "design.interventions=[cop_formation,handover,repository]",
        "design.generators=['C=AB']",
    )
    assert len(layout.points) == 4
    assert "4 of the 8 combinations of 3 factors, resolution III" in layout.said
    assert "cop_formation can't be told apart from handover x repository" in layout.aliases


def test_points_stand_inside_scenarios_with_the_same_values() -> None:
    experiment, layout = designed(
        "intervention=[handover]",
        "design=latin_hypercube",
        "design.size=6",
        "design.parameters=[turnover.rel_turnover,intervention.handover.coverage]",
    )
    baseline, handover = (experiment.scenarios[name] for name in ("baseline", "handover"))
    rates = column(layout, "turnover.rel_turnover")
    for scenario in (baseline, handover):
        assert [one.rules.turnover.rel_turnover for one in scenario.points] == rates
    coverages = [one.interventions["handover"].coverage for one in handover.points]
    assert coverages == column(layout, "intervention.handover.coverage")
    assert not any(one.interventions for one in baseline.points)
    assert experiment.name == "handover-latin_hypercube", "a folder of its own"


def test_ranges_are_those_of_the_register_unless_stated() -> None:
    _, layout = designed(
        "design=sobol",
        "design.size=64",
        "design.parameters=[turnover.rel_turnover,world.mean_degree,{key: adoption.start_rate, "
        "low: 0.2},world.kind_mix.ngo]",
    )
    register = Register.load()
    known = {
        "turnover.rel_turnover": "turnover.rel_turnover",
        "world.mean_degree": "world.base.settled.mean_degree",
        "world.kind_mix.ngo": "world.synthetic.kind_mix",
    }
    for key, registered in known.items():
        entry, values = register[registered], column(layout, key)
        width = entry.high - entry.low
        assert entry.low <= min(values) < entry.low + width / 32
        assert entry.high - width / 32 < max(values) < entry.high
    assert min(column(layout, "adoption.start_rate")) >= 0.2
    varied = layout.about()["varied"]
    assert varied["turnover.rel_turnover"]["origin"] == "register"
    assert varied["adoption.start_rate"]["origin"] == "register and stated"


def test_whole_numbers_are_whole_and_equally_likely() -> None:
    experiment, layout = designed(
        "design=latin_hypercube",
        "design.size=40",
        "design.parameters=[{key: world.n, low: 50, high: 53}]",
    )
    values = column(layout, "world.n")
    assert sorted(values) == [n for n in (50, 51, 52, 53) for _ in range(10)]
    assert all(isinstance(value, int) for value in values)
    assert [one.plain()["world"]["n"] for one in experiment.scenarios["baseline"].points] == values


def test_a_logarithmic_scale_has_as_many_points_in_each_decade() -> None:
    _, layout = designed(
        "design=latin_hypercube",
        "design.size=30",
        "design.parameters=[{key: exchange.p_know_how, low: 0.0001, high: 0.1, log: true}]",
    )
    decades = [math.floor(math.log10(value)) for value in column(layout, "exchange.p_know_how")]
    assert sorted(decades) == [-4] * 10 + [-3] * 10 + [-2] * 10


def test_a_seed_of_the_design_moves_points_and_no_seed_of_runs() -> None:
    chosen = ("design=sobol", "design.parameters=[turnover.rel_turnover]")
    one, same, other = (designed(*chosen, f"design.seed={seed}") for seed in (1, 1, 2))
    assert one[1].points == same[1].points != other[1].points
    assert designed(*chosen, "seed=9")[1].points == one[1].points


def test_the_configuration_is_composed_once_a_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    compose, calls = Composer.compose, []

    def counted(self: Composer, *args: object) -> object:
        calls.append(args)
        return compose(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Composer, "compose", counted)
    design([*SMALL, "design=sobol", "design.size=64", "design.parameters=[turnover.rel_turnover]"])
    assert len(calls) == 2  # of the experiment, and of its only scenario


def test_an_experiment_of_ones_own_brings_its_design(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(OF_EXPERIMENT, encoding="utf-8")
    experiment = design([*SMALL, "experiment=mine"], tmp_path)
    assert experiment.layout is not None
    assert experiment.layout.seed == 1, "as in configs/design/latin_hypercube.yaml"
    assert [len(one.points) for one in experiment.scenarios.values()] == [6, 6]
    assert experiment.name == "mine"
    larger = design([*SMALL, "experiment=mine", "design.size=9"], tmp_path)
    assert larger.layout is not None
    assert len(larger.layout.points) == 9


def test_outer_points_hold_the_ends_of_every_factor() -> None:
    _, layout = designed(
        "design=sobol",
        "design.size=64",
        "design.parameters=[turnover.rel_turnover,adoption.start_rate]",
    )
    for key in ("turnover.rel_turnover", "adoption.start_rate"):
        outer = [column(layout, key)[number] for number in layout.outer()]
        assert {min(column(layout, key)), max(column(layout, key))} <= set(outer)
    assert len(layout.outer()) <= 4


RATE = "turnover.share_ngo"
TOO_MANY = ",".join(f"{1 + k / 1000}" for k in range(200))


def mistakes() -> Iterator[tuple[list[str], str]]:
    sample, cross = ["design=sobol", "design.size=8"], "design=factorial"
    levers = "design.interventions=[cop_formation,handover,repository]"

    def of(*parameters: str) -> list[str]:
        return [*sample, f"design.parameters=[{','.join(parameters)}]"]

    yield ["design=sobul"], "there is no design 'sobul'; .*did you mean 'sobol'"
    yield sample, "the design sobol varies nothing; name parameters"
    yield [cross], "the design factorial varies nothing; name interventions"
    yield of("turnover.share_ngoo"), "did you mean 'turnover.share_ngo'"
    yield of("timing.start"), "'timing.start', which is the same in all runs"
    yield of("world.countries"), "'world.countries', which is no number"
    yield of("turnover"), "'turnover', which is no number"
    yield of(RATE, RATE), "'turnover.share_ngo' twice"
    yield of("budget"), "no range; state it: {key: budget, low: ..., high: ...}"
    yield of(f"{{key: {RATE}, high: 1.5}}"), "share_ngo = 1.5: allowed 0 to less than 1"
    yield of(f"{{key: {RATE}, low: 0.4, high: 0.1}}"), "the low end must be below the high end"
    yield of(f"{{key: {RATE}, low: 0, log: true}}"), "needs a low end above 0"
    yield of("{low: 0.1}"), "design.parameters.0.key is missing"
    yield of("intervention.handover.coverage"), "'handover' is not switched on; add it with"
    yield [*of(RATE), "design.size=96"], "no power of two.*the next is 128"
    yield [*of(RATE), "design.size=524288"], "choose a smaller design.size"
    yield [cross, "design.interventions=[handovr]"], "did you mean 'handover'"
    yield [cross, levers, "intervention=[handover,repository]"], "'handover' on all the time"
    yield [cross, levers, "design.resolution=6"], "design.resolution = 6: allowed 3 to 5"
    yield [cross, levers, "design.resolution=3", "design.generators=['C=AB']"], "state one of them"
    yield [cross, f"design.parameters=[{{key: {RATE}, levels: [0.1]}}]"], "two or more different"
    yield [cross, "design.parameters=[{key: world.n, levels: [50.5, 60]}]"], "a whole number"
    three = "design.parameters=[{key: world.n, levels: [50, 60, 70]}]"
    yield [cross, levers, three, "design.resolution=3"], "two levels of each factor; world.n has"
    many = f"design.parameters=[{{key: turnover.rel_turnover, levels: [{TOO_MANY}]}}]"
    yield [cross, levers, many, "replicates=1000"], "1,600,000 runs; allowed up to 1,000,000: name"
    # growing
    growing = ["intervention=[handover]", "until.half_width=0.01"]
    yield [*growing, "until.of=retained_6"], "no outcome of a run; .*did you mean 'retained_60'"
    yield [*growing, "until.at_most=2"], "until.at_most = 2: allowed 3 .replicates. or more"
    yield [*growing, "until.half_width=0"], "until.half_width = 0: allowed more than 0"
    yield [*of(RATE), "until.half_width=0.01"], "there is only one; set replicates instead"


@pytest.mark.parametrize(
    ("overrides", "expected"), list(mistakes()), ids=lambda value: str(value)[-50:]
)
def test_mistakes_are_one_sentence(overrides: list[str], expected: str) -> None:
    sentence = said(*overrides)
    assert re.search(expected.replace("[", r"\["), sentence), sentence


def test_values_that_do_not_go_together_name_their_point() -> None:
    sentence = said(
        "design=factorial",
        "design.parameters=[{key: world.trust_low, levels: [0.1, 0.8]}, "
        "{key: world.trust_high, levels: [0.4, 0.9]}]",
    )
    assert sentence.startswith("point 1 of the design (world.trust_low=0.8, world.trust_high=0.4)")
    assert "trust_low must not exceed trust_high" in sentence
