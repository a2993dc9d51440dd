"""What a decision sees: present workloads as views, the rest with a reason and the nearest name."""

from typing import Any

from saferollout.api.status import Status
from saferollout.core.views import HoldMode
from saferollout.engine.resources import Kind
from saferollout.engine.scenes import Scene, Scenes
from saferollout.engine.store import Place, Store
from tests.unit.engine.objects import NAMESPACE, deployment, pod, replica_set, safe_rollout
from tests.unit.engine.stage import START, PlainKind

SHOP = Place(namespace=NAMESPACE, name="shop")


def scene_of(*objects: tuple[Kind, dict[str, Any]], place: Place = SHOP) -> Scene | None:
    store = Store()
    store.keep_namespace(NAMESPACE)
    for kind, raw in objects:
        store.put(kind, raw)
    scenes = Scenes(store=store, kind=PlainKind(), hold_mode=lambda: HoldMode.POLICY, restart_annotations=("restartedAt",))
    return scenes.at(place, now=START)


def shop(*objects: tuple[Kind, dict[str, Any]], **changes: Any) -> Scene:
    scene = scene_of((Kind.SAFE_ROLLOUT, safe_rollout() | changes), *objects)
    assert scene is not None
    return scene


def test_a_safe_rollout_that_does_not_exist_has_no_scene() -> None:
    assert scene_of() is None


def test_a_workload_is_seen_with_its_replica_sets_and_pods() -> None:
    scene = shop((Kind.DEPLOYMENT, deployment()), (Kind.REPLICA_SET, replica_set()), (Kind.POD, pod()))
    assert scene.snapshot.world.workloads["billing"].replica_sets[0].pods == 1
    assert len(scene.raw_workloads["billing"].pods) == 1
    assert scene.snapshot.hold_mode is HoldMode.POLICY
    assert scene.snapshot.restart_annotations == ("restartedAt",)


def test_a_missing_workload_is_named_with_the_way_out_and_the_nearest_existing_name() -> None:
    scene = shop((Kind.DEPLOYMENT, deployment("billling")), (Kind.DEPLOYMENT, deployment("cart")))
    absent = scene.snapshot.world.absent["billing"]
    assert absent.reason == "NotFound"
    assert absent.message.endswith(
        ": create it, correct its name in spec.workloads, or remove the entry; the others go on without it; did you mean 'billling'?"
    )
    assert scene.snapshot.world.existing_names == ("billling", "cart")


def test_an_unsupported_kind_is_named() -> None:
    spec = {"workloads": [{"name": "db", "workloadRef": {"kind": "DaemonSet", "name": "db"}}]}
    absent = shop(spec=spec).snapshot.world.absent["db"]
    assert absent.reason == "UnsupportedKind"
    assert "DaemonSet of apps/v1" in absent.message


def test_a_statefulset_is_refused_with_the_way_out_where_the_operator_was_not_told_to_release_them() -> None:
    spec = {"workloads": [{"name": "db", "workloadRef": {"kind": "StatefulSet", "name": "db"}}]}
    absent = shop(spec=spec).snapshot.world.absent["db"]
    assert absent.reason == "UnsupportedKind"
    assert "statefulSets.enabled" in absent.message


def test_a_workload_of_another_safe_rollout_is_left_to_it() -> None:
    scene = shop((Kind.DEPLOYMENT, deployment(label="other")))
    assert scene.snapshot.world.workloads == {}
    assert scene.raw_workloads == {}
    assert scene.snapshot.world.absent["billing"].reason == "ManagedByAnother"
    assert "'other'" in scene.snapshot.world.absent["billing"].message


def test_a_spec_that_can_not_be_read_still_names_its_workloads() -> None:
    spec = {"workloads": [{"name": "billing"}], "gates": [{"name": "g", "signal": "NoSuchSignal"}]}
    scene = shop((Kind.DEPLOYMENT, deployment()), spec=spec)
    assert scene.snapshot.spec_problems
    assert list(scene.snapshot.world.workloads) == ["billing"]


def test_a_spec_without_workloads_has_problems_and_touches_nothing() -> None:
    scene = shop((Kind.DEPLOYMENT, deployment()), spec={})
    assert scene.snapshot.spec_problems
    assert scene.snapshot.world.workloads == {}


def test_references_that_lead_nowhere_are_problems() -> None:
    spec = {"workloads": [{"name": "billing"}], "contracts": [{"name": "events", "topic": {"name": "events"}, "readers": ["biling"]}]}
    assert any("biling" in problem for problem in shop(spec=spec).snapshot.spec_problems)


def test_a_status_that_can_not_be_read_counts_as_lost() -> None:
    assert shop(status={"release": {"id": 7}}).snapshot.status == Status()


def test_deletion_and_finalizer_are_seen() -> None:
    metadata = safe_rollout(deletionTimestamp="2026-11-24T00:00:00Z", finalizers=["saferollout.io/give-back"])["metadata"]
    snapshot = shop(metadata=metadata).snapshot
    assert snapshot.deleting
    assert snapshot.has_finalizer
