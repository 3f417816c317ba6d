"""The grant lines of an organisation: what they pay, propose and reward."""

from diffusion.base.arrays import NOTHING, bit
from diffusion.base.compiled import inner


@inner
def offers(org, grants, funders):  # type: ignore[no-untyped-def]
    """The first line on which money flows (-1: none), what such lines propose, what all reward."""
    first, proposed, rewarded = -1, NOTHING, NOTHING
    for g in range(org.first_grant, org.first_grant + org.n_grants):
        rewarded |= funders[grants[g].funder].rewards
        if grants[g].active == 1:
            first = g if first < 0 else first
            if grants[g].idea >= 0:
                proposed |= bit(grants[g].idea)
    return first, proposed, rewarded


@inner
def payer(org, grants, p, line):  # type: ignore[no-untyped-def]
    """The running line that proposed a practice, or else the given one."""
    for g in range(org.first_grant, org.first_grant + org.n_grants):
        if grants[g].active == 1 and grants[g].idea == p:
            return g
    return line
