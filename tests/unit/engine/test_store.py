"""The store never goes back in time, keeps no ghosts, and knows whom a change concerns."""

import pytest

from saferollout.api import names
from saferollout.engine.resources import Kind
from saferollout.engine.store import Place, Store
from tests.unit.engine.objects import NAMESPACE, deployment, pod, replica_set, safe_rollout

BILLING = Place(namespace=NAMESPACE, name="billing")


@pytest.fixture
def store() -> Store:
    store = Store()
    store.keep_namespace(NAMESPACE)
    return store


def test_an_older_or_equal_version_changes_nothing(store: Store) -> None:
    assert store.put(Kind.DEPLOYMENT, deployment(version=10, image="billing:2"))
    assert not store.put(Kind.DEPLOYMENT, deployment(version=9, image="billing:1"))
    assert not store.put(Kind.DEPLOYMENT, deployment(version=10, image="billing:1"))
    kept = store.get(Kind.DEPLOYMENT, BILLING)
    assert kept is not None
    assert kept["spec"]["template"]["spec"]["containers"][0]["image"] == "billing:2"


def test_versions_are_compared_as_numbers(store: Store) -> None:
    store.put(Kind.DEPLOYMENT, deployment(version=99))
    assert store.put(Kind.DEPLOYMENT, deployment(version=100))


def test_a_deletion_that_comes_late_does_not_take_the_successor_of_the_same_name(store: Store) -> None:
    store.put(Kind.DEPLOYMENT, deployment(version=1, uid="first"))
    store.put(Kind.DEPLOYMENT, deployment(version=5, uid="second"))
    assert not store.drop(Kind.DEPLOYMENT, deployment(version=4, uid="first"))
    assert store.get(Kind.DEPLOYMENT, BILLING) is not None


def test_what_was_dropped_never_comes_back_however_late_its_events_are(store: Store) -> None:
    store.put(Kind.DEPLOYMENT, deployment(version=1, uid="first"))
    store.drop(Kind.DEPLOYMENT, deployment(version=2, uid="first"))
    assert not store.put(Kind.DEPLOYMENT, deployment(version=3, uid="first"))
    assert store.get(Kind.DEPLOYMENT, BILLING) is None


def test_an_event_of_the_predecessor_does_not_replace_the_successor(store: Store) -> None:
    store.put(Kind.DEPLOYMENT, deployment(version=7, uid="second"))
    assert not store.put(Kind.DEPLOYMENT, deployment(version=6, uid="first"))


def test_a_list_drops_ghosts_and_says_what_changed(store: Store) -> None:
    store.put(Kind.POD, pod("billing-1-a", version=1))
    store.put(Kind.POD, pod("billing-1-b", version=2))
    changed = store.replace(Kind.POD, [pod("billing-1-b", version=2), pod("billing-1-c", version=8)], resource_version="9", namespace=NAMESPACE)
    assert {raw["metadata"]["name"] for raw in changed} == {"billing-1-a", "billing-1-c"}
    assert {raw["metadata"]["name"] for raw in store.all(Kind.POD)} == {"billing-1-b", "billing-1-c"}


def test_a_list_does_not_drop_what_was_born_after_it_was_made(store: Store) -> None:
    store.put(Kind.POD, pod("newborn", version=12))
    store.replace(Kind.POD, [], resource_version="9", namespace=NAMESPACE)
    assert store.get(Kind.POD, Place(namespace=NAMESPACE, name="newborn")) is not None


def test_a_list_of_one_namespace_leaves_the_others_alone(store: Store) -> None:
    store.keep_namespace("other")
    store.put(Kind.POD, pod("elsewhere", namespace="other"))
    store.replace(Kind.POD, [], resource_version="9", namespace=NAMESPACE)
    assert store.get(Kind.POD, Place(namespace="other", name="elsewhere")) is not None


def test_a_list_by_label_proves_no_death_of_what_lost_its_label(store: Store) -> None:
    alone = Store()
    alone.put(Kind.DEPLOYMENT, deployment(version=1, label="shop"))
    alone.replace(Kind.DEPLOYMENT, [], resource_version="9", label=names.LABEL_MANAGED_BY)
    assert alone.get(Kind.DEPLOYMENT, BILLING) is None
    assert alone.put(Kind.DEPLOYMENT, deployment(version=10, label="shop"))


def test_workloads_of_namespaces_without_a_safe_rollout_pass_by_unless_labelled() -> None:
    store = Store()
    assert not store.put(Kind.POD, pod())
    assert not store.put(Kind.DEPLOYMENT, deployment("plain"))
    assert store.put(Kind.DEPLOYMENT, deployment("labelled", label="missing"))
    assert store.put(Kind.SAFE_ROLLOUT, safe_rollout())


def test_a_deployment_that_lost_its_label_is_not_kept_with_it() -> None:
    store = Store()
    store.put(Kind.DEPLOYMENT, deployment(version=1, label="missing"))
    assert store.put(Kind.DEPLOYMENT, deployment(version=2))
    assert list(store.all(Kind.DEPLOYMENT)) == []


def test_a_forgotten_namespace_can_be_kept_again(store: Store) -> None:
    store.put(Kind.POD, pod(version=1))
    store.put(Kind.DEPLOYMENT, deployment(version=1, label="shop"))
    store.forget_namespace(NAMESPACE)
    assert list(store.all(Kind.POD)) == []
    assert store.get(Kind.DEPLOYMENT, BILLING) is not None
    store.keep_namespace(NAMESPACE)
    assert store.put(Kind.POD, pod(version=1))


def test_a_pod_concerns_the_safe_rollout_of_its_deployment(store: Store) -> None:
    store.put(Kind.SAFE_ROLLOUT, safe_rollout("shop"))
    store.put(Kind.DEPLOYMENT, deployment())
    store.put(Kind.REPLICA_SET, replica_set())
    assert store.keys_for(Kind.POD, pod()) == {"shop/shop"}


def test_a_pod_that_comes_before_its_replica_set_is_found_through_it_later(store: Store) -> None:
    store.put(Kind.SAFE_ROLLOUT, safe_rollout("shop"))
    store.put(Kind.DEPLOYMENT, deployment())
    store.put(Kind.POD, pod())
    assert store.keys_for(Kind.POD, pod()) == frozenset()
    store.put(Kind.REPLICA_SET, replica_set())
    assert store.keys_for(Kind.REPLICA_SET, replica_set()) == {"shop/shop"}
    assert [owned["metadata"]["name"] for owned in store.pods_of(replica_set())] == ["billing-1-a"]


def test_a_pod_that_nobody_controls_belongs_to_nobody(store: Store) -> None:
    store.put(Kind.REPLICA_SET, replica_set())
    store.put(Kind.POD, pod(ownerReferences=[]))
    assert store.pods_of(replica_set()) == ()


def test_a_label_concerns_the_safe_rollout_it_names_even_if_that_is_missing(store: Store) -> None:
    store.put(Kind.SAFE_ROLLOUT, safe_rollout("shop"))
    assert store.keys_for(Kind.DEPLOYMENT, deployment(label="mistyped")) == {"shop/shop", "shop/mistyped"}


def test_a_safe_rollout_concerns_every_other_that_names_the_same_workload(store: Store) -> None:
    store.put(Kind.SAFE_ROLLOUT, safe_rollout("first"))
    store.put(Kind.SAFE_ROLLOUT, safe_rollout("second"))
    assert store.keys_for(Kind.SAFE_ROLLOUT, safe_rollout("first")) == {"shop/first", "shop/second"}


def test_a_workload_ref_names_the_deployment(store: Store) -> None:
    raw = safe_rollout("shop")
    raw["spec"]["workloads"] = [{"name": "payments", "workloadRef": {"name": "billing"}}, {"name": "db", "workloadRef": {"kind": "StatefulSet", "name": "db"}}]
    store.put(Kind.SAFE_ROLLOUT, raw)
    assert store.naming(Kind.DEPLOYMENT, BILLING) == {Place(namespace=NAMESPACE, name="shop")}
    assert store.naming(Kind.DEPLOYMENT, Place(namespace=NAMESPACE, name="db")) == frozenset()


def test_a_spec_that_names_a_workload_no_longer_is_not_concerned_any_more(store: Store) -> None:
    store.put(Kind.SAFE_ROLLOUT, safe_rollout("shop", version=1))
    store.put(Kind.SAFE_ROLLOUT, safe_rollout("shop", version=2, workloads=("other",)))
    assert store.naming(Kind.DEPLOYMENT, BILLING) == frozenset()


def test_what_is_kept_lacks_what_no_decision_reads(store: Store) -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "...", "mine": "stays"}
    store.put(Kind.DEPLOYMENT, deployment(managedFields=[{"manager": "kubectl"}], annotations=annotations))
    store.put(Kind.POD, pod())
    kept_deployment = store.get(Kind.DEPLOYMENT, BILLING)
    kept_pod = store.get(Kind.POD, Place(namespace=NAMESPACE, name="billing-1-a"))
    assert kept_deployment is not None
    assert kept_pod is not None
    assert "managedFields" not in kept_deployment["metadata"]
    assert kept_deployment["metadata"]["annotations"] == {"mine": "stays"}
    assert "spec" not in kept_pod
    assert kept_pod["status"]["phase"] == "Running"


def test_a_pod_that_its_workload_owns_itself_concerns_whoever_names_that_workload() -> None:
    store = Store(workloads=(Kind.DEPLOYMENT, Kind.STATEFUL_SET))
    store.keep_namespace(NAMESPACE)
    named = safe_rollout()
    named["spec"]["workloads"] = [{"name": "billing", "workloadRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}}]
    store.put(Kind.SAFE_ROLLOUT, named)
    store.put(Kind.STATEFUL_SET, deployment("db") | {"kind": "StatefulSet"})
    store.put(Kind.CONTROLLER_REVISION, replica_set("db-1", of="db"))
    assert store.keys_for(Kind.POD, pod("db-0", of="db")) == {"shop/shop"}
    assert store.keys_for(Kind.CONTROLLER_REVISION, replica_set("db-1", of="db")) == {"shop/shop"}


def test_workloads_of_different_kinds_may_have_one_name() -> None:
    store = Store(workloads=(Kind.DEPLOYMENT, Kind.STATEFUL_SET))
    store.put(Kind.SAFE_ROLLOUT, safe_rollout())
    assert store.naming(Kind.DEPLOYMENT, BILLING)
    assert not store.naming(Kind.STATEFUL_SET, BILLING)
    assert store.keys_for(Kind.STATEFUL_SET, deployment() | {"kind": "StatefulSet"}) == frozenset()


def test_what_comes_out_of_the_store_says_its_kind_as_an_item_of_a_list_does_not(store: Store) -> None:
    bare = {key: value for key, value in deployment().items() if key not in ("kind", "apiVersion")}
    store.replace(Kind.DEPLOYMENT, [bare], resource_version="9", namespace=NAMESPACE)
    kept = store.get(Kind.DEPLOYMENT, BILLING)
    assert kept is not None and kept["kind"] == "Deployment"
