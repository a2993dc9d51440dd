"""How the demo fails: loudly, and with the place to look at."""

from __future__ import annotations


class StoryFailed(AssertionError):
    """Raised when the cluster does not show what the story promises."""


def expect(holds: bool, promise: str) -> None:
    """Check a promise against the cluster."""
    if not holds:
        raise StoryFailed(f"not so: {promise}")
