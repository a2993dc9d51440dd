"""What status says of a workload is not more than the cluster shows."""

from dataclasses import replace

from saferollout.api.status import State
from tests.unit.core.shop import WRITES_1, condition, little_cluster, state


def test_a_workload_that_was_rolling_when_it_was_adopted_is_not_called_stable() -> None:
    cluster = little_cluster()
    view = cluster.views["writer"]
    newer = replace(view.replica_sets[0], name="writer-w2", uid="writer-w2", hash="w2", body="w2", replicas=3, pods=3, ready=0, available=0, steady=0)
    cluster.texts["w2"], cluster.bodies["w2"] = WRITES_1, "w2"
    cluster.views["writer"] = replace(view, template="w2", body="w2", replica_sets=(newer, *view.replica_sets))
    cluster.status = type(cluster.status)()
    cluster.look()
    writer = next(known for known in cluster.status.workloads if known.name == "writer")
    assert writer.state == "Rolling" and "did not start" in writer.message
    assert state(cluster) is State.WAITING and condition(cluster, "Ready") == "False"
    assert cluster.status.summary is not None and "did not start is under way: writer" in cluster.status.summary.message


def test_a_spec_with_a_query_that_does_not_parse_is_refused_before_anything_is_released() -> None:
    cluster = little_cluster(gates=[{"name": "letters", "promql": "sum(", "max": "5"}])
    cluster.look()
    assert state(cluster) is State.REFUSED and condition(cluster, "Stalled") == "True"
    assert cluster.status.summary is not None and "letters" in cluster.status.summary.message
