"""The nodes that the fakelet stands for: registered once, kept alive by their leases."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kubernetes.aio import client

_LOG = logging.getLogger("fakelet")
_LEASE_NAMESPACE = "kube-node-lease"
_RENEW_EVERY_SECONDS = 10
_MERGE_PATCH = "application/merge-patch+json"


@dataclass(slots=True)
class FakeNodes:
    """A few nodes named fake-0, fake-1 ... that never fill up."""

    core: client.CoreV1Api
    coordination: client.CoordinationV1Api
    count: int
    address: str = "198.18.0.10"
    _turn: Iterator[int] = field(default_factory=itertools.count)

    @property
    def names(self) -> list[str]:
        return [f"fake-{index}" for index in range(self.count)]

    def pick(self) -> str:
        """Return the node whose turn it is."""
        return self.names[next(self._turn) % self.count]

    async def register(self) -> None:
        """Create the nodes with their leases, ready from the start; existing ones are brought up to date."""
        for name in self.names:
            node: Any = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}}
            await _create(self.core.create_node_without_preload_content(node))
            await self._patch_status(name)
            await _create(self.coordination.create_namespaced_lease_without_preload_content(_LEASE_NAMESPACE, _lease(name)))

    async def keep_alive(self) -> None:
        """Renew the leases for ever, so that the node controller keeps the nodes ready."""
        while True:
            await asyncio.sleep(_RENEW_EVERY_SECONDS)
            for name in self.names:
                try:
                    response = await self.coordination.patch_namespaced_lease_without_preload_content(
                        name, _LEASE_NAMESPACE, _lease(name), _content_type=_MERGE_PATCH
                    )
                    response.release()
                except (OSError, TimeoutError) as error:
                    _LOG.warning("lease of %s: %s", name, error)

    async def _patch_status(self, name: str) -> None:
        resources = {"cpu": "1000", "memory": "4Ti", "pods": "10000"}
        now = _now()
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now, "lastTransitionTime": now}
        addresses = [{"type": "InternalIP", "address": self.address}, {"type": "Hostname", "address": name}]
        status = {"capacity": resources, "allocatable": resources, "conditions": [ready], "addresses": addresses}
        response = await self.core.patch_node_status_without_preload_content(name, {"status": status}, _content_type=_MERGE_PATCH)
        async with response:
            response.raise_for_status()


def _lease(name: str) -> Any:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _create(call: Any) -> None:
    response = await call
    async with response:
        if response.status not in (200, 201, 409):
            raise OSError(f"registering a node answered {response.status}: {await response.text()}")
