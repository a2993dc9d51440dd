"""Releases that depend on a workload of another namespace, played through `decide`."""

from saferollout.core.foreign import ForeignName, ForeignWorkload
from saferollout.core.templates import TemplateFacts
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import READS_1, READS_BOTH, WRITES_2, condition, little_cluster

WAREHOUSE = ForeignName(namespace="data", workload="warehouse")


def shared_cluster(foreign: ForeignWorkload) -> LittleCluster:
    """Return a little cluster whose topic is read in another namespace too, where `foreign` runs."""
    party = {"name": "dwh", "from": {"namespace": "data", "workload": "warehouse"}}
    topic = {"name": "events", "topic": {"name": "events"}, "externalReaders": [party]}
    cluster = little_cluster(contracts=[topic], gating="Disabled")
    cluster.foreign[WAREHOUSE] = foreign
    return cluster


def declaring(*texts: str) -> ForeignWorkload:
    return ForeignWorkload(alive=tuple(TemplateFacts(text, text) for text in texts))


def message(cluster: LittleCluster, kind: str) -> str:
    return next(known.message for known in cluster.status.conditions if known.type == kind)


def test_a_writer_waits_until_the_live_pods_of_another_namespace_read_its_new_version() -> None:
    cluster = shared_cluster(declaring("events: {reads: [1]}"))
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w1": 10}
    assert "dwh (external) reads only 1" in message(cluster, "PlanAccepted")
    cluster.foreign[WAREHOUSE] = declaring("events: {reads: [1]}", "events: {reads: [1, 2]}")
    cluster.play(looks=10)
    assert cluster.pods("writer") == {"w1": 10}, "an old pod is still there"
    cluster.foreign[WAREHOUSE] = declaring("events: {reads: [1, 2]}")
    cluster.play()
    assert cluster.pods("writer") == {"w2": 10}


def test_a_workload_of_another_namespace_that_can_not_be_read_is_named_with_the_way_out_and_fixes_go_on() -> None:
    cluster = shared_cluster(ForeignWorkload(problem="annotate it"))
    cluster.play(looks=5)
    assert condition(cluster, "PlanAccepted") == "False" and "annotate it" in message(cluster, "PlanAccepted")
    assert condition(cluster, "Ready") == "True", "all that runs is as it should be"
    cluster.apply("reader", "r2", READS_1)
    cluster.play()
    assert cluster.pods("reader") == {"r2": 10}
    cluster.apply("reader", "r3", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w1": 10}
    assert message(cluster, "PlanAccepted").startswith("what dwh does with events is not known: annotate it")
