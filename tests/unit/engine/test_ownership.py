"""Every SafeRollout finds the same owner of a workload."""

from saferollout.api import names
from saferollout.engine.ownership import only_we_labelled, owner_of
from saferollout.engine.resources import Kind
from saferollout.engine.store import Store
from tests.unit.engine.objects import deployment, safe_rollout


def store_with(*safe_rollouts: dict[str, object]) -> Store:
    store = Store()
    for raw in safe_rollouts:
        store.put(Kind.SAFE_ROLLOUT, raw)
    return store


def test_the_label_decides_even_against_age() -> None:
    store = store_with(safe_rollout("old", creationTimestamp="2020-01-01T00:00:00Z"), safe_rollout("new"))
    assert owner_of(store, Kind.DEPLOYMENT, deployment(label="new")) == "new"


def test_without_a_label_the_oldest_that_names_it_has_it() -> None:
    store = store_with(safe_rollout("a"), safe_rollout("b", creationTimestamp="2020-01-01T00:00:00Z"))
    assert owner_of(store, Kind.DEPLOYMENT, deployment()) == "b"


def test_of_two_of_the_same_age_the_first_by_name_has_it() -> None:
    assert owner_of(store_with(safe_rollout("b"), safe_rollout("a")), Kind.DEPLOYMENT, deployment()) == "a"


def test_what_nobody_names_belongs_to_nobody() -> None:
    assert owner_of(store_with(safe_rollout(workloads=("other",))), Kind.DEPLOYMENT, deployment()) is None


def entry(manager: str) -> dict[str, object]:
    return {"manager": manager, "fieldsV1": {"f:metadata": {"f:labels": {f"f:{names.LABEL_MANAGED_BY}": {}}}}}


def test_a_label_that_only_the_operator_put_on_is_ours_to_take_off() -> None:
    assert only_we_labelled(deployment(managedFields=[entry(names.FIELD_MANAGER), {"manager": "kubectl", "fieldsV1": {}}]))


def test_a_label_of_ours_that_a_put_dropped_and_a_policy_brought_back_is_known_by_the_annotation() -> None:
    ours = {names.ANNOTATION_LABELLED_BY: names.LABELLED_BY_OPERATOR}
    assert only_we_labelled(deployment(annotations=ours, managedFields=[]))


def test_a_label_that_git_states_as_well_stays() -> None:
    ours = {names.ANNOTATION_LABELLED_BY: names.LABELLED_BY_OPERATOR}
    assert not only_we_labelled(deployment(annotations=ours, managedFields=[entry(names.FIELD_MANAGER), entry("argocd")]))
    assert not only_we_labelled(deployment(managedFields=[entry(names.FIELD_MANAGER), entry("argocd")]))
    assert not only_we_labelled(deployment(managedFields=[]))
