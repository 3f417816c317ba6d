"""Sums over the world agree with those over whole columns, however full the masks are."""

import numpy as np
import pytest

from diffusion.base.arrays import counts
from diffusion.base.draws import Decision, uniforms
from diffusion.model.clock import Timing
from diffusion.model.recorder import Recorder
from diffusion.world import vocabulary
from diffusion.world.state import GENERAL, State
from tests.simulating import UNRECORDED, group, link, settings, world

N = 600  # more than twice what an octet counts
EVERYTHING = np.uint64(2**64 - 1)


def numbers(what: int, size: int, below: int) -> np.ndarray:
    """Whole numbers on 0..below-1, others for each `what`."""
    return (uniforms(3, Decision.TARGET, 0, np.arange(size), what) * below).astype(np.int64)


def mixed(n_practices: int) -> State:
    """Organisations that differ in all that is counted; the first 300 run everything."""
    known = EVERYTHING >> np.uint64(64 - n_practices)
    state = world(
        N,
        territories=3,
        practices={"fields": 1 + numbers(0, n_practices, 2**16 - 1)},
        kind=numbers(1, N, len(vocabulary.KINDS)),
        fields=2 ** numbers(2, N, len(vocabulary.FIELDS)),
        migrant_led=numbers(3, N, 2),
        overload=numbers(4, N, 2**50) / 2**50,
    )
    orgs = state.organisations
    for what, column in enumerate(("aware", "trial", "adopted", "institutional")):
        low, high = numbers(5 + what, N, 2**32), numbers(10 + what, N, 2**32)
        orgs[column][:] = (low + (high << 32)).astype(np.uint64) & known
    orgs.adopted[:300] = known
    orgs.adopted[400:] = orgs.institutional[400:] = 0
    state.posts.knows[:] = EVERYTHING
    one, other = numbers(20, 3000, N), numbers(21, 3000, N)
    pairs = zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True)
    link(state, [(a, b) for a, b in sorted(set(pairs)) if a != b], trust=0.3)
    members = [sorted(set(numbers(30 + k, 50, N).tolist())) for k in range(6)]
    group(state, members, is_cop=[1, 1, 1, 0, 0, 1], active=[1, 1, 0, 1, 0, 1])
    return state


@pytest.mark.parametrize("n_practices", [3, 20, 64])
def test_sums_agree_with_whole_columns(n_practices: int) -> None:
    state = mixed(n_practices)
    orgs, ties, members = state.organisations, state.ties, state.members
    measures = settings("measures.gap_other_actors=6").measures
    recorded = Recorder(state, Timing(months=2, start=0, stop=0), measures, UNRECORDED).recorded
    total, using = recorded.totals[0], orgs.adopted | orgs.institutional
    uses, led = counts(using), orgs.migrant_led == 1
    assert recorded.by_practice[0].tolist() == [
        int(((using >> np.uint64(p)) & np.uint64(1)).sum()) for p in range(n_practices)
    ]
    assert recorded.by_territory[0][:3].tolist() == np.bincount(orgs.territory, uses).tolist()
    assert (total.using, total.ever_used, total.cohort_in_use) == (uses.sum(),) * 3
    assert (total.organisations_using, total.newly_using) == ((uses > 0).sum(), 0)
    assert (total.using_small, total.using_migrant_led) == (uses.sum(), uses[led].sum())
    for column in ("aware", "trial", "institutional"):
        assert getattr(total, column) == counts(orgs[column]).sum()
    assert total.persons_knowing == 64 * len(state.posts)
    assert total.overload == np.cumsum(orgs.overload)[-1]  # in their order, to the last bit
    assert total.memberships == members.organisation.size
    assert total.memberships_migrant_led == led[members.organisation].sum()
    begun = (state.networks.is_cop & state.networks.active).repeat(np.diff(members.start))
    assert total.in_cop == np.unique(members.organisation[begun == 1]).size
    a, b, fields = ties.a, ties.b, orgs.fields & ~GENERAL
    apart = fields[a] & fields[b] == 0
    assert total.ties_one_kind == (orgs.kind[a] == orgs.kind[b]).sum()
    assert total.ties_across == apart.sum()
    others = np.bincount(np.concatenate((a[apart], b[apart])), minlength=N)
    assert total.lack_others == (others < 6).sum()
    assert 0 < total.lack_others < N
