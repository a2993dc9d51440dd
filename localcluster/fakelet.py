"""A kubelet without containers: binds pods, reports them as their annotation says, finishes deletions.

Run by `localcluster up`; by hand: `python -m localcluster.fakelet --kubeconfig FILE`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kubernetes.aio import client, config

from localcluster.fake_nodes import FakeNodes
from localcluster.pod_script import BEHAVIOUR_ANNOTATION, UnknownBehaviour, deletion_delay, parse_script, stages
from localcluster.pod_status import render_status, restart_count

_LOG = logging.getLogger("fakelet")
_REQUESTS_AT_ONCE = 32
_WATCH_SECONDS = 300
_BACK_OFF_SECONDS = 0.5
_MERGE_PATCH = "application/merge-patch+json"


@dataclass(slots=True)
class _PodRun:
    """The task that plays a pod's present script."""

    key: tuple[str, bool, bool]
    task: asyncio.Task[None]


@dataclass(slots=True)
class Fakelet:
    """Every pod of the cluster that has no real node, one small task each."""

    core: client.CoreV1Api
    nodes: FakeNodes
    runs: dict[str, _PodRun] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    _requests: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_REQUESTS_AT_ONCE))
    _next_address: int = 0

    async def run(self) -> None:
        """List and watch pods for ever; a lost watch or server is tried again."""
        while True:
            try:
                version = await self._list_pods()
                async for event in self._watch(version):
                    self._handle(event["type"], event["object"])
            except (client.ApiException, OSError, TimeoutError, json.JSONDecodeError) as error:
                _LOG.warning("watch ended: %s", error)
                await asyncio.sleep(_BACK_OFF_SECONDS)

    async def _list_pods(self) -> str:
        response = await self.core.list_pod_for_all_namespaces_without_preload_content()
        async with response:
            if response.status != 200:
                raise OSError(f"list of pods answered {response.status}")
            answer = json.loads(await response.read())
        present = {pod["metadata"]["uid"] for pod in answer["items"]}
        for uid in set(self.runs) - present:
            self._forget(uid)
        for pod in answer["items"]:
            self._handle("ADDED", pod)
        return str(answer["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> AsyncIterator[dict[str, Any]]:
        response = await self.core.list_pod_for_all_namespaces_without_preload_content(
            watch=True, resource_version=version, timeout_seconds=_WATCH_SECONDS, _request_timeout=float(_WATCH_SECONDS + 30)
        )
        async with response:
            rest = b""
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise OSError(event["object"].get("message"))
                    yield event

    def _handle(self, kind: str, pod: dict[str, Any]) -> None:
        uid = pod["metadata"]["uid"]
        if kind == "DELETED":
            self._forget(uid)
            return
        key = _script_key(pod)
        current = self.runs.get(uid)
        if current is not None and current.key == key:
            return  # our own status write comes back as an event
        if current is not None:
            current.task.cancel()
        self.runs[uid] = _PodRun(key=key, task=asyncio.create_task(self._play(pod)))

    def _forget(self, uid: str) -> None:
        run = self.runs.pop(uid, None)
        self.addresses.pop(uid, None)
        if run is not None:
            run.task.cancel()

    async def _play(self, pod: dict[str, Any]) -> None:
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        for _ in range(20):
            try:
                await self._play_once(pod)
                return
            except (OSError, TimeoutError) as error:
                _LOG.warning("%s: %s; again", name, error)
                await asyncio.sleep(_BACK_OFF_SECONDS)
            except UnknownBehaviour as error:
                _LOG.error("%s: %s", name, error)
                return

    async def _play_once(self, pod: dict[str, Any]) -> None:
        annotations = pod["metadata"].get("annotations", {})
        if "deletionTimestamp" in pod["metadata"]:
            await asyncio.sleep(deletion_delay(annotations))
            await self._delete(pod)
            return
        if pod["spec"].get("schedulingGates") or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return
        script = parse_script(annotations)
        if not pod["spec"].get("nodeName") and not await self._bind(pod):
            return
        address = self._address(pod["metadata"]["uid"])
        for stage in stages(script, restarts=restart_count(pod)):
            await asyncio.sleep(stage.delay)
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            status = render_status(pod, stage, pod_address=address, node_address=self.nodes.address, now=now)
            if not await self._write_status(pod, status):
                return
            pod = {**pod, "status": status}

    async def _bind(self, pod: dict[str, Any]) -> bool:
        meta = pod["metadata"]
        body: Any = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": self.nodes.pick()},
        }
        async with self._requests:
            response = await self.core.create_namespaced_pod_binding_without_preload_content(meta["name"], meta["namespace"], body)
            async with response:
                # 409: bound by an earlier try whose answer was lost.
                return await _succeeded(response, gone=(404,), fine=(409,))

    async def _write_status(self, pod: dict[str, Any], status: dict[str, Any]) -> bool:
        meta = pod["metadata"]
        body = {"metadata": {"uid": meta["uid"]}, "status": status}
        async with self._requests:
            response = await self.core.patch_namespaced_pod_status_without_preload_content(
                meta["name"], meta["namespace"], body, _content_type=_MERGE_PATCH
            )
            async with response:
                # 409: a pod of the same name and another uid.
                return await _succeeded(response, gone=(404, 409))

    async def _delete(self, pod: dict[str, Any]) -> None:
        meta = pod["metadata"]
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
        async with self._requests:
            response = await self.core.delete_namespaced_pod_without_preload_content(
                meta["name"], meta["namespace"], body=client.V1DeleteOptions.from_dict(body)
            )
            async with response:
                await _succeeded(response, gone=(404, 409))

    def _address(self, uid: str) -> str:
        if uid not in self.addresses:
            self._next_address = (self._next_address + 1) % 16000
            self.addresses[uid] = f"198.18.{64 + self._next_address // 250}.{1 + self._next_address % 250}"
        return self.addresses[uid]


async def _succeeded(response: Any, *, gone: tuple[int, ...], fine: tuple[int, ...] = ()) -> bool:
    """Say whether the write went through; False when the pod is gone; OSError for what is worth another try."""
    if response.status < 300 or response.status in fine:
        return True
    if response.status in gone:
        return False
    raise OSError(f"{response.method} answered {response.status}: {(await response.text())[:300]}")


def _script_key(pod: dict[str, Any]) -> tuple[str, bool, bool]:
    """Return what makes a pod's script start anew: its behaviour (a test may change it), its gates, its deletion."""
    meta = pod["metadata"]
    gated = bool(pod["spec"].get("schedulingGates"))
    return (meta.get("annotations", {}).get(BEHAVIOUR_ANNOTATION, ""), gated, "deletionTimestamp" in meta)


async def _main(kubeconfig: str, node_count: int) -> None:
    await config.load_kube_config(config_file=kubeconfig)  # type: ignore[no-untyped-call]
    async with client.ApiClient() as api:
        nodes = FakeNodes(core=client.CoreV1Api(api), coordination=client.CoordinationV1Api(api), count=node_count)
        await nodes.register()
        async with asyncio.TaskGroup() as group:
            group.create_task(nodes.keep_alive())
            group.create_task(Fakelet(core=client.CoreV1Api(api), nodes=nodes).run())


def main() -> None:
    """Run until ended by a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--nodes", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_main(options.kubeconfig, options.nodes))


if __name__ == "__main__":
    main()
