"""Workloads whose label names a SafeRollout that does not exist, or one that does not name them.

The admission policy holds their changes all the same, so somebody has to say why nothing happens. And what was borrowed from
them (a pace, a pin) is given back, since nobody else will.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from saferollout.api import names
from saferollout.core.actions import Disown
from saferollout.core.decision import Note
from saferollout.core.event_reasons import EventReason
from saferollout.engine.errors import Conflict, NotFound
from saferollout.engine.giving_back import give_back_action, read_workload
from saferollout.engine.ownership import only_we_labelled
from saferollout.engine.ports import Cluster, Recorder
from saferollout.engine.resources import Kind
from saferollout.engine.scenes import Scenes
from saferollout.engine.store import Place, Store, managed_by
from saferollout.engine.trimming import Raw
from saferollout.engine.writing import Writer

# Manifests of one sync arrive in any order: the SafeRollout may be a moment behind its workloads.
PATIENCE_SECONDS: Final = 10.0

# The native controller writes its status right after a workload was given back.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class _Warned:
    uid: str
    safe_rollout: str


class Orphans:
    """Cares for workloads without a SafeRollout. `clock` gives monotonic seconds."""

    def __init__(
        self, *, cluster: Cluster, store: Store, scenes: Scenes, writer: Writer, recorder: Recorder, clock: Callable[[], float]
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._scenes = scenes
        self._writer = writer
        self._recorder = recorder
        self._clock = clock
        self._missing_since: dict[Place, float] = {}
        self._warned: set[_Warned] = set()
        self._asked: set[tuple[str, Place, int]] = set()

    async def of_missing(self, place: Place, *, now: datetime) -> float | None:
        """Care for what is labelled with a SafeRollout that is not in the store; return when to look again."""
        labelled = self._labelled(place)
        if not labelled:
            self._missing_since.pop(place, None)
            return None
        waited = self._clock() - self._missing_since.setdefault(place, self._clock())
        if waited < PATIENCE_SECONDS:
            return PATIENCE_SECONDS - waited
        if await self._exists(place):
            self._missing_since.pop(place, None)
            return None
        reason = f"there is no SafeRollout {place.name!r} in namespace {place.namespace}"
        for kind, workload in labelled:
            await self._care(kind, workload, place, reason=reason, now=now)
        return None

    async def of_existing(self, place: Place, *, now: datetime) -> None:
        """Care for what is labelled with an existing SafeRollout that does not name it."""
        for kind, workload in self._labelled(place):
            if place not in self._store.naming(kind, Place.of(workload)):
                reason = f"the SafeRollout {place.name!r} does not name it"
                if await self._is_labelled_by_us(kind, workload, place):
                    await self._give_back(kind, Place.of(workload), reason=reason, now=now)
                else:
                    await self._care(kind, workload, place, reason=reason, now=now)

    def _labelled(self, place: Place) -> list[tuple[Kind, Raw]]:
        return [(kind, raw) for kind, raw in self._store.all_workloads(namespace=place.namespace) if managed_by(raw) == place.name]

    async def _exists(self, place: Place) -> bool:
        try:
            self._store.put(Kind.SAFE_ROLLOUT, await self._cluster.get(Kind.SAFE_ROLLOUT.resource, place))
        except NotFound:
            return False
        return True

    async def _is_labelled_by_us(self, kind: Kind, workload: Raw, place: Place) -> bool:
        """Ask once for each generation of the SafeRollout whose label it is; what the store keeps does not tell."""
        safe_rollout = self._store.get(Kind.SAFE_ROLLOUT, place)
        asked = (workload["metadata"]["uid"], place, (safe_rollout or {}).get("metadata", {}).get("generation", 0))
        if asked in self._asked:
            return False
        live = await self._cluster.get(kind.resource, Place.of(workload))
        if managed_by(live) == place.name and only_we_labelled(live):
            return True
        self._asked.add(asked)
        return False

    async def _care(self, kind: Kind, workload: Raw, place: Place, *, reason: str, now: datetime) -> None:
        labels, annotations = (workload["metadata"].get(key) or {} for key in ("labels", "annotations"))
        lends = names.ANNOTATION_ORIGINAL in annotations
        if kind is Kind.STATEFUL_SET and names.LABEL_HELD in labels and names.LABEL_PACED not in labels and names.LABEL_PINNED not in labels:
            # Its partition is the hold itself: without our label the next apply would start the held template.
            self._warn_once(workload, place, reason=reason, release="spec.updateStrategy.rollingUpdate.partition to 0")
        elif lends or names.LABEL_PINNED in labels:
            await self._give_back(kind, Place.of(workload), reason=reason, now=now)
        elif names.LABEL_HELD in labels:
            self._warn_once(workload, place, reason=reason)

    async def _give_back(self, kind: Kind, place: Place, *, reason: str, now: datetime) -> None:
        try:
            live = await read_workload(self._cluster, kind, place)
        except NotFound:
            return
        action = give_back_action(self._scenes.view(live, now=now), live)
        await self._writer.act(action, safe_rollout={}, raw_workload=live, now=now)
        paused = "; it stays paused, because its template is not what runs" if action.leave_paused else ""
        message = f"Gave back what was ours on {place.name}, because {reason}{paused}"
        self._recorder.record(Note(reason=EventReason.GIVEN_BACK, message=message, workload=place.name), safe_rollout=None, workload=live.workload)
        await self._let_go(kind, place, now=now)

    async def _let_go(self, kind: Kind, place: Place, *, now: datetime) -> None:
        """Let go of what was given back on the record of field managers too: no SafeRollout names the workload, so nobody would do it later."""
        for _ in range(_ATTEMPTS):
            with suppress(Conflict, NotFound):
                live = await read_workload(self._cluster, kind, place)
                if self._scenes.view(live, now=now).owns_returned:
                    await self._writer.act(Disown(workload=place.name), safe_rollout={}, raw_workload=live, now=now)
                return

    def _warn_once(self, workload: Raw, place: Place, *, reason: str, release: str = "spec.paused to false") -> None:
        warned = _Warned(uid=workload["metadata"]["uid"], safe_rollout=place.name)
        if warned in self._warned:
            return
        self._warned.add(warned)
        name = workload["metadata"]["name"]
        message = (
            f"{name} is held although {reason}: create it, correct the label {names.LABEL_MANAGED_BY}, "
            f"or remove that label and set {release}"
        )
        note = Note(reason=EventReason.HELD_WITHOUT_SAFE_ROLLOUT, message=message, workload=name)
        self._recorder.record(note, safe_rollout=None, workload=workload)
