"""Releases of a reader and a writer of a topic whose format is told only by a word, and what a person is asked in them."""

from saferollout.api.spec import SafeRolloutSpec
from tests.unit.core.little_cluster import LittleCluster

APPROVAL = "Prove/events/generation-0"


def worded_cluster(word: str, *, batches: tuple[str, ...] = (), retention: int | None = None) -> LittleCluster:
    """Return a reader r1 and a writer w1 of one topic, whose format is told only by a word."""
    topic = {"name": "events", "retentionSeconds": retention}
    contract = {"name": "events", "topic": topic, "compatibility": word, "readers": ["reader"], "writers": ["writer"]}
    workloads = [{"name": name, "batches": list(batches)} for name in ("writer", "reader")]
    spec = {"workloads": workloads, "contracts": [contract], "bakeSeconds": 5, "settleSeconds": 2, "gating": "Disabled"}
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate(spec))
    cluster.running("writer", "w1", None)
    cluster.running("reader", "r1", None)
    cluster.play()
    return cluster


def released(word: str, *, batches: tuple[str, ...] = (), retention: int | None = None) -> LittleCluster:
    """Return the cluster after a release of both."""
    cluster = worded_cluster(word, batches=batches, retention=retention)
    sync(cluster, reader="r2", writer="w2")
    return cluster


def sync(cluster: LittleCluster, *, reader: str | None = None, writer: str | None = None) -> None:
    """Apply templates in one sync, and play until nothing moves any more."""
    for name, revision in (("reader", reader), ("writer", writer)):
        if revision is not None:
            cluster.apply(name, revision, None)
    cluster.play(looks=400)


def asked(cluster: LittleCluster) -> list[str]:
    release = cluster.status.release
    return [step.id for step in release.steps if step.kind == "Approve" and step.state == "Waiting"] if release is not None else []
