"""Which SafeRollout is meant."""

from typing import Any

import pytest

from saferollout.cli.choose import chosen, manager_of
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.pictures import raw


def named(name: str, **changes: Any) -> dict[str, Any]:
    return raw(None, metadata={"name": name}, **changes)


def deployment(name: str, managed_by: str | None = None) -> dict[str, Any]:
    labels = {"saferollout.io/managed-by": managed_by} if managed_by else {}
    return {"kind": "Deployment", "metadata": {"name": name, "namespace": "opencore", "labels": labels}}


def test_the_only_saferollout_needs_no_name() -> None:
    assert chosen(FakeCluster(named("opencore")), None) == "opencore"


def test_several_saferollouts_are_listed() -> None:
    with pytest.raises(CommandFailed, match=r"several SafeRollouts; name one \(there are: opencore, search\)") as failure:
        chosen(FakeCluster(named("search"), named("opencore")), None)
    assert failure.value.exit_code is ExitCode.BAD_USAGE


def test_a_mistyped_name_gets_the_nearest_one() -> None:
    with pytest.raises(CommandFailed, match="did you mean 'opencore'"):
        chosen(FakeCluster(named("opencore")), "opencroe")


def test_an_empty_namespace_says_so() -> None:
    with pytest.raises(CommandFailed, match="no SafeRollout in namespace opencore"):
        chosen(FakeCluster(), None)


def test_a_workload_is_found_by_the_name_of_its_deployment() -> None:
    renamed = named("opencore", workloads=[{"name": "gateway", "workloadRef": {"name": "edge"}}])
    assert manager_of(FakeCluster(renamed, deployment("edge", "opencore")), "edge") == ("opencore", "gateway")


def test_the_label_decides_between_two_saferollouts_that_name_a_workload() -> None:
    first, second = named("first"), named("second")
    assert manager_of(FakeCluster(first, second, deployment("gateway", "second")), "gateway") == ("second", "gateway")


@pytest.mark.parametrize(
    ("label", "workloads", "sentence"),
    [
        (
            "opencroe",
            [{"name": "gateway"}],
            "names the SafeRollout 'opencroe', which is not in namespace opencore; did you mean 'opencore'",
        ),
        ("opencore", [{"name": "other"}], "SafeRollout 'opencore' does not list the workload 'gateway'"),
        (None, [{"name": "gatewai"}], "no SafeRollout in namespace opencore has the workload 'gateway'; did you mean 'gatewai'"),
    ],
)
def test_a_workload_that_nothing_manages_is_explained(label: str | None, workloads: list[dict[str, str]], sentence: str) -> None:
    with pytest.raises(CommandFailed, match=sentence):
        manager_of(FakeCluster(named("opencore", workloads=workloads), deployment("gateway", label)), "gateway")
