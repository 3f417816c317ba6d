"""The parameters of the rules, as the Mesa model reads them."""

from typing import TypeVar, cast

from diffusion.model.settings import RuleParameters
from diffusion.world.rule import RuleSettings

Parameters = TypeVar("Parameters", bound=RuleSettings)


class _Plain:
    """The values of a rule's parameters; reading one takes a sixth of the time of pydantic's."""

    def __init__(self, parameters: RuleSettings) -> None:
        for name, value in parameters:
            setattr(self, name, value)


def _plain(parameters: Parameters) -> Parameters:
    return cast(Parameters, _Plain(parameters))


class Rules:
    """The parameters of every rule, under the names of `RuleParameters`."""

    def __init__(self, rules: RuleParameters) -> None:
        self.demand = _plain(rules.demand)
        self.funding = _plain(rules.funding)
        self.turnover = _plain(rules.turnover)
        self.ties = _plain(rules.ties)
        self.meetings = _plain(rules.meetings)
        self.exchange = _plain(rules.exchange)
        self.adoption = _plain(rules.adoption)
        self.persistence = _plain(rules.persistence)
        self.findings = _plain(rules.findings)
        self.policy = _plain(rules.policy)
