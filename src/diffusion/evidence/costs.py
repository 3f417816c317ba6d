"""Prices by country, from labour costs (I01)."""

from functools import cache

from diffusion.evidence import sources

EU_MEAN = "eu"


@cache
def relative_labour_cost(country: str) -> float:
    """Hourly labour cost of a country relative to the EU mean of 31.8 EUR (I01)."""
    prices = {row["country"]: float(row["eur_per_hour"]) for row in sources.table("labour_costs")}
    return prices[country] / prices[EU_MEAN]
