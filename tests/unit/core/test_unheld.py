"""A new StatefulSet starts at once: status says so, and what it can't live with, and claims no hold that nobody has."""

from dataclasses import replace

from saferollout.core.event_reasons import EventReason
from saferollout.core.views import Absence, Absent
from tests.unit.core.little_cluster import BORN, LittleCluster
from tests.unit.core.shop import READS_BOTH, WRITES_1, WRITES_2, condition, little_cluster

STARTED = f"{EventReason.STARTED_UNHELD} ledger"


def with_ledger(*, contracts: str, seen_missing: bool = True) -> LittleCluster:
    """Return a shop whose reader reads version 1, into which the StatefulSet ledger comes."""
    cluster = little_cluster(gating="Disabled", bakeSeconds=0, workloads=[{"name": "writer"}, {"name": "reader"}, {"name": "ledger"}])
    cluster.absent["ledger"] = Absent(name="ledger", kind="StatefulSet", reason=Absence.NOT_FOUND, message="there is no StatefulSet 'ledger'")
    if seen_missing:
        cluster.look()
    del cluster.absent["ledger"]
    put_statefulset(cluster, "l1", contracts)
    cluster.log.clear()
    return cluster


def put_statefulset(cluster: LittleCluster, revision: str, contracts: str) -> None:
    cluster.running("ledger", revision, contracts, replicas=3)
    cluster.views["ledger"] = replace(cluster.views["ledger"], kind="StatefulSet", uid=f"ledger-{revision}", current=revision, created=cluster.now)


def message(cluster: LittleCluster, name: str = "ledger") -> str:
    return next(known.message for known in cluster.status.workloads if known.name == name)


def test_it_is_told_once_and_stands_in_status_for_as_long_as_it_runs_that_template() -> None:
    cluster = with_ledger(contracts=WRITES_1)
    for _ in range(3):
        cluster.look()
    assert cluster.log.count(STARTED) == 1
    assert message(cluster) == "runs the template that it was created with, which was not held: a new StatefulSet starts at once"
    older = replace(cluster.views["ledger"].replica_sets[0], name="ledger-l0", uid="l0", hash="l0", replicas=0, pods=0, ready=0, available=0, steady=0)
    cluster.views["ledger"] = replace(cluster.views["ledger"], replica_sets=(*cluster.views["ledger"].replica_sets, older))
    cluster.look()
    assert message(cluster) == ""


def test_what_it_writes_and_a_reader_that_runs_cannot_read_is_named_on_both_and_refuses_nothing() -> None:
    cluster = with_ledger(contracts=WRITES_2)
    cluster.play()
    for name in ("ledger", "reader"):
        assert "unsafe now: " in message(cluster, name) and "2" in message(cluster, name), message(cluster, name)
    assert "unsafe" not in message(cluster, "writer")
    assert condition(cluster, "PlanAccepted") == "True"
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play()
    assert cluster.pods("reader") == {"r2": 10}
    assert "unsafe" not in message(cluster) + message(cluster, "reader")


def test_it_is_told_although_its_revision_was_not_heard_of_yet() -> None:
    cluster = with_ledger(contracts=WRITES_1)
    whole = cluster.views["ledger"]
    cluster.views["ledger"] = replace(whole, replica_sets=(), settled=False, current="")
    cluster.look()
    cluster.views["ledger"] = whole
    cluster.play()
    assert cluster.log.count(STARTED) == 1


def test_one_that_is_older_than_the_safe_rollout_or_was_there_at_first_sight_is_no_news() -> None:
    older = with_ledger(contracts=WRITES_1)
    older.views["ledger"] = replace(older.views["ledger"], created=BORN)
    first_sight = with_ledger(contracts=WRITES_1, seen_missing=False)
    first_sight.status = type(first_sight.status)()
    for cluster in (older, first_sight):
        cluster.play()
        assert STARTED not in cluster.log


def test_one_that_was_deleted_and_created_again_with_another_template_is_told() -> None:
    cluster = with_ledger(contracts=WRITES_1)
    cluster.play()
    cluster.log.clear()
    put_statefulset(cluster, "l2", WRITES_1)
    cluster.play()
    assert cluster.log.count(STARTED) == 1


def test_a_new_deployment_is_held_so_nothing_of_the_kind_is_said_of_it() -> None:
    cluster = with_ledger(contracts=WRITES_1)
    cluster.views["ledger"] = replace(cluster.views["ledger"], kind="Deployment", current=None)
    cluster.play()
    assert STARTED not in cluster.log and message(cluster) == ""
