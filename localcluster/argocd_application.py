"""One Application of the real Argo CD: how it is created, what it says of its objects, and how often it synced."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcluster.argocd import ArgoCd
from localcluster.argocd_objects import DESTINATION, NAMESPACE, kubectl

_PATH = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/applications"
_SYNCS = re.compile(r"^argocd_app_sync_total\{(?P<labels>.*)\} (?P<count>[0-9.e+]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What Argo CD says of an object, or of the whole Application."""

    sync: str
    health: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Mode:
    """How an Application compares and applies; by default as Argo CD does unless told."""

    options: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Application:
    """Automated sync, prune and selfHeal on one Git repository, into one namespace."""

    argo: ArgoCd
    name: str
    mode: Mode = field(default_factory=Mode)

    def create(self, *, repository: str, namespace: str) -> None:
        """Create it; Argo CD begins by itself."""
        self.argo.cluster.api().post(_PATH, {
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": self.name, "annotations": dict(self.mode.annotations)},
            "spec": {
                "project": "default",
                "source": {"repoURL": repository, "path": ".", "targetRevision": "main"},
                "destination": {"name": DESTINATION, "namespace": namespace},
                "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": list(self.mode.options)},
                "ignoreDifferences": list(self.mode.ignore),
            },
        })  # fmt: skip

    def delete(self) -> None:
        """Delete it alone; what it applied stays."""
        self.argo.cluster.api().delete(f"{_PATH}/{self.name}")

    def refresh(self) -> None:
        """Make it look at Git now: what it knows of a branch it keeps for three minutes."""
        kubectl(self.argo.cluster, "annotate", "application", self.name, "-n", NAMESPACE, "--overwrite", "argocd.argoproj.io/refresh=hard")

    def status(self) -> dict[str, Any]:
        """Return what the Application's status says."""
        found: dict[str, Any] = self.argo.cluster.api().get(f"{_PATH}/{self.name}").get("status", {})
        return found

    def is_at(self, commit: str) -> bool:
        """Tell whether it has applied this commit."""
        operation = self.status().get("operationState", {})
        applied = operation.get("syncResult", {}).get("revision")
        return bool(applied == commit and operation.get("phase") == "Succeeded")

    def phase(self) -> str:
        """Return the phase of the last sync, or of the one that goes on."""
        return str(self.status().get("operationState", {}).get("phase", ""))

    def waits(self) -> bool:
        """Tell whether a sync goes on that waits until something is Healthy."""
        operation = self.status().get("operationState", {})
        return operation.get("phase") == "Running" and str(operation.get("message", "")).startswith("waiting for healthy state")

    def leaves_behind(self, commit: str) -> bool:
        """Tell whether the last sync is over and was of another commit: the one for this commit is still to come."""
        operation = self.status().get("operationState", {})
        return bool(operation.get("phase") != "Running" and operation.get("syncResult", {}).get("revision") != commit)

    def fails(self) -> bool:
        """Tell whether the last sync failed, or the one that goes on did and is tried again."""
        operation = self.status().get("operationState", {})
        tried_again = any(words in str(operation.get("message", "")) for words in ("completed unsuccessfully", "Retrying"))
        return tried_again or operation.get("phase") in ("Failed", "Error")

    def terminate(self) -> None:
        """End the sync that goes on, as `argocd app terminate-op` does."""
        read(f"{self.argo.url}/api/v1/applications/{self.name}/operation", method="DELETE")

    def seen(self) -> Seen:
        """Return what it says of the whole."""
        status = self.status()
        return Seen(sync=status.get("sync", {}).get("status", ""), health=status.get("health", {}).get("status", ""))

    def objects(self) -> dict[str, Seen]:
        """Return what it says of each object that Git states, by kind and name: `Deployment/writer`."""
        synced = {f"{item['kind']}/{item['name']}": item.get("status", "") for item in self.status().get("resources", ())}
        nodes = self.ask(f"/api/v1/applications/{self.name}/resource-tree").get("nodes", ())
        health = {f"{node['kind']}/{node['name']}": node.get("health") or {} for node in nodes}
        return {
            name: Seen(sync=sync, health=health.get(name, {}).get("status", ""), message=health.get(name, {}).get("message", ""))
            for name, sync in synced.items()
        }

    def syncs(self) -> int:
        """Count the syncs so far, partial ones that heal included; the history in status leaves those out."""
        text = read(f"http://127.0.0.1:{self.argo.ports.controller_metrics}/metrics")
        mine = [found for found in _SYNCS.finditer(text) if f'name="{self.name}"' in found["labels"]]
        return sum(int(float(found["count"])) for found in mine)

    def actions(self, namespace: str, name: str) -> dict[str, bool]:
        """Return the actions that Argo CD offers on a SafeRollout, and whether each can be used now."""
        where = f"namespace={namespace}&resourceName={name}&version=v1alpha1&group=saferollout.io&kind=SafeRollout"
        found = self.ask(f"/api/v1/applications/{self.name}/resource/actions?{where}").get("actions", ())
        return {action["name"]: not action.get("disabled", False) for action in found}

    def act(self, action: str, *, namespace: str, name: str, group: str = "saferollout.io", version: str = "v1alpha1", kind: str = "SafeRollout") -> None:
        """Run an action as somebody does who clicks it."""
        body = {"namespace": namespace, "resourceName": name, "group": group, "version": version, "kind": kind, "action": action}
        self.ask(f"/api/v1/applications/{self.name}/resource/actions/v2", body=body)

    def ask(self, path: str, *, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Speak to Argo CD's API server as its web page does."""
        answer: dict[str, Any] = json.loads(read(self.argo.url + path, body=body))
        return answer


def read(url: str, *, body: dict[str, Any] | None = None, method: str | None = None) -> str:
    """Return what an HTTP server on loopback answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as answer:
        return str(answer.read().decode())
