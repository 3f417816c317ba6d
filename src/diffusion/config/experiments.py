"""Overrides and files turned into settings, and into experiments of several scenarios."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffusion.base.errors import SettingError, nearest
from diffusion.config import overrides as typed
from diffusion.config.composing import WITHIN, Composer, Data, composed
from diffusion.config.designs.kinds import Factorial, Scenarios, Until
from diffusion.config.folders import Folders
from diffusion.config.overrides import Override
from diffusion.config.settings import Plan, ScenarioPlan, Shows, plan_of, settings_of
from diffusion.model.clock import Timing
from diffusion.model.measures import OUTCOMES
from diffusion.model.settings import ModelSettings

if TYPE_CHECKING:
    from diffusion.config.designs.points import Layout

HEADLINE = "what_remains"
LARGEST_SEED = 2**63 - 1
# groups whose settings hold only where they are on
_SWITCHED = {"intervention": "an intervention", "shock": "a shock"}


@dataclass(frozen=True)
class Scenario:
    """One of the worlds that an experiment compares."""

    label: str
    settings: ModelSettings
    overrides: tuple[str, ...]
    against: str | None = None  # the scenario it is compared with, if not the baseline
    points: tuple[ModelSettings, ...] = ()  # at each point of the design, if it has points

    def every(self) -> tuple[ModelSettings, ...]:
        """The settings of its runs, but for their seeds."""
        return self.points or (self.settings,)


@dataclass(frozen=True)
class Experiment:
    """Scenarios to be run with the same luck; replicate r has the seed `seed + r`.

    With a `layout`, every scenario is run at every point of it. With `until`, `replicates` are
    where it begins, and `most` where it ends at the latest.
    """

    name: str
    question: str
    baseline: str
    scenarios: Mapping[str, Scenario]
    timing: Timing
    replicates: int
    seed: int
    results: Path
    executor: Mapping[str, Any]
    shows: Shows = Shows()  # noqa: RUF009 - frozen
    layout: "Layout | None" = None
    until: Until | None = None

    @property
    def most(self) -> int:
        """Replicates, at most."""
        return self.replicates if self.until is None else self.until.at_most


@dataclass(frozen=True)
class _Typed:
    """The user's overrides, read once."""

    choices: dict[str, Any]
    values: list[Override]

    def shared(self) -> list[Override]:
        """Those that hold in every scenario."""
        return [value for value in self.values if not _of_switched(value)]

    def of_switched(self) -> list[Override]:
        """Those that hold only where their intervention or shock is switched on."""
        return [value for value in self.values if _of_switched(value)]


def load(overrides: Iterable[str] = (), config_dir: Path | str | None = None) -> ModelSettings:
    """The settings of one run: the packaged configuration with the user's overrides.

    Args:
        overrides: `key=value` or `group=choice`, as on the command line.
        config_dir: a folder of the user's own, laid out like `configs/`.

    Raises:
        SettingError: an override that does not fit; the sentence says what is allowed.
        ExtensionError: an intervention whose import path leads nowhere.
    """
    return settings_of(compose(overrides, config_dir))


def compose(overrides: Iterable[str] = (), config_dir: Path | str | None = None) -> dict[str, Any]:
    """The resolved configuration behind `load`, as plain data.

    Raises:
        SettingError: an override that does not fit.
    """
    config = composed(overrides, config_dir)
    plan_of(config)
    return config


def design(overrides: Iterable[str] = (), config_dir: Path | str | None = None) -> Experiment:
    """The experiment that overrides ask for.

    Without `experiment=...`, interventions that are switched on are compared each alone and all
    together with none; without those, the headline experiment is meant. Shocks that are switched
    on here hold in every scenario, the baseline included. A design that is chosen and nothing else
    is run in a world without interventions, but for those that it switches itself.

    Raises:
        SettingError: an override or an experiment file that does not fit.
        ExtensionError: an intervention whose import path leads nowhere.
    """
    folders = Folders.find(config_dir)
    given = _read(overrides, folders)
    choose = ("experiment", "design")
    if not any(one in given.choices for one in choose) and not given.choices.get("intervention"):
        given.choices["experiment"] = HEADLINE
    composer = Composer(folders)
    head = composer.compose(given.choices, given.shared())
    plan = _planned(plan_of(head), given)
    _check_until(plan)
    switched = plan.design.interventions if isinstance(plan.design, Factorial) else ()
    configs = {
        name: _config(name, scenario, given, composer, folders, switched, head)
        for name, scenario in plan.scenarios.items()
    }
    layout, scenarios = _laid_out(plan, configs, switched, folders)
    _check_used(given, scenarios, switched)
    base = scenarios[plan.baseline].settings
    if base.seed + plan.most > LARGEST_SEED + 1:
        raise SettingError(
            f"seed = {base.seed}: replicate r has seed + r, allowed up to {LARGEST_SEED}; "
            f"choose a smaller seed"
        )
    return Experiment(
        name=str(plan.name),
        question=plan.question,
        baseline=plan.baseline,
        scenarios=scenarios,
        timing=base.timing,
        replicates=plan.replicates,
        seed=base.seed,
        results=Path(plan.results or f"results/{plan.name}"),
        executor=plan.executor,
        shows=plan.shows,
        layout=layout,
        until=None if plan.until.half_width is None else plan.until,
    )


def _read(overrides: Iterable[str], folders: Folders) -> _Typed:
    parsed = typed.parse(overrides)
    return _Typed(typed.choices(parsed, folders), typed.values(parsed, folders))


def _of_switched(override: Override) -> bool:
    return override.key.split(".")[0] in _SWITCHED and "." in override.key


def _planned(plan: Plan, given: _Typed) -> Plan:
    """The plan with its scenarios, made from the chosen interventions if it states none."""
    chosen = given.choices.get("intervention", [])
    if plan.scenarios and chosen:
        raise SettingError(
            f"intervention=[{','.join(chosen)}] does not go with the experiment '{plan.name}', "
            f"whose scenarios choose interventions themselves; leave out one of the two"
        )
    points = not isinstance(plan.design, Scenarios)
    if points and "design" in given.choices and "name" not in (one.key for one in given.values):
        known = plan.name or "+".join(chosen)  # another folder than without the design
        kind = plan.design.kind
        plan = plan.model_copy(update={"name": f"{known}-{kind}" if known else kind})
    if not plan.scenarios:
        if not chosen and points:
            plan = plan.model_copy(update=_each_and_all((), plan.name))
        elif not chosen:
            raise SettingError(
                "there is nothing to compare; switch on interventions, for example "
                "intervention=[cop_formation,language_mediation], or name an experiment"
            )
        else:
            plan = plan.model_copy(update=_each_and_all(chosen, plan.name))
    if plan.baseline not in plan.scenarios:
        raise SettingError(
            f"baseline = '{plan.baseline}' is no scenario of this experiment; choose from: "
            f"{', '.join(plan.scenarios)}{nearest(plan.baseline, plan.scenarios)}"
        )
    for name, scenario in plan.scenarios.items():
        if scenario.against is not None and scenario.against not in plan.scenarios:
            raise SettingError(
                f"scenarios.{name}.against = '{scenario.against}' is no scenario of this "
                f"experiment; choose from: {', '.join(plan.scenarios)}"
                f"{nearest(scenario.against, plan.scenarios)}"
            )
    also, others = plan.shows.also_against, [one for one in plan.scenarios if one != plan.baseline]
    if also is not None and also not in others:
        raise SettingError(
            f"shows.also_against = '{also}' is no scenario of this experiment beside its baseline; "
            f"choose from: {', '.join(others)}{nearest(also, others)}"
        )
    shocks = given.choices.get("shock", [])
    if shocks and plan.name is not None and "name" not in (one.key for one in given.values):
        # another folder than that of the experiment without them
        plan = plan.model_copy(update={"name": f"{plan.name}-under-{'+'.join(shocks)}"})
    if plan.name is None:
        raise SettingError("the experiment has no name; add name=..., it names the results folder")
    return plan


def _each_and_all(chosen: Sequence[str], name: str | None) -> dict[str, Any]:
    scenarios = {"baseline": ScenarioPlan(label="Nothing new", overrides=("intervention=[]",))}
    for one in chosen:
        label = one.replace("_", " ").capitalize()
        scenarios[one] = ScenarioPlan(label=label, overrides=(f"intervention=[{one}]",))
    if len(chosen) > 1:
        together = ScenarioPlan(
            label="All together", overrides=(f"intervention=[{','.join(chosen)}]",)
        )
        scenarios["all_together"] = together
    return {"scenarios": scenarios, "name": name or "+".join(chosen), "baseline": "baseline"}


def _config(
    name: str,
    plan: ScenarioPlan,
    given: _Typed,
    composer: Composer,
    folders: Folders,
    switched: Sequence[str],
    head: Data,
) -> Data:
    """The composed configuration of a scenario, with the interventions on that a design switches.

    Args:
        head: the configuration of the experiment without what its scenarios change.
    """
    own = _read(plan.overrides, folders)
    for key in (*own.choices, *(value.key for value in own.values)):
        if key.split(".")[0] in (*Plan.model_fields, "experiment"):
            raise SettingError(
                f"scenarios.{name}.overrides sets '{key}', which holds for the whole experiment; "
                f"set it outside the scenarios"
            )
    choices = {**given.choices, **own.choices}
    if choices.get("experiment") in folders.packaged_experiments():
        choices["experiment"] += WITHIN
    if switched:
        choices["intervention"] = _with_switched(
            name, choices.get("intervention", list(head["intervention"])), switched, folders
        )
    values = [
        # the plan has its scenarios already
        *(one for one in given.shared() if one.key.split(".")[0] != "scenarios"),
        *(one for one in given.of_switched() if _is_on(one, choices)),
        *own.values,
    ]
    return composer.compose(choices, values)


def _with_switched(
    name: str, chosen: list[str], switched: Sequence[str], folders: Folders
) -> list[str]:
    """The interventions of a scenario and those that a design switches on and off in it.

    Raises:
        SettingError: an unknown one, or one that is both.
    """
    line = f"design.interventions=[{','.join(switched)}]"
    known = typed.choices([Override("intervention", list(switched), line)], folders)
    both = [one for one in switched if one in chosen]
    if both:
        raise SettingError(
            f"{line}: scenario '{name}' has '{both[0]}' on all the time, so the design can't "
            f"switch it; take it out of one of the two"
        )
    return [*chosen, *known["intervention"]]


def _laid_out(
    plan: Plan, configs: Mapping[str, Data], switched: Sequence[str], folders: Folders
) -> tuple["Layout | None", dict[str, Scenario]]:
    """The points of the design, and the scenarios with their settings at each."""
    layout = None
    if not isinstance(plan.design, Scenarios):
        from diffusion.config.designs.factors import without
        from diffusion.config.designs.points import lay_out

        layout = lay_out(plan.design, configs, folders, plan.most)
    scenarios = {}
    for name, one in plan.scenarios.items():
        config = configs[name]
        scenarios[name] = Scenario(
            label=one.label,
            settings=settings_of(without(config, switched) if switched else config),
            overrides=one.overrides,
            against=one.against,
            points=() if layout is None else layout.settings(config),
        )
    return layout, scenarios


def _check_until(plan: Plan) -> None:
    """A sweep may only grow until an outcome is known that can be compared.

    Raises:
        SettingError: no such outcome, nothing to compare, or less room than replicates.
    """
    until = plan.until
    if until.half_width is None:
        return
    if until.of not in OUTCOMES:
        raise SettingError(
            f"until.of = '{until.of}' is no outcome of a run; choose from: "
            f"{', '.join(OUTCOMES)}{nearest(until.of, OUTCOMES)}"
        )
    if until.at_most < plan.replicates:
        raise SettingError(
            f"until.at_most = {until.at_most}: allowed {plan.replicates} (replicates) or more"
        )
    if len(plan.scenarios) < 2:
        raise SettingError(
            "until.half_width is of differences between scenarios, and there is only one; "
            "set replicates instead, or add a scenario"
        )


def _is_on(override: Override, choices: Mapping[str, Any]) -> bool:
    group, name = override.key.split(".")[:2]
    return name in choices.get(group, [])


def _check_used(given: _Typed, scenarios: Mapping[str, Scenario], switched: Sequence[str]) -> None:
    """Scenarios share their months, and no override of an intervention or shock may go unused."""
    for override in given.of_switched():
        group, name = override.key.split(".")[:2]
        used = {
            one
            for scenario in scenarios.values()
            for of, one, _ in scenario.settings.acting()
            if of == group
        }
        used.update(switched if group == "intervention" else ())
        if name not in used:
            switched_on = ", ".join(sorted(used)) or "none"
            raise SettingError(
                f"{override.line}: no scenario has {_SWITCHED[group]} '{name}' "
                f"(they have: {switched_on}){nearest(name, used)}"
            )
    timings = {scenario.settings.timing for scenario in scenarios.values()}
    seeds = {scenario.settings.seed for scenario in scenarios.values()}
    if len(timings) > 1 or len(seeds) > 1:
        raise SettingError(
            "scenarios differ in timing or seed, so they can't be compared month by month; "
            "set timing and seed for the whole experiment"
        )
