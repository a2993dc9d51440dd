"""The StatefulSet controller in small, with pods in order (OrderedReady) that take their time: enough of stateful_set_control.go of
Kubernetes to see where it waits, what a lost pod comes back as, and when it takes the new revision for the current one."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from saferollout.core.views import Partition, ReplicaSetView, WorkloadView
from tests.golden.native_controller import STOPPING, Health, Pod, ReplicaSet, is_ready, settled


@dataclass
class OrdinalController:
    """One StatefulSet's pods by ordinal, its revisions, newest first, and which of them is the current one."""

    health: Health
    revisions: list[ReplicaSet]
    current: str
    pods: dict[int, tuple[str, Pod]] = field(default_factory=dict)

    @property
    def sets(self) -> list[ReplicaSet]:
        """Return each revision that is shown, with its pods: a template of which no pod was made is not."""
        found = [self._filled(revision) for revision in self.revisions]
        return [one for one in found if one.pods or one.revision == self.current or one.created < self.revisions[0].created]

    def views(self, workload: str, now: datetime) -> tuple[ReplicaSetView, ...]:
        return tuple(self._placed(one.view(workload, now, self.health), workload) for one in self.sets)

    def shown(self, view: WorkloadView, now: datetime) -> WorkloadView:
        """Return the view as the API server shows it now."""
        return replace(settled(view), replica_sets=self.views(view.name, now), current=self.current)

    def tick(self, view: WorkloadView, now: datetime) -> None:
        """Do what one second brings: pods go, and the controller does its one next thing."""
        self.pods = {ordinal: held for ordinal, held in self.pods.items() if held[1].leaving is None or now - held[1].leaving < STOPPING}
        if all(revision.revision != view.template for revision in self.revisions):
            self.revisions.insert(0, ReplicaSet(view.template, now, view.contracts, replicas=0, pods=[]))
        self._sync(view, now)
        if len(self.pods) == view.replicas and all(self._is_new(ordinal, view) and self._is_ready(ordinal, now) for ordinal in self.pods):
            self.current = view.template

    def replace_pod(self, workload: str, name: str, now: datetime, *, broken: bool) -> None:
        """Delete a pod of a revision, one that is not ready first, then the highest ordinal."""
        staying = [number for number, (revision, pod) in self.pods.items() if f"{workload}-{revision}" == name and pod.leaving is None]
        candidates = [number for number in staying if not (broken and self._is_ready(number, now))]
        self._leave(max(candidates, key=lambda number: (not self._is_ready(number, now), number)), now)

    def _sync(self, view: WorkloadView, now: datetime) -> None:
        first_new = view.replicas if view.paused else view.paced.first_new if isinstance(view.paced, Partition) else 0
        for ordinal in range(view.replicas):
            if ordinal not in self.pods:
                self.pods[ordinal] = (self.current if ordinal < first_new else view.template, Pod(born=now))
                return
            if not self._is_ready(ordinal, now):
                return
        surplus = max(self.pods, default=-1)
        if surplus >= view.replicas:
            self._leave(surplus, now)
            return
        for ordinal in reversed(range(first_new, view.replicas)):
            if not self._is_new(ordinal, view):
                self._leave(ordinal, now)
                return

    def _leave(self, ordinal: int, now: datetime) -> None:
        pod = self.pods[ordinal][1]
        pod.leaving = pod.leaving or now

    def _is_new(self, ordinal: int, view: WorkloadView) -> bool:
        return self.pods[ordinal][0] == view.template

    def _is_ready(self, ordinal: int, now: datetime) -> bool:
        revision, pod = self.pods[ordinal]
        return is_ready(pod, revision, now, self.health)

    def _filled(self, revision: ReplicaSet) -> ReplicaSet:
        mine = [pod for of, pod in self.pods.values() if of == revision.revision]
        return replace(revision, pods=mine, replicas=sum(pod.leaving is None for pod in mine))

    def _placed(self, view: ReplicaSetView, workload: str) -> ReplicaSetView:
        mine = {ordinal: pod for ordinal, (of, pod) in sorted(self.pods.items()) if of == view.hash}
        places = tuple(ordinal for ordinal, pod in mine.items() if pod.leaving is None)
        births = tuple((f"{workload}-{ordinal}", pod.born) for ordinal, pod in mine.items())
        return replace(view, pod_names=tuple(name for name, _ in births), births=births, places=places)
