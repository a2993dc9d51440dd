"""Counts with noise, from a seeded source."""

from __future__ import annotations

from math import exp, sqrt
from random import Random
from typing import Final

_MANY: Final = 40.0
"""From this mean on a normal distribution is as good; below it counts are drawn one by one."""
_LEAST: Final = 5.0


def poisson(random: Random, mean: float) -> int:
    """Draw how often something happens that happens `mean` times on average."""
    if mean <= 0:
        return 0
    if mean > _MANY:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    left, count = exp(-mean), 0
    product = random.random()
    while product > left:
        count += 1
        product *= random.random()
    return count


def binomial(random: Random, number: int, share: float) -> int:
    """Draw how many of a number have a property that each has with the same probability."""
    share = min(1.0, max(0.0, share))
    if number * share > _MANY and number * (1 - share) > _MANY:
        return min(number, max(0, round(random.gauss(number * share, sqrt(number * share * (1 - share))))))
    if share < 0.05:
        return min(number, poisson(random, number * share))
    return sum(random.random() < share for _ in range(number))


def jittered(random: Random, share: float, precision: float) -> float:
    """Draw the probability of one window: rates of real services are not constant (Beta of this precision around `share`).

    What is rare is no more jittery, in proportion, than `_LEAST` allows: else a counter would be 0 for hours and then burst.
    """
    precision = max(precision, _LEAST / share)
    if share * precision > _MANY:
        return min(1.0, max(0.0, random.gauss(share, sqrt(share * (1 - share) / precision))))
    return random.betavariate(share * precision, (1 - share) * precision)
