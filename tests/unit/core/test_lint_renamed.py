"""A rename in one commit is an outage in the making."""

from saferollout.core.lint_findings import Code, Place, SafeRolloutManifest, WorkloadManifest
from saferollout.core.lint_renamed import renamed


def deployment(name: str, *, kind: str = "Deployment", namespace: str = "shop", managed_by: str = "opencore") -> WorkloadManifest:
    return WorkloadManifest(place=Place("workloads.yaml", 1), kind=kind, name=name, namespace=namespace, managed_by=managed_by)


def saferollout(*named: str) -> SafeRolloutManifest:
    return SafeRolloutManifest(Place("saferollout.yaml", 1), "opencore", "shop", None, named=tuple(("Deployment", one) for one in named))


def codes(named: tuple[str, ...], now: list[WorkloadManifest], before: list[WorkloadManifest]) -> list[tuple[Code, str]]:
    return [(finding.code, finding.about) for finding in renamed([saferollout(*named)], now, before=before)]


def test_a_workload_that_comes_while_another_goes_is_named() -> None:
    found = codes(("users", "accounts"), [deployment("users"), deployment("accounts")], [deployment("users"), deployment("people")])
    assert found == [(Code.RENAMED_WORKLOAD, "Deployment accounts")]


def test_a_workload_that_only_comes_or_only_goes_is_fine() -> None:
    assert codes(("users",), [deployment("users"), deployment("accounts")], [deployment("users")]) == []
    assert codes(("users",), [deployment("users")], [deployment("users"), deployment("people")]) == []


def test_what_goes_elsewhere_does_not_count() -> None:
    others = [deployment("people", managed_by="other"), deployment("people", namespace="other"), deployment("people", kind="Job")]
    for other in others:
        assert codes(("accounts",), [deployment("accounts")], [other]) == []


def test_a_statefulset_is_named_with_what_becomes_of_it() -> None:
    new, old = deployment("ledger", kind="StatefulSet"), deployment("book", kind="StatefulSet")
    [finding] = renamed([saferollout()], [new], before=[old])
    assert (finding.code, finding.about) == (Code.RENAMED_WORKLOAD, "StatefulSet ledger")
    assert "starts at once" in finding.message and "volumes of its own" in finding.message and "held at creation" not in finding.message


def test_another_kind_of_the_same_name_is_another_workload() -> None:
    new, old = deployment("ledger", kind="StatefulSet"), deployment("ledger")
    assert [finding.about for finding in renamed([saferollout()], [new], before=[old])] == ["StatefulSet ledger"]
    assert list(renamed([saferollout()], [new, old], before=[old])) == []
