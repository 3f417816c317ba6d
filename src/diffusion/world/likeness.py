"""What two organisations, or an organisation and a practice, have in common.

The weights are cells of `values`, the parameters of the rule that asks: `related` and `other`
(interest beyond one's own field), `gap` (what is lost without a common language), and `country`,
`kind`, `level`, `field` (what makes places alike).
"""

from diffusion.base.arrays import NOTHING, has
from diffusion.base.compiled import inner


@inner
def relevance(org, modifier, p, values):  # type: ignore[no-untyped-def]
    """Interest of an organisation in practice p: 1 in its own field, less beyond."""
    if has(org.own_practices, p):
        return 1.0
    interest = values.related if has(org.related_practices, p) else values.other
    pull = org.siloing * modifier.rel_siloing
    return interest if pull == 1.0 else interest**pull


@inner
def clarity(orgs, modifiers, i, j, values):  # type: ignore[no-untyped-def]
    """What two organisations understand of each other, 0..1; the smaller gap counts."""
    if orgs[i].languages & orgs[j].languages != NOTHING:
        return 1.0
    return 1.0 - values.gap * min(modifiers[i].rel_language_gap, modifiers[j].rel_language_gap)


@inner
def similarity(one, other, values):  # type: ignore[no-untyped-def]
    """How alike the places of two organisations are, 0..1."""
    alike = 0.0
    if one.country == other.country:
        alike += values.country
    if one.kind == other.kind:
        alike += values.kind
    if one.level == other.level:
        alike += values.level
    if one.fields & other.fields != NOTHING:
        alike += values.field
    return alike / (values.country + values.kind + values.level + values.field)
