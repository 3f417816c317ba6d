"""Communities of practice after the burn-in (P5): how many are in one, of whom, and what for."""

from diffusion.analysis.intervals import mean_interval
from diffusion.analysis.patterns.pattern import Pattern, above, within
from diffusion.analysis.patterns.runs import Runs

# answer of the survey -> words, share, binomial 95 % interval: of 107 respondents ...
IN_ONE = {
    "organisation_in_a_cop": ("organisations in a community", 0.40, (0.31, 0.49)),
}
PRIMARILY = {  # ... and of about 43 who are in a community
    "ngos": ("communities primarily of NGOs", 0.70, (0.55, 0.82)),
    "public_bodies": ("of public bodies", 0.33, (0.21, 0.48)),
    "grassroots_volunteer_based": ("of volunteer groups", 0.24, (0.14, 0.39)),
    "diaspora_organisations": ("of diaspora organisations", 0.24, (0.14, 0.39)),
}


def in_communities(runs: Runs) -> list[Pattern]:
    """P5: the surveyed share is in a community after the burn-in, and its members know more."""
    every = [run.communities for run in runs.of("default")]
    active = f"active communities after month {runs.timing.start}"
    patterns = [
        within("P5", name, band, mean_interval([one[answer] for one in every]), how, target)
        for answers, how in (
            (IN_ONE, f"share of organisations in {active}"),
            (PRIMARILY, f"share of the members of {active}; may be several groups"),
        )
        for answer, (name, target, band) in answers.items()
    ]
    informed = mean_interval([100 * one["informed"] for one in every])
    connected = mean_interval([one["connected"] for one in every])
    gap = f"members of {active} minus others"
    return [
        *patterns,
        above("P5", "members are better informed", 0.0, informed, f"{gap}: own field, points"),
        above("P5", "and better connected", 0.0, connected, f"{gap}: partners"),
    ]
