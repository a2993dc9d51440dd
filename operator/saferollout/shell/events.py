"""Kubernetes Events: what happened, on the SafeRollout and on the workload, said once and never in the way of the work."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import structlog

from saferollout.api import names
from saferollout.core.decision import Note
from saferollout.engine.errors import ClusterError
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import EVENTS
from saferollout.engine.trimming import Raw

REPEAT_AFTER_SECONDS: Final = 600.0
REPORTING_CONTROLLER: Final = f"{names.GROUP}/operator"

# The API server's own bounds.
_LONGEST_NOTE: Final = 1024
_LONGEST_INSTANCE: Final = 128
_LONGEST_NAME: Final = 253 - 17

_MOST_WAITING: Final = 1000
_MOST_REMEMBERED: Final = 5000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Said:
    uid: str
    reason: str
    message: str


class EventRecorder:
    """Implements engine.ports.Recorder. `clock` gives monotonic seconds, `wall_clock` what stands in the event."""

    def __init__(
        self,
        cluster: Cluster,
        *,
        instance: str,
        clock: Callable[[], float],
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        unique: Callable[[], str] = lambda: uuid4().hex[:16],
    ) -> None:
        self._cluster = cluster
        self._instance = instance[:_LONGEST_INSTANCE]
        self._clock = clock
        self._wall_clock = wall_clock
        self._unique = unique
        self._waiting: asyncio.Queue[Raw] = asyncio.Queue(maxsize=_MOST_WAITING)
        self._said: dict[_Said, float] = {}

    def record(self, note: Note, *, safe_rollout: Mapping[str, Any] | None, workload: Mapping[str, Any] | None) -> None:
        """Say it on both objects, unless the same was said within ten minutes; what does not fit into the queue is only logged."""
        _log.info("Event", reason=note.reason, note=note.message, workload=note.workload)
        rollout = None if safe_rollout is None else _reference(safe_rollout, names.API_VERSION, names.KIND)
        released = None if workload is None else _reference(workload, "apps/v1", workload["kind"])
        for regarding, related in ((rollout, released), (released, rollout)):
            if regarding is not None and self._is_news(note, regarding):
                self._enqueue(self._event(note, regarding, related))

    async def run(self) -> None:
        """Send what was recorded, one by one; never returns. An event that can't be sent is lost: it is news, not state."""
        while True:
            event = await self._waiting.get()
            try:
                await self._cluster.create(EVENTS, namespace=event["metadata"]["namespace"], body=event)
            except ClusterError as error:
                _log.warning("Event not sent", reason=event["reason"], error=str(error))
            finally:
                self._waiting.task_done()

    async def drain(self, *, seconds: float) -> None:
        """Wait until what was recorded is sent, for a while at most; `run` must be running."""
        try:
            async with asyncio.timeout(seconds):
                await self._waiting.join()
        except TimeoutError:
            _log.warning("Events lost at the end", count=self._waiting.qsize())

    def _is_news(self, note: Note, regarding: Raw) -> bool:
        said = _Said(uid=regarding["uid"], reason=note.reason, message=note.message)
        now = self._clock()
        if now - self._said.get(said, -REPEAT_AFTER_SECONDS) < REPEAT_AFTER_SECONDS:
            return False
        self._said.pop(said, None)
        self._said[said] = now
        if len(self._said) > _MOST_REMEMBERED:
            del self._said[next(iter(self._said))]
        return True

    def _enqueue(self, event: Raw) -> None:
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            _log.warning("Event dropped, too many are waiting", reason=event["reason"])

    def _event(self, note: Note, regarding: Raw, related: Raw | None) -> Raw:
        event = {
            "apiVersion": "events.k8s.io/v1", "kind": "Event",
            "metadata": {"name": f"{regarding['name'][:_LONGEST_NAME]}.{self._unique()}", "namespace": regarding["namespace"]},
            "eventTime": self._wall_clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": REPORTING_CONTROLLER, "reportingInstance": self._instance,
            "action": note.reason.value, "reason": note.reason.value, "type": note.type.value, "note": _shortened(note.message),
            "regarding": regarding,
        }
        return event if related is None else event | {"related": related}


def _reference(raw: Mapping[str, Any], api_version: str, kind: str) -> Raw:
    # Objects out of a list do not say what they are.
    metadata = raw["metadata"]
    return {"apiVersion": api_version, "kind": kind, "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}


def _shortened(message: str) -> str:
    encoded = message.encode()
    return message if len(encoded) <= _LONGEST_NOTE else encoded[: _LONGEST_NOTE - 3].decode(errors="ignore") + "..."
