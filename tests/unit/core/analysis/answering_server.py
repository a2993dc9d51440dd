"""A server and its client, released one after the other, with as many requests as a test has them answer."""

import random
from collections.abc import Callable

from saferollout.api.spec import SafeRolloutSpec
from tests.unit.core.analysis.played_releases import USERS
from tests.unit.core.analysis.watched_cluster import WatchedCluster

Works = Callable[[WatchedCluster], None]
METRIC = "http_server_requests_seconds_count"
BAKE = 30


def shop_of(works: Works, *, has_prometheus: bool = True, analysis: dict[str, object] | None = None, **fields: object) -> WatchedCluster:
    spec = {
        "workloads": [{"name": "server", "batches": ["20%"]}, {"name": "client"}], "contracts": [USERS], "bakeSeconds": BAKE, "settleSeconds": 0,
        "analysis": {"quietSeconds": 20, "intervalSeconds": 5, **(analysis or {})}, **fields,
    }  # fmt: skip
    made = WatchedCluster(spec=SafeRolloutSpec.model_validate(spec), works=works, has_prometheus=has_prometheus)
    made.running("server", "server1", None)
    made.running("client", "client1", None)
    made.play(looks=5)
    made.apply("server", "server2", None)
    return made


def requests(rate: Callable[[str], float], *, bad: Callable[[str], float] = lambda revision: 0.0, seed: int = 1) -> Works:
    """Have each pod answer so many requests a second, of which a share fails."""
    rng = random.Random(seed)

    def works(shop: WatchedCluster) -> None:
        for pod, revision in shop.pod_names("server"):
            wanted = rate(revision)
            for _ in range(int(wanted) + (rng.random() < wanted % 1)):
                status = "500" if rng.random() < bad(revision) else "200"
                shop.count(METRIC, namespace="shop", pod=pod, status=status)

    return works


def missing(shop: WatchedCluster) -> str:
    [roll] = shop.status.release.rolls  # type: ignore[union-attr]
    return roll.missing_exposure
