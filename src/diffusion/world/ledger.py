"""How money moves between funders, grant lines and organisations: every EUR, and nowhere else.

Amounts are whole EUR (int64), so that what comes in equals what went out and what is left,
exactly:

    funder         received = granted + committed + purse + lapsed
    organisation   received = spent + returned + own purse + purses of its grant lines
    all together   granted by funders = received by organisations
"""

from diffusion.base.compiled import inner
from diffusion.world.traffic import Flow

_GRANTED = int(Flow.EUR_GRANTED)
_OWN = int(Flow.EUR_OWN)
_SPENT = int(Flow.EUR_SPENT)
_RETURNED = int(Flow.EUR_RETURNED)


@inner
def open_budget(funder, eur):  # type: ignore[no-untyped-def]
    """A budget year begins: what nobody got in the last one lapses."""
    funder.lapsed += funder.purse
    funder.received += eur
    funder.purse = eur


@inner
def commit(funder, line, eur):  # type: ignore[no-untyped-def]
    """Promise a grant; the caller has seen that the purse holds it."""
    funder.purse -= eur
    funder.committed += eur
    line.award = eur


@inner
def pay_out(funder, line, account, flows):  # type: ignore[no-untyped-def]
    """A promised grant begins."""
    eur = line.award
    funder.committed -= eur
    funder.granted += eur
    account.received += eur
    line.purse += eur
    line.award = 0
    flows[_GRANTED] += eur


@inner
def spend(line, account, part, whole, flows):  # type: ignore[no-untyped-def]
    """Spend part / whole of what is left of a grant; part <= whole."""
    eur = line.purse * part // whole
    line.purse -= eur
    account.spent += eur
    flows[_SPENT] += eur


@inner
def give_back(funder, line, account, flows):  # type: ignore[no-untyped-def]
    """A grant ends: what is left of it goes back."""
    eur = line.purse
    line.purse = 0
    account.returned += eur
    funder.returned += eur
    flows[_RETURNED] += eur


@inner
def give(funder, eur):  # type: ignore[no-untyped-def]
    """Members, donors or customers give; the same EUR reach organisations by `live`."""
    funder.received += eur
    funder.granted += eur


@inner
def live(account, got, spent, flows):  # type: ignore[no-untyped-def]
    """An organisation gets money of its own and spends; spent <= purse + got."""
    account.received += got
    account.spent += spent
    account.purse += got - spent
    flows[_OWN] += got
    flows[_SPENT] += spent
