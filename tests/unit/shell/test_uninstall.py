"""Uninstalling looks before it touches, stops the operator, gives everything back, and leaves nothing unattended where it can't."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from saferollout.api import names
from saferollout.engine.errors import ClusterError, Conflict, Forbidden, Invalid, Throttled, Unreachable
from saferollout.engine.resources import Kind, Resource
from saferollout.engine.store import Place
from saferollout.shell.patient_cluster import PatientCluster
from saferollout.shell.uninstall import CannotGiveBack, Uninstall
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.protocol import WorkloadKind
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import BORN, NAMESPACE, deployment, pod, replica_set, safe_rollout
from tests.unit.engine.stage import PlainKind

OPERATOR = Place(namespace="system", name="saferollout")
BILLING = Place(namespace=NAMESPACE, name="billing")
SHOP = Place(namespace=NAMESPACE, name="shop")


CART = Place(namespace=NAMESPACE, name="cart")
STOPPED = ("patch", "deployments/scale", "system/saferollout")
REPORT = "not everything was given back"


class Scene:
    """A cluster with one managed workload and the operator."""

    def __init__(self, *, held: bool = True, second_revision: bool = False) -> None:
        self.cluster = FakeCluster()
        self.told: list[str] = []
        self.slept = 0
        labels = {names.LABEL_MANAGED_BY: "shop"} | ({names.LABEL_HELD: "true"} if held else {})
        self.cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(finalizers=["others", names.FINALIZER]))
        self.cluster.put(Kind.DEPLOYMENT, deployment(labels=labels, image="billing-1"))
        self.cluster.put(Kind.REPLICA_SET, replica_set())
        self.cluster.put(Kind.POD, pod())
        if second_revision:
            self.cluster.put(Kind.REPLICA_SET, replica_set("billing-2"))
            self.cluster.put(Kind.POD, pod("billing-2-a", of="billing-2"))
        operator: dict[str, Any] = {"metadata": {"name": "saferollout", "namespace": "system"}, "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "op"}}}}
        self.cluster.put(Kind.DEPLOYMENT, operator)
        self.cluster.put(Kind.POD, {"metadata": {"name": "op-1", "namespace": "system", "labels": {"app": "op"}}})

    async def sleep(self, seconds: float) -> None:
        """Let the operator's pod go at the second look."""
        self.slept += 1
        if self.slept == 2:
            self.cluster.remove(Kind.POD, Place(namespace="system", name="op-1"))

    async def uninstall(self, *, force: bool = False, kind: WorkloadKind | None = None) -> None:
        """Run it."""
        uninstall = Uninstall(
            cluster=PatientCluster(self.cluster, sleep=self.sleep), kind=kind or PlainKind(), restart_annotations=(), watched=(), clock=lambda: datetime(2026, 11, 24, tzinfo=UTC),
            tell=self.told.append, sleep=self.sleep,
        )
        await uninstall.run(operator=OPERATOR, force=force)

    def add(self, name: str, *, of: str) -> None:
        """Add another held workload of a SafeRollout of its own."""
        self.cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(of, workloads=(name,), finalizers=[names.FINALIZER]))
        labels = {names.LABEL_MANAGED_BY: of, names.LABEL_HELD: "true"}
        self.cluster.put(Kind.DEPLOYMENT, deployment(name, labels=labels, image=f"{name}-1"))
        self.cluster.put(Kind.REPLICA_SET, replica_set(f"{name}-1", of=name))
        self.cluster.put(Kind.POD, pod(f"{name}-1-a", of=f"{name}-1"))

    def fail_writes(self, *places: Place, of: ClusterError, times: int = 1000) -> None:
        """Have that many writes of some objects fail."""
        left = [times]

        def fault(verb: str, resource: Resource, place: Place) -> ClusterError | None:
            if verb != "patch" or place not in places or not left[0]:
                return None
            left[0] -= 1
            return of

        self.cluster.fault = fault

    @property
    def replicas(self) -> int:
        """Return how many replicas the operator is to have."""
        replicas: int = self.raw(Kind.DEPLOYMENT, OPERATOR)["spec"]["replicas"]
        return replicas

    def is_given_back(self, place: Place) -> bool:
        """Tell whether a workload was given back."""
        return "test/action" in self.raw(Kind.DEPLOYMENT, place)["metadata"].get("annotations", {})

    def is_let_go(self, place: Place) -> bool:
        """Tell whether a SafeRollout was let go."""
        return names.FINALIZER not in self.raw(Kind.SAFE_ROLLOUT, place)["metadata"]["finalizers"]

    def raw(self, kind: Kind, place: Place) -> dict[str, Any]:
        """Return an object as it is now."""
        return self.cluster.objects[kind.resource, place]


async def test_the_operator_is_stopped_before_anything_is_given_back() -> None:
    scene = Scene()
    await scene.uninstall()
    assert scene.cluster.writes == [
        ("patch", "deployments/scale", "system/saferollout"), ("patch", "deployments", "shop/billing"), ("patch", "saferollouts", "shop/shop"),
    ]
    assert scene.slept == 2
    assert scene.raw(Kind.DEPLOYMENT, OPERATOR)["spec"]["replicas"] == 0
    assert scene.raw(Kind.DEPLOYMENT, BILLING)["metadata"]["annotations"]["test/action"] == "GiveBack"
    assert scene.raw(Kind.SAFE_ROLLOUT, SHOP)["metadata"]["finalizers"] == ["others"]


async def test_in_the_middle_of_a_roll_nothing_is_touched() -> None:
    scene = Scene(second_revision=True)
    with pytest.raises(CannotGiveBack, match=r"shop/billing .*--force"):
        await scene.uninstall()
    assert scene.cluster.writes == []


async def test_in_the_middle_of_a_roll_for_which_nothing_is_borrowed_nothing_is_touched_either() -> None:
    """An un-batched roll, or a last batch: the native controller rolls."""
    scene = Scene(held=False, second_revision=True)
    with pytest.raises(CannotGiveBack, match=r"shop/billing .*--force"):
        await scene.uninstall()
    assert scene.cluster.writes == []


async def test_what_was_left_paused_before_keeps_nobody_from_uninstalling() -> None:
    scene = Scene(held=False, second_revision=True)
    raw = scene.raw(Kind.DEPLOYMENT, BILLING)
    left = raw["metadata"] | {"annotations": {names.ANNOTATION_LEFT_PAUSED: "why"}}
    scene.cluster.put(Kind.DEPLOYMENT, raw | {"metadata": left, "spec": raw["spec"] | {"paused": True}})
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") not in scene.cluster.writes


@pytest.mark.parametrize(("revision", "stopped"), [("billing-1", True), ("billing-9", False)])
async def test_with_force_a_roll_of_ours_is_stopped_and_anybody_elses_goes_on(revision: str, stopped: bool) -> None:
    scene = Scene(held=False, second_revision=True)
    roll = {"workload": "bills", "hash": revision, "startTime": BORN, "batchStartTime": BORN}
    release = {"id": "r", "startTime": BORN, "changedTime": BORN, "rolls": [roll]}
    spec = {"workloads": [{"name": "bills", "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "billing"}}]}
    scene.cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(finalizers=[names.FINALIZER]) | {"spec": spec, "status": {"release": release}})
    await scene.uninstall(force=True)
    assert (("patch", "deployments", "shop/billing") in scene.cluster.writes) is stopped
    assert any("Gave shop/billing back, paused" in said for said in scene.told) is stopped
    assert scene.raw(Kind.DEPLOYMENT, BILLING)["spec"]["paused"] is stopped


async def test_with_force_a_workload_in_the_middle_of_a_roll_stays_paused() -> None:
    scene = Scene(second_revision=True)
    await scene.uninstall(force=True)
    assert any("Gave shop/billing back, paused" in said for said in scene.told)


async def test_pods_of_the_operator_that_stay_stop_everything() -> None:
    scene = Scene()
    scene.slept = 10
    with pytest.raises(CannotGiveBack, match="still there"):
        await scene.uninstall()
    assert scene.cluster.writes == [STOPPED, STOPPED]
    assert scene.replicas == 2


async def test_an_operator_that_is_gone_already_is_no_problem() -> None:
    scene = Scene()
    scene.cluster.remove(Kind.DEPLOYMENT, OPERATOR)
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") in scene.cluster.writes


async def test_a_workload_of_which_nothing_was_borrowed_stays_as_it_is() -> None:
    scene = Scene(held=False)
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") not in scene.cluster.writes


async def test_a_label_that_the_operator_had_put_on_goes() -> None:
    scene = Scene(held=False)
    raw = scene.raw(Kind.DEPLOYMENT, BILLING)
    fields = {"f:metadata": {"f:labels": {f"f:{names.LABEL_MANAGED_BY}": {}}}}
    managed = [{"manager": names.FIELD_MANAGER, "fieldsV1": fields}]
    scene.cluster.put(Kind.DEPLOYMENT, raw | {"metadata": raw["metadata"] | {"managedFields": managed}})
    await scene.uninstall()
    assert names.LABEL_MANAGED_BY not in scene.raw(Kind.DEPLOYMENT, BILLING)["metadata"]["labels"]


async def test_what_says_that_the_operator_put_the_label_on_goes_with_it() -> None:
    scene = Scene(held=False)
    raw = scene.raw(Kind.DEPLOYMENT, BILLING)
    marks = {names.ANNOTATION_LABELLED_BY: names.LABELLED_BY_OPERATOR, names.ANNOTATION_BYPASSED: "fire", "team": "shop"}
    scene.cluster.put(Kind.DEPLOYMENT, raw | {"metadata": raw["metadata"] | {"annotations": marks}})
    await scene.uninstall()
    metadata = scene.raw(Kind.DEPLOYMENT, BILLING)["metadata"]
    assert names.LABEL_MANAGED_BY not in metadata["labels"] and metadata["annotations"] == {"team": "shop"}


@pytest.mark.parametrize("held", [True, False], ids=["held", "given back before"])
async def test_what_was_given_back_is_let_go_of_on_the_record_of_field_managers(held: bool) -> None:
    scene = Scene(held=held)
    scene.cluster.remove(Kind.REPLICA_SET, Place(namespace=NAMESPACE, name="billing-1"))
    raw = scene.raw(Kind.DEPLOYMENT, BILLING)
    record = [{"manager": manager, "fieldsV1": {"f:spec": {"f:strategy": {}}}} for manager in ("helm", names.FIELD_MANAGER)]
    scene.cluster.put(Kind.DEPLOYMENT, raw | {"metadata": raw["metadata"] | {"managedFields": record}})
    await scene.uninstall(kind=DeploymentKind())
    assert scene.raw(Kind.DEPLOYMENT, BILLING)["metadata"]["managedFields"] == record[:1]


async def test_who_stays_paused_is_said_although_letting_go_meets_a_conflict() -> None:
    """The native controller writes its status right after."""
    scene = Scene()
    scene.cluster.remove(Kind.REPLICA_SET, Place(namespace=NAMESPACE, name="billing-1"))
    raw = scene.raw(Kind.DEPLOYMENT, BILLING)
    record = [{"manager": names.FIELD_MANAGER, "fieldsV1": {"f:spec": {"f:strategy": {}}}}]
    scene.cluster.put(Kind.DEPLOYMENT, raw | {"metadata": raw["metadata"] | {"managedFields": record}})
    failures = iter([None, Conflict("faster")])
    scene.cluster.fault = lambda verb, resource, place: next(failures, None) if verb == "patch" and place == BILLING else None
    await scene.uninstall(kind=DeploymentKind())
    assert any(line.startswith(f"Gave {BILLING} back") for line in scene.told)
    assert not scene.raw(Kind.DEPLOYMENT, BILLING)["metadata"]["managedFields"]


async def test_a_conflict_means_another_attempt() -> None:
    scene = Scene()
    failures = iter([Conflict("faster"), Conflict("faster")])
    scene.cluster.fault = lambda verb, resource, place: next(failures, None) if verb == "patch" and place == BILLING else None
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") in scene.cluster.writes


async def test_without_the_definition_there_is_nothing_to_let_go() -> None:
    scene = Scene()
    scene.cluster.remove(Kind.SAFE_ROLLOUT, SHOP)
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") in scene.cluster.writes


@pytest.mark.parametrize("error", [Invalid("replicas: too many"), Forbidden("not you"), Unreachable("a webhook failed (HTTP 500)")])
async def test_one_workload_that_cant_be_given_back_is_named_and_does_not_keep_the_others(error: ClusterError) -> None:
    scene = Scene()
    scene.add("cart", of="carts")
    scene.fail_writes(BILLING, of=error)
    with pytest.raises(CannotGiveBack, match=REPORT) as refused:
        await scene.uninstall()
    assert f"shop/billing: {_words_before(error)}" in str(refused.value) and str(error) in str(refused.value)
    assert "cart" not in str(refused.value)
    assert (scene.is_given_back(BILLING), scene.is_given_back(CART)) == (False, True)
    assert (scene.is_let_go(SHOP), scene.is_let_go(Place(namespace=NAMESPACE, name="carts"))) == (False, True)
    assert scene.replicas == 2, "what is left is looked after"


def _words_before(error: ClusterError) -> str:
    return {Invalid: "the API server refuses", Forbidden: "the right to do it is missing"}.get(type(error), "the API server did not do it")


@pytest.mark.parametrize("error", [Throttled("busy", retry_after=2.0), Unreachable("TimeoutError")])
async def test_what_may_succeed_later_is_tried_again(error: ClusterError) -> None:
    scene = Scene()
    scene.fail_writes(BILLING, SHOP, OPERATOR, of=error, times=4)
    await scene.uninstall()
    assert scene.is_given_back(BILLING) and scene.is_let_go(SHOP)
    assert scene.replicas == 0


async def test_a_read_that_fails_once_stops_nothing() -> None:
    scene = Scene()
    failures = iter([Unreachable("once"), Unreachable("twice")])
    scene.cluster.fault = lambda verb, resource, place: next(failures, None) if verb in ("list", "get") else None
    await scene.uninstall()
    assert scene.is_given_back(BILLING)


async def test_borrowed_fields_that_are_lost_are_found_before_anything_is_touched() -> None:
    scene = _with_lost_originals()
    with pytest.raises(CannotGiveBack, match=r"nothing was given back: .*Deployment aaa .*by hand"):
        await scene.uninstall(kind=DeploymentKind())
    assert scene.cluster.writes == []


async def test_with_force_all_others_are_given_back_first_and_the_one_is_named_with_what_to_do() -> None:
    scene = _with_lost_originals()
    with pytest.raises(CannotGiveBack, match=r"shop/aaa: .*Deployment aaa .*by hand") as refused:
        await scene.uninstall(force=True, kind=DeploymentKind())
    assert "billing" not in str(refused.value)
    assert names.LABEL_HELD not in scene.raw(Kind.DEPLOYMENT, BILLING)["metadata"]["labels"]
    assert not scene.is_let_go(SHOP), "one of its workloads is still borrowed from"
    assert scene.replicas == 2


def _with_lost_originals() -> Scene:
    scene = Scene()
    labels = {names.LABEL_MANAGED_BY: "shop", names.LABEL_PACED: "true"}
    scene.cluster.put(Kind.DEPLOYMENT, deployment("aaa", labels=labels, image="aaa:1"))
    for kind, raw in ((Kind.REPLICA_SET, replica_set()), (Kind.REPLICA_SET, replica_set("aaa-1", of="aaa"))):
        template = {"metadata": {}, "spec": {"containers": [{"name": "app", "image": raw["metadata"]["name"]}]}}
        scene.cluster.put(kind, raw | {"spec": {"replicas": 1, "template": template}})
    return scene


async def test_a_roll_that_begins_while_the_operator_is_being_stopped_is_seen_too() -> None:
    scene = Scene()

    async def rolls_meanwhile(seconds: float) -> None:
        scene.cluster.put(Kind.REPLICA_SET, replica_set("billing-2"))
        scene.cluster.put(Kind.POD, pod("billing-2-a", of="billing-2"))
        scene.slept = 1
        await Scene.sleep(scene, seconds)

    scene.sleep = rolls_meanwhile  # type: ignore[method-assign]  # the operator's last deed
    with pytest.raises(CannotGiveBack, match="two revisions"):
        await scene.uninstall()
    assert scene.cluster.writes == [STOPPED, STOPPED]
    assert scene.replicas == 2


async def test_a_workload_that_is_deleted_meanwhile_needs_nothing() -> None:
    scene = Scene()
    scene.add("cart", of="carts")

    async def cart_goes(seconds: float) -> None:
        scene.cluster.objects.pop((Kind.DEPLOYMENT.resource, CART), None)
        await Scene.sleep(scene, seconds)

    scene.sleep = cart_goes  # type: ignore[method-assign]  # somebody else's deed
    await scene.uninstall()
    assert scene.is_given_back(BILLING)


async def test_told_to_stop_half_way_it_starts_the_operator_again() -> None:
    scene = Scene()

    async def for_ever(seconds: float) -> None:
        await asyncio.sleep(3600)

    scene.sleep = for_ever  # type: ignore[method-assign]  # the operator's pods take their time
    running = asyncio.create_task(scene.uninstall())
    while STOPPED not in scene.cluster.writes:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert scene.replicas == 2


async def test_an_operator_that_can_not_be_started_again_is_said_with_the_command() -> None:
    scene = Scene()
    scene.slept = 10
    scene.cluster.fault = lambda verb, resource, place: Forbidden("no") if verb == "patch" and scene.slept > 20 else None
    with pytest.raises(CannotGiveBack, match="still there"):
        await scene.uninstall()
    assert any("kubectl -n system scale deployment saferollout --replicas 2" in said for said in scene.told)


async def test_patience_ends() -> None:
    """A server that is gone for good is not waited for once for every workload."""
    scene = Scene()
    for number in range(20):
        scene.add(f"w{number}", of="carts")
    waited: list[float] = []

    async def count(seconds: float) -> None:
        waited.append(seconds)
        await Scene.sleep(scene, seconds)

    scene.sleep = count  # type: ignore[method-assign]  # counts
    places = [BILLING, *(Place(namespace=NAMESPACE, name=f"w{number}") for number in range(20))]
    scene.fail_writes(*places, of=Unreachable("gone"))
    with pytest.raises(CannotGiveBack, match="shop/w19"):
        await scene.uninstall()
    assert sum(waited) < 100
