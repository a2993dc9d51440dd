"""Give everything back before the operator goes: look, stop the operator, return what was borrowed, let the SafeRollouts go.

The operator is stopped in between because it would hold again what is given back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from saferollout.api import names
from saferollout.core.views import WorkloadView
from saferollout.engine.errors import Conflict, NotFound
from saferollout.engine.giving_back import give_back_action, is_borrowed, is_mid_roll, is_rolled_loose, read_workload
from saferollout.engine.ownership import only_we_labelled
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import Kind, Resource
from saferollout.engine.store import Place
from saferollout.engine.trimming import Raw
from saferollout.workloads.protocol import RawWorkload, WorkloadKind

_ATTEMPTS: Final = 8
_LOOK_AGAIN_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 60.0


class CannotGiveBack(Exception):
    """Nothing, or not everything, was given back; the message says why and the way out."""


@dataclass(frozen=True, slots=True)
class Uninstall:
    """Gives back what one operator manages. `watched` names namespaces, empty means all; `tell` hears each thing that was done."""

    cluster: Cluster
    kind: WorkloadKind
    restart_annotations: tuple[str, ...]
    watched: tuple[str, ...]
    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, *, operator: Place | None, force: bool) -> None:
        """Give everything back; `force` also where a roll is under way. Raise CannotGiveBack or ClusterError."""
        places = await self._managed()
        if not force:
            await self._refuse_mid_roll(places)
        if operator is not None:
            await self._stop(operator)
        for place in places:
            await self._again_on_conflict(self._give_back, place)
        for raw in await self._list(Kind.SAFE_ROLLOUT.resource):
            await self._again_on_conflict(self._let_go, Place.of(raw))

    async def _managed(self) -> list[Place]:
        labelled = await self._list(Kind.DEPLOYMENT.resource, label=names.LABEL_MANAGED_BY)
        return sorted(Place.of(raw) for raw in labelled)

    async def _refuse_mid_roll(self, places: list[Place]) -> None:
        rolling = []
        for place in places:
            live = await read_workload(self.cluster, place)
            if is_mid_roll(self._view(live)):
                rolling.append(str(place))
        if rolling:
            raise CannotGiveBack(
                f"{', '.join(rolling)} run two revisions now, nothing was touched: "
                "let the release end or roll it back, or say --force to leave them paused as they are"
            )

    async def _stop(self, operator: Place) -> None:
        try:
            raw = await self.cluster.get(Kind.DEPLOYMENT.resource, operator)
            await self.cluster.patch(Kind.DEPLOYMENT.resource, operator, body={"spec": {"replicas": 0}}, subresource="scale")
        except NotFound:
            self.tell(f"There is no operator {operator}")
            return
        labels = ",".join(f"{key}={value}" for key, value in sorted(raw["spec"]["selector"]["matchLabels"].items()))
        waited = 0.0
        while (await self.cluster.list(Kind.POD.resource, namespace=operator.namespace, label=labels)).items:
            if waited >= _PATIENCE_SECONDS:
                raise CannotGiveBack(f"the pods of {operator} are still there after {waited:.0f} s, nothing was given back: try again")
            await self.sleep(_LOOK_AGAIN_SECONDS)
            waited += _LOOK_AGAIN_SECONDS
        self.tell(f"Stopped the operator {operator}")

    async def _give_back(self, place: Place) -> None:
        live = await read_workload(self.cluster, place)
        view = self._view(live)
        loose = is_rolled_loose(view, live.workload, await self._list(Kind.SAFE_ROLLOUT.resource))
        if not (loose or is_borrowed(live.workload)):
            await self._take_label_off(live)
            return
        action = give_back_action(view, live, rolled_loose=loose)
        write = self.kind.write(action, live, now=self.clock())
        resource = Resource(group=write.group, version=write.version, plural=write.plural)
        await self.cluster.patch(resource, place, body=write.body)
        self.tell(f"Gave {place} back" + (", paused, because its template is not what runs" if action.leave_paused else ""))

    async def _take_label_off(self, live: RawWorkload) -> None:
        if not only_we_labelled(live.workload):
            return
        metadata = live.workload["metadata"]
        body = {"metadata": {"resourceVersion": metadata["resourceVersion"], "labels": {names.LABEL_MANAGED_BY: None}}}
        await self.cluster.patch(Kind.DEPLOYMENT.resource, Place.of(live.workload), body=body)
        self.tell(f"Took the label off {Place.of(live.workload)}")

    async def _let_go(self, place: Place) -> None:
        raw = await self.cluster.get(Kind.SAFE_ROLLOUT.resource, place)
        finalizers = raw["metadata"].get("finalizers") or []
        if names.FINALIZER not in finalizers:
            return
        others = [finalizer for finalizer in finalizers if finalizer != names.FINALIZER]
        body = {"metadata": {"resourceVersion": raw["metadata"]["resourceVersion"], "finalizers": others}}
        await self.cluster.patch(Kind.SAFE_ROLLOUT.resource, place, body=body)
        self.tell(f"Let the SafeRollout {place} go")

    async def _again_on_conflict(self, step: Callable[[Place], Awaitable[None]], place: Place) -> None:
        for _ in range(_ATTEMPTS):
            try:
                await step(place)
            except NotFound:
                return
            except Conflict:
                await self.sleep(_LOOK_AGAIN_SECONDS)
            else:
                return
        raise CannotGiveBack(f"{place} is written by somebody else all the time: try again")

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
