"""What each signal tells, and what it costs where it is missing; which of them each kind of contract, and every workload, wants.

Sources: the failure modes and what shows them, docs/concepts.md; the table of evidence, systems-and-signals.md D2 and D3.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from saferollout.api.contracts import ContractKind
from saferollout.core.catalogue.series import Signal, SignalName

SIGNALS: Final[Mapping[SignalName, Signal]] = {
    signal.name: signal
    for signal in (
        Signal(
            SignalName.DEAD_LETTERS, "records that came to the dead-letter topic", keys=("partition",),
            costs="mode 1 is seen only by failures of the consumers, and nobody can say how many records are to be replayed",
        ),
        Signal(
            SignalName.CONSUMER_FAILURES, "records that each pod of a consumer took, and how many of them failed", keys=("result", "topic"), needs=("result",), fails=True,
            costs="mode 1 can only be suspected: dead letters do not say which pods could not read them",
        ),
        Signal(
            SignalName.RECORDS_CONSUMED, "records that each pod of a consumer took", keys=("topic",),
            costs="mode 3 can only be suspected: a group that stands still does not say which pods do",
        ),
        Signal(
            SignalName.ASSIGNED_PARTITIONS, "how many partitions each pod of a consumer owns",
            costs="mode 3 can only be suspected, so that it holds and does not go back, unless OwnedPartitions is there: "
            "a pod that owns no partition can't be told from one that stands still",
        ),
        Signal(
            SignalName.OWNED_PARTITIONS, "which partitions each pod of a consumer owns", keys=("topic", "partition"), needs=("topic", "partition"),
            costs="mode 3 can only be suspected of a consumer of several topics; of one topic it is seen only at looks between which most partitions grew",
        ),
        Signal(
            SignalName.GROUP_LAG, "records that a consumer group is behind", keys=("partition",),
            costs="a consumer that falls behind is not seen, and mode 3 only by what its pods consume",
        ),
        Signal(
            SignalName.GROUP_OFFSET, "how far a consumer group has read", keys=("partition",),
            costs="whether a version is drained can't be proved by offsets: the proof reads kafka_exporter only",
        ),
        Signal(
            SignalName.TOPIC_INFLOW, "records that came to the topic", keys=("partition",),
            costs="a consumer that has nothing to do can't be told from one that stands still (mode 3), nor a broker that is down from a quiet hour",
        ),
        Signal(
            SignalName.PRODUCER_ERRORS, "records that each pod could not send",
            costs="a broker that refuses records is seen only by a topic that stops growing",
        ),
        Signal(SignalName.RECORDS_SENT, "records that each pod sent", costs="records that could not be sent are not judged, because nobody knows of how many"),
        Signal(
            SignalName.HTTP_SERVER, "requests that each pod answered, by status", keys=("status",), needs=("status",),
            costs="modes 2 and 5, and a plain bug behind an API, are not seen at the server",
        ),
        Signal(
            SignalName.HTTP_CLIENT, "requests that each pod sent, by status", keys=("status", "server"), needs=("status",),
            costs="mode 2 is seen at the server only: which clients are refused is not known",
        ),
        Signal(
            SignalName.LATENCY, "how long each pod took to answer", keys=("le",), needs=("le",),
            costs="slowness is seen by the mean of each pod only, and the oscillation of mode 4 is not seen",
        ),
        Signal(SignalName.LATENCY_SUM, "seconds that each pod took for all its answers", costs="without buckets and without sums slowness is not seen"),
        Signal(
            SignalName.CACHE_GETS, "look-ups in the cache by each pod, hit or miss", keys=("result", "cache"), needs=("result",), fails=True,
            costs="mode 4 can only be suspected: no client-side cache metric, and the cache itself counts a value that nobody can read as a hit",
        ),
        Signal(
            SignalName.CACHE_PUTS, "entries that each pod wrote to the cache", keys=("cache",),
            costs="pods that overwrite each other's entries (mode 4) are seen by their misses only",
        ),
        Signal(
            SignalName.CACHE_EVICTIONS, "entries that the cache threw out", keys=("cache",),
            costs="a cache that is too small can't be told from one whose entries nobody can read (mode 4)",
        ),
        Signal(
            SignalName.DB_OPERATIONS, "database operations of each pod, by SQLSTATE", keys=("sqlstate", "table"), needs=("sqlstate",),
            costs="mode 5 can only be suspected: rows that old pods can't read can't be told from a plain bug",
        ),
        Signal(
            SignalName.POOL_PENDING, "threads of each pod that wait for a database connection", keys=("pool",),
            costs="a database that is slow or full is seen by what it costs only",
        ),
        Signal(
            SignalName.POOL_TIMEOUTS, "times that a pod got no database connection", keys=("pool",),
            costs="a database that is down is seen by errors of its clients only",
        ),
        Signal(SignalName.RESTARTS, "restarts of containers", costs="a container that crashes is seen only where it is not ready for long"),
        Signal(SignalName.READINESS, "whether each pod is ready", costs="the operator's own look at pods stands for it"),
        Signal(
            SignalName.NODE_READY, "whether the node of each pod is ready", keys=("node",),
            costs="a node that is down can't be told from pods that fail",
        ),
        Signal(SignalName.SCRAPED, "whether Prometheus gets samples from each pod", costs="pods that are not scraped can't be told from pods that do nothing"),
        Signal(
            SignalName.CPU_THROTTLING, "times that a container had to wait for its CPU limit",
            costs="too little capacity can't be told from a plain bug",
        ),
        Signal(
            SignalName.BROKERS_UP, "brokers that are there",
            costs="modes 1 and 3 can only be suspected, and a broker that is down only from all its clients failing at once",
        ),
        Signal(
            SignalName.DATABASE_UP, "whether the database answers",
            costs="modes 1 (where a table is shared too) and 5 can only be suspected, and a database that is down only from all its clients failing at once",
        ),
        Signal(SignalName.DATABASE_START, "when the database started", costs="a restart of the database between two looks is not seen"),
        Signal(
            SignalName.CACHE_UP, "whether the cache answers",
            costs="mode 4 can only be suspected, and so can a cache that is down",
        ),
        Signal(SignalName.CACHE_START, "when the cache started", costs="a cache that came back empty looks like mode 4"),
        Signal(SignalName.GATEWAY_START, "when the gateway started", costs="a restart of the gateway can only be suspected, from traffic that falls everywhere"),
    )
}  # fmt: skip


class Side(StrEnum):
    """Whose series are looked for."""

    CONTRACT = "contract"  # of the topic or of the servers around it, by name
    READERS = "readers"    # pods of its readers; for an API: the server
    WRITERS = "writers"    # pods of its writers; for an API: the clients


_DATABASE: Final = ((SignalName.DATABASE_UP, Side.CONTRACT), (SignalName.DATABASE_START, Side.CONTRACT))

WANTED_BY_CONTRACTS: Final[Mapping[ContractKind, tuple[tuple[SignalName, Side], ...]]] = {
    ContractKind.TOPIC: (
        (SignalName.DEAD_LETTERS, Side.CONTRACT), (SignalName.CONSUMER_FAILURES, Side.READERS), (SignalName.RECORDS_CONSUMED, Side.READERS),
        (SignalName.ASSIGNED_PARTITIONS, Side.READERS), (SignalName.OWNED_PARTITIONS, Side.READERS),
        (SignalName.GROUP_LAG, Side.CONTRACT), (SignalName.GROUP_OFFSET, Side.CONTRACT), (SignalName.TOPIC_INFLOW, Side.CONTRACT),
        (SignalName.PRODUCER_ERRORS, Side.WRITERS), (SignalName.RECORDS_SENT, Side.WRITERS), (SignalName.BROKERS_UP, Side.CONTRACT),
    ),
    ContractKind.API: (
        (SignalName.HTTP_SERVER, Side.READERS), (SignalName.HTTP_CLIENT, Side.WRITERS), (SignalName.LATENCY, Side.READERS),
        (SignalName.LATENCY_SUM, Side.READERS),
    ),
    ContractKind.CACHE: (
        (SignalName.CACHE_GETS, Side.READERS), (SignalName.CACHE_PUTS, Side.WRITERS), (SignalName.LATENCY, Side.READERS),
        (SignalName.CACHE_EVICTIONS, Side.CONTRACT), (SignalName.CACHE_UP, Side.CONTRACT), (SignalName.CACHE_START, Side.CONTRACT),
    ),
    ContractKind.TABLE: (
        (SignalName.HTTP_SERVER, Side.READERS), (SignalName.DB_OPERATIONS, Side.READERS), (SignalName.POOL_PENDING, Side.READERS),
        (SignalName.POOL_TIMEOUTS, Side.READERS), *_DATABASE,
    ),
}  # fmt: skip

WANTED_BY_WORKLOADS: Final = (SignalName.RESTARTS, SignalName.READINESS, SignalName.CPU_THROTTLING, SignalName.NODE_READY, SignalName.SCRAPED)
WANTED_BY_RELEASES: Final = (SignalName.GATEWAY_START,)
