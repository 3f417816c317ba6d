"""The agent of the Mesa model: an organisation and what it does in a month.

Each rule of `mesa_rules` adds its methods. Those that rules call on every organisation touch that
organisation only, or leave for the model what happens between two. So the order of agents has no
meaning, and shuffling it changes nothing.
"""

from benchmarks.peers.mesa_rules.adoption import AdoptionOrganisation
from benchmarks.peers.mesa_rules.demand import DemandOrganisation
from benchmarks.peers.mesa_rules.exchange import ExchangeOrganisation
from benchmarks.peers.mesa_rules.funding import FundingOrganisation
from benchmarks.peers.mesa_rules.persistence import PersistenceOrganisation
from benchmarks.peers.mesa_rules.policy import PolicyOrganisation
from benchmarks.peers.mesa_rules.ties import TiesOrganisation
from benchmarks.peers.mesa_rules.turnover import TurnoverOrganisation


class Organisation(
    DemandOrganisation,
    FundingOrganisation,
    TurnoverOrganisation,
    TiesOrganisation,
    ExchangeOrganisation,
    AdoptionOrganisation,
    PersistenceOrganisation,
    PolicyOrganisation,
):
    """An organisation with the methods of every rule."""
