"""Give everything back before the operator goes: look, stop the operator, return what was borrowed, let the SafeRollouts go.

The operator is stopped in between because it would hold again what is given back. So whatever goes wrong from then on, it is started
again: nothing is left that nobody looks after. One workload that can't be given back does not keep the others from it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from saferollout.api import names
from saferollout.core.actions import Disown
from saferollout.core.leaving import borrows
from saferollout.core.views import WorkloadView
from saferollout.engine.errors import ClusterError, Conflict, Forbidden, Invalid, NotFound
from saferollout.engine.giving_back import (
    give_back_action,
    is_mid_roll,
    is_rolled_loose,
    read_namespace,
    read_workload,
)
from saferollout.engine.ownership import only_we_labelled
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import RELEASED, Kind, Resource
from saferollout.engine.store import Place, managed_by
from saferollout.engine.trimming import Raw
from saferollout.workloads.protocol import CannotWrite, RawWorkload, WorkloadKind, Write

_ATTEMPTS: Final = 8
_LOOK_AGAIN_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 60.0


class CannotGiveBack(Exception):
    """Nothing, or not everything, was given back; the message says what, why and the way out."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A managed workload as it was looked at: whose it is, whether it is in the middle of a roll, and why it can't be given back."""

    kind: Kind
    place: Place
    owner: str
    mid_roll: bool
    trouble: str


@dataclass(frozen=True, slots=True)
class Uninstall:
    """Gives back what one operator manages, workloads of some kinds. `watched` names namespaces, empty means all; `tell` hears each thing
    that was done."""

    cluster: Cluster
    kind: WorkloadKind
    restart_annotations: tuple[str, ...]
    watched: tuple[str, ...]
    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    workloads: tuple[Kind, ...] = RELEASED
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, *, operator: Place | None, force: bool) -> None:
        """Give everything back; `force` also where a roll is under way. Raise CannotGiveBack or ClusterError."""
        await self._look(force=force)
        replicas = await self._replicas(operator) if operator is not None else None
        if operator is None or replicas is None:
            await self._give_everything_back(await self._look(force=force))
            return
        try:
            await self._stop(operator)
            # It may have started a roll since the first look.
            await self._give_everything_back(await self._look(force=force))
        except BaseException:
            await self._start_again(operator, replicas)
            raise

    async def _look(self, *, force: bool) -> list[_Seen]:
        """Look at everything that is managed, and refuse before anything is touched."""
        seen = [workload for kind in self.workloads for place in await self._namespaces(kind) for workload in await self._look_at(kind, place)]
        rolling = [str(workload.place) for workload in seen if workload.mid_roll]
        troubled = [workload.trouble for workload in seen if workload.trouble]
        if force or not (rolling or troubled):
            return sorted(seen, key=lambda workload: (bool(workload.trouble), workload.place))
        refused = [f"{', '.join(rolling)} run two revisions now: let the release end or roll it back, or say --force to leave them paused as they are"]
        raise CannotGiveBack("nothing was given back: " + "; ".join([*(refused if rolling else ()), *troubled]))

    async def _namespaces(self, kind: Kind) -> list[str]:
        return sorted({Place.of(raw).namespace for raw in await self._list(kind.resource, label=names.LABEL_MANAGED_BY)})

    async def _look_at(self, kind: Kind, namespace: str) -> list[_Seen]:
        found = await read_namespace(self.cluster, kind, namespace)
        return [self._seen(kind, place, live) for place, live in found.items() if managed_by(live.workload) is not None]

    def _seen(self, kind: Kind, place: Place, live: RawWorkload) -> _Seen:
        view = self._view(live)
        trouble = view.trouble or ""
        try:
            self._write(view, live, rolled_loose=False)
        except CannotWrite as error:
            trouble = trouble or str(error)
        return _Seen(kind=kind, place=place, owner=managed_by(live.workload) or "", mid_roll=is_mid_roll(view), trouble=trouble)

    async def _replicas(self, operator: Place) -> int | None:
        try:
            raw = await self.cluster.get(Kind.DEPLOYMENT.resource, operator)
        except NotFound:
            self.tell(f"There is no operator {operator}")
            return None
        replicas: int = raw["spec"].get("replicas", 1)
        return replicas

    async def _stop(self, operator: Place) -> None:
        raw = await self.cluster.get(Kind.DEPLOYMENT.resource, operator)
        await self._scale(operator, 0)
        labels = ",".join(f"{key}={value}" for key, value in sorted(raw["spec"]["selector"]["matchLabels"].items()))
        waited = 0.0
        while (await self.cluster.list(Kind.POD.resource, namespace=operator.namespace, label=labels)).items:
            if waited >= _PATIENCE_SECONDS:
                raise CannotGiveBack(f"the pods of {operator} are still there after {waited:.0f} s, nothing was given back: try again")
            await self.sleep(_LOOK_AGAIN_SECONDS)
            waited += _LOOK_AGAIN_SECONDS
        self.tell(f"Stopped the operator {operator}")

    async def _start_again(self, operator: Place, replicas: int) -> None:
        try:
            await self._scale(operator, replicas)
        except ClusterError as error:
            command = f"kubectl -n {operator.namespace} scale deployment {operator.name} --replicas {replicas}"
            self.tell(f"The operator is stopped and could not be started again ({error}): {command}")
        else:
            self.tell(f"Put the operator {operator} back to {replicas} replicas, because not everything was given back")

    async def _scale(self, operator: Place, replicas: int) -> None:
        await self.cluster.patch(Kind.DEPLOYMENT.resource, operator, body={"spec": {"replicas": replicas}}, subresource="scale")

    async def _give_everything_back(self, seen: list[_Seen]) -> None:
        left: dict[str, str] = {}
        owners: set[Place] = set()
        for workload in seen:
            give_back, disown = partial(self._give_back, workload.kind), partial(self._disown, workload.kind)
            reason = await self._attempt(give_back, workload.place) or await self._attempt(disown, workload.place)
            if reason is not None:
                left[str(workload.place)] = workload.trouble or reason
                owners.add(Place(namespace=workload.place.namespace, name=workload.owner))
        for raw in await self._list(Kind.SAFE_ROLLOUT.resource):
            place = Place.of(raw)
            reason = None if place in owners else await self._attempt(self._let_go, place)
            if reason is not None:
                left[f"SafeRollout {place}"] = reason
        if left:
            raise CannotGiveBack(_report(left, of=len(seen)))

    async def _give_back(self, kind: Kind, place: Place) -> None:
        live = await read_workload(self.cluster, kind, place)
        view = self._view(live)
        loose = is_rolled_loose(view, live.workload, await self._list(Kind.SAFE_ROLLOUT.resource))
        if not (loose or borrows(view)):
            await self._take_label_off(kind, live.workload)
            return
        await self._send(self._write(view, live, rolled_loose=loose))
        paused = give_back_action(view, live, rolled_loose=loose).leave_paused
        self.tell(f"Gave {place} back" + (", paused, because its template is not what runs" if paused else ""))

    async def _disown(self, kind: Kind, place: Place) -> None:
        """Let go of what was given back on the record of field managers too; an attempt of its own, or a conflict would hide what was done."""
        live = await read_workload(self.cluster, kind, place)
        view = self._view(live)
        if view.owns_returned:
            await self._send(self.kind.write(Disown(workload=view.name), live, now=self.clock()))

    async def _send(self, write: Write) -> Raw:
        resource = Resource(group=write.group, version=write.version, plural=write.plural)
        return await self.cluster.patch(resource, Place(namespace=write.namespace, name=write.name), body=write.body)

    def _write(self, view: WorkloadView, live: RawWorkload, *, rolled_loose: bool) -> Write:
        return self.kind.write(give_back_action(view, live, rolled_loose=rolled_loose), live, now=self.clock())

    async def _take_label_off(self, kind: Kind, workload: Mapping[str, Any]) -> None:
        if not only_we_labelled(workload):
            return
        metadata = workload["metadata"]
        marks = {"labels": {names.LABEL_MANAGED_BY: None}, "annotations": {names.ANNOTATION_LABELLED_BY: None, names.ANNOTATION_BYPASSED: None}}
        body = {"metadata": {"resourceVersion": metadata["resourceVersion"], **marks}}
        await self.cluster.patch(kind.resource, Place.of(workload), body=body)
        self.tell(f"Took the label off {Place.of(workload)}")

    async def _let_go(self, place: Place) -> None:
        raw = await self.cluster.get(Kind.SAFE_ROLLOUT.resource, place)
        finalizers = raw["metadata"].get("finalizers") or []
        if names.FINALIZER not in finalizers:
            return
        others = [finalizer for finalizer in finalizers if finalizer != names.FINALIZER]
        body = {"metadata": {"resourceVersion": raw["metadata"]["resourceVersion"], "finalizers": others}}
        await self.cluster.patch(Kind.SAFE_ROLLOUT.resource, place, body=body)
        self.tell(f"Let the SafeRollout {place} go")

    async def _attempt(self, step: Callable[[Place], Awaitable[None]], place: Place) -> str | None:
        """Take a step, again while somebody else writes first; return why it can't be taken and what to do, None where it is done."""
        for _ in range(_ATTEMPTS):
            try:
                await step(place)
            except NotFound:
                return None
            except Conflict:
                await self.sleep(_LOOK_AGAIN_SECONDS)
            except (CannotWrite, ClusterError) as error:
                return _way_out(error)
            else:
                return None
        return "somebody else writes it all the time: stop that meanwhile"

    async def _list(self, resource: Resource, *, label: str = "") -> list[Raw]:
        scopes: tuple[str | None, ...] = self.watched or (None,)
        try:
            lists = [await self.cluster.list(resource, namespace=scope, label=label) for scope in scopes]
        except NotFound:
            # The definition is gone, and every SafeRollout with it.
            return []
        return [raw for listing in lists for raw in listing.items]

    def _view(self, live: RawWorkload) -> WorkloadView:
        return self.kind.view(live, restart_annotations=self.restart_annotations, now=self.clock())


def _way_out(error: CannotWrite | ClusterError) -> str:
    match error:
        case CannotWrite():
            return str(error)
        case Forbidden():
            return f"the right to do it is missing ({error}): grant it"
        case Invalid():
            return f"the API server refuses the change ({error}): correct what it names"
    return f"the API server did not do it, several times asked ({error}): look after the API server"


def _report(left: dict[str, str], *, of: int) -> str:
    lines = [f"  {what}: {why}" for what, why in left.items()]
    head = f"not everything was given back ({of} workloads are managed). What is left:"
    return "\n".join([head, *lines, "Everything else was given back. Do what is said there, then uninstall again."])
