"""The profile cache in Redis. An entry that can't be decoded is a miss, and is overwritten; a cache that is down is a miss too."""

from __future__ import annotations

import os
from collections.abc import Callable

import redis

from opencore import metrics, profiles

_CACHE = "profiles"
_LIVES_SECONDS = 120


class ProfileCache:
    """Reads and writes entries in the formats of one version of the service."""

    def __init__(self, *, reads: frozenset[int], writes: int) -> None:
        self._reads = reads
        self._writes = writes
        self._redis = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=0.5, socket_connect_timeout=0.5)

    def get(self, identity: str, load: Callable[[], profiles.Profile]) -> profiles.Profile:
        """Return the entry, or what `load` gives and remember it."""
        found = self._find(identity)
        metrics.cache_gets.labels(_CACHE, "miss" if found is None else "hit").inc()
        if found is not None:
            return found
        loaded = load()
        self._put(identity, loaded)
        return loaded

    def _find(self, identity: str) -> profiles.Profile | None:
        try:
            raw = self._redis.get(f"{_CACHE}:{identity}")
        except redis.RedisError:
            return None
        if not isinstance(raw, bytes):
            return None
        try:
            return profiles.decode(raw, versions=self._reads)
        except profiles.Undecodable:
            return None

    def _put(self, identity: str, profile: profiles.Profile) -> None:
        try:
            self._redis.set(f"{_CACHE}:{identity}", profiles.encode(profile, version=self._writes), ex=_LIVES_SECONDS)
        except redis.RedisError:
            return
        metrics.cache_puts.labels(_CACHE).inc()
