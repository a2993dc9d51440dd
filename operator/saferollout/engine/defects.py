"""Tell people of a defect of the operator's own: a SafeRollout that it can't decide on must not look as if it were getting on.

Said once for each distinct defect of a SafeRollout: an event, and conditions. The next decision that succeeds writes the conditions anew.
"""

import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from saferollout.core.decision import Note
from saferollout.core.draft import Stall
from saferollout.core.event_reasons import EventReason
from saferollout.core.reasons import ConditionType, Reason
from saferollout.engine.ports import Cluster, Recorder
from saferollout.engine.resources import Kind
from saferollout.engine.store import Place, Store

AGAIN_AFTER_SECONDS: Final = 3600.0
"""A defect that comes and goes would else write a status each time, and each write is a reason to look again."""

_LONGEST: Final = 400
_SAYS: Final = {ConditionType.READY: "False", ConditionType.RECONCILING: "False", ConditionType.STALLED: "True"}


class Defects:
    """Remembers what was told. `clock` gives the time in UTC."""

    def __init__(self, *, cluster: Cluster, store: Store, recorder: Recorder, clock: Callable[[], datetime]) -> None:
        self._cluster = cluster
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._told: dict[str, dict[str, datetime]] = {}

    async def tell(self, key: str, error: Exception) -> None:
        """Say it on the SafeRollout, unless that has been done; raises ClusterError where the status can't be written."""
        place = Place.parse(key)
        safe_rollout = self._store.get(Kind.SAFE_ROLLOUT, place)
        if safe_rollout is None:
            self._told.pop(key, None)
            return
        now = self._clock().replace(microsecond=0)
        words = _words(error)
        told = self._told.setdefault(key, {})
        if words in told and (now - told[words]).total_seconds() < AGAIN_AFTER_SECONDS:
            return
        stall = Stall(reason=Reason.DEFECT, message=f"the operator met a defect of its own and leaves this SafeRollout as it is: {words}; please report it")
        self._recorder.record(Note(reason=EventReason.DEFECT, message=stall.message), safe_rollout=safe_rollout, workload=None)
        status = {"conditions": _conditions(safe_rollout, stall, now)}
        body = {"metadata": {"resourceVersion": safe_rollout["metadata"]["resourceVersion"]}, "status": status}
        written = await self._cluster.patch(Kind.SAFE_ROLLOUT.resource, place, body=body, subresource="status")
        told[words] = now
        self._store.put(Kind.SAFE_ROLLOUT, written)


def _words(error: Exception) -> str:
    """Name the error and the line of ours that it came from; the same defect has the same words."""
    ours = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_globals.get("__name__", "").startswith("saferollout.")]
    where = f" in {ours[-1].f_globals['__name__']}.{ours[-1].f_code.co_name}" if ours else ""
    return f"{type(error).__name__}{where}: {str(error)[:_LONGEST]}".rstrip(": ")


def _conditions(safe_rollout: Mapping[str, Any], stall: Stall, now: datetime) -> list[dict[str, Any]]:
    """Return all conditions with those about progress replaced; what the plan was accepted for still stands."""
    known = {condition["type"]: condition for condition in (safe_rollout.get("status") or {}).get("conditions") or ()}
    for kind, status in _SAYS.items():
        before = known.get(kind, {})
        since = before["lastTransitionTime"] if before.get("status") == status else f"{now:%Y-%m-%dT%H:%M:%SZ}"
        known[kind] = {
            "type": kind.value, "status": status, "reason": stall.reason.value, "message": stall.message, "lastTransitionTime": since,
            "observedGeneration": safe_rollout["metadata"].get("generation", 0),
        }  # fmt: skip
    return list(known.values())
