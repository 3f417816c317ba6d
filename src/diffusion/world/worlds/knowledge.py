"""Who knows and runs what at the start.

Every practice runs where the sources say that it comes from. Beyond that, awareness, know-how and
use are spread with settings: more in the practice's own field, in the country of its origin, and
among members of communities of practice; little practices more widely than programmes.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from diffusion.base import draws
from diffusion.base.arrays import NOTHING, FloatArray, IntArray, bit, has
from diffusion.base.compiled import compiled, inner
from diffusion.base.draws import Decision
from diffusion.base.scratch import cleared, scratch
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
from diffusion.world.worlds.luck import BEFORE_THE_RUN, Use, first_of, luck
from diffusion.world.worlds.settled import Settled

N_NEARNESS = 6
PERSONS_MAX = 3  # who run a practice in one organisation
_LOW_COST = vocabulary.index(vocabulary.COSTS, "low")
_PUBLIC = np.array([kind in vocabulary.PUBLIC_KINDS for kind in vocabulary.KINDS])
_KNOWLEDGE = Decision.WORLD_KNOWLEDGE.value
_TO_RUN, _TO_LAPSE = first_of(Use.RUNS), first_of(Use.LAPSED)
_TO_KNOW, _TO_HEAR = first_of(Use.KNOWS), first_of(Use.AWARE)
_STAGE, _SINCE, _WRITTEN = first_of(Use.STAGE), first_of(Use.SINCE), first_of(Use.WRITTEN)
_FIDELITY, _FIT, _PAID_BY = first_of(Use.FIDELITY), first_of(Use.FIT), first_of(Use.PAID_BY)
_FIRST_PERSON, _PERSONS = first_of(Use.FIRST_PERSON), first_of(Use.PERSONS)
# marks of a pair of organisation and practice
_RUNNING, _LAPSED, _KNOWN = np.uint64(1), np.uint64(2), np.uint64(4)


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
    orgs, of_practice = organisations, practices
    uses = empty_uses(ground.n, practices.shape[0])
    fields = orgs.fields | GENERAL
    own_field = relevant_practices(fields, of_practice.fields)
    near_field = own_field | relevant_practices(fields, of_practice.related)
    near_field |= relevant_practices(orgs.related, of_practice.fields)
    _spread(
        seed, orgs, uses, posts, grants, of_practice, own_field, near_field,
        2 + 3 * _in_cop(ground), ground.practice_country, ground.origin_organisation,
        ground.origin_practice, ground.origin_month, *_odds(of_practice.scale, settings),
        settings.init_lapsed_ratio, settings.init_institutional_share, settings.written_share,
        settings.init_months_running, settings.init_fidelity_low, settings.init_fit_low,
    )  # fmt: skip
    _write_policy(ground, organisations, territories, settings, seed)
    return uses


@compiled
def _spread(  # type: ignore[no-untyped-def]
    seed, orgs, uses, posts, grants, practices, own_field, near_field, nearest, practice_country,
    origin_organisation, origin_practice, origin_month, running, known, aware, lapsed_ratio,
    institutional_share, written_share, months_running, fidelity_low, fit_low,
):  # fmt: skip
    """Draw for every organisation and practice what runs, has lapsed or is known to one person.

    Args:
        nearest: of each organisation, the nearness of practices of other fields.
        running, known, aware: see `_Odds`.
    """
    key, n_practices = draws.stream(seed, _KNOWLEDGE, BEFORE_THE_RUN), practices.shape[0]
    begun = cleared(orgs.shape[0], np.uint64)  # what runs where it comes from
    for o in range(origin_organisation.shape[0]):
        begun[origin_organisation[o]] |= bit(origin_practice[o])
        uses[origin_organisation[o], origin_practice[o]].since = origin_month[o]
    marks, u = scratch(n_practices, np.uint64), scratch(4 * n_practices)
    for i in range(orgs.shape[0]):
        org = orgs[i]
        hears = _draw(
            draws.half(key, i), begun[i], nearest[i], own_field[i], near_field[i], org.country,
            practice_country, running, known, aware, lapsed_ratio, marks, u,
        )  # fmt: skip
        for p in range(n_practices):
            mark = marks[p]
            if mark == NOTHING:
                continue
            use = uses[i, p]
            at_origin = has(begun[i], p)
            if mark == _RUNNING:
                _start(
                    key, i, p, org, use, at_origin, practices[p].cost, grants,
                    1.0 if at_origin else institutional_share, months_running,
                    1.0 if at_origin else fidelity_low, 1.0 if at_origin else fit_low,
                )  # fmt: skip
            elif mark & _LAPSED != NOTHING:
                org.lapsed |= bit(p)
                use.since = -1 - int(draws.at(key, i, _SINCE + p) * months_running)
            if mark != _KNOWN and draws.at(key, i, _WRITTEN + p) < written_share:
                org.written |= bit(p)
            if mark != _LAPSED:
                _teach(key, i, p, org, use, posts, mark == _RUNNING)
            if mark & _KNOWN != NOTHING:
                use.fit = fit_low + (1.0 - fit_low) * draws.at(key, i, _FIT + p)
        knows = NOTHING
        for j in range(org.first_post, org.first_post + org.n_posts):
            knows |= posts[j].knows
        org.knows = knows
        org.aware = hears | knows | org.lapsed | org.adopted | org.institutional


@inner
def _draw(  # type: ignore[no-untyped-def]
    half, begun, nearest, own_field, near_field, country, practice_country, running, known, aware,
    lapsed_ratio, marks, u,
):  # fmt: skip
    """Mark what runs, else what has lapsed and what is known; returns what is heard of."""
    n_practices = marks.shape[0]
    for p in range(n_practices):
        u[p] = draws.rest(half, _TO_RUN + p)
        u[n_practices + p] = draws.rest(half, _TO_LAPSE + p)
        u[2 * n_practices + p] = draws.rest(half, _TO_KNOW + p)
        u[3 * n_practices + p] = draws.rest(half, _TO_HEAR + p)
    hears = NOTHING
    for p in range(n_practices):
        nearness = nearest
        nearness -= 1 if has(near_field, p) else 0
        nearness -= 1 if has(own_field, p) else 0
        odds = running[nearness + N_NEARNESS if country == practice_country[p] else nearness, p]
        mark = _LAPSED if u[n_practices + p] < odds * lapsed_ratio else NOTHING
        mark |= _KNOWN if u[2 * n_practices + p] < known[nearness] else NOTHING
        marks[p] = _RUNNING if u[p] < odds or has(begun, p) else mark
        hears |= bit(p) if u[3 * n_practices + p] < aware[nearness] else NOTHING
    return hears


@inner
def _start(  # type: ignore[no-untyped-def]
    key, i, p, org, use, at_origin, cost, grants, institutional_share, months_running,
    fidelity_low, fit_low,
):  # fmt: skip
    """Stage, age, fidelity, fit and money of what runs.

    Low-cost practices need no money; others run on a grant line or on regular money. What is
    institutionalised stands on regular money, and so does what a line without money would pay.
    """
    firm = draws.at(key, i, _STAGE + p) < institutional_share
    org.institutional |= bit(p) if firm else NOTHING
    org.adopted |= NOTHING if firm else bit(p)
    if not at_origin:
        use.since = -1 - int(draws.at(key, i, _SINCE + p) * months_running)
    use.fidelity = fidelity_low + (1.0 - fidelity_low) * draws.at(key, i, _FIDELITY + p)
    use.fit = fit_low + (1.0 - fit_low) * draws.at(key, i, _FIT + p)
    if cost == _LOW_COST:
        use.grant = -2
        return
    use.grant = -1
    on_project = draws.at(key, i, _PAID_BY + p) < org.project_share
    if on_project and not firm and org.n_grants > 0:
        line = org.first_grant + int(draws.at(key, i, _PAID_BY + p + 64) * org.n_grants)
        use.grant = line if grants[line].active == 1 else -1


@inner
def _teach(key, i, p, org, use, posts, runs):  # type: ignore[no-untyped-def]
    """Let one person know how, or, to run it, 1..PERSONS_MAX neighbours; vacant posts never."""
    staff = int(org.staff)
    first = int(draws.at(key, i, _FIRST_PERSON + p) * staff)
    persons = 1 + (int(draws.at(key, i, _PERSONS + p) * PERSONS_MAX) if runs else 0)
    for k in range(min(staff, persons)):
        posts[org.first_post + (first + k) % staff].knows |= bit(p)
    use.champion = org.first_post + first if runs else use.champion


def _odds(scale: IntArray, settings: Settled) -> _Odds:
    """The odds of practices of these scales; not to be written to."""
    return _odds_of(
        scale.tobytes(),
        (settings.init_running_own, settings.init_running_related, settings.init_running_other),
        (settings.init_known_own, settings.init_known_related, settings.init_known_other),
        (settings.init_aware_own, settings.init_aware_related, settings.init_aware_other),
        tuple(map(settings.init_scale.__getitem__, vocabulary.SCALES)),
        settings.init_cop,
        settings.init_near,
    )


@lru_cache(maxsize=8)
def _odds_of(
    scale: bytes,
    running: tuple[float, ...],
    known: tuple[float, ...],
    aware: tuple[float, ...],
    by_scale: tuple[float, ...],
    in_cop: float,
    near: float,
) -> _Odds:
    of_scale = np.array(by_scale)[np.frombuffer(scale, np.int32)]
    odds = np.array(running)[:, None] * of_scale
    odds = np.concatenate((odds, odds * in_cop))
    return _Odds(
        running=np.concatenate((odds, odds * near)),
        known=np.array(known + tuple(share * in_cop for share in known)),
        aware=np.array(aware + tuple(share * in_cop for share in aware)),
    )


def _write_policy(
    ground: Ground,
    organisations: Organisations,
    territories: Territories,
    settings: Settled,
    seed: int,
) -> None:
    """Some of what public bodies run for good is policy in their territory."""
    institutional = organisations.institutional
    body = (_PUBLIC[ground.kind] & (institutional > 0)).nonzero()[0]
    taken = luck(seed, Decision.WORLD_POLICY, Use.POLICY, body) < settings.init_policy_share
    body = body[taken]
    np.bitwise_or.at(territories.policy, ground.territory[body], institutional[body])


def _in_cop(ground: Ground) -> IntArray:
    """1 for organisations that are members of a community of practice that has begun."""
    start, members = ground.members
    networks = ground.networks
    of_cop = (networks.is_cop * networks.active).repeat(start[1:] - start[:-1])
    result = np.zeros(ground.n, np.int64)
    result[members[of_cop == 1]] = 1
    return result
