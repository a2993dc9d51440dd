"""A release of 20 workloads that share 20 contracts, and everything that their pods and servers report while nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import numpy as np

from bench.watched.scrapes import Owner, Scrapes
from bench.watched.views import pod_names, snapshot_of
from saferollout.api.spec import SafeRolloutSpec
from saferollout.core.analysis.schedule import BASELINE_LOOKS
from saferollout.core.decision import Snapshot

BEGAN: Final = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
EVERY: Final = timedelta(seconds=15)
CONTRACTS: Final = 20
WORKLOADS: Final = 20
_NEW_SHARE: Final = 0.2
_PARTITIONS: Final = 4
_BUCKETS: Final = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf")
_KINDS: Final = ("topic", "api", "cache", "table")


@dataclass(frozen=True, slots=True)
class Reported:
    """One series: `pace` is what it grows by each second on average; a gauge keeps its `level`."""

    metric: str
    labels: Owner
    pace: float = 0.0
    level: float = 0.0


def big_release(*, pods: int, looks: int, seed: int) -> tuple[Snapshot, Scrapes]:
    """Return the release, all workloads of which roll, a fifth of their pods new; and what was scraped before and in so many looks."""
    spec = SafeRolloutSpec.model_validate({
        "workloads": [{"name": workload(number)} for number in range(WORKLOADS)],
        "contracts": [_contract(number) for number in range(CONTRACTS)],
        "analysis": {"mode": "Enforce"},
    })  # fmt: skip
    new = max(1, round(pods * _NEW_SHARE))
    names = frozenset(workload(number) for number in range(WORKLOADS))
    snapshot = snapshot_of(spec, began=BEGAN, pods=dict.fromkeys(names, (pods - new, new)), rolled=names)
    return snapshot, _scraped(list(_reported(pods - new, new)), looks=looks, seed=seed)


def workload(number: int) -> str:
    """Return the name of a workload."""
    return f"w{number % WORKLOADS}"


def _contract(number: int) -> dict[str, Any]:
    name, reader, writer = f"c{number}", workload(number), workload(number + 1)
    match _KINDS[number % len(_KINDS)]:
        case "topic":
            topic = {"name": name, "deadLetterTopic": f"{name}.dlt", "consumerGroups": [{"group": f"g{number}", "workload": reader}]}
            return {"name": name, "topic": topic, "writers": [writer]}
        case "api":
            return {"name": name, "api": {"server": reader, "clients": [writer]}}
        case "cache":
            return {"name": name, "cache": {"ttlSeconds": 60}, "readers": [reader, writer], "writers": [reader]}
        case _:
            return {"name": name, "table": {"name": name}, "readers": [reader], "writers": [writer]}


def _reported(old: int, new: int) -> Iterator[Reported]:
    for number in range(WORKLOADS):
        for pod in (*pod_names(workload(number), new=False, pods=old), *pod_names(workload(number), new=True, pods=new)):
            yield from _of_pod(pod, reads=_KINDS[number % len(_KINDS)], writes=_KINDS[(number - 1) % len(_KINDS)])
    for number in range(0, CONTRACTS, len(_KINDS)):
        for partition in range(_PARTITIONS):
            yield from _of_topic(number, {"partition": str(partition)})
    for metric in ("kafka_brokers", "pg_up", "redis_up"):
        yield Reported(metric, {"instance": metric}, level=1.0)
    yield Reported("pg_postmaster_start_time_seconds", {"instance": "pg"}, level=1.0)
    yield Reported("redis_uptime_in_seconds", {"instance": "redis"}, pace=1.0, level=1e6)


def _of_topic(number: int, partition: Owner) -> Iterator[Reported]:
    yield Reported("kafka_topic_partition_current_offset", {"topic": f"c{number}", **partition}, pace=10.0)
    yield Reported("kafka_topic_partition_current_offset", {"topic": f"c{number}.dlt", **partition}, pace=0.01)
    group = {"consumergroup": f"g{number}", "topic": f"c{number}", **partition}
    yield Reported("kafka_consumergroup_lag", group, level=3.0)
    yield Reported("kafka_consumergroup_current_offset", group, pace=10.0)


def _of_pod(pod: str, *, reads: str, writes: str) -> Iterator[Reported]:
    own = {"namespace": "shop", "pod": pod, "instance": f"{pod}:8080"}
    container = {**own, "container": "main"}
    yield Reported("kube_pod_container_status_restarts_total", container)
    yield Reported("container_cpu_cfs_throttled_periods_total", container, pace=0.02)
    yield Reported("kube_pod_status_ready", {**own, "condition": "true"}, level=1.0)
    if reads in ("api", "cache", "table"):
        yield from (Reported("http_server_requests_seconds_count", {**own, "status": status}, pace) for status, pace in (("200", 10.0), ("404", 0.05), ("500", 0.05)))
    if reads in ("api", "cache"):
        yield from (Reported("http_server_requests_seconds_bucket", {**own, "le": le}, min(10.0, place)) for place, le in enumerate(_BUCKETS))
    if reads == "topic":
        yield from (Reported("spring_kafka_listener_seconds_count", {**own, "result": result}, pace) for result, pace in (("success", 10.0), ("failure", 0.05)))
        yield Reported("kafka_consumer_fetch_manager_records_consumed_total", own, 10.0)
    if "cache" in (reads, writes):
        yield from (Reported("cache_gets_total", {**own, "cache": "c", "result": result}, pace) for result, pace in (("hit", 9.0), ("miss", 1.0)))
        yield Reported("cache_puts_total", {**own, "cache": "c"}, 1.0)
    if reads == "table":
        yield from (Reported("db_client_operation_duration_seconds_count", {**own, "db_response_status_code": code}, pace) for code, pace in (("", 10.0), ("23505", 0.02)))
        yield Reported("hikaricp_connections_pending", {**own, "pool": "p"})
        yield Reported("hikaricp_connections_timeout_total", {**own, "pool": "p"})
    if writes == "api":
        yield from (Reported("http_client_requests_seconds_count", {**own, "status": status}, pace) for status, pace in (("200", 10.0), ("500", 0.05)))
    if writes == "topic":
        yield Reported("kafka_producer_record_error_total", own, 0.01)


def _scraped(reported: list[Reported], *, looks: int, seed: int) -> Scrapes:
    """Let everything grow with chance, look by look; new pods are there from the first look of the release on."""
    instants = [BEGAN + (number - BASELINE_LOOKS) * EVERY for number in range(BASELINE_LOOKS + looks + 1)]
    grown = np.random.default_rng(seed).poisson([[one.pace * EVERY.total_seconds()] for one in reported], (len(reported), len(instants)))
    born = [BASELINE_LOOKS if "-new-" in one.labels.get("pod", "") else 0 for one in reported]
    for row, first in enumerate(born):
        grown[row, : first + 1] = 0
    values = np.cumsum(grown, axis=1) + [[one.level] for one in reported]
    scrapes, places = Scrapes(), count()
    rows: dict[str, list[int]] = {}
    for one, place in zip(reported, places, strict=False):
        scrapes.series.setdefault(one.metric, []).append(one.labels)
        rows.setdefault(one.metric, []).append(place)
    for number, at in enumerate(instants):
        now = values[:, number].tolist()
        scrapes.values[at] = {metric: [float(now[place]) if number > born[place] or not born[place] else None for place in chosen] for metric, chosen in rows.items()}
    return scrapes
