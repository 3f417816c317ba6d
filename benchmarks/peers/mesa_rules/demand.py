"""Demand presses on organisations: overload, and time left for exchange."""

import math

from benchmarks.peers.mesa_base import ModelBase, OrganisationBase

_CAPACITY_AT_LEAST = 0.25  # posts, so that an empty organisation has a finite overload
_MOST_SLACK = 2.0


class DemandModel(ModelBase):
    """What the model does in the rule."""

    def press(self) -> None:
        """Pressure wanders around normal, and organisations feel it."""
        p = self.rules.demand
        sd = p.pressure_sd * math.sqrt(1.0 - p.pressure_persistence**2)
        for territory in self.territories:
            shock = self.random.gauss(0.0, sd)
            territory.log_pressure = p.pressure_persistence * territory.log_pressure + shock
            territory.demand = p.base_load * math.exp(territory.log_pressure)
        self.agents.shuffle_do("feel_demand")


class DemandOrganisation(OrganisationBase):
    """What an organisation does in the rule."""

    def feel_demand(self) -> None:
        """Overload and slack from the month's demand, the staff, and what it runs."""
        model = self.model
        month, productivity = model.month, model.productivity
        experienced = len(productivity)
        filled = vacant_but_paid = 0
        capacity = 0.0
        for post in self.posts:
            if post.filled:
                filled += 1
                tenure = month - post.hired
                capacity += productivity[tenure] if tenure < experienced else 1.0
            elif post.grant is None or post.grant.active:
                vacant_but_paid += 1
        load = 0.0
        for use in self.trials.values():
            load += use.practice.load
        for use in self.using.values():
            load += use.practice.load
        p = model.rules.demand
        demand = self.territory.demand * (filled + vacant_but_paid)
        strain = max(0.0, demand / max(capacity, _CAPACITY_AT_LEAST) - 1.0)
        self.staff = filled
        self.overload = min(p.max_overload, strain)
        free = math.exp(-p.overload_exponent * self.overload)
        bound = p.load_weight * load / len(self.posts)
        self.slack = min(_MOST_SLACK, max(0.0, free - bound))
