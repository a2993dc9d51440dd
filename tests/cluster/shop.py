"""A shop in a namespace of its own, with the real operator at work: what its owner applies, what people say, what they see."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from localcluster.binaries import binary
from localcluster.testing import RunningCluster, wait_for
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import Operator, operator

BEHAVIOUR = "fakelet.saferollout.io/behaviour"
EXECUTABLE = Path(sys.executable).parent / "saferollout"
NAME = "shop"
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    error: str


@dataclass(frozen=True, slots=True)
class Revision:
    """What a service's template is made of; `contracts` is the annotation, empty for none."""

    image: str = "shop:1"
    contracts: str = ""
    behaviour: str = "ready"


@dataclass
class Shop:
    """Services of one SafeRollout called shop."""

    cluster: RunningCluster
    namespace: str
    labelled: bool = True

    # what its owner does

    def apply(self, *objects: dict[str, Any]) -> str:
        """Apply as `kubectl apply -f` does; return the warnings."""
        said = self.kubectl("apply", "-f", "-", manifest=list(objects))
        assert said.code == 0, said.error
        return said.error

    def patch(self, kind: str, name: str, body: dict[str, Any], *arguments: str) -> Said:
        """Send a merge patch."""
        return self.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps(body), *arguments)

    def scale(self, name: str, replicas: int) -> None:
        """Scale as an autoscaler does: through the subresource."""
        assert self.patch("deployment", name, {"spec": {"replicas": replicas}}, "--subresource=scale").code == 0

    def kubectl(self, *arguments: str, manifest: object = None) -> Said:
        """Run kubectl in the namespace; any answer is an answer. Warnings stand in `error`."""
        text = None if manifest is None else json.dumps({"apiVersion": "v1", "kind": "List", "items": manifest})
        command = [binary("kubectl"), f"--kubeconfig={self.cluster.kubeconfig}", "-n", self.namespace, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
        return Said(done.returncode, done.stdout, done.stderr)

    def safe_rollout(self, *workloads: str | dict[str, Any], **spec: Any) -> dict[str, Any]:
        """Write a SafeRollout without gates and bakes, changed by `spec`."""
        entries = [{"name": workload} if isinstance(workload, str) else workload for workload in workloads]
        contract = {"name": "events", "topic": {"name": "events", "retentionSeconds": 86400}}
        quick = {"gating": "Disabled", "bakeSeconds": 0, "settleSeconds": 0, "contracts": [contract]}
        return {
            "apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": NAME},
            "spec": {"workloads": entries, **quick, **spec},
        }  # fmt: skip

    def service(self, name: str, revision: Revision, *, replicas: int | None = 4, labelled: bool = True, **spec: Any) -> dict[str, Any]:
        """Write the Deployment of a service."""
        labels = {"app": name}
        annotations = {BEHAVIOUR: revision.behaviour, **({"saferollout.io/contracts": revision.contracts} if revision.contracts else {})}
        containers = [{"name": "main", "image": revision.image}]
        template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": {"containers": containers}}
        full = {"selector": {"matchLabels": labels}, "template": template, **spec}
        if replicas is not None:
            full["replicas"] = replicas
        ours = {"saferollout.io/managed-by": NAME} if labelled else {}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": ours}, "spec": full}

    # what people say

    def say(self, *arguments: str) -> Said:
        """Run the `saferollout` command as its user types it."""
        command = [str(EXECUTABLE), *arguments, "-n", self.namespace, "--kubeconfig", str(self.cluster.kubeconfig)]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", "COLUMNS": "80"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
        return Said(done.returncode, done.stdout, done.stderr)

    def annotate(self, verb: str, **body: str) -> None:
        """Write a command annotation by hand."""
        annotation = f"command.saferollout.io/{verb}={json.dumps(body)}"
        assert self.kubectl("annotate", "saferollout", NAME, "--overwrite", annotation).code == 0

    # what is seen

    def status(self) -> dict[str, Any]:
        return self.read("/apis/saferollout.io/v1alpha1", "saferollouts", NAME).get("status", {})

    def state(self) -> str:
        return str(self.status().get("summary", {}).get("state", ""))

    def message(self) -> str:
        return str(self.status().get("summary", {}).get("message", ""))

    def answers(self) -> dict[str, dict[str, Any]]:
        """Return the operator's answers to commands by id."""
        return {answer["id"]: answer for answer in self.status().get("commands", ())}

    def annotations(self) -> dict[str, str]:
        return self.read("/apis/saferollout.io/v1alpha1", "saferollouts", NAME)["metadata"].get("annotations") or {}

    def condition(self, kind: str) -> dict[str, Any]:
        return next((entry for entry in self.status().get("conditions", ()) if entry["type"] == kind), {})

    def deployment(self, name: str) -> dict[str, Any]:
        return self.read("/apis/apps/v1", "deployments", name)

    def read(self, group: str, plural: str, name: str = "", **parameters: str) -> dict[str, Any]:
        """Read one object or a list; polling with kubectl would cost more than what it watches."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        found: dict[str, Any] = self.cluster.api.get(f"{group}/namespaces/{self.namespace}/{plural}{f'/{name}' if name else ''}{query}")
        return found

    def pods(self, name: str) -> list[dict[str, Any]]:
        return self.read("/api/v1", "pods", labelSelector=f"app={name}")["items"]

    def labels(self, name: str) -> set[str]:
        """Return our labels on a service, without the prefix."""
        labels = self.deployment(name)["metadata"].get("labels") or {}
        return {label.removeprefix("saferollout.io/") for label in labels if label.startswith("saferollout.io/")}

    def images(self, name: str) -> dict[str, int]:
        """Count the live pods of a service by image."""
        counted: dict[str, int] = {}
        for pod in self.pods(name):
            image = pod["spec"]["containers"][0]["image"]
            counted[image] = counted.get(image, 0) + 1
        return counted

    def is_settled(self, name: str) -> bool:
        """Tell whether the native controller has seen the Deployment as it is, and no pod is on its way out."""
        found = self.deployment(name)
        ending = any("deletionTimestamp" in pod["metadata"] for pod in self.pods(name))
        return bool(found.get("status", {}).get("observedGeneration", 0) >= found["metadata"]["generation"]) and not ending

    def pod_names(self, name: str) -> set[str]:
        return {pod["metadata"]["name"] for pod in self.pods(name)}

    def events(self, reason: str) -> list[str]:
        """Return the notes of all events of a reason."""
        found = self.read("/apis/events.k8s.io/v1", "events")["items"]
        return [event.get("note", "") for event in found if event["reason"] == reason]

    def wait_for_event(self, reason: str, words: str = "") -> None:
        """Wait for an event of a reason; events are sent beside the work, so that what they tell may be seen before them."""
        self.wait(f"event {reason} {words}".rstrip(), lambda: any(words in note for note in self.events(reason)))

    def wait(self, what: str, seen: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait; a failure shows the status as it was."""
        try:
            wait_for(what, seen, seconds=seconds)
        except pytest.fail.Exception as late:
            pytest.fail(f"{late}\n{self.say('status').out}\n{json.dumps(self.status(), indent=1)}")

    def stays(self, what: str, seen: Callable[[], bool], *, seconds: float = 3.0) -> None:
        """Fail if something stops being so within that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert seen(), f"not so any more: {what}"
            time.sleep(0.1)

    def wait_for_state(self, *states: str, seconds: float = PATIENCE_SECONDS) -> None:
        self.wait(f"state {' or '.join(states)}", lambda: self.state() in states, seconds=seconds)

    def wait_for_images(self, name: str, images: dict[str, int], *, seconds: float = PATIENCE_SECONDS) -> None:
        self.wait(f"{name} runs {images}", lambda: self.images(name) == images, seconds=seconds)

    def start(self, *objects: dict[str, Any]) -> None:
        """Apply the first revisions and wait until they run and nothing is being released."""
        first = [self._without_delay(item) for item in objects]
        self.apply(*first)
        self.wait("the first revisions run", lambda: self.state() in ("Idle", "Completed") and self.is_full(*objects))

        self.apply(*objects)

    def _without_delay(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return a SafeRollout without what would keep the first revisions waiting."""
        if item["kind"] == "Deployment":
            return item
        kept = {key: value for key, value in item["spec"].items() if key not in ("gates", "gating", "bakeSeconds", "mode")}
        return {**item, "spec": {**kept, "gating": "Disabled", "bakeSeconds": 0}}

    def is_full(self, *objects: dict[str, Any]) -> bool:
        """Tell whether every Deployment among the objects has its pods, and only those of its template."""
        services = [item for item in objects if item["kind"] == "Deployment"]
        return all(
            self.images(item["metadata"]["name"]) == {item["spec"]["template"]["spec"]["containers"][0]["image"]: item["spec"]["replicas"]}
            for item in services
        )


@dataclass
class PodDiary:
    """Watches the pods of a namespace: nothing that ever existed is missed, however short it lived."""

    cluster: RunningCluster
    namespace: str
    ever: dict[str, set[str]] = field(default_factory=dict)
    pods: set[str] = field(default_factory=set)
    together: set[frozenset[str]] = field(default_factory=set)
    _alive: dict[str, str] = field(default_factory=dict)
    _version: str = ""
    _over: threading.Event = field(default_factory=threading.Event)
    _listening: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        # Those that are there are known at once: a watch tells of them when it likes, which on a busy machine is late.
        there = self.cluster.api.get(f"/api/v1/namespaces/{self.namespace}/pods")
        for pod in there["items"]:
            self._note({"type": "ADDED", "object": {**pod, "kind": "Pod"}})
        self._version = there["metadata"]["resourceVersion"]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        assert self._listening.wait(60), "the watch of pods did not begin"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(10)

    def images(self, name: str) -> set[str]:
        """Return every image that a pod of a service ever had."""
        return self.ever.get(name, set())

    def met(self, one: str, other: str) -> bool:
        """Tell whether pods of two revisions (`service=image`) were ever there at once."""
        return any({one, other} <= moment for moment in self.together)

    def _listen(self) -> None:
        address = urllib.parse.urlsplit(self.cluster.url)
        context = ssl.create_default_context(cafile=str(self.cluster.certificate_authority))
        while not self._over.is_set():
            connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=context, timeout=5)
            try:
                path = f"/api/v1/namespaces/{self.namespace}/pods?watch=1&resourceVersion={self._version}"
                connection.request("GET", path, headers={"Authorization": f"Bearer {self.cluster.admin_token}"})
                answer = connection.getresponse()
                self._listening.set()
                self._read(answer)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            finally:
                connection.close()

    def _read(self, answer: http.client.HTTPResponse) -> None:
        rest = b""
        while not self._over.is_set():
            try:
                chunk = answer.read1(65536)
            except TimeoutError:
                return
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._note(json.loads(line))

    def _note(self, event: dict[str, Any]) -> None:
        pod = event["object"]
        if pod.get("kind") != "Pod":
            self._version = ""  # the server no longer knows that version: it tells of all that are there again
            return
        self._version = pod["metadata"]["resourceVersion"]  # a watch that ends goes on from here
        service = pod["metadata"]["labels"]["app"]
        image = pod["spec"]["containers"][0]["image"]
        self.ever.setdefault(service, set()).add(image)
        self.pods.add(pod["metadata"]["name"])
        if event["type"] == "DELETED":
            self._alive.pop(pod["metadata"]["uid"], None)
        else:
            self._alive[pod["metadata"]["uid"]] = f"{service}={image}"
        self.together.add(frozenset(self._alive.values()))


@pytest.fixture(scope="module")
def operator_at_work(control_plane: RunningCluster, chart: InstalledChart, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The real operator, one process for all tests of a file."""
    folder = tmp_path_factory.mktemp("operator")
    with operator(control_plane, folder, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True) as running:
        yield running


@pytest.fixture
def shop(control_plane: RunningCluster, namespace: str, operator_at_work: Operator) -> Shop:
    """An empty shop that the operator looks after."""
    return Shop(control_plane, namespace)
