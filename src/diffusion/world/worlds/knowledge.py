"""Who knows and runs what at the start.

Every practice runs where the sources say that it comes from. Beyond that, awareness, know-how and
use are spread with settings: more in the practice's own field, in the country of its origin, and
among members of communities of practice; little practices more widely than programmes.
"""

from typing import NamedTuple

import numpy as np

from diffusion.base.arrays import FloatArray, IntArray, MaskArray
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.state import GENERAL
from diffusion.world.tables import Organisations, Posts, Practices, Territories, Uses, empty_uses
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import BoolArray, Use, luck, whole
from diffusion.world.worlds.settled import Settled, column

PERSONS_MAX = 3  # who run a practice in one organisation
_BLOCK = 8192  # organisations at a time, to bound memory in very large worlds
_ONE = np.uint64(1)


class Known(NamedTuple):
    """Pairs of organisation and practice: running, lapsed, or known to one person only."""

    organisation: IntArray
    practice: IntArray


def spread(
    ground: Ground,
    practices: Practices,
    organisations: Organisations,
    posts: Posts,
    territories: Territories,
    settings: Settled,
    seed: int,
) -> Uses:
    """First awareness, know-how and use; masks agree with each other and with the posts.

    Writes them into the tables it is given; returns what is known of each use.
    """
    n, n_practices = ground.n, practices.scale.shape[0]
    aware = np.zeros(n, np.uint64)
    parts: list[list[Known]] = [[], [], []]
    in_cop = _in_cop(ground)
    for low in range(0, n, _BLOCK):
        rows = np.arange(low, min(n, low + _BLOCK))
        found = _block(ground, practices, organisations, in_cop, rows, settings, seed)
        aware[rows] = _masks(found[0])
        for part, matrix in zip(parts, found[1:], strict=True):
            one, which = np.nonzero(matrix)
            part.append(Known(one + low, which))
    running, lapsed, known = (_joined(part) for part in parts)
    uses = empty_uses(n, n_practices)
    organisations.aware[:] = aware
    origin = Known(ground.origin_organisation, ground.origin_practice)
    code = origin.organisation * n_practices + origin.practice
    others = ~np.isin(running.organisation * n_practices + running.practice, code)
    running = Known(
        np.concatenate((origin.organisation, running.organisation[others])),
        np.concatenate((origin.practice, running.practice[others])),
    )
    _set_use(ground, practices, organisations, uses, running, settings, seed)
    _set_lapsed(organisations, uses, lapsed, settings, seed)
    _teach(organisations, posts, uses, running, PERSONS_MAX, True, seed)
    _teach(organisations, posts, uses, known, 1, False, seed)
    fit = settings.init_fit_low + (1.0 - settings.init_fit_low) * _draw(seed, Use.FIT, *known)
    uses.fit[known] = np.maximum(uses.fit[known], fit)
    union = np.bitwise_or.reduceat(posts.knows, organisations.first_post)
    organisations.knows[:] = union
    organisations.aware[:] |= union | organisations.lapsed
    organisations.aware[:] |= organisations.adopted | organisations.institutional
    _write_policy(organisations, territories, settings, seed)
    return uses


def _block(
    ground: Ground,
    practices: Practices,
    organisations: Organisations,
    in_cop: IntArray,
    rows: IntArray,
    settings: Settled,
    seed: int,
) -> list[BoolArray]:
    """Matrices (rows, P) for some organisations: aware, running, lapsed, known."""
    fields = organisations.fields[rows, None] | GENERAL
    related = organisations.related[rows, None]
    own = (fields & practices.fields) != 0
    near_field = ((fields & practices.related) | (related & practices.fields)) != 0
    relation = np.where(own, 0, np.where(near_field, 1, 2))
    lift = np.where(in_cop[rows] == 1, settings.init_cop, 1.0)[:, None]
    at_home = organisations.country[rows, None] == ground.practice_country
    running = np.array(
        [settings.init_running_own, settings.init_running_related, settings.init_running_other]
    )[relation]
    running = running * column(settings.init_scale, vocabulary.SCALES)[practices.scale] * lift
    running = running * np.where(at_home, settings.init_near, 1.0)
    known = (
        lift
        * np.array(
            [settings.init_known_own, settings.init_known_related, settings.init_known_other]
        )[relation]
    )
    aware = (
        lift
        * np.array(
            [settings.init_aware_own, settings.init_aware_related, settings.init_aware_other]
        )[relation]
    )
    which = np.arange(practices.scale.shape[0])
    who = rows[:, None]
    runs = _draw(seed, Use.RUNS, who, which) < running
    lapsed = _draw(seed, Use.LAPSED, who, which) < running * settings.init_lapsed_ratio
    knows = _draw(seed, Use.KNOWS, who, which) < known
    hears = _draw(seed, Use.AWARE, who, which) < aware
    return [hears, runs, lapsed & ~runs, knows & ~runs]


def _set_use(
    ground: Ground,
    practices: Practices,
    organisations: Organisations,
    uses: Uses,
    running: Known,
    settings: Settled,
    seed: int,
) -> None:
    """Stage, age, fidelity, fit and money of all that runs; origins are institutionalised."""
    who, which = running
    bit = _ONE << which.astype(np.uint64)
    n_origins = ground.origin_organisation.shape[0]
    firm = _draw(seed, Use.STAGE, who, which) < settings.init_institutional_share
    firm[:n_origins] = True
    np.bitwise_or.at(organisations.institutional, who[firm], bit[firm])
    np.bitwise_or.at(organisations.adopted, who[~firm], bit[~firm])
    written = _draw(seed, Use.WRITTEN, who, which) < settings.written_share
    np.bitwise_or.at(organisations.written, who[written], bit[written])
    since = -1 - whole(_draw(seed, Use.SINCE, who, which), settings.init_months_running)
    since[:n_origins] = ground.origin_month
    uses.since[running] = since
    low = settings.init_fidelity_low
    uses.fidelity[running] = low + (1.0 - low) * _draw(seed, Use.FIDELITY, who, which)
    low = settings.init_fit_low
    uses.fit[running] = low + (1.0 - low) * _draw(seed, Use.FIT, who, which)
    uses.fidelity[who[:n_origins], which[:n_origins]] = 1.0
    uses.fit[who[:n_origins], which[:n_origins]] = 1.0
    uses.grant[running] = _paid_by(practices, organisations, running, firm, seed)


def _paid_by(
    practices: Practices,
    organisations: Organisations,
    running: Known,
    firm: BoolArray,
    seed: int,
) -> IntArray:
    """Low-cost practices need no money; others run on a grant line or on regular money.

    What is institutionalised stands on regular money.
    """
    who, which = running
    u = _draw(seed, Use.PAID_BY, who, which)
    on_project = (u < organisations.project_share[who]) & ~firm & (organisations.n_grants[who] > 0)
    line = organisations.first_grant[who] + whole(
        _draw(seed, Use.PAID_BY, who, which + 64), organisations.n_grants[who]
    )
    cheap = practices.cost[which] == vocabulary.index(vocabulary.COSTS, "low")
    paid: IntArray = np.where(cheap, -2, np.where(on_project, line, -1))
    return paid


def _set_lapsed(
    organisations: Organisations, uses: Uses, lapsed: Known, settings: Settled, seed: int
) -> None:
    who, which = lapsed
    running = organisations.adopted | organisations.institutional
    stopped = (running[who] >> which.astype(np.uint64)) & _ONE == 0
    who, which = who[stopped], which[stopped]
    bit = _ONE << which.astype(np.uint64)
    np.bitwise_or.at(organisations.lapsed, who, bit)
    written = _draw(seed, Use.WRITTEN, who, which) < settings.written_share
    np.bitwise_or.at(organisations.written, who[written], bit[written])
    uses.since[who, which] = -1 - whole(
        _draw(seed, Use.SINCE, who, which), settings.init_months_running
    )


def _teach(
    organisations: Organisations,
    posts: Posts,
    uses: Uses,
    pairs: Known,
    most: int,
    champions: bool,
    seed: int,
) -> None:
    """Let 1..most persons of each organisation know how; neighbours in post, vacant ones never."""
    who, which = pairs
    staff = organisations.staff[who].astype(np.int64)
    persons = np.minimum(staff, 1 + whole(_draw(seed, Use.PERSONS, who, which), most))
    first = whole(_draw(seed, Use.FIRST_PERSON, who, which), staff)
    bit = _ONE << which.astype(np.uint64)
    for k in range(most):
        more = persons > k
        row = organisations.first_post[who] + (first + k) % staff
        np.bitwise_or.at(posts.knows, row[more], bit[more])
    if champions:
        uses.champion[pairs] = organisations.first_post[who] + first


def _write_policy(
    organisations: Organisations, territories: Territories, settings: Settled, seed: int
) -> None:
    """Some of what public bodies run for good is policy in their territory."""
    public = np.array([vocabulary.KINDS.index(kind) for kind in vocabulary.PUBLIC_KINDS])
    body = np.flatnonzero(np.isin(organisations.kind, public) & (organisations.institutional > 0))
    taken = luck(seed, Decision.WORLD_POLICY, Use.POLICY, body) < settings.init_policy_share
    np.bitwise_or.at(
        territories.policy,
        organisations.territory[body[taken]],
        organisations.institutional[body[taken]],
    )


def _in_cop(ground: Ground) -> IntArray:
    """1 for organisations that are members of a community of practice."""
    counts = np.diff(ground.members.start)
    of_cop = np.repeat(ground.networks.is_cop, counts)
    result = np.zeros(ground.n, np.int64)
    result[ground.members.organisation[of_cop == 1]] = 1
    return result


def _masks(matrix: BoolArray) -> MaskArray:
    bits = _ONE << np.arange(matrix.shape[1], dtype=np.uint64)
    result: MaskArray = np.bitwise_or.reduce(np.where(matrix, bits, np.uint64(0)), axis=1)
    return result


def _joined(parts: list[Known]) -> Known:
    return Known(
        np.concatenate([part.organisation for part in parts]).astype(np.int64),
        np.concatenate([part.practice for part in parts]).astype(np.int64),
    )


def _draw(seed: int, use: Use, who: IntArray, whom: IntArray | int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_KNOWLEDGE, use, who, whom)
