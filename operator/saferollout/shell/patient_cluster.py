"""The API server for something that can't come back later: a request that may succeed later is made again, within a bound.

The operator has its queue for that. Giving everything back, once the operator is stopped, has nobody who would look again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from saferollout.engine.errors import Conflict, Throttled, TransientError
from saferollout.engine.ports import Cluster, Listing
from saferollout.engine.resources import Resource
from saferollout.engine.store import Place
from saferollout.engine.trimming import Raw

ATTEMPTS: Final = 6
_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 8.0

Answer = TypeVar("Answer")


@dataclass(slots=True)
class PatientCluster:
    """Implements engine.ports.Cluster. `patience` is how many seconds it waits in all, however many requests there are.

    A conflict is for whoever decided on the write: it is raised at once. A write whose answer was lost may meet its own result as one.
    """

    cluster: Cluster
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    patience: float = 90.0

    async def list(self, resource: Resource, *, namespace: str | None = None, label: str = "") -> Listing:
        """See Cluster."""
        return await self._ask(lambda: self.cluster.list(resource, namespace=namespace, label=label))

    async def get(self, resource: Resource, place: Place) -> Raw:
        """See Cluster."""
        return await self._ask(lambda: self.cluster.get(resource, place))

    async def create(self, resource: Resource, *, namespace: str, body: Mapping[str, Any]) -> Raw:
        """See Cluster."""
        return await self._ask(lambda: self.cluster.create(resource, namespace=namespace, body=body))

    async def replace(self, resource: Resource, place: Place, *, body: Mapping[str, Any]) -> Raw:
        """See Cluster."""
        return await self._ask(lambda: self.cluster.replace(resource, place, body=body))

    async def patch(self, resource: Resource, place: Place, *, body: Mapping[str, Any], subresource: str = "") -> Raw:
        """See Cluster."""
        return await self._ask(lambda: self.cluster.patch(resource, place, body=body, subresource=subresource))

    async def delete(self, resource: Resource, place: Place, *, body: Mapping[str, Any]) -> Raw | None:
        """See Cluster."""
        return await self._ask(lambda: self.cluster.delete(resource, place, body=body))

    async def _ask(self, request: Callable[[], Awaitable[Answer]]) -> Answer:
        pause = _FIRST_PAUSE_SECONDS
        for _ in range(ATTEMPTS - 1):
            try:
                return await request()
            except Conflict:
                raise
            except TransientError as error:
                wait = max(pause, error.retry_after) if isinstance(error, Throttled) else pause
                if wait > self.patience:
                    raise
            self.patience -= wait
            await self.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        return await request()
