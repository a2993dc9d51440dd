"""The watched cluster with StatefulSets: their pods take their time, are replaced from the highest ordinal down, and keep their names."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from saferollout.api.spec import SafeRolloutSpec
from saferollout.core import actions as a
from saferollout.core.decision import Snapshot
from saferollout.core.views import Partition, WorkloadView
from tests.golden.carrying_out import carried_out
from tests.golden.native_controller import Health, Pod, ReplicaSet
from tests.golden.ordinal_controller import OrdinalController
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new
from tests.unit.core.little_cluster import BORN, USERS_OWN

METRIC = "http_server_requests_seconds_count"


@dataclass
class StatefulCluster(WatchedCluster):
    """`moves`: a pod that is made anew is scraped at another address, as it is unless somebody relabels `instance`.

    `hidden`: pods whose revision nobody can tell, since their ControllerRevision was not heard of.
    """

    moves: bool = False
    hidden: set[str] = field(default_factory=set)
    natives: dict[str, OrdinalController] = field(default_factory=dict)
    lived: dict[str, datetime] = field(default_factory=dict)

    def running_by_ordinal(self, name: str, revision: str, *, replicas: int = 10) -> None:
        """Have a StatefulSet run a revision."""
        self.running(name, revision, None, replicas=replicas)
        native = OrdinalController(Health(), [ReplicaSet(revision, BORN, None, replicas=0, pods=[])], current=revision)
        native.pods = {ordinal: (revision, Pod(born=BORN)) for ordinal in range(replicas)}
        self.natives[name] = native
        strategy = replace(USERS_OWN, max_unavailable=1, max_surge=0)
        self._put(native.shown(replace(self.views[name], kind="StatefulSet", strategy=strategy, current=revision), self.now))

    def evict(self, pod: str) -> None:
        """Have a pod made anew at once."""
        name, _, ordinal = pod.rpartition("-")
        revision, _ = self.natives[name].pods[int(ordinal)]
        self.natives[name].pods[int(ordinal)] = (revision, Pod(born=self.now))

    def forget(self) -> None:
        """Have the operator restarted: all that it remembers is lost."""
        self.marks = type(self.marks)()

    def pod_names(self, name: str) -> list[tuple[str, str]]:
        if name not in self.natives:
            return super().pod_names(name)
        return [(f"{name}-{ordinal}", revision) for ordinal, (revision, _) in sorted(self.natives[name].pods.items())]

    def count(self, metric: str, amount: float = 1.0, **labels: str) -> None:
        if self.moves and labels.get("pod") in self.lived:
            labels = {"instance": f"{labels['pod']} since {self.lived[labels['pod']]:%H:%M:%S}", **labels}
        super().count(metric, amount, **labels)

    def value(self, metric: str, pod: str) -> float:
        """Return what a pod reports now; 0 where that is nothing."""
        return sum(value for (name, labels), value in self.counters.items() if name == metric and dict(labels).get("pod") == pod)

    def snapshot(self) -> Snapshot:
        self.catch_up()
        found = super().snapshot()
        return replace(found, world=replace(found.world, workloads={name: self._shown(view) for name, view in found.world.workloads.items()}))

    def _shown(self, view: WorkloadView) -> WorkloadView:
        sets = tuple(
            replace(
                one,
                pod_names=tuple(pod for pod in one.pod_names if pod not in self.hidden),
                births=tuple(birth for birth in one.births if birth[0] not in self.hidden),
            )
            for one in view.replica_sets
        )
        return replace(view, replica_sets=sets) if self.hidden else view

    def _begin_second(self, now: datetime) -> None:
        for name, native in self.natives.items():
            native.tick(self.views[name], now)
            self.views[name] = native.shown(self.views[name], now)
            for ordinal, (_, pod) in native.pods.items():
                own = f"{name}-{ordinal}"
                if self.lived.setdefault(own, pod.born) != pod.born:
                    self.lived[own] = pod.born
                    self.counters = {key: value for key, value in self.counters.items() if dict(key[1]).get("pod") != own}

    def _change(self, view: WorkloadView, action: Any) -> None:
        if view.name not in self.natives:
            super()._change(view, action)
        elif isinstance(action, a.ReplacePod):
            self.natives[view.name].replace_pod(view.name, action.replica_set, self.now, broken=action.broken)
        else:
            self._put(carried_out(action, view, texts=self.texts))


PodWork = Callable[[StatefulCluster, str, str], None]


def ledger(*works: PodWork, replicas: int = 10, moves: bool = False, batches: tuple[str, ...] = ("30%",), **fields: Any) -> StatefulCluster:
    """Return a shop whose StatefulSet `ledger` is told to roll; each of its pods does the works every second."""

    def second(shop: WatchedCluster) -> None:
        assert isinstance(shop, StatefulCluster)
        for pod, revision in shop.pod_names("ledger"):
            for work in works:
                work(shop, pod, revision)

    spec = {
        "workloads": [{"name": "ledger", "workloadRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "ledger"}, "batches": list(batches)}, {"name": "client"}],
        "contracts": [{"name": "users", "api": {"server": "ledger", "clients": ["client"]}}],
        "bakeSeconds": 30, "settleSeconds": 0, **fields,
        "analysis": {"quietSeconds": 20, "intervalSeconds": 5, **fields.get("analysis", {})},
    }  # fmt: skip
    shop = StatefulCluster(spec=SafeRolloutSpec.model_validate(spec), works=second, has_prometheus=True, moves=moves, rng=random.Random(1))
    shop.running_by_ordinal("ledger", "ledger1", replicas=replicas)
    shop.running("client", "client1", None)
    shop.play(looks=5)
    shop.apply("ledger", "ledger2", None)
    return shop


def answers(rate: Callable[[bool], float], *, bad: Callable[[bool], float] = lambda new: 0.0) -> PodWork:
    """Answer so many requests a second, of which a share fails; both by whether the pod is new."""

    def work(shop: StatefulCluster, pod: str, revision: str) -> None:
        wanted = rate(is_new(revision))
        for _ in range(int(wanted) + (shop.rng.random() < wanted % 1)):
            status = "500" if shop.rng.random() < bad(is_new(revision)) else "200"
            shop.count(METRIC, namespace="shop", pod=pod, status=status)

    return work


def first_new(shop: StatefulCluster) -> int:
    """Return the partition: how many pods from the first on stay old."""
    paced = shop.views["ledger"].paced
    return paced.first_new if isinstance(paced, Partition) else 0
