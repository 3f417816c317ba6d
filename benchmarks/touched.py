"""The bytes that each rule must touch in a month at least, whatever its loop looks like.

Counted are the columns that a rule needs of every live row, each cell once at its declared width,
read or written. What only some rows need (the fields of two who consider a tie, say), what a loop
keeps for itself, and that memory comes in lines of 64 bytes is left out, so that the count is a
bound from below.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffusion.base.arrays import MaskArray
    from diffusion.world.state import State

Columns = tuple[str, ...]

# rule: table: columns. `in_use` and the like are cells of organisation x practice, see `_cells`.
TOUCHED: Mapping[str, Mapping[str, Columns]] = {
    "demand": {
        "organisations": (
            "territory", "first_post", "n_posts", "trial", "adopted", "institutional", "staff",
            "overload", "slack",
        ),
        "modifiers": ("rel_demand", "rel_capacity", "rel_slack", "add_slack"),
        "posts": ("grant", "filled", "hired"),
        "grants": ("active",),
        "territories": ("log_pressure",),
    },
    "funding": {
        "grants": (
            "organisation", "funder", "active", "ends", "renewed", "starts", "shut", "purse",
        ),
        "funders": ("kind", "call_month", "guidelines", "rewards"),
        "accounts": (
            "fees", "donations", "in_kind", "income", "purse", "received", "spent",
        ),
        "territories": ("country", "log_pressure", "log_felt"),
        "networks": (
            "key", "is_cop", "coordinator_kind", "regular_money", "active", "paid_until",
            "sponsored", "cut", "paid", "coordinated", "months_unpaid",
        ),
    },
    "turnover": {
        "organisations": (
            "kind", "first_post", "n_posts", "overload", "trial", "adopted", "institutional",
            "written", "knows",
        ),
        "modifiers": ("rel_turnover", "rel_volunteer_turnover", "rel_refill", "add_exit"),
        "posts": ("contract", "grant", "filled", "hired", "person", "knows"),
        "uses in use": ("champion",),
        "ties": ("post_a", "post_b"),
    },
    "ties": {
        "organisations": ("slack",),
        "modifiers": ("rel_tie_formation",),
        "ties": ("a", "b", "trust", "contact"),
        "adjacency": ("start", "partner", "tie"),
        "contacts": ("network",),
    },
    "meetings": {
        "organisations": ("slack",),
        "modifiers": ("add_remote",),
        "posts": ("filled",),
        "ties": ("a", "b", "post_a", "post_b", "trust"),
        "networks": (
            "key", "active", "coordinated", "meetings_per_year", "add_rhythm", "remote", "met",
            "met_online",
        ),
        "contacts": ("a", "b", "post_a", "post_b", "depth", "trust", "network"),
        "attendance": ("network", "organisation", "post"),
    },
    "exchange": {
        "organisations": (
            "contacts", "aware", "trial", "adopted", "institutional", "lapsed", "knows",
        ),
        "modifiers": ("add_notices",),
        "pushes": ("promoted", "taught"),
        "exposure": (),
        "contacts": ("a", "b", "post_a", "post_b", "depth", "trust", "network"),
        "attendance": ("network", "organisation"),
    },
    "adoption": {
        "organisations": ("aware", "knows", "trial", "adopted", "institutional", "lapsed"),
        "uses on trial": ("since",),
        "uses adopted": ("grant",),
        "uses open to trial": ("since",),
        "exposure open to trial": (),
    },
    "persistence": {
        "organisations": (
            "adopted", "institutional", "lapsed", "knows", "written", "overload",
        ),
        "uses in use": ("fidelity", "champion_left", "unfunded"),
        "exposure in use": (),
        "uses lapsed": ("since",),
    },
    "findings": {
        "networks": ("met", "is_cop", "coordinated", "findings"),
        "territories": ("heard",),
    },
    "policy": {
        "organisations": ("territory", "adopted", "institutional"),
        "modifiers": ("add_will", "rel_inspiration"),
        "networks": ("anchoring",),
        "territories": (
            "country", "is_national", "will", "policy", "heard", "drafts", "shown",
        ),
        "funders": ("territory", "guidelines"),
    },
}  # fmt: skip


def least_bytes(state: "State") -> dict[str, int]:
    """Bytes by rule, for the month that a state has just gone through."""
    cells = _cells(state)
    return {
        rule: sum(_bytes(state, cells, table, columns) for table, columns in tables.items())
        for rule, tables in TOUCHED.items()
    }


def _bytes(state: "State", cells: Mapping[str, int], where: str, columns: Columns) -> int:
    """Bytes of some columns of a table, or of some of its cells of organisation x practice."""
    name, _, which = where.partition(" ")
    table: Any = getattr(state, name)
    if name == "exposure":
        return int(table.itemsize * (cells[which] if which else table.size))
    width = sum(int(getattr(table, column).dtype.itemsize) for column in columns)
    if which:
        return width * cells[which]
    live = {
        "ties": state.n_ties,
        "contacts": state.n_contacts,
        "attendance": state.n_attending,
    }
    if name == "adjacency":  # each tie stands there twice
        ends = 2 * state.n_ties * (table.partner.dtype.itemsize + table.tie.dtype.itemsize)
        return int(table.start.nbytes + ends)
    return width * live.get(name, len(table))


def _cells(state: "State") -> dict[str, int]:
    """How many pairs of an organisation and a practice are in which stage."""
    orgs = state.organisations
    running = orgs.trial | orgs.adopted | orgs.institutional
    return {
        "on trial": _count(orgs.trial),
        "adopted": _count(orgs.adopted),
        "in use": _count(orgs.adopted | orgs.institutional),
        "lapsed": _count(orgs.lapsed),
        "open to trial": _count(orgs.aware & orgs.knows & ~(running | orgs.lapsed)),
    }


def _count(masks: "MaskArray") -> int:
    from diffusion.base.arrays import counts

    return int(counts(masks).sum())
