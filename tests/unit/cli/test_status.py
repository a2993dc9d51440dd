"""When a watch ends, and with which exit code."""

import pytest

from saferollout.cli.exit_codes import ExitCode
from saferollout.cli.live_workloads import heartbeat_of, views_of
from saferollout.cli.status import ended, machine, out_of_time
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.pictures import picture, raw, release, replica_set, status, view, workload_states


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("Completed", ExitCode.DONE),
        ("Idle", ExitCode.DONE),
        ("RolledBack", ExitCode.ROLLED_BACK),
        ("Failed", ExitCode.STOPPED),
        ("Refused", ExitCode.STOPPED),
        ("Progressing", None),
        ("Settling", None),
        ("Waiting", None),
        ("AwaitingApproval", None),
        ("Paused", None),
        ("RollingBack", None),
    ],
)
def test_a_watch_ends_with_the_release(state: str, code: ExitCode | None) -> None:
    assert ended(picture(raw(status(state)), views={})) is code


def test_a_watch_does_not_end_before_the_operator_has_seen_the_spec() -> None:
    assert ended(picture(raw(status("Idle"), metadata={"generation": 4}))) is None


def test_a_watch_does_not_end_before_anybody_has_looked() -> None:
    assert ended(picture(raw(None))) is None


def test_a_watch_does_not_end_while_a_command_is_unheard() -> None:
    annotations = {"command.saferollout.io/retry": "{}"}
    assert ended(picture(raw(status("RolledBack"), metadata={"annotations": annotations}), views={})) is None


def test_a_template_held_a_moment_ago_is_not_taken_for_the_release_before() -> None:
    held = {"gateway": view("gateway", replica_set("g1", 2), template="g2", held=True)}
    noticed = picture(raw(status("Completed", workloads=workload_states(gateway="Held"))), views=held)
    assert ended(picture(raw(status("Completed")), views=held)) is None
    assert ended(noticed) is ExitCode.DONE


@pytest.mark.parametrize("state", ["Waiting", "AwaitingApproval", "Paused"])
def test_time_that_runs_out_while_somebody_must_act_has_its_own_code(state: str) -> None:
    assert out_of_time(picture(raw(status(state)))) is ExitCode.TIMEOUT_WAITING


@pytest.mark.parametrize("state", ["Progressing", "Settling", "RollingBack"])
def test_time_that_runs_out_on_the_way_has_another(state: str) -> None:
    assert out_of_time(picture(raw(status(state)))) is ExitCode.TIMEOUT_MOVING


def test_scripts_get_the_operators_own_status() -> None:
    said = status("Progressing", release=release())
    assert machine(raw(said)) == {"name": "opencore", "namespace": "opencore", "generation": 3, "status": said}


def test_without_the_right_to_read_pods_there_are_no_views() -> None:
    cluster = FakeCluster(raw(None))
    cluster.forbidden = {"/api/v1"}
    assert views_of(cluster, raw(None)) == {}


def test_the_youngest_lease_of_the_operator_counts() -> None:
    labels = {"app.kubernetes.io/name": "saferollout"}
    leases = [
        {
            "kind": "Lease",
            "metadata": {"name": f"lease-{holder}", "namespace": "system", "labels": labels},
            "spec": {"holderIdentity": holder, "renewTime": renewed},
        }
        for holder, renewed in (("old", "2026-03-02T11:00:00.000000Z"), ("new", "2026-03-02T12:00:00.000000Z"))
    ]
    empty = {"kind": "Lease", "metadata": {"name": "empty", "namespace": "system", "labels": labels}, "spec": {}}
    found = heartbeat_of(FakeCluster(*leases, empty))
    assert found is not None
    assert found.holder == "new"
    assert heartbeat_of(FakeCluster(empty)) is None
