"""What the set-up says while it works: one line per part, with the time it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """Print one line at once, on stderr, so that a command's output stays clean for pipes."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Announce a part and then how long it took; a part that fails announces nothing more."""
    say(f"  {what} ...")
    start = time.monotonic()
    yield
    say(f"  {what}: {time.monotonic() - start:.1f} s")
