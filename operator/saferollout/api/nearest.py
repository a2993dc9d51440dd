"""Which word was meant: the end of a sentence about one that does not exist."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

_OTHERS_WORDS: Final[Mapping[str, str]] = {"query": "promql", "expr": "promql", "expression": "promql"}
"""What Prometheus' rules and other operators call a field of ours: no letters tell that it is the same."""


def nearest(name: str, existing: Iterable[str]) -> str:
    """Say which existing name is nearest, as the end of a sentence; empty where none is near. Case alone is no difference.

    What others call a field of ours is nearer than any likeness of letters.
    """
    spoken = {word.lower(): word for word in sorted(existing, reverse=True)}
    synonym = _OTHERS_WORDS.get(name.lower())
    matches = [synonym] if synonym in spoken else get_close_matches(name.lower(), sorted(spoken), n=1)
    return f"; did you mean {spoken[matches[0]]!r}?" if matches else ""
