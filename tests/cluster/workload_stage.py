"""A real Deployment with its owner, an administrator and the operator, each speaking to the API server under their own name."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from localcluster.testing import RunningCluster, wait_for
from saferollout.api import names
from saferollout.core import actions
from saferollout.core.pacing import batch_ready, next_pace
from saferollout.core.views import ReplicaSetView, WorkloadView
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.protocol import MERGE_PATCH, RawWorkload, Verb, Write
from tests.cluster.chart import InstalledChart

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
NAME = "billing"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server said, warnings included."""

    status: int
    body: dict[str, Any]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token."""

    cluster: RunningCluster
    token: str

    def send(self, method: str, path: str, body: object = None, *, content_type: str = JSON, **parameters: str) -> Answer:
        """Send one request; any answer is an answer."""
        address = urllib.parse.urlsplit(self.cluster.url)
        context = ssl.create_default_context(cafile=str(self.cluster.certificate_authority))
        connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=context, timeout=20)
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        try:
            connection.request(method, path + query, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            parsed = json.loads(answer.read() or b"{}")
            return Answer(status=answer.status, body=parsed, warnings=tuple(answer.headers.get_all("Warning") or ()))
        finally:
            connection.close()


@dataclass
class Stage:
    """One Deployment called billing in a namespace of its own."""

    cluster: RunningCluster
    namespace: str
    owner: Person
    admin: Person
    operator: Person
    least_ready: int = field(default=10**6)

    @property
    def path(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{NAME}"

    @property
    def collection(self) -> str:
        return self.path.rpartition("/")[0]

    # what people do

    def create(self, image: str = "billing:1", **changes: Any) -> Answer:
        return self.owner.send("POST", self.collection, self.manifest(image, **changes))

    def put(self, image: str, person: Person | None = None, **changes: Any) -> Answer:
        """Replace the whole object, as `kubectl replace` and Argo CD's Replace=true do."""
        return (person or self.owner).send("PUT", self.path, self.manifest(image, **changes), **changes.pop("parameters", {}))

    def patch(self, body: dict[str, Any], person: Person | None = None, **parameters: str) -> Answer:
        return (person or self.owner).send("PATCH", self.path, body, content_type=MERGE_PATCH, **parameters)

    def set_image(self, image: str, **annotations: str) -> Answer:
        containers = [{"name": "main", "image": image}]
        return self.patch({"metadata": {"annotations": annotations}, "spec": {"template": {"spec": {"containers": containers}}}})

    def set_image_of_slow_pods(self, image: str, *, seconds: float) -> None:
        """Set an image whose pods take their time to get ready."""
        containers = [{"name": "main", "image": image}]
        slow = {"fakelet.saferollout.io/behaviour": f"slow:{seconds}"}
        answer = self.patch({"spec": {"template": {"metadata": {"annotations": slow}, "spec": {"containers": containers}}}})
        assert answer.status == 200, answer.body

    def scale(self, replicas: int) -> None:
        """Scale as an autoscaler does: through the subresource."""
        answer = self.owner.send("PATCH", f"{self.path}/scale", {"spec": {"replicas": replicas}}, content_type=MERGE_PATCH)
        assert answer.status == 200, answer.body

    def manifest(
        self, image: str, *, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, behaviour: str = "ready",
        replicas: int | None = 10, parameters: object = None, **spec: Any,
    ) -> dict[str, Any]:  # fmt: skip
        metadata = {"name": NAME, "labels": {names.LABEL_MANAGED_BY: "shop"} if labels is None else labels}
        if annotations:
            metadata["annotations"] = annotations
        pods = {
            "metadata": {"labels": {"app": NAME}, "annotations": {"fakelet.saferollout.io/behaviour": behaviour}},
            "spec": {"containers": [{"name": "main", "image": image}], "terminationGracePeriodSeconds": 1},
        }
        full = {"selector": {"matchLabels": {"app": NAME}}, "template": pods, **spec}
        if replicas is not None:
            full["replicas"] = replicas
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": full}

    # what the operator does

    def act(self, action: actions.Action) -> dict[str, Any]:
        """Send an action's write as the operator; a conflict means to look again, as the reconciler does."""
        for _ in range(20):
            answer = self.send(DeploymentKind().write(action, self.raw(), now=datetime.now(UTC)))
            if answer.status != 409:
                break
        assert answer.status in (200, 201), answer.body
        return answer.body

    def send(self, write: Write) -> Answer:
        manager = {"fieldManager": names.FIELD_MANAGER} if write.verb is Verb.PATCH else {}
        return self.operator.send(write.verb, write.path, write.body, content_type=write.content_type, **manager)

    def run_first(self, image: str = "billing:1", **changes: Any) -> None:
        """Create the Deployment and release it, as after a first release."""
        assert self.create(image, **changes).status == 201
        self.act(actions.LetThrough(NAME, revision=self.view().template))
        self.wait("the first revision runs", lambda view: all_available(view, changes.get("replicas", 10)))

    def run_batch(self, percent: int, *, give_up: float = 40) -> None:
        """Pace until the batch is complete, watching the ready pods all the time."""
        deadline = time.monotonic() + give_up
        while True:
            view = self.view()
            self.least_ready = min(self.least_ready, sum(rs.ready for rs in view.replica_sets))
            pace = next_pace(view=view, revision=view.template, batch_percent=percent)
            if pace is not None:
                self.act(actions.SetPace(NAME, revision=view.template, pace=pace))
            elif batch_ready(view=view, revision=view.template, batch_percent=percent):
                return
            assert time.monotonic() < deadline, f"the batch of {percent} % was not complete in time: {shares(view)}"
            time.sleep(0.05)

    # what is seen

    def deployment(self) -> dict[str, Any]:
        return self.admin.send("GET", self.path).body

    def raw(self) -> RawWorkload:
        base = f"/apis/apps/v1/namespaces/{self.namespace}"
        return RawWorkload(
            workload=self.deployment(),
            revisions=tuple(self.admin.send("GET", f"{base}/replicasets").body["items"]),
            pods=tuple(self.admin.send("GET", f"/api/v1/namespaces/{self.namespace}/pods").body["items"]),
        )

    def pod_names(self) -> set[str]:
        """Return the names of all pods that exist."""
        return {pod["metadata"]["name"] for pod in self.raw().pods}

    def has_ending_pods(self) -> bool:
        return any("deletionTimestamp" in pod["metadata"] for pod in self.raw().pods)

    def view(self) -> WorkloadView:
        return DeploymentKind().view(self.raw(), restart_annotations=names.RESTART_ANNOTATIONS, now=datetime.now(UTC))

    def old(self) -> ReplicaSetView:
        """Return the ReplicaSet that runs another revision than spec asks for."""
        view = self.view()
        return next(rs for rs in view.replica_sets if rs.hash != view.template)

    def new(self) -> ReplicaSetView:
        view = self.view()
        return view.of(view.template)[0]

    def wait(self, what: str, seen: Callable[[WorkloadView], bool], *, seconds: float = 40) -> WorkloadView:
        last: list[WorkloadView] = []

        def done() -> bool:
            last[:] = [self.view()]
            return seen(last[0])

        wait_for(what, done, seconds=seconds)
        return last[0]

    def stays(self, what: str, seen: Callable[[WorkloadView], bool], *, seconds: float = 2.0) -> None:
        """Fail if something stops being so within that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            view = self.view()
            assert seen(view), f"not so any more: {what}: {shares(view)}"
            time.sleep(0.1)


def shares(view: WorkloadView) -> dict[str, int]:
    """Return pods by revision: `new` is what spec asks for, `old` all others."""
    new = sum(rs.pods for rs in view.of(view.template))
    return {"new": new, "old": sum(rs.pods for rs in view.replica_sets) - new}


def all_available(view: WorkloadView, replicas: int) -> bool:
    """Tell whether exactly so many pods of spec's revision are there, all available, and no other."""
    ours = view.of(view.template)
    return view.settled and shares(view) == {"new": replicas, "old": 0} and sum(rs.available for rs in ours) == replicas


def spec_without_template(deployment: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in deployment["spec"].items() if key != "template"}


@pytest.fixture
def stage(control_plane: RunningCluster, namespace: str, chart: InstalledChart) -> Iterator[Stage]:
    """An owner with the role edit, an administrator and the operator around an empty namespace."""
    owner = control_plane.service_account(namespace, "owner")
    binding = ["create", "rolebinding", "owner", "-n", namespace, "--clusterrole=edit", f"--serviceaccount={namespace}:owner"]
    control_plane.kubectl(*binding)
    person = Person(control_plane, owner.token)
    scene = Stage(
        cluster=control_plane, namespace=namespace, owner=person, admin=Person(control_plane, control_plane.admin_token),
        operator=Person(control_plane, chart.operator.token),
    )  # fmt: skip
    wait_for("the owner's role is known", lambda: person.send("GET", scene.collection).status == 200)
    yield scene
