"""What an organisation meets where it works: policy and political will."""

from diffusion.base.compiled import inner


@inner
def policy_of(org, territories, national):  # type: ignore[no-untyped-def]
    """The practices that are policy in its place or country."""
    policy, country = territories[org.territory].policy, national[org.country]
    return policy | territories[country].policy if country >= 0 else policy


@inner
def will_of(org, modifier, territories):  # type: ignore[no-untyped-def]
    """The political will that it meets, 0..1."""
    return min(1.0, max(0.0, territories[org.territory].will + modifier.add_will))
