"""One active operator: a lock on a `coordination.k8s.io` Lease.

As client-go's leader election (package tools/leaderelection), written again because the one inside `kubernetes.aio` neither
creates its first Lease nor lets go when a call hangs. Time is monotonic throughout: wall clocks of two nodes are never compared, a
holder is taken for dead when its record has not changed for its own duration as *we* saw it.

A lock does not fence: a paused process may still send one write. The resourceVersion on every write is what stops that one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from saferollout.engine.errors import ClusterError, Conflict, NotFound
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import LEASES
from saferollout.engine.store import Place
from saferollout.engine.trimming import Raw


class LeaseLost(Exception):
    """Somebody else holds the Lease, or it could not be renewed in time: stop acting at once."""


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """Seconds; `renew_deadline` must be shorter than `duration`, `retry` much shorter than both."""

    duration: int = 15
    renew_deadline: float = 10.0
    retry: float = 2.0


DEFAULT_TIMES: Final = LeaseTimes()

# By this label `saferollout status` finds the Lease, to tell people when the operator is silent.
LABELS: Final = {"app.kubernetes.io/name": "saferollout"}


class LeaseLock:
    """The lock as one holder sees it. `clock` gives monotonic seconds, `wall_clock` only fills in the times that people read."""

    def __init__(
        self,
        cluster: Cluster,
        place: Place,
        *,
        identity: str,
        clock: Callable[[], float],
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        times: LeaseTimes = DEFAULT_TIMES,
    ) -> None:
        self._cluster = cluster
        self._place = place
        self._identity = identity
        self._clock = clock
        self._wall_clock = wall_clock
        self._times = times
        self._seen: tuple[str, float] = ("", 0.0)      # the record's resourceVersion, and since when we see it
        self._holder_seen = ""
        self._renewed_at: float | None = None

    @property
    def held(self) -> bool:
        """Tell whether this process may act."""
        return self._renewed_at is not None and self._clock() - self._renewed_at < self._times.renew_deadline

    async def acquire(self) -> None:
        """Wait until the Lease is ours; errors of the API server only mean trying again."""
        while not await self._attempt():
            await asyncio.sleep(self._times.retry)

    async def keep(self) -> None:
        """Renew until it fails for longer than the deadline; never returns, raises LeaseLost."""
        try:
            while True:
                await asyncio.sleep(self._times.retry)
                await self._renew()
        except LeaseLost:
            self._renewed_at = None
            raise

    async def release(self) -> None:
        """Let the next one in at once; a failure only makes it wait."""
        if self._renewed_at is None:
            return
        self._renewed_at = None
        try:
            async with asyncio.timeout(self._times.retry):
                current = await self._cluster.get(LEASES, self._place)
                if _holder(current) == self._identity:
                    await self._write(current, holder="", duration=1)
        except (ClusterError, TimeoutError):
            return

    async def _renew(self) -> None:
        renewed_at = self._renewed_at if self._renewed_at is not None else self._clock()
        remaining = renewed_at + self._times.renew_deadline - self._clock()
        try:
            async with asyncio.timeout(max(remaining, 0.0)):
                while not await self._attempt():
                    if self._holder_seen != self._identity:
                        raise LeaseLost(f"{self._holder_seen or 'nobody'} holds the Lease {self._place} now")
                    await asyncio.sleep(self._times.retry)
        except TimeoutError:
            raise LeaseLost(f"the Lease {self._place} could not be renewed for {self._times.renew_deadline:g} seconds") from None

    async def _attempt(self) -> bool:
        # Counted from before the request: a slow answer must not lengthen what others believe.
        started = self._clock()
        try:
            await self._take()
        except (ClusterError, _HeldByAnother):
            return False
        self._renewed_at = started
        return True

    async def _take(self) -> None:
        try:
            current = await self._cluster.get(LEASES, self._place)
        except NotFound:
            await self._create()
            return
        self._observe(current)
        if self._holder_seen not in ("", self._identity) and not self._expired(current):
            raise _HeldByAnother
        await self._write(current, holder=self._identity, duration=self._times.duration)

    async def _create(self) -> None:
        self._holder_seen = self._identity
        now = _micro_time(self._wall_clock())
        spec = {
            "holderIdentity": self._identity, "leaseDurationSeconds": self._times.duration,
            "acquireTime": now, "renewTime": now, "leaseTransitions": 0,
        }
        body = {
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": self._place.name, "namespace": self._place.namespace, "labels": LABELS}, "spec": spec,
        }
        await self._cluster.create(LEASES, namespace=self._place.namespace, body=body)

    async def _write(self, current: Raw, *, holder: str, duration: int) -> None:
        spec = current.get("spec") or {}
        now = _micro_time(self._wall_clock())
        written = {**spec, "holderIdentity": holder, "leaseDurationSeconds": duration, "renewTime": now}
        if holder and spec.get("holderIdentity") != holder:
            written |= {"acquireTime": now, "leaseTransitions": spec.get("leaseTransitions", 0) + 1}
        try:
            await self._cluster.replace(LEASES, self._place, body={**current, "metadata": _labelled(current), "spec": written})
        except Conflict:
            # Who was faster shows at the next look; until then nobody is known to hold it, us included.
            self._observe(await self._cluster.get(LEASES, self._place))
            raise
        self._holder_seen = holder

    def _observe(self, current: Raw) -> None:
        version = current["metadata"]["resourceVersion"]
        if version != self._seen[0]:
            self._seen = (version, self._clock())
        self._holder_seen = _holder(current)

    def _expired(self, current: Raw) -> bool:
        duration = (current.get("spec") or {}).get("leaseDurationSeconds") or self._times.duration
        return self._clock() - self._seen[1] > float(duration)


class _HeldByAnother(Exception):
    pass


def _holder(lease: Raw) -> str:
    holder: Any = (lease.get("spec") or {}).get("holderIdentity")
    return str(holder or "")


def _labelled(lease: Raw) -> Raw:
    metadata: Raw = lease["metadata"]
    return {**metadata, "labels": {**(metadata.get("labels") or {}), **LABELS}}


def _micro_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
