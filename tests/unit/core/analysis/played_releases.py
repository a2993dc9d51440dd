"""Releases of a server and its client, or of a writer and a reader, played from their first template on; what they say is read from status."""

import random
from collections.abc import Callable

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import Finding
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

EVENTS = {
    "name": "events", "writers": ["writer"],
    "topic": {
        "name": "events", "retentionSeconds": 86400, "deadLetterTopic": "events.dlt",
        "consumerGroups": [{"group": "reader", "workload": "reader"}],
    },
}  # fmt: skip
USERS = {"name": "users", "api": {"server": "server", "clients": ["client"]}}
ROWS = {"name": "rows", "table": {"name": "rows"}, "readers": ["server"], "writers": ["server"]}


def cluster(works: object, *workloads: str, contracts: list[dict[str, object]], mode: str = "Enforce", **spec_fields: object) -> WatchedCluster:
    spec = {
        "workloads": [{"name": name, "batches": ["20%"]} for name in workloads], "contracts": contracts, "bakeSeconds": 60, "settleSeconds": 0,
        "analysis": {"mode": mode, "quietSeconds": 20, "intervalSeconds": 5},
        **spec_fields,
    }  # fmt: skip
    made = WatchedCluster(spec=SafeRolloutSpec.model_validate(spec), works=works)  # type: ignore[arg-type]
    for name in workloads:
        made.running(name, f"{name}1", None)
    made.play(looks=5)
    return made


def finding(played: WatchedCluster) -> Finding:
    release = played.status.release
    assert release is not None and release.finding is not None, played.status.summary
    return release.finding


def summary(played: WatchedCluster) -> str:
    assert played.status.summary is not None
    return f"{played.status.summary.state}: {played.status.summary.message}"


def answer_requests(shop: WatchedCluster, rng: random.Random, *, bad: object) -> None:
    """Have every server pod answer five requests a second, of which some are bad; the client sees the same."""
    for pod, revision in shop.pod_names("server"):
        share, status = bad(revision)  # type: ignore[operator]
        for _ in range(5):
            answer = status if rng.random() < share else "200"
            shop.count("http_server_requests_seconds_count", namespace="shop", pod=pod, status=answer)
            callers = shop.pod_names("client")
            if not callers:
                continue
            shop.count("http_client_requests_seconds_count", namespace="shop", pod=callers[rng.randrange(len(callers))][0], status=answer)


def unreadable_rows(rng: random.Random, *, knows_sqlstates: bool = True) -> Callable[[WatchedCluster], None]:
    """Have new pods of the server write rows that its old ones can't read (failure mode 5): the more new pods, the more of them are met."""

    def works(shop: WatchedCluster) -> None:
        shop.set("pg_up", 1.0)
        shop.set("pg_postmaster_start_time_seconds", 1.0)
        pods = shop.pod_names("server")
        share = sum(is_new(revision) for _, revision in pods) / max(1, len(pods))
        answer_requests(shop, rng, bad=lambda revision: (0.002, "500") if is_new(revision) else (0.002 + share / 2, "500"))
        for pod, revision in pods if knows_sqlstates else ():
            for _ in range(5):
                fails = not is_new(revision) and rng.random() < share / 2
                shop.count("db_client_operation_duration_seconds_count", namespace="shop", pod=pod, db_response_status_code="22P02" if fails else "")

    return works
