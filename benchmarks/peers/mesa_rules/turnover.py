"""People come, go, learn and forget; what they hold goes with them."""

from typing import TYPE_CHECKING

from benchmarks.peers.mesa_base import ModelBase, OrganisationBase
from benchmarks.peers.mesa_entities import (
    Post,
    Tie,
)
from diffusion.base.months import MONTHS_A_YEAR

if TYPE_CHECKING:
    from benchmarks.peers.mesa_organisation import Organisation


class TurnoverModel(ModelBase):
    """What the model does in the rule."""

    def turn_staff_over(self) -> None:
        """People come, go, learn and forget; ties of those who went lapse or are taken over."""
        self.agents.shuffle_do("turn_staff_over")
        broken = [
            tie
            for tie in self.ties
            if not (tie.post_a.filled and tie.post_b.filled) and self._breaks(tie)
        ]
        self.drop(broken)

    def _breaks(self, tie: Tie) -> bool:
        """Whether a tie lapses with a leaver; otherwise colleagues take it over."""
        if self._lapses_with(tie.post_a, tie.a) or self._lapses_with(tie.post_b, tie.b):
            return True
        if not tie.post_a.filled:
            tie.post_a = tie.a.somebody() or tie.post_a
        if not tie.post_b.filled:
            tie.post_b = tie.b.somebody() or tie.post_b
        return False

    def _lapses_with(self, post: Post, organisation: "Organisation") -> bool:
        if post.left != self.month:
            return False
        p = self.rules.turnover
        saved = p.handover_effect if organisation.profile.hands_over else 0.0
        return bool(self.uniform() < p.p_tie_loss * (1.0 - saved))


class TurnoverOrganisation(OrganisationBase):
    """What an organisation does in the rule."""

    def turn_staff_over(self) -> None:
        """People leave, vacancies are filled, those who are there learn and forget."""
        self._let_people_go()
        if self.trials or self.using:
            self._learn_from_colleagues()
        self._forget_skills()
        if self.trials or self.using:
            self._name_champions()

    def _let_people_go(self) -> None:
        model = self.model
        month, random = model.month, model.uniform
        p = model.rules.turnover
        strain = 1.0 + p.overload_slope * self.overload
        of_staff = model.exit_hazard[self.profile.kind] * strain
        of_volunteers = model.exit_hazard["volunteer"] * strain
        for post in self.posts:
            grant = post.grant
            if post.filled:
                hazard = of_volunteers if post.volunteer else of_staff
                if month - post.hired < MONTHS_A_YEAR:
                    hazard *= p.rel_first_year
                if grant is not None and grant.ends_soon(month):
                    hazard = max(hazard, model.exit_hazard_at_grant_end)
                if random() < hazard:
                    self._lose(post)
            elif (
                grant is None or (grant.active and not grant.ends_soon(month))
            ) and random() * p.months_vacancy < 1.0:
                post.filled = True
                post.hired = month

    def _lose(self, post: Post) -> None:
        """The person leaves with all they know, except what handover saves."""
        model = self.model
        handed_over = model.rules.turnover.handover_effect if self.profile.hands_over else 0.0
        model.flows["exits"] += 1
        for practice in post.knows:
            model.flows["knowledge_lost"] += 1
            if model.uniform() < handed_over:
                self.written.add(practice)
                model.flows["knowledge_saved"] += 1
            use = self.uses.get(practice)
            if use is not None and use.champion is post:
                use.champion = None
                use.champion_left = model.month
        post.knows.clear()
        post.filled = False
        post.left = model.month

    def _learn_from_colleagues(self) -> None:
        random = self.model.uniform
        p = self.model.rules.turnover
        for stage in (self.trials, self.using):
            for number, use in stage.items():
                knowers = [post for post in self.posts if number in post.knows]
                if knowers:
                    chance = p.p_learn_colleague
                elif number in self.written:
                    chance = p.p_learn_written
                else:
                    continue
                chance *= 1.0 - p.complexity_brake * use.practice.complexity
                for post in self.posts:
                    if post.filled and number not in post.knows and random() < chance:
                        post.knows.add(number)

    def _forget_skills(self) -> None:
        """Persons and files forget what the organisation does not run."""
        random = self.model.uniform
        p = self.model.rules.turnover
        p_decay, trials, using = p.p_skill_decay, self.trials, self.using
        knows: set[int] = set()
        for post in self.posts:
            if not post.knows:
                continue
            forgotten = [
                number
                for number in post.knows
                if random() < p_decay and number not in using and number not in trials
            ]
            for number in forgotten:
                post.knows.remove(number)
                use = self.uses.get(number)
                if use is not None and use.champion is post:
                    use.champion = None
            knows |= post.knows
        self.knows = knows
        if self.written:
            self.written = {
                number
                for number in self.written
                if number in using or number in trials or random() >= p.p_memory_loss
            }

    def _name_champions(self) -> None:
        for stage in (self.trials, self.using):
            for number, use in stage.items():
                if use.champion is None and number in self.knows:
                    knowers = [post for post in self.posts if number in post.knows]
                    use.champion = min(knowers, key=lambda post: post.hired)
