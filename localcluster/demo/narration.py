"""What the demo tells its audience: every line with the time since the start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_WIDTH = 100


class Narrator:
    """Writes to stdout at once; remembers how long each part took."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self.took: dict[str, float] = {}

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._start

    def title(self, text: str) -> None:
        """Begin a chapter."""
        print(f"\n━━ {text} {'━' * max(3, _WIDTH - len(text))}", flush=True)

    def say(self, text: str) -> None:
        """Say one thing."""
        minutes, seconds = divmod(int(self.elapsed()), 60)
        print(f"{minutes:02d}:{seconds:02d}  {text}", flush=True)

    def show(self, text: str) -> None:
        """Show what a command printed."""
        print("\n".join(f"       │ {line}" for line in text.rstrip().splitlines()), flush=True)

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """Announce a part, and how long it took once it is done."""
        self.say(f"{what} ...")
        start = time.monotonic()
        yield
        self.took[what] = time.monotonic() - start
        self.say(f"{what}: {self.took[what]:.1f} s")
