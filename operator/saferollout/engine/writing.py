"""Turn a decision into writes: the status before the action, each guarded by the resourceVersion it was decided on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from saferollout.api import names
from saferollout.api.status import Status
from saferollout.core.actions import Action, AnyAction, ClearCommands, RemoveFinalizer, SetFinalizer
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import Kind, Resource, kind_served_by
from saferollout.engine.scenes import Scene
from saferollout.engine.store import Place, Store
from saferollout.engine.trimming import Raw
from saferollout.workloads.merge_patch import difference
from saferollout.workloads.protocol import RawWorkload, Verb, WorkloadKind, Write


class Writer:
    """Sends writes and takes what the server made of them into the store, so that nobody decides on what was before."""

    def __init__(self, *, cluster: Cluster, store: Store, kind: WorkloadKind) -> None:
        self._cluster = cluster
        self._store = store
        self._kind = kind

    async def write_status(self, scene: Scene, status: Status) -> Raw | None:
        """Record a status if it differs from what is recorded; return the SafeRollout as it is afterwards, None if nothing differed."""
        if status == scene.snapshot.status:
            return None
        recorded = scene.safe_rollout.get("status") or {}
        body = {
            "metadata": {"resourceVersion": scene.snapshot.resource_version},
            "status": difference(recorded, dumped(status)),
        }
        place = Place.of(scene.safe_rollout)
        return self._take_in(
            Kind.SAFE_ROLLOUT, await self._cluster.patch(Kind.SAFE_ROLLOUT.resource, place, body=body, subresource="status")
        )

    async def act(self, action: AnyAction, *, safe_rollout: Raw, raw_workload: RawWorkload | None, now: datetime) -> None:
        """Carry one action out; an action on a workload needs its raw objects."""
        if not isinstance(action, Action):
            body = _own_patch(action, safe_rollout)
            place = Place.of(safe_rollout)
            self._take_in(Kind.SAFE_ROLLOUT, await self._cluster.patch(Kind.SAFE_ROLLOUT.resource, place, body=body))
            return
        if raw_workload is None:
            raise ValueError(f"{type(action).__name__} is for a workload that is not there: {action.workload}")
        await self.send(self._kind.write(action, raw_workload, now=now))

    async def send(self, write: Write) -> None:
        """Send one write of a workload kind."""
        resource = Resource(group=write.group, version=write.version, plural=write.plural)
        kind = kind_served_by(resource)
        place = Place(namespace=write.namespace, name=write.name)
        if write.verb is Verb.PATCH:
            self._take_in(kind, await self._cluster.patch(resource, place, body=write.body))
            return
        left = await self._cluster.delete(resource, place, body=write.body)
        if left is not None:
            self._take_in(kind, left)
            return
        known = self._store.get(kind, place)
        if known is not None:
            self._store.drop(kind, known)

    def _take_in(self, kind: Kind, raw: Raw) -> Raw:
        self._store.put(kind, raw)
        return raw


def dumped(status: Status) -> dict[str, Any]:
    """Write a status as the API server stores it."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def _own_patch(action: SetFinalizer | RemoveFinalizer | ClearCommands, safe_rollout: Mapping[str, Any]) -> dict[str, Any]:
    metadata = safe_rollout["metadata"]
    guarded: dict[str, Any] = {"resourceVersion": metadata["resourceVersion"]}
    others = [finalizer for finalizer in metadata.get("finalizers", ()) if finalizer != names.FINALIZER]
    match action:
        case SetFinalizer():
            guarded["finalizers"] = [*others, names.FINALIZER]
        case RemoveFinalizer():
            guarded["finalizers"] = others
        case ClearCommands(annotations=annotations):
            guarded["annotations"] = dict.fromkeys(annotations)
    return {"metadata": guarded}
