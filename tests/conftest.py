"""Settings of the whole test suite."""

from hypothesis import settings

# The first call of a loop compiles it, so that no deadline holds; examples repeat from run to run.
settings.register_profile("diffusion", deadline=None, derandomize=True, database=None)
settings.load_profile("diffusion")
