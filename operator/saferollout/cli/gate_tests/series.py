"""Measurements in time, in promtool's notation and in words: `0x3 6`, `0+2x4`, `_x3 NaN several 1`.

A number `a`, `axn` (a, then n more), `a+bxn` or `a-bxn` (a, then n more, each b further); a word, or a word and `xn`: n times.
"""

import math
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from saferollout.api.nearest import nearest
from saferollout.cli.gate_tests.replies import Point, Reply, result, vector
from saferollout.core.answers import CANT_BE_REACHED, not_within
from saferollout.shell.config import PrometheusConfig

MOST_POINTS: Final = 5000
LONGEST_AGE: Final = PrometheusConfig().longest_age_seconds
_TIMEOUT: Final = PrometheusConfig().timeout_seconds
_NUMBER: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+|Inf|NaN)"
_NUMBERS: Final = re.compile(rf"(?P<first>{_NUMBER})(?:(?P<step>[+-](?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?=x))?(?:x(?P<times>[0-9]{{1,5}}))?")
_WORDS: Final = re.compile(r"(?P<word>_|[A-Za-z]+?)(?:x(?P<times>[0-9]{1,5}))?")
_SAMPLE: Final = [0.0, "1"]

POINTS: Final[Mapping[str, Point]] = {
    "_": Point(),
    "absent": Point(present=vector(1)),
    "several": Point(value=vector(1, 2)),
    "range": Point(value=result("matrix", [{"metric": {}, "values": [_SAMPLE]}])),
    "text": Point(value=result("string", [0.0, "text"])),
    "warning": Point(value=vector(0, warnings=("one store did not answer",))),
    "stale": Point(value=vector(0), age=LONGEST_AGE + 1),
    "quiet": Point(present=vector(0), requests=0),
    "down": Point(everything=Reply(trouble=CANT_BE_REACHED)),
    "timeout": Point(everything=Reply(trouble=not_within(_TIMEOUT))),
    "error": Point(everything=Reply(status=503)),
    "refused": Point(everything=Reply(status=422)),
    "nonsense": Point(everything=Reply(body="<html>")),
}
"""What one word stands for; docs/gate-tests.md explains each."""


class BadSeries(ValueError):
    """A series that can't be read; the message ends with the way out."""


def points_of(text: str) -> tuple[Point, ...]:
    """Read a series of measurements; raise BadSeries."""
    return tuple(_point(value) for value in _expanded(text, POINTS, what="measurement"))


def words_of(text: str, *, known: Collection[str]) -> tuple[str, ...]:
    """Read a series of words, such as `Passingx3 Failing`; raise BadSeries."""
    return tuple(str(word) for word in _expanded(text, known, what="verdict"))


def number_of(given: Any) -> float:
    """Read one number, NaN and Inf included; raise BadSeries."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    if isinstance(given, str) and re.fullmatch(_NUMBER, given):
        return float(given)
    raise BadSeries(f"{given!r} is no number; write one such as 0.02, NaN or Inf")


def _point(value: float | str) -> Point:
    return POINTS[value] if isinstance(value, str) else Point(value=vector(value))


def _expanded(text: str, known: Collection[str], *, what: str) -> list[float | str]:
    found: list[float | str] = []
    for token in text.split():
        found.extend(_token(token, known, what=what))
        if len(found) > MOST_POINTS:
            raise BadSeries(f"has more than {MOST_POINTS} entries; write a shorter one")
    if not found:
        raise BadSeries(f"is empty: write at least one {what}")
    return found


def _token(token: str, known: Collection[str], *, what: str) -> list[float | str]:
    word = _WORDS.fullmatch(token)
    if word is not None and word["word"] in known:
        return [word["word"]] * (1 if word["times"] is None else int(word["times"]))
    numbers = _NUMBERS.fullmatch(token) if "_" in known else None
    if numbers is None:
        guess = nearest(word["word"] if word is not None else token, known)
        listed = "" if guess else f"; known are {', '.join(known)}"
        example = ", or numbers such as 3, 0x4 (five times 0) or 0+2x4" if "_" in known else ""
        raise BadSeries(f"{token!r} is no {what}{guess}{listed}{example if not guess else ''}")
    first, step, times = float(numbers["first"]), float(numbers["step"] or 0), int(numbers["times"] or 0)
    if not math.isfinite(first):
        return [first] * (times + 1)
    return [_rounded(first + index * step) for index in range(times + 1)]


def _rounded(value: float) -> float:
    # 0+0.1x3 is meant as 0.3, not as the sum of three doubles.
    return float(format(value, ".12g"))
