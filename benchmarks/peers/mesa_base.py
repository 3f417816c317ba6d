"""What the rules of the Mesa model share: state, derived chances, questions that several ask."""

import math
from collections import Counter
from typing import TYPE_CHECKING

import mesa

from benchmarks.peers.mesa_entities import (
    LAST_MONTHS,
    Account,
    Contact,
    CooperationNetwork,
    Funder,
    Grant,
    Post,
    Practice,
    Profile,
    Territory,
    Tie,
    Use,
)
from benchmarks.peers.mesa_parameters import Rules
from diffusion.base.months import MONTHS_A_YEAR, monthly_hazard
from diffusion.model.settings import ModelSettings
from diffusion.world.vocabulary import KINDS

if TYPE_CHECKING:
    from benchmarks.peers.mesa_model import DiffusionModel
    from benchmarks.peers.mesa_organisation import Organisation

_MONTHS_OF_LEARNING = 60  # in post, after which a person is fully productive


class ModelBase(mesa.Model):  # type: ignore[misc]
    """The lists that a model holds, and the numbers that follow from its parameters.

    Args:
        settings: of the run; its seed is Mesa's.
    """

    practices: list[Practice]
    territories: list[Territory]
    organisations: "list[Organisation]"
    funders: list[Funder]
    grants: list[Grant]
    posts: list[Post]
    networks: list[CooperationNetwork]
    ties: list[Tie]

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(rng=settings.seed)
        self.rules = Rules(settings.rules)
        self.uniform = self.random.random  # bound once
        self.months = settings.timing.months
        self.month = 0
        self.flows: Counter[str] = Counter()
        self.contacts: list[Contact] = []
        self.attendance: list[tuple[CooperationNetwork, list[Organisation]]] = []
        self.agreed: dict[tuple[Organisation, Organisation], None] = {}
        self._derive_chances()

    def _derive_chances(self) -> None:
        """Numbers that follow from the parameters and stay fixed in a run."""
        demand, turnover = self.rules.demand, self.rules.turnover
        self.productivity = [
            1.0 - demand.newcomer_gap * math.exp(-tenure / demand.onboarding_months)
            for tenure in range(_MONTHS_OF_LEARNING)
        ]
        self.exit_hazard = {
            group: monthly_hazard(getattr(turnover, f"share_{group}")) * turnover.rel_turnover
            for group in (*KINDS, "volunteer")
        }
        stay = 1.0 - turnover.share_leaving_at_grant_end
        self.exit_hazard_at_grant_end = 1.0 - stay ** (1.0 / LAST_MONTHS)
        exchange, adoption = self.rules.exchange, self.rules.adoption
        self.fade = math.exp(-1.0 / exchange.months_memory)
        self.clarity = 1.0 / exchange.language_multiplier
        self.p_aware_at_most = max(exchange.p_aware_from_user, exchange.p_aware_from_informed)
        self.p_institutionalise_at_most = (
            adoption.institutionalise_rate
            * max(1.0, adoption.rel_institutionalise_formal)
            * max(1.0, adoption.rel_institutionalise_grant)
            * (0.5 + 1.0) ** 2  # full support, full will
        )
        self.without_money = {
            "low": 1.0,
            "medium": adoption.money_medium,
            "high": adoption.money_high,
        }
        self.p_grant = {
            "low": adoption.p_grant_low,
            "medium": adoption.p_grant_medium,
            "high": adoption.p_grant_high,
        }

    def drop(self, lost: list[Tie]) -> None:
        for tie in lost:
            del tie.a.ties[tie.b], tie.b.ties[tie.a]
        gone = set(lost)
        self.ties = [tie for tie in self.ties if tie not in gone]
        self.flows["ties_lost"] += len(lost)


class OrganisationBase(mesa.Agent):  # type: ignore[misc]
    """An organisation with its posts, grants, ties and practices.

    Args:
        model: the model.
        territory: where it is.
        profile: what stays the same about it.
        account: its own money.
    """

    model: "DiffusionModel"

    def __init__(
        self, model: "DiffusionModel", territory: Territory, profile: Profile, account: Account
    ) -> None:
        super().__init__(model)
        self.territory = territory
        self.profile = profile
        self.account = account
        self.own_money = account.fees / MONTHS_A_YEAR + account.monthly  # EUR a month
        self.posts: list[Post] = []
        self.grants: list[Grant] = []
        self.networks: list[CooperationNetwork] = []
        self.ties: dict[Organisation, Tie] = {}
        self.staff = 0
        self.overload = 0.0
        self.slack = 0.0
        self.contacts = 0.0  # remembered contacts
        self.exposure: dict[int, float] = {}  # of these, with users of a practice
        self.fit = [0.0] * len(profile.relevance)  # 0..1, best so far, of each practice
        # Never changed in place: `told` is what it knew of when this month's exchange began.
        self.aware: frozenset[int] = frozenset()
        self.told = self.aware
        self.written: set[int] = set()
        self.knows: set[int] = set()  # what anybody on the staff knows how to run
        # Each practice it has a history with is in `uses`, and in one of the stages or in none.
        self.uses: dict[int, Use] = {}
        self.trials: dict[int, Use] = {}
        self.using: dict[int, Use] = {}
        self.lapsed: dict[int, Use] = {}
        self.ever_used: set[int] = set()

    def is_policy(self, number: int) -> bool:
        territory = self.territory
        country = territory.national
        return number in territory.policy or (country is not None and number in country.policy)

    def needs(self, number: int) -> bool:
        """Whether it tries or runs a practice, or once ran it."""
        return number in self.using or number in self.trials or number in self.lapsed

    def somebody(self) -> Post | None:
        """A filled post: the first from a random one on, None if nobody is there."""
        posts = self.posts
        start = int(self.model.uniform() * len(posts))
        if posts[start].filled:
            return posts[start]
        for post in posts[start + 1 :] + posts[:start]:
            if post.filled:
                return post
        return None
