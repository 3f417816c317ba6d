"""Who knows and runs what at the start.

Every practice runs where the sources say that it comes from. Beyond that, awareness, know-how and
use are spread with settings: more in the practice's own field, in the country of its origin, and
among members of communities of practice; little practices more widely than programmes.
"""

from typing import NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import BITS, FloatArray, IntArray, bare, bit, has
from diffusion.base.compiled import compiled
from diffusion.base.draws import Decision
from diffusion.world import vocabulary
from diffusion.world.state import GENERAL, relevant_practices
from diffusion.world.tables import (
    Grants,
    Organisations,
    Posts,
    Practices,
    Territories,
    Uses,
    empty_uses,
)
from diffusion.world.worlds.ground import Ground
from diffusion.world.worlds.luck import (
    BEFORE_THE_RUN,
    BoolArray,
    Use,
    blocks,
    first_of,
    luck,
    whole,
)
from diffusion.world.worlds.settled import Settled, column

N_NEARNESS = 6
PERSONS_MAX = 3  # who run a practice in one organisation
_LOW_COST = vocabulary.index(vocabulary.COSTS, "low")
_PUBLIC = np.array([kind in vocabulary.PUBLIC_KINDS for kind in vocabulary.KINDS])
_KNOWLEDGE = Decision.WORLD_KNOWLEDGE.value
_TO_RUN, _TO_LAPSE = first_of(Use.RUNS), first_of(Use.LAPSED)
_TO_KNOW, _TO_HEAR = first_of(Use.KNOWS), first_of(Use.AWARE)
# marks of a pair of organisation and practice
_RUNNING, _LAPSED, _KNOWN = np.uint8(1), np.uint8(2), np.uint8(4)


class Known(NamedTuple):
    """Pairs of organisation and practice: running, lapsed, or known to one person only."""

    organisation: IntArray
    practice: IntArray


class _Odds(NamedTuple):
    """Chances of an organisation and a practice, by how near they are.

    Nearness is 0 to 2 (own, related, other field), 3 more for members of a community of practice.
    """

    running: FloatArray  # (2 * N_NEARNESS, P); the further rows are for the country of origin
    known: FloatArray  # (N_NEARNESS,)
    aware: FloatArray


def spread(
    ground: Ground,
    practices: Practices,
    organisations: Organisations,
    posts: Posts,
    grants: Grants,
    territories: Territories,
    settings: Settled,
    seed: int,
) -> Uses:
    """First awareness, know-how and use; masks agree with each other and with the posts.

    Writes them into the tables it is given; returns what is known of each use.
    """
    n_practices = practices.shape[0]
    running, lapsed, known = _drawn(ground, practices, organisations, settings, seed)
    uses = empty_uses(ground.n, n_practices)
    origin = Known(ground.origin_organisation, ground.origin_practice)
    others = ~_found(_codes(origin, n_practices), _codes(running, n_practices))
    running = Known(
        np.concatenate((origin.organisation, running.organisation[others])),
        np.concatenate((origin.practice, running.practice[others])),
    )
    _set_use(ground, practices, organisations, grants, uses, running, settings, seed)
    _set_lapsed(organisations, uses, lapsed, settings, seed)
    _teach(organisations, posts, uses, running, PERSONS_MAX, True, seed)
    _teach(organisations, posts, uses, known, 1, False, seed)
    fit = settings.init_fit_low + (1.0 - settings.init_fit_low) * _draw(seed, Use.FIT, *known)
    bare(uses)["fit"][known] = np.maximum(bare(uses)["fit"][known], fit)
    orgs = bare(organisations)
    union = np.bitwise_or.reduceat(bare(posts)["knows"], orgs["first_post"])
    orgs["knows"] = union
    union |= orgs["lapsed"] | orgs["adopted"] | orgs["institutional"]
    orgs["aware"] |= union
    _write_policy(ground, organisations, territories, settings, seed)
    return uses


def _drawn(
    ground: Ground,
    practices: Practices,
    organisations: Organisations,
    settings: Settled,
    seed: int,
) -> tuple[Known, Known, Known]:
    """What runs, has lapsed or is known to one person; writes down who is aware of what."""
    orgs, of_practice = bare(organisations), bare(practices)
    n_practices = of_practice.shape[0]
    fields = orgs["fields"] | GENERAL
    own_field = relevant_practices(fields, of_practice["fields"])
    near_field = own_field | relevant_practices(fields, of_practice["related"])
    near_field |= relevant_practices(orgs["related"], of_practice["fields"])
    nearest = 2 + 3 * _in_cop(ground)
    odds = _odds(of_practice["scale"], settings)
    parts: list[list[Known]] = [[], [], []]
    for rows in blocks(ground.n):
        marks = np.zeros((rows.stop - rows.start, n_practices), np.uint8)
        aware = np.zeros(marks.shape[0], np.uint64)
        _draw_pairs(
            seed, rows.start, own_field[rows], near_field[rows], nearest[rows],
            ground.country[rows], ground.practice_country, *odds, settings.init_lapsed_ratio,
            marks, aware,
        )  # fmt: skip
        orgs["aware"][rows] = aware
        for part, mark in zip(parts, (_RUNNING, _LAPSED, _KNOWN), strict=True):
            found = (marks.ravel() & mark).nonzero()[0]
            part.append(Known(rows.start + found // n_practices, found % n_practices))
    running, lapsed, known = (_joined(part) for part in parts)
    return running, lapsed, known


@compiled
def _draw_pairs(  # type: ignore[no-untyped-def]
    seed, first, own_field, near_field, nearest, country, practice_country, running, known, aware,
    lapsed_ratio, marks, hears,
):  # fmt: skip
    """Mark what runs, else what has lapsed and what is known, and note who hears of what.

    Args:
        first: the organisation of row 0.
        marks: shape (rows, P).
        hears: masks, shape (rows,).
    """
    key = draws.stream(seed, _KNOWLEDGE, BEFORE_THE_RUN)
    for i in range(marks.shape[0]):
        who = first + i
        for p in range(marks.shape[1]):
            nearness = nearest[i]
            if has(near_field[i], p):
                nearness -= 1
            if has(own_field[i], p):
                nearness -= 1
            place = nearness + N_NEARNESS if country[i] == practice_country[p] else nearness
            odds = running[place, p]
            if draws.at(key, who, _TO_RUN + p) < odds:
                marks[i, p] = _RUNNING
            else:
                if draws.at(key, who, _TO_LAPSE + p) < odds * lapsed_ratio:
                    marks[i, p] |= _LAPSED
                if draws.at(key, who, _TO_KNOW + p) < known[nearness]:
                    marks[i, p] |= _KNOWN
            if draws.at(key, who, _TO_HEAR + p) < aware[nearness]:
                hears[i] |= bit(p)


def _odds(scale: IntArray, settings: Settled) -> _Odds:
    """The odds of practices of these scales."""
    by_field = np.array(
        [
            [settings.init_running_own, settings.init_running_related, settings.init_running_other],
            [settings.init_known_own, settings.init_known_related, settings.init_known_other],
            [settings.init_aware_own, settings.init_aware_related, settings.init_aware_other],
        ]
    )
    of_scale = column(settings.init_scale, vocabulary.SCALES)[scale]
    running = by_field[0][:, None] * of_scale
    running = np.concatenate((running, running * settings.init_cop))
    by_field = np.concatenate((by_field, by_field * settings.init_cop), axis=1)
    return _Odds(
        running=np.concatenate((running, running * settings.init_near)),
        known=by_field[1],
        aware=by_field[2],
    )


def _codes(pairs: Known, n_practices: int) -> IntArray:
    codes: IntArray = pairs.organisation * n_practices + pairs.practice
    return codes


def _found(some: IntArray, ordered: IntArray) -> BoolArray:
    """Which of the codes in ascending order are among some others."""
    result = np.zeros(ordered.shape[0], np.bool_)
    place = ordered.searchsorted(some)
    inside = place < ordered.shape[0]
    place, some = place[inside], some[inside]
    result[place[ordered[place] == some]] = True
    return result


def _set_use(
    ground: Ground,
    practices: Practices,
    organisations: Organisations,
    grants: Grants,
    uses: Uses,
    running: Known,
    settings: Settled,
    seed: int,
) -> None:
    """Stage, age, fidelity, fit and money of all that runs; origins are institutionalised."""
    who, which = running
    bit = BITS[which]
    orgs, use = bare(organisations), bare(uses)
    n_origins = ground.origin_organisation.shape[0]
    firm = _draw(seed, Use.STAGE, who, which) < settings.init_institutional_share
    firm[:n_origins] = True
    np.bitwise_or.at(orgs["institutional"], who[firm], bit[firm])
    np.bitwise_or.at(orgs["adopted"], who[~firm], bit[~firm])
    written = _draw(seed, Use.WRITTEN, who, which) < settings.written_share
    np.bitwise_or.at(orgs["written"], who[written], bit[written])
    since = -1 - whole(_draw(seed, Use.SINCE, who, which), settings.init_months_running)
    since[:n_origins] = ground.origin_month
    use["since"][running] = since
    low = settings.init_fidelity_low
    fidelity = low + (1.0 - low) * _draw(seed, Use.FIDELITY, who, which)
    fidelity[:n_origins] = 1.0
    use["fidelity"][running] = fidelity
    low = settings.init_fit_low
    fit = low + (1.0 - low) * _draw(seed, Use.FIT, who, which)
    fit[:n_origins] = 1.0
    use["fit"][running] = fit
    use["grant"][running] = _paid_by(practices, organisations, grants, running, firm, seed)


def _paid_by(
    practices: Practices,
    organisations: Organisations,
    grants: Grants,
    running: Known,
    firm: BoolArray,
    seed: int,
) -> IntArray:
    """Low-cost practices need no money; others run on a grant line or on regular money.

    What is institutionalised stands on regular money, and so does what a line without money would
    pay.
    """
    who, which = running
    orgs = bare(organisations)
    cheap = (bare(practices)["cost"] == _LOW_COST)[which]
    paid: IntArray = np.where(cheap, -2, -1)
    on_project = _draw(seed, Use.PAID_BY, who, which) < orgs["project_share"][who]
    on_project &= ~firm & ~cheap & (orgs["n_grants"][who] > 0)
    rows = on_project.nonzero()[0]
    who, which = who[rows], which[rows]
    line = orgs["first_grant"][who] + whole(
        _draw(seed, Use.PAID_BY, who, which + 64), orgs["n_grants"][who]
    )
    paid[rows] = np.where(bare(grants)["active"][line] == 1, line, -1)
    return paid


def _set_lapsed(
    organisations: Organisations, uses: Uses, lapsed: Known, settings: Settled, seed: int
) -> None:
    """Who ran a practice once, and since when it has not."""
    who, which = lapsed
    bit = BITS[which]
    orgs = bare(organisations)
    stopped = (orgs["adopted"] | orgs["institutional"])[who] & bit == 0
    who, which, bit = who[stopped], which[stopped], bit[stopped]
    np.bitwise_or.at(orgs["lapsed"], who, bit)
    written = _draw(seed, Use.WRITTEN, who, which) < settings.written_share
    np.bitwise_or.at(orgs["written"], who[written], bit[written])
    bare(uses)["since"][who, which] = -1 - whole(
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
    bit = BITS[which]
    orgs, knows = bare(organisations), bare(posts)["knows"]
    staff = orgs["staff"][who].astype(np.int64)
    first = whole(_draw(seed, Use.FIRST_PERSON, who, which), staff)
    first_post = orgs["first_post"][who]
    np.bitwise_or.at(knows, first_post + first, bit)
    if most > 1:
        persons = np.minimum(staff, 1 + whole(_draw(seed, Use.PERSONS, who, which), most))
        for k in range(1, most):
            more = persons > k
            row = first_post[more] + (first[more] + k) % staff[more]
            np.bitwise_or.at(knows, row, bit[more])
    if champions:
        bare(uses)["champion"][pairs] = first_post + first


def _write_policy(
    ground: Ground,
    organisations: Organisations,
    territories: Territories,
    settings: Settled,
    seed: int,
) -> None:
    """Some of what public bodies run for good is policy in their territory."""
    institutional = bare(organisations)["institutional"]
    body = (_PUBLIC[ground.kind] & (institutional > 0)).nonzero()[0]
    taken = luck(seed, Decision.WORLD_POLICY, Use.POLICY, body) < settings.init_policy_share
    body = body[taken]
    np.bitwise_or.at(bare(territories)["policy"], ground.territory[body], institutional[body])


def _in_cop(ground: Ground) -> IntArray:
    """1 for organisations that are members of a community of practice that has begun."""
    start, members = ground.members
    networks = bare(ground.networks)
    of_cop = (networks["is_cop"] * networks["active"]).repeat(start[1:] - start[:-1])
    result = np.zeros(ground.n, np.int64)
    result[members[of_cop == 1]] = 1
    return result


def _joined(parts: list[Known]) -> Known:
    return Known(
        np.concatenate([part.organisation for part in parts]),
        np.concatenate([part.practice for part in parts]),
    )


def _draw(seed: int, use: Use, who: IntArray, whom: IntArray | int = 0) -> FloatArray:
    return luck(seed, Decision.WORLD_KNOWLEDGE, use, who, whom)
