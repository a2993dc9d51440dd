"""Lists instead of events: what makes the store true at the start, every few minutes, and just before an irreversible step.

Watches lose deletions when they are re-listed (kopf compares a new list with nothing), so only a list that replaces drops ghosts.
"""

import asyncio
from collections.abc import Callable, Iterable
from random import Random
from typing import Final

import structlog

from saferollout.api import names
from saferollout.engine.errors import ClusterError, Forbidden, NotFound
from saferollout.engine.foreign import lets_read
from saferollout.engine.hold_mode import HoldModeProbe
from saferollout.engine.ports import Cluster
from saferollout.engine.queue import WorkQueue
from saferollout.engine.resources import Kind, parts_of
from saferollout.engine.store import Place, Store, read_deployments
from saferollout.engine.trimming import Raw

INTERVAL: Final = 300.0
_JITTER: Final = 0.2
_WITHOUT_DEFINITION: Final = 15.0
_FIRST_RETRY: Final = 1.0
_LONGEST_RETRY: Final = 60.0

_log = structlog.get_logger(__name__)


class HistoryRewritten(Exception):
    """The cluster is older than what is known of it: all that is known must be forgotten, so the process has to start anew."""


class Resync:
    """Brings the store in line with the cluster. `watched` names namespaces, empty means all of them."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        store: Store,
        queue: WorkQueue,
        hold_mode: HoldModeProbe,
        clock: Callable[[], float],
        random: Random,
        watched: tuple[str, ...] = (),
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._queue = queue
        self._hold_mode = hold_mode
        self._clock = clock
        self._random = random
        self._watched = watched
        self._scopes: tuple[str | None, ...] = watched or (None,)
        self._listed: set[str] = set()
        self._listing: dict[str, asyncio.Lock] = {}
        self._synced_at: float | None = None
        self._attempted_at: float | None = None
        self._synced = asyncio.Event()
        self._defined = asyncio.Event()
        self._passing = asyncio.Lock()
        self._versions: dict[str | None, int] = {}

    @property
    def age(self) -> float | None:
        """Return the seconds since the last full pass; None before the first one: nothing may be decided yet."""
        return None if self._synced_at is None else self._clock() - self._synced_at

    @property
    def attempt_age(self) -> float | None:
        """Return the seconds since a full pass was last attempted, whatever came of it."""
        return None if self._attempted_at is None else self._clock() - self._attempted_at

    async def wait_for_first_pass(self) -> None:
        """Wait until the store is true for the first time."""
        await self._synced.wait()

    async def wait_for_definition(self) -> None:
        """Wait until the API server knows SafeRollouts and the store is true."""
        await self._defined.wait()
        await self._synced.wait()

    @property
    def is_defined(self) -> bool:
        """Tell whether the API server knew SafeRollouts at the last pass."""
        return self._defined.is_set()

    async def run(self) -> None:
        """Pass again and again, every few minutes; never returns. Raise HistoryRewritten."""
        retry = _FIRST_RETRY
        while True:
            try:
                await self.full_pass()
                retry = _FIRST_RETRY
                pause = INTERVAL * (1 + _JITTER * self._random.random()) if self._defined.is_set() else _WITHOUT_DEFINITION
            except ClusterError as error:
                _log.warning("Resync failed", error=str(error), retry_seconds=retry)
                pause, retry = retry, min(retry * 2, _LONGEST_RETRY)
            await asyncio.sleep(pause)

    async def full_pass(self) -> None:
        """List every SafeRollout and the workloads of their namespaces, and have each of them looked at."""
        async with self._passing:
            await self._pass()

    async def _pass(self) -> None:
        self._attempted_at = self._clock()
        await self._hold_mode.look()
        for scope in self._scopes:
            await self._list_safe_rollouts(scope)
            await self._list_labelled(scope)
        safe_rollouts = list(self._store.all(Kind.SAFE_ROLLOUT))
        needed = {raw["metadata"]["namespace"] for raw in safe_rollouts}
        for raw in safe_rollouts:
            needed |= await self._read_namespaces(raw)
        for namespace in self._store.namespaces - needed:
            self._listed.discard(namespace)
            self._store.forget_namespace(namespace)
        for namespace in sorted(needed):
            await self.list_namespace(namespace)
        self._synced_at = self._clock()
        self._synced.set()
        self._enqueue(Kind.SAFE_ROLLOUT, self._store.all(Kind.SAFE_ROLLOUT))
        for kind in self._store.workloads:
            self._enqueue(kind, self._store.all(kind))

    async def ensure_namespaces(self, safe_rollout: Raw) -> None:
        """List the namespaces that a SafeRollout looks at, as far as their workloads are not kept yet."""
        await self._ensure(safe_rollout["metadata"]["namespace"])
        for place in sorted(self._read_elsewhere(safe_rollout)):
            deployment = self._store.get(Kind.DEPLOYMENT, place) or await self._read_deployment(place)
            if deployment is not None and lets_read(deployment, namespace=safe_rollout["metadata"]["namespace"]):
                await self._ensure(place.namespace)

    async def _ensure(self, namespace: str) -> None:
        async with self._listing.setdefault(namespace, asyncio.Lock()):
            if namespace not in self._listed:
                await self.list_namespace(namespace)

    async def list_namespace(self, namespace: str) -> None:
        """List the workloads of a namespace, owners first, so that what they own is told whom it concerns."""
        # From here on events are kept too: between list and watch nothing may be lost.
        self._store.keep_namespace(namespace)
        for kind in parts_of(self._store.workloads):
            listing = await self._cluster.list(kind.resource, namespace=namespace)
            changed = self._store.replace(kind, listing.items, resource_version=listing.resource_version, namespace=namespace)
            self._enqueue(kind, changed)
        self._listed.add(namespace)

    async def read_live(self, place: Place) -> None:
        """Read a SafeRollout and all workloads of its namespace anew; afterwards the store is as young as this call."""
        try:
            raw = await self._cluster.get(Kind.SAFE_ROLLOUT.resource, place)
        except NotFound:
            known = self._store.get(Kind.SAFE_ROLLOUT, place)
            if known is not None:
                self._store.drop(Kind.SAFE_ROLLOUT, known)
            return
        self._store.put(Kind.SAFE_ROLLOUT, raw)
        for namespace in sorted({place.namespace} | await self._read_namespaces(raw)):
            await self.list_namespace(namespace)

    async def _read_namespaces(self, safe_rollout: Raw) -> set[str]:
        """Return the other namespaces in which a workload, as it is now, lets a SafeRollout read its declaration."""
        reader = safe_rollout["metadata"]["namespace"]
        deployments = [await self._read_deployment(place) for place in sorted(self._read_elsewhere(safe_rollout))]
        return {raw["metadata"]["namespace"] for raw in deployments if raw is not None and lets_read(raw, namespace=reader)}

    def _read_elsewhere(self, safe_rollout: Raw) -> set[Place]:
        own = safe_rollout["metadata"]["namespace"]
        return {
            place
            for place in read_deployments(safe_rollout)
            if place.namespace != own and (not self._watched or place.namespace in self._watched)
        }

    async def _read_deployment(self, place: Place) -> Raw | None:
        """Read one Deployment of somebody else's; None where there is none, or the operator has no rights there."""
        try:
            raw = await self._cluster.get(Kind.DEPLOYMENT.resource, place)
        except Forbidden:
            return None
        except NotFound:
            known = self._store.get(Kind.DEPLOYMENT, place)
            if known is not None:
                self._store.drop(Kind.DEPLOYMENT, known)
            return None
        self._store.put(Kind.DEPLOYMENT, raw)
        return raw

    async def _list_safe_rollouts(self, scope: str | None) -> None:
        try:
            listing = await self._cluster.list(Kind.SAFE_ROLLOUT.resource, namespace=scope)
        except NotFound:
            # The definition is gone, and every SafeRollout with it: their workloads are orphans now.
            self._defined.clear()
            for raw in list(self._store.all(Kind.SAFE_ROLLOUT, namespace=scope)):
                self._store.drop(Kind.SAFE_ROLLOUT, raw)
            return
        self._defined.set()
        self._check_history(scope, listing.resource_version)
        self._store.replace(Kind.SAFE_ROLLOUT, listing.items, resource_version=listing.resource_version, namespace=scope)

    def _check_history(self, scope: str | None, resource_version: str) -> None:
        version = int(resource_version) if resource_version.isdecimal() else 0
        if version < self._versions.get(scope, 0):
            raise HistoryRewritten(f"resourceVersions went back from {self._versions[scope]} to {version}: the cluster was restored from a backup")
        self._versions[scope] = version

    async def _list_labelled(self, scope: str | None) -> None:
        # Workloads whose label names a SafeRollout that does not exist are in no namespace we keep.
        label = names.LABEL_MANAGED_BY
        for kind in self._store.workloads:
            listing = await self._cluster.list(kind.resource, namespace=scope, label=label)
            self._store.replace(kind, listing.items, resource_version=listing.resource_version, namespace=scope, label=label)

    def _enqueue(self, kind: Kind, changed: Iterable[Raw]) -> None:
        for key in sorted({key for raw in changed for key in self._store.keys_for(kind, raw)}):
            self._queue.add(key)
