"""What is given back is let go of, and nothing else is."""

from typing import Any

from saferollout.core import actions as a
from saferollout.engine.resources import Kind
from saferollout.engine.trimming import trim
from saferollout.workloads.deployment_view import view_deployment
from saferollout.workloads.deployment_writes import write_deployment
from saferollout.workloads.field_ownership import owned_spec_fields, without_fields
from saferollout.workloads.protocol import RawWorkload
from tests.unit.workloads.objects import NOW, deployment

LABEL = {"f:labels": {"f:saferollout.io/managed-by": {}}}


def entry(manager: str, *fields: str, metadata: bool = False, subresource: str = "") -> dict[str, Any]:
    owned: dict[str, Any] = {"f:spec": {f"f:{field}": {"f:anything": {}} for field in fields}} if fields else {}
    if metadata:
        owned["f:metadata"] = LABEL
    return {"manager": manager, "operation": "Update", "fieldsV1": owned, **({"subresource": subresource} if subresource else {})}


def owned(*entries: dict[str, Any], **spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = deployment()
    found["spec"] |= spec
    found["metadata"]["managedFields"] = list(entries)
    return found


def returned(raw: dict[str, Any]) -> bool:
    return view_deployment(RawWorkload(workload=raw), restart_annotations=(), now=NOW).owns_returned


def test_fields_that_were_given_back_are_still_on_record_as_ours() -> None:
    assert returned(owned(entry("saferollout", "strategy", "minReadySeconds")))
    assert returned(owned(entry("saferollout", "template")))
    assert not returned(owned(entry("helm", "strategy", "template"), entry("saferollout", metadata=True)))
    assert not returned(owned(entry("saferollout", "replicas", subresource="scale")))


def test_a_pause_that_stands_is_not_let_go_of() -> None:
    assert not returned(owned(entry("saferollout", "paused"), paused=True))
    assert returned(owned(entry("saferollout", "paused", "template"), paused=True))
    assert owned_spec_fields({"managedFields": [entry("saferollout", "paused", "template")]}) == {"paused", "template"}


def test_letting_go_changes_only_the_record_and_only_our_part_of_it() -> None:
    helm, ours = entry("helm", "strategy"), entry("saferollout", "strategy", "template", metadata=True)
    raw = owned(helm, ours)
    write = write_deployment(a.Disown(workload="billing"), RawWorkload(workload=raw), now=NOW)
    assert set(write.body) == {"metadata"} and set(write.body["metadata"]) == {"resourceVersion", "uid", "managedFields"}
    assert write.body["metadata"]["managedFields"] == [helm, {**ours, "fieldsV1": {"f:metadata": LABEL}}]


def test_an_entry_of_ours_that_says_nothing_any_more_goes() -> None:
    assert without_fields([entry("saferollout", "strategy"), entry("helm", "strategy")], frozenset({"strategy"})) == [entry("helm", "strategy")]


def test_the_store_keeps_the_record_only_while_it_is_needed() -> None:
    assert "managedFields" in trim(Kind.DEPLOYMENT, owned(entry("helm", "template"), entry("saferollout", "paused")))["metadata"]
    assert "managedFields" not in trim(Kind.DEPLOYMENT, owned(entry("helm", "template"), entry("saferollout", metadata=True)))["metadata"]
