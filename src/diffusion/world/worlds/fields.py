"""How often the surveyed networks name each field of work."""

import numpy as np

from diffusion.base.arrays import FloatArray
from diffusion.evidence import sources
from diffusion.world import vocabulary

SURVEYED = 55


def _field_shares() -> FloatArray:
    shares = np.full(len(vocabulary.FIELDS), np.nan)
    for row in sources.table("erasmi_survey"):
        if row["question"] == "field" and row["answer"] in vocabulary.FIELDS:
            middle = (float(row["count_low"]) + float(row["count_high"])) / 2.0
            shares[vocabulary.FIELDS.index(row["answer"])] = middle / SURVEYED
    return shares


FIELD_SHARES = _field_shares()  # NaN where the survey has no number
FIELD_SHARES.setflags(write=False)
