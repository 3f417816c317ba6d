"""Fills a Mesa model with the objects that stand for the rows of a state at month 0."""

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.peers.mesa_entities import (
    Account,
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
from benchmarks.peers.mesa_organisation import Organisation
from diffusion.world.state import State
from diffusion.world.vocabulary import (
    CONTRACTS,
    COORDINATORS,
    COSTS,
    COUNTRIES,
    FIELDS,
    FORMALISATIONS,
    FUNDER_KINDS,
    GRANT_MAKERS,
    KINDS,
    LEVELS,
    NETWORK_TYPES,
    SCALES,
)

if TYPE_CHECKING:
    from benchmarks.peers.mesa_model import DiffusionModel

_GENERAL = FIELDS.index("general")
_NATIONAL = FUNDER_KINDS.index("national")
_VOLUNTEER = CONTRACTS.index("volunteer")
_NO_COORDINATOR = COORDINATORS.index("none")
_FORMAL = FORMALISATIONS.index("formal")


def bits(mask: int) -> list[int]:
    """Positions of the bits set in a mask, lowest first."""
    whole = int(mask)
    return [p for p in range(whole.bit_length()) if whole >> p & 1]


def populate(model: "DiffusionModel", state: State) -> None:
    """Read a state into the model's lists; the state's arrays are only read."""
    model.practices = _practices(state)
    model.territories = _territories(state)
    model.organisations = _organisations(model, state)
    model.funders = _funders(model, state)
    model.grants = _grants(model, state)
    model.posts = _posts(model, state)
    model.networks = _networks(model, state)
    model.ties = _ties(model, state)
    _uses(model, state)


def _practices(state: State) -> list[Practice]:
    table = state.practices
    return [
        Practice(
            number=p,
            name=state.names.practices[p],
            fields=frozenset(bits(table.fields[p])),
            scale=SCALES[table.scale[p]],
            cost=COSTS[table.cost[p]],
            complexity=float(table.complexity[p]),
            adaptability=float(table.adaptability[p]),
            strength=float(table.strength[p]),
            needs_will=bool(table.needs_will[p]),
            load=float(table.load[p]),
            trial_months=int(table.trial_months[p]),
        )
        for p in range(state.n_practices)
    ]


def _territories(state: State) -> list[Territory]:
    table = state.territories
    territories = [
        Territory(
            name=state.names.territories[r],
            national=None,
            log_pressure=float(table.log_pressure[r]),
            will=float(table.will[r]),
            policy=set(bits(table.policy[r])),
        )
        for r in range(table.will.shape[0])
    ]
    for r, territory in enumerate(territories):
        country = int(state.national_rows[table.country[r]])
        if country >= 0:
            territory.national = territories[country]
            if r != country:
                territory.national.places.append(territory)
    return territories


def _organisations(model: "DiffusionModel", state: State) -> list[Organisation]:
    table, exchange = state.organisations, model.rules.exchange
    made = []
    for i in range(state.n_organisations):
        fields = bits(table.fields[i])
        siloing = float(table.siloing[i])
        own, related = bits(table.own_practices[i]), bits(table.related_practices[i])
        relevance = [exchange.relevance_other**siloing] * state.n_practices
        for p in related:
            relevance[p] = exchange.relevance_related**siloing
        for p in own:
            relevance[p] = 1.0
        territory = model.territories[table.territory[i]]
        profile = Profile(
            kind=KINDS[table.kind[i]],
            level=LEVELS[table.level[i]],
            country=COUNTRIES[table.country[i]],
            fields=frozenset(fields),
            own_fields=frozenset(fields) - {_GENERAL},
            languages=frozenset(bits(table.languages[i])),
            relevance=relevance,
            related=frozenset(related),
            near=frozenset((*own, *related)),
            likeness=(min(fields, default=0) + int(table.kind[i]) / 8.0) / 16.0,
            siloing=siloing,
            migrant_led=bool(table.migrant_led[i]),
            absorptive=float(table.absorptive[i]),
            support=float(table.support[i]),
            threshold=float(table.threshold[i]),
            hands_over=bool(table.handover[i]),
        )
        money = state.accounts[i]
        account = Account(
            fees=int(money.fees),
            monthly=int(money.donations + money.in_kind + money.income),
            purse=int(money.purse),
        )
        organisation = Organisation(model, territory, profile, account)
        organisation.contacts = float(table.contacts[i])
        organisation.aware = frozenset(bits(table.aware[i]))
        organisation.written = set(bits(table.written[i]))
        organisation.knows = set(bits(table.knows[i]))
        territory.size += 1
        made.append(organisation)
    for territory in model.territories:
        if territory.national is not None and territory.national is not territory:
            territory.national.size += territory.size
    return made


def _funders(model: "DiffusionModel", state: State) -> list[Funder]:
    table = state.funders
    made = []
    for f in np.flatnonzero(table.kind < len(GRANT_MAKERS)):
        row = int(table.territory[f])
        felt_in = [model.territories[row]] if row >= 0 else []
        if table.kind[f] == _NATIONAL:
            places = np.flatnonzero(state.territories.country == table.country[f])
            felt_in = [model.territories[r] for r in places]
        if row < 0 and table.kind[f] == _NATIONAL:
            row = int(state.national_rows[table.country[f]])
        made.append(
            Funder(
                follows=model.territories[row] if row >= 0 else None,
                call_month=int(table.call_month[f]),
                felt_in=felt_in,
                budget=int(table.budget[f]),
                purse=int(table.purse[f]),
                grant_eur=int(table.grant_eur[f]),
                months_grant=int(table.months_grant[f]),
                months_to_start=int(table.months_to_start[f]),
                success_rate=float(table.success_rate[f]),
                min_staff=float(table.min_staff[f]),
                own_share=float(table.own_share[f]),
                application_days=float(table.application_days[f]),
                quality=float(table.quality[f]),
                guidelines=set(bits(table.guidelines[f])),
            )
        )
    return made


def _grants(model: "DiffusionModel", state: State) -> list[Grant]:
    table = state.grants
    decisions = {1: True, 0: False, -1: None}
    made = []
    for g in range(table.organisation.shape[0]):
        grant = Grant(
            number=g,
            organisation=model.organisations[table.organisation[g]],
            funder=model.funders[table.funder[g]],
            active=bool(table.active[g]),
            ends=int(table.ends[g]),
            renewed=decisions[int(table.renewed[g])],
            starts=int(table.starts[g]),
            promised=int(table.award[g]),
            purse=int(table.purse[g]),
        )
        grant.organisation.grants.append(grant)
        grant.funder.lines.append(grant)
        made.append(grant)
    return made


def _posts(model: "DiffusionModel", state: State) -> list[Post]:
    table = state.posts
    made = []
    for j in range(table.organisation.shape[0]):
        grant = int(table.grant[j])
        post = Post(
            volunteer=bool(table.contract[j] == _VOLUNTEER),
            grant=model.grants[grant] if grant >= 0 else None,
            filled=bool(table.filled[j]),
            hired=int(table.hired[j]),
            left=int(table.left[j]),
            knows=set(bits(table.knows[j])),
        )
        model.organisations[table.organisation[j]].posts.append(post)
        made.append(post)
    return made


def _networks(model: "DiffusionModel", state: State) -> list[CooperationNetwork]:
    table, members = state.networks, state.members
    made = []
    for k in range(state.n_networks):
        rows = members.organisation[members.start[k] : members.start[k + 1]]
        network = CooperationNetwork(
            members=[model.organisations[i] for i in rows],
            territory=model.territories[table.territory[k]],
            type=NETWORK_TYPES[table.type[k]],
            is_cop=bool(table.is_cop[k]),
            wide=LEVELS[table.level[k]] in ("national", "europe"),
            has_coordinator=bool(table.coordinator_kind[k] != _NO_COORDINATOR),
            formal=bool(table.formalisation[k] == _FORMAL),
            meetings_per_year=float(table.meetings_per_year[k]),
            facilitated=bool(table.facilitated[k]),
            online=bool(table.online[k]),
            policy_link=bool(table.policy_link[k]),
            languages=frozenset(bits(table.languages[k])),
            regular_money=bool(table.regular_money[k]),
            active=bool(table.active[k]),
            paid_until=int(table.paid_until[k]),
            months_unpaid=int(table.months_unpaid[k]),
            coordinated=bool(table.coordinated[k]),
        )
        for member in network.members:
            member.networks.append(network)
        made.append(network)
    return made


def _ties(model: "DiffusionModel", state: State) -> list[Tie]:
    table = state.ties
    made = []
    for t in range(state.n_ties):
        a, b = model.organisations[table.a[t]], model.organisations[table.b[t]]
        tie = Tie(
            a=a,
            b=b,
            post_a=model.posts[table.post_a[t]],
            post_b=model.posts[table.post_b[t]],
            trust=float(table.trust[t]),
            contact=int(table.contact[t]),
        )
        a.ties[b] = b.ties[a] = tie
        made.append(tie)
    return made


def _uses(model: "DiffusionModel", state: State) -> None:
    """What organisations have to do with practices beyond awareness and know-how."""
    table, orgs = state.uses, state.organisations
    for i, p in np.argwhere(table.fit > 0.0):
        model.organisations[i].fit[p] = float(table.fit[i, p])
    for i, p in np.argwhere(state.exposure > 0.0):
        model.organisations[i].exposure[int(p)] = float(state.exposure[i, p])
    for i, organisation in enumerate(model.organisations):
        stages = (
            (bits(orgs.trial[i]), organisation.trials),
            (bits(orgs.adopted[i] | orgs.institutional[i]), organisation.using),
            (bits(orgs.lapsed[i]), organisation.lapsed),
        )
        for numbers, stage in stages:
            for p in numbers:
                champion, grant = int(table.champion[i, p]), int(table.grant[i, p])
                stage[p] = organisation.uses[p] = Use(
                    practice=model.practices[p],
                    since=int(table.since[i, p]),
                    fidelity=float(table.fidelity[i, p]),
                    institutional=p in bits(orgs.institutional[i]),
                    champion=model.posts[champion] if champion >= 0 else None,
                    champion_left=int(table.champion_left[i, p]),
                    grant=model.grants[grant] if grant >= 0 else None,
                    unfunded=int(table.unfunded[i, p]),
                )
        organisation.ever_used.update(organisation.using)
