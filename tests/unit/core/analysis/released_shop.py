"""A shop in the middle of a release, with series of everything that the tests of readings look at; each test changes what its new pods do."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from saferollout.api.spec import SafeRolloutSpec
from saferollout.core.analysis.assess import Assessment
from saferollout.core.diagnosis.evidence import Against, Arm, Reading, Standing
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

USERS = {"name": "users", "api": {"server": "server", "clients": ["client"]}}
ROWS = {"name": "rows", "table": {"name": "rows"}, "readers": ["server"], "writers": ["server"]}
PROFILES = {"name": "profiles", "cache": {"name": "profiles"}, "readers": ["server"], "writers": ["server"]}
EVENTS = {"name": "events", "topic": {"name": "events", "retentionSeconds": 86400}, "writers": ["server"], "readers": ["client"]}
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0)

PodWork = Callable[[WatchedCluster, str, str], None]
"""What one pod does in one second: (shop, pod, revision)."""


@dataclass
class Released:
    """A server that is at 3 new pods of 10, and its client; `pod_work` is done by each of the server's pods every second."""

    shop: WatchedCluster
    told: Assessment | None = field(default=None)

    def after(self, seconds: float) -> "Released":
        """Let time go by and assess."""
        self.told = self.shop.assessed_after(seconds)
        return self

    def reading(self, symptom: Symptom, arm: Arm, against: Against = Against.BASELINE, *, workload: str = "server") -> Reading:
        """Return one reading."""
        assert self.told is not None
        found = [one for one in self.told.evidence.readings if (one.symptom, one.workload, one.arm, one.against) == (symptom, workload, arm, against)]
        assert found, f"nothing is told of {symptom} of {arm} pods of {workload}"
        return found[0]

    def worse(self) -> set[tuple[Symptom, str, Arm, Against]]:
        """Return what is worse."""
        assert self.told is not None
        return {(one.symptom, one.workload, one.arm, one.against) for one in self.told.evidence.readings if one.standing is Standing.WORSE}


def released(
    *works: PodWork,
    everybody: tuple[PodWork, ...] = (),
    once: Callable[[WatchedCluster], None] = lambda shop: None,
    contracts: Iterable[dict[str, object]] = (USERS,),
    broken: bool = False,
    seed: int = 1,
    replicas: int = 10,
    **spec_fields: object,
) -> Released:
    """Play until the server has its first new pods; `everybody`: what pods of the client do as well, `once`: what is done once a second."""
    rng = random.Random(seed)

    def second(shop: WatchedCluster) -> None:
        once(shop)
        for name, done in (("server", (*works, *everybody)), ("client", everybody)):
            for pod, revision in shop.pod_names(name):
                for work in done:
                    work(shop, pod, revision)

    shop = WatchedCluster(
        spec=SafeRolloutSpec.model_validate({
            "workloads": [{"name": name, "batches": ["30%"]} for name in ("server", "client")], "contracts": list(contracts), "bakeSeconds": 3600,
            "settleSeconds": 0, "analysis": {"mode": "DryRun", "quietSeconds": 20, "intervalSeconds": 5}, **spec_fields,
        }),
        works=second,
    )  # fmt: skip
    shop.rng = rng
    for name in ("server", "client"):
        shop.running(name, f"{name}1", None, replicas=replicas)
    if broken:
        shop.broken.add("server2")
    shop.play(looks=3)
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    return Released(shop)


def answers(*, bad: Callable[[bool], float] = lambda new: 0.005, status: str = "500", rate: int = 5) -> PodWork:
    """Answer some requests, some of them badly."""

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        for _ in range(rate):
            failed = shop.rng.random() < bad(is_new(revision))
            shop.count("http_server_requests_seconds_count", namespace="shop", pod=pod, status=status if failed else "200")

    return work


def is_ready(ready: Callable[[WatchedCluster, str, bool], bool] = lambda shop, pod, new: True) -> PodWork:
    """Have kube-state-metrics tell whether each pod is ready."""

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        shop.set("kube_pod_status_ready", float(ready(shop, pod, is_new(revision))), namespace="shop", pod=pod, condition="true")

    return work
