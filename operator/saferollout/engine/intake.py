"""Take events in: store, then ask for a look at whoever is concerned. Nothing is decided here."""

from collections.abc import Mapping
from typing import Any, Final

from saferollout.engine.queue import WorkQueue
from saferollout.engine.resources import WORKLOADS, Kind
from saferollout.engine.store import Store

# A batch of pods makes a burst of events that one look can answer.
_GATHER_SECONDS: Final = 0.1


class Intake:
    """The only way from the watches into the engine."""

    def __init__(self, *, store: Store, queue: WorkQueue) -> None:
        self._store = store
        self._queue = queue

    def changed(self, kind: Kind, raw: Mapping[str, Any]) -> None:
        """Take an object that was listed, created or modified."""
        if self._store.put(kind, raw):
            self._wake(kind, raw)

    def deleted(self, kind: Kind, raw: Mapping[str, Any]) -> None:
        """Take an object that is no more."""
        concerned = self._store.keys_for(kind, raw)
        if self._store.drop(kind, raw):
            self._wake(kind, raw, concerned)

    def _wake(self, kind: Kind, raw: Mapping[str, Any], concerned: frozenset[str] = frozenset()) -> None:
        seconds = 0.0 if kind is Kind.SAFE_ROLLOUT or kind in WORKLOADS else _GATHER_SECONDS
        for key in sorted(concerned | self._store.keys_for(kind, raw)):
            self._queue.add_after(key, seconds=seconds)
