"""Which word was meant: the end of a sentence about one that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, existing: Iterable[str]) -> str:
    """Say which existing name is nearest, as the end of a sentence; empty where none is near. Case alone is no difference."""
    spoken = {word.lower(): word for word in sorted(existing, reverse=True)}
    matches = get_close_matches(name.lower(), sorted(spoken), n=1)
    return f"; did you mean {spoken[matches[0]]!r}?" if matches else ""
