"""The regularised upper incomplete gamma function, in logs: the chance that a Gamma(a, 1) variable exceeds x."""

from math import exp, inf, lgamma, log, log1p
from typing import Final

_PRECISION: Final = 1e-15
_TINY: Final = 1e-300
_MOST_TERMS: Final = 100_000


def log_upper_gamma(a: float, x: float) -> float:
    """Return ln Q(a, x) for a > 0, x >= 0; raises ValueError elsewhere.

    Source: Abramowitz & Stegun 6.5.29 (series, below a + 1) and 6.5.31 (continued fraction, above; evaluated by Lentz's method).
    """
    if not a > 0 or not x >= 0:
        raise ValueError(f"Q(a, x) needs a > 0 and x >= 0, not a = {a}, x = {x}")
    if x == 0:
        return 0.0
    if x == inf:
        return -inf
    front = a * log(x) - x - lgamma(a)
    if x < a + 1:
        lower = exp(front) * _series(a, x)
        return log1p(-lower) if lower < 1 else -inf
    return front + log(_fraction(a, x))


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for n in range(1, _MOST_TERMS):
        term *= x / (a + n)
        total += term
        if term < total * _PRECISION:
            break
    return total


def _fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    result = d
    for n in range(1, _MOST_TERMS):
        numerator = -n * (n - a)
        b += 2
        d = 1 / _away_from_zero(numerator * d + b)
        c = _away_from_zero(b + numerator / c)
        result *= d * c
        if abs(d * c - 1) < _PRECISION:
            break
    return result


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
