"""Small runs for tests: settings, hand-made worlds, a month in which only one mechanism acts."""

import functools
import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from diffusion.base.arrays import NEVER, Table, columns_of, table_of
from diffusion.config import load
from diffusion.config.folders import Folders
from diffusion.model.clock import Record, Timing
from diffusion.model.month import Month
from diffusion.model.recorder import Recorder
from diffusion.model.settings import ModelSettings, RuleParameters
from diffusion.model.simulation import Simulation
from diffusion.world import vocabulary
from diffusion.world.adjacency import Ties
from diffusion.world.modifiers import Modifiers
from diffusion.world.state import Names, State
from diffusion.world.tables import (
    Funders,
    Grants,
    Members,
    Networks,
    Organisations,
    Posts,
    Practices,
    Territories,
    empty_uses,
)

Act = Callable[[State], None]
Masks = npt.NDArray[np.uint64]

SMALL = ("world=synthetic", "world.n=60", "world.n_territories=3", "practices.limit=8")
SHORT = (*SMALL[:3], "timing={start: 2, stop: 5, months: 8}")  # of commands, with all practices
FIELD = 1 << vocabulary.FIELDS.index("labour_market")
OTHER_FIELD = 1 << vocabulary.FIELDS.index("housing")
GERMAN = 1 << vocabulary.LANGUAGES.index("de")
ARABIC = 1 << vocabulary.LANGUAGES.index("ar")
UNRECORDED = Record(groups=(), events=False, history=False)
PERMANENT, FIXED_TERM, VOLUNTEER = range(3)

# Every mechanism off: what remains stands still.
QUIET: dict[str, dict[str, float]] = {
    "demand": {"base_load": 0.0, "pressure_persistence": 1.0, "load_weight": 0.0},
    "funding": {
        "p_renewal": 0.0,
        "p_renewal_institutionalised": 0.0,
        "application_slack": 2.0,
        "evaluation_tilt": 0.0,
        "budget_response": 0.0,
        "p_coordinator_renewal": 0.0,
        "p_coordinator_refund": 0.0,
        "p_network_dormant": 0.0,
        "p_network_revival": 0.0,
    },
    "turnover": {
        "rel_turnover": 0.0,
        "share_leaving_at_grant_end": 0.0,
        "p_learn_colleague": 0.0,
        "p_learn_written": 0.0,
        "p_skill_decay": 0.0,
        "p_memory_loss": 0.0,
    },
    "ties": {
        "p_lapse_embedded": 0.0,
        "p_lapse_bridging": 0.0,
        "trust_gain": 0.0,
        "trust_loss": 0.0,
        "p_search": 0.0,
        "p_from_meeting": 0.0,
    },
    "meetings": {"attendance": 0.0, "contacts_per_month": 0.0},
    "exchange": {
        "p_aware_from_user": 0.0,
        "p_aware_from_informed": 0.0,
        "p_aware_presented": 0.0,
        "p_aware_notice": 0.0,
        "p_know_how": 0.0,
        "p_forget": 0.0,
    },
    "adoption": {"start_rate": 0.0, "institutionalise_rate": 0.0},
    "persistence": {
        "hazard_base": 0.0,
        "hazard_nobody_knows": 0.0,
        "hazard_unfunded_first": 0.0,
        "hazard_unfunded_later": 0.0,
        "overload_slope": 0.0,
        "fidelity_erosion": 0.0,
        "fidelity_support": 0.0,
        "hazard_low_fidelity": 0.0,
        "p_restart_memory": 0.0,
        "p_restart": 0.0,
    },
    "findings": {"p_written": 0.0, "p_outdated": 0.0, "consultations_per_year": 0.0},
    "policy": {
        "uptake_per_year": 0.0,
        "p_regular_money": 0.0,
        "will_sd": 0.0,
        "will_persistence": 1.0,
        "inspiration": 0.0,
    },
}
# Every tie is a contact of full depth every month.
TALKING: dict[str, Any] = {"contacts_per_month": 20.0, "depth_bilateral": 1.0}


@functools.cache
def settings(
    *overrides: str, months: int = 12, start: int = 2, stop: int = 8, seed: int = 1
) -> ModelSettings:
    """The packaged configuration of a small synthetic world."""
    timing = f"timing={{start: {start}, stop: {stop}, months: {months}}}"
    return load([*SMALL, timing, f"seed={seed}", *overrides])


@functools.cache
def each_alone(group: str, *overrides: str, **timing: int) -> dict[str, ModelSettings]:
    """By name of a preset of interventions or shocks: the settings with it alone switched on.

    All are composed at once, because Hydra takes half a second for each choice of files;
    tests/configs holds that they come out the same one by one.
    """
    names = Folders.find().options(group)
    every = settings(f"{group}=[{','.join(names)}]", *overrides, **timing)
    presets = getattr(every, f"{group}s")
    return {name: every.model_copy(update={f"{group}s": {name: presets[name]}}) for name in names}


def defaults() -> RuleParameters:
    """The packaged parameters of the rules."""
    return settings().rules


def changed(base: RuleParameters, **rules: dict[str, Any]) -> RuleParameters:
    """The same parameters with others in some rules; their bounds are checked."""
    plain = base.model_dump()
    for rule, values in rules.items():
        plain[rule] |= values
    return RuleParameters.model_validate(plain)


def quiet(**rules: dict[str, Any]) -> RuleParameters:
    """Parameters of a month in which nothing happens but what is switched on here."""
    return changed(changed(defaults(), **QUIET), **rules)


def advance(
    state: State, parameters: RuleParameters, months: int = 1, act: Act | None = None
) -> State:
    """Take a state through some months; `act` may move modifiers at the start of each."""
    month, until = Month.standard(parameters), state.month + months
    timing = Timing(months=until, start=until, stop=until)
    with np.errstate(over="ignore"):
        recorder = Recorder(state, timing, settings().measures, UNRECORDED)
        while state.month < until:
            state.open_month()
            if act is not None:
                act(state)
            month.run(state, recorder.recorded, recorder.yearly, state.month + 1)
    return state


def moving(name: str, value: float) -> Act:
    """Sets a modifier of every organisation at the start of a month."""
    assert name in columns_of(Modifiers)

    def act(state: State) -> None:
        getattr(state.modifiers, name)[:] = value

    return act


def world(
    n: int,
    *,
    posts: int = 2,
    lines: int = 0,
    territories: int = 1,
    practices: dict[str, npt.ArrayLike] | None = None,
    seed: int = 5,
    **organisations: npt.ArrayLike,
) -> State:
    """n organisations alike in everything, with staff and grant lines, without ties or networks.

    Args:
        n: organisations, divided evenly over the territories of one country.
        posts: filled posts each.
        lines: grant lines each, all of one funder; none flows.
        territories: places; one national row comes on top.
        practices: columns of the catalogue; one little, simple practice by default.
        seed: of the run.
        organisations: columns that differ.
    """
    given = {} if practices is None else practices
    n_practices = max([1, *(np.size(column) for column in given.values())])
    who = np.arange(n)
    columns: dict[str, npt.ArrayLike] = {
        "kind": vocabulary.KINDS.index("ngo"),
        "territory": (who * territories) // n,
        "fields": FIELD,
        "languages": GERMAN,
        "first_post": who * posts,
        "n_posts": posts,
        "first_grant": who * lines,
        "n_grants": lines,
        "absorptive": 1.0,
        "support": 0.5,
        "threshold": 0.4,
        "siloing": 1.0,
        "staff": posts,
        "slack": 1.0,
    }
    catalogue: dict[str, npt.ArrayLike] = {"fields": FIELD, "adaptability": 1.0, "trial_months": 3}
    return State(
        seed=seed,
        practices=table_of(Practices, n_practices, **(catalogue | given)),
        organisations=table_of(Organisations, n, **(columns | organisations)),
        uses=empty_uses(n, n_practices),
        posts=table_of(
            Posts,
            n * posts,
            organisation=np.repeat(who, posts),
            grant=-1,
            filled=1,
            hired=-100,
            left=NEVER,
        ),
        ties=table_of(Ties, 0),
        networks=table_of(Networks, 0),
        members=Members(np.zeros(1, np.int64), np.zeros(0, np.int64)),
        grants=table_of(
            Grants,
            n * lines,
            organisation=np.repeat(who, lines),
            renewed=-1,
            ends=NEVER,
            starts=NEVER,
            idea=-1,
        ),
        funders=table_of(
            Funders,
            1,
            budget=10**15,
            grant_eur=24_000,
            months_grant=24,
            months_to_start=3,
            success_rate=0.5,
        ),
        territories=table_of(
            Territories,
            territories + 1,
            is_national=np.arange(territories + 1) == territories,
            will=0.5,
        ),
        names=Names(
            organisations=[f"Organisation {i}" for i in range(n)],
            networks=[],
            territories=[f"Territory {r}" for r in range(territories + 1)],
            funders=["Fund"],
            practices=[f"P{p}" for p in range(n_practices)],
            practice_titles=[f"Practice {p}" for p in range(n_practices)],
        ),
    )


def link(
    state: State, pairs: Iterable[tuple[int, int]], trust: float = 1.0, contact: int = -100
) -> None:
    """Replace the ties; the first post of each organisation holds them."""
    ab = np.sort(np.array(list(pairs), np.int64).reshape(-1, 2), axis=1)
    first = state.organisations.first_post
    ties = table_of(
        Ties,
        ab.shape[0],
        a=ab[:, 0],
        b=ab[:, 1],
        post_a=first[ab[:, 0]],
        post_b=first[ab[:, 1]],
        trust=trust,
        contact=contact,
    )
    state.set_ties(ties, ab.shape[0])


def couples(state: State, **columns: Any) -> None:
    """Tie organisation 0 to 1, 2 to 3, and so on."""
    link(state, [(i, i + 1) for i in range(0, state.n_organisations, 2)], **columns)


def group(state: State, members: Sequence[Sequence[int]], **columns: npt.ArrayLike) -> None:
    """Replace the networks: paid for good, active, meeting monthly in person."""
    k = len(members)
    base: dict[str, npt.ArrayLike] = {
        "key": np.arange(k),
        "coordinator": -1,
        "meetings_per_year": 12.0,
        "languages": GERMAN,
        "regular_money": 1,
        "active": 1,
        "coordinated": 1,
        "paid": 1,
        "paid_until": NEVER,
    }
    state.networks = table_of(Networks, k, **(base | columns))
    state.names.networks[:] = [f"Network {i}" for i in range(k)]
    sizes = [len(each) for each in members]
    state.set_members(
        Members(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate([np.asarray(each, np.int64) for each in members]),
        )
    )


def know(state: State, organisation: int | slice, practice: int = 0) -> None:
    """Organisations are aware of a practice and everybody in them knows how to run it."""
    bit = np.uint64(1 << practice)
    orgs, posts = state.organisations, state.posts
    orgs.aware[organisation] |= bit
    orgs.knows[organisation] |= bit
    inside = np.isin(posts.organisation, np.arange(state.n_organisations)[organisation])
    posts.knows[inside & (posts.filled == 1)] |= bit


def use(
    state: State, organisation: int | slice, practice: int = 0, institutional: bool = False
) -> None:
    """Organisations run a practice faithfully, with somebody who knows how."""
    know(state, organisation, practice)
    orgs, uses = state.organisations, state.uses
    stage = orgs.institutional if institutional else orgs.adopted
    stage[organisation] |= np.uint64(1 << practice)
    uses.fidelity[organisation, practice] = 1.0
    uses.fit[organisation, practice] = 1.0
    uses.champion[organisation, practice] = orgs.first_post[organisation]
    orgs.led[organisation] |= np.uint64(1 << practice)
    uses.since[organisation, practice] = -1


def number_with(masks: Masks, practice: int = 0) -> int:
    """How many of the masks have a practice's bit."""
    return int(((masks >> np.uint64(practice)) & np.uint64(1)).sum())


def within(count: float, n: float, p: float) -> bool:
    """Whether a count lies within 3.5 standard errors of its binomial mean, on either side."""
    return abs(count - n * p) <= 3.5 * math.sqrt(n * p * (1.0 - p))


def fingerprint(state: State) -> dict[str, str]:
    """A digest of every array of a state, by table and column; spare rows are left out."""
    live = {
        "ties": state.n_ties,
        "contacts": state.n_contacts,
        "attendance": state.n_attending,
        "adjacency.partner": 2 * state.n_ties,
        "adjacency.tie": 2 * state.n_ties,
        "events": 1 + int(state.events[0, 0]),
    }
    result = {}
    for table, arrays in state.tables()._asdict().items():
        for name, array in _columns(table, arrays):
            part = array[: live.get(name, live.get(table))]
            digest = hashlib.sha256(np.ascontiguousarray(part).tobytes()).hexdigest()
            result[name] = digest
    return result


def same_run(one: Simulation, other: Simulation) -> None:
    """Assert that two finished runs agree in every bit of state and tables."""
    assert fingerprint(one.state) == fingerprint(other.state)
    record = one.settings.record
    tables = ["months", "groups", "survival", *(["events"] if record.events else [])]
    for table in tables:
        mine, theirs = getattr(one, table)(), getattr(other, table)()
        pd.testing.assert_frame_equal(mine, theirs, check_exact=True)
    mine, theirs = (pd.Series(run.outcomes()) for run in (one, other))
    pd.testing.assert_series_equal(mine, theirs, check_exact=True)
    if record.history:
        assert np.array_equal(one.history.using, other.history.using)
        assert np.array_equal(one.history.unfunded, other.history.unfunded)


def _columns(table: str, arrays: Any) -> list[tuple[str, npt.NDArray[Any]]]:
    if hasattr(arrays, "_asdict"):
        return [(f"{table}.{name}", array) for name, array in arrays._asdict().items()]
    if isinstance(arrays, Table):
        return [(f"{table}.{name}", getattr(arrays, name)) for name in columns_of(type(arrays))]
    return [(table, arrays)]
