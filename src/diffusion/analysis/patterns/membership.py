"""What members of communities of practice have that others lack, read from a state."""

import numpy as np

from diffusion.world.state import State
from diffusion.world.worlds.erasmi_survey import cop_table


def looked_at(state: State) -> dict[str, float]:
    """What P5 asks of a state: the shares of `cop_table`, and members minus others.

    `informed`: share of the practices of its own fields that an organisation knows of;
    `connected`: partners. NaN where all organisations are in a community, or none is.

    Source: ss_014 to ss_020.
    """
    orgs, found = state.organisations, {row.answer: row.achieved for row in cop_table(state)}
    inside = np.zeros(state.n_organisations, np.bool_)
    members, start = state.members.organisation, state.members.start
    for k in np.flatnonzero((state.networks.is_cop == 1) & (state.networks.active == 1)):
        inside[members[start[k] : start[k + 1]]] = True
    own = np.bitwise_count(orgs.own_practices)
    known = np.bitwise_count(orgs.own_practices & orgs.aware) / np.maximum(own, 1)
    ends = np.concatenate((state.ties.a[: state.n_ties], state.ties.b[: state.n_ties]))
    partners = np.bincount(ends, minlength=state.n_organisations)
    for name, values in (("informed", known), ("connected", partners)):
        both = inside.any() and not inside.all()
        gap = values[inside].mean() - values[~inside].mean() if both else np.nan
        found[name] = float(gap)
    return found
