"""A keyed work queue with the contract of client-go's rate-limiting queue (client-go, package util/workqueue).

- A key waits at most once, however often it is added.
- A key is never with two workers: added while one has it, it comes again after `done`.
- `add_after` keeps the earliest time. `retry` adds after an exponential, jittered delay per key; `forget` resets it.

`take` never waits and knows nothing of asyncio, so a simulator can drive the queue by hand; `get` waits around it.
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Final

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 60.0
_JITTER: Final = 0.2
# 2 ** 20 first delays are far beyond any longest delay; a larger exponent would only overflow one day.
_LARGEST_EXPONENT: Final = 20


class QueueClosed(Exception):
    """The queue hands out no more keys."""


class WorkQueue:
    """Keys that want to be looked at. `clock` gives monotonic seconds."""

    def __init__(
        self, *, clock: Callable[[], float], random: Random, first_delay: float = FIRST_DELAY, longest_delay: float = LONGEST_DELAY
    ) -> None:
        self._clock = clock
        self._random = random
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._ready: dict[str, float] = {}        # key -> since when it waits; in the order of arrival
        self._later: dict[str, float] = {}        # key -> when it becomes ready
        self._at_work: set[str] = set()
        self._dirty: dict[str, float] = {}        # added while at work
        self._failures: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._closed = False

    def add(self, key: str) -> None:
        """Make a key ready now; a later time that was set for it is not needed any more."""
        self._later.pop(key, None)
        waiting = self._dirty if key in self._at_work else self._ready
        waiting.setdefault(key, self._clock())
        self._changed.set()

    def add_after(self, key: str, *, seconds: float) -> None:
        """Make a key ready after some seconds, or earlier if an earlier time is set already."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock() + seconds
        if key not in self._ready:
            self._later[key] = min(due, self._later.get(key, due))
        self._changed.set()

    def retry(self, key: str, *, at_least: float = 0.0) -> float:
        """Make a key ready after its back-off; return the delay in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(self._first_delay * 2.0 ** min(failures, _LARGEST_EXPONENT), self._longest_delay)
        delay = max(delay * (1 + _JITTER * self._random.random()), at_least)
        self.add_after(key, seconds=delay)
        return delay

    def forget(self, key: str) -> None:
        """Start the back-off of a key from the beginning: it went well."""
        self._failures.pop(key, None)

    def take(self) -> str | None:
        """Hand out the key that waits longest, if one is ready."""
        self._ripen()
        key = next(iter(self._ready), None)
        if key is None:
            return None
        del self._ready[key]
        self._at_work.add(key)
        return key

    def done(self, key: str) -> None:
        """End the work on a key; if it was added meanwhile it is ready again."""
        self._at_work.discard(key)
        since = self._dirty.pop(key, None)
        if since is not None:
            self._ready[key] = since
        self._changed.set()

    def close(self) -> None:
        """Hand out nothing more; whoever waits in `get` is told so."""
        self._closed = True
        self._changed.set()

    async def get(self) -> str:
        """Wait for a key; raise QueueClosed when the queue is closed."""
        while not self._closed:
            key = self.take()
            if key is not None:
                # Another worker may sleep although a second key is ready.
                self._changed.set()
                return key
            await self._wait()
        raise QueueClosed

    @property
    def depth(self) -> int:
        """Count the keys that are ready and wait for a worker."""
        self._ripen()
        return len(self._ready)

    @property
    def oldest_wait(self) -> float:
        """Return for how many seconds the first ready key has waited."""
        self._ripen()
        since = next(iter(self._ready.values()), None)
        return 0.0 if since is None else max(self._clock() - since, 0.0)

    @property
    def next_due(self) -> float | None:
        """Return when the earliest delayed key becomes ready, on the queue's clock."""
        return min(self._later.values(), default=None)

    def _ripen(self) -> None:
        now = self._clock()
        due = sorted((time, key) for key, time in self._later.items() if time <= now)
        for time, key in due:
            del self._later[key]
            waiting = self._dirty if key in self._at_work else self._ready
            waiting.setdefault(key, time)

    async def _wait(self) -> None:
        self._changed.clear()
        due = self.next_due
        try:
            async with asyncio.timeout(None if due is None else max(due - self._clock(), 0.0)):
                await self._changed.wait()
        except TimeoutError:
            return
