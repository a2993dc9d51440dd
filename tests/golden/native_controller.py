"""The Deployment controller in small, with pods that take their time: enough of rolling.go and sync.go of Kubernetes to see a
release as it looks on a cluster, where nothing is done at once."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from saferollout.core.pacing import allowed, resolve_surge, resolve_unavailable
from saferollout.core.views import Pace, PodTrouble, ReplicaSetView, WorkloadView

STARTING = timedelta(seconds=2)
STOPPING = timedelta(seconds=1)
CRASHING = timedelta(seconds=6)


@dataclass
class Pod:
    """One pod; `leaving` is when it was told to go."""

    born: datetime
    leaving: datetime | None = None


@dataclass
class Health:
    """Which revisions are ill. `never_ready` don't start, `crashing` are ready for three seconds of six, with a restart in between."""

    never_ready: set[str] = field(default_factory=set)
    crashing: set[str] = field(default_factory=set)


@dataclass
class ReplicaSet:
    """One ReplicaSet and its pods."""

    revision: str
    created: datetime
    contracts: str | None
    replicas: int
    pods: list[Pod]
    restarted_at: str = ""

    def staying(self) -> list[Pod]:
        return [pod for pod in self.pods if pod.leaving is None]

    def size(self, replicas: int, now: datetime, health: Health) -> None:
        """Create pods, or tell the youngest and the unready ones to go first."""
        self.replicas = replicas
        while len(self.staying()) < replicas:
            self.pods.append(Pod(born=now))
        surplus = sorted(self.staying(), key=lambda pod: (is_ready(pod, self.revision, now, health), -pod.born.timestamp()))
        for pod in surplus[: len(self.staying()) - replicas]:
            pod.leaving = now

    def view(self, workload: str, now: datetime, health: Health) -> ReplicaSetView:
        name = f"{workload}-{self.revision}" + (f"-{self.restarted_at[-3:-1]}" if self.restarted_at else "")
        ready = sum(is_ready(pod, self.revision, now, health) for pod in self.staying())
        # A pod of this loop is never ready for as long as one that crashed is distrusted (workloads/pods.py).
        crashed = sum(now - pod.born >= CRASHING and is_ready(pod, self.revision, now, health) for pod in self.staying()) if self.revision in health.crashing else 0
        restarted = sum(now - pod.born >= CRASHING for pod in self.staying()) if self.revision in health.crashing else 0
        return ReplicaSetView(
            name=name, uid=name, resource_version="1", hash=self.revision, pod_hash=self.revision, contracts=self.contracts,
            created=self.created, replicas=self.replicas, pods=len(self.pods), ready=ready,
            available=ready - crashed,
            steady=max(0, ready - restarted), restarted_at=self.restarted_at, trouble=self._trouble(name, now, health),
        )

    def _trouble(self, name: str, now: datetime, health: Health) -> tuple[PodTrouble, ...]:
        reason = "ImagePullBackOff" if self.revision in health.never_ready else "CrashLoopBackOff" if self.revision in health.crashing else ""
        ill = [pod for pod in self.staying() if not is_ready(pod, self.revision, now, health) and now - pod.born > STARTING]
        return tuple(PodTrouble(pod=f"{name}-{number}", reason=reason, message="") for number, _ in enumerate(ill)) if reason else ()


def is_ready(pod: Pod, revision: str, now: datetime, health: Health) -> bool:
    age = now - pod.born
    if revision in health.never_ready or age < STARTING or pod.leaving is not None:
        return False
    return revision not in health.crashing or age % CRASHING >= CRASHING / 2


@dataclass
class NativeController:
    """One Deployment's ReplicaSets, newest first, and what the controller does with them."""

    health: Health
    sets: list[ReplicaSet] = field(default_factory=list)
    asked_for: int | None = None

    def views(self, workload: str, now: datetime) -> tuple[ReplicaSetView, ...]:
        return tuple(one.view(workload, now, self.health) for one in self.sets)

    def shown(self, view: WorkloadView, now: datetime) -> WorkloadView:
        """Return the view as the API server shows it now."""
        return replace(settled(view), replica_sets=self.views(view.name, now))

    def tick(self, view: WorkloadView, now: datetime) -> None:
        """Do what one second brings: pods go, and the controller syncs as often as it has something to do."""
        for one in self.sets:
            one.pods = [pod for pod in one.pods if pod.leaving is None or now - pod.leaving < STOPPING]
        scaled, self.asked_for = self.asked_for not in (None, view.replicas), view.replicas
        if view.paused or scaled:
            self._scale(view, now)
        elif view.strategy.type == "Recreate":
            self._recreate(view, now)
        else:
            self._roll(view, now)

    def _scale(self, view: WorkloadView, now: datetime) -> None:
        """Scale the only active ReplicaSet, where none is the template's or the youngest, and several by their shares (sync.go, scale)."""
        of_template = [one for one in self.sets if _is_current(one, view)]
        active = [one for one in self.sets if one.replicas > 0] or of_template[-1:] or self.sets[:1]
        if len(active) == 1:
            active[0].size(view.replicas, now, self.health)
            return
        total, wanted = sum(one.replicas for one in active), view.replicas + _limits(view)[1]
        shares = [one.replicas * wanted // total for one in active]
        for place, one in enumerate(active):
            # What rounding leaves over goes to the youngest.
            one.size(shares[place] + (wanted - sum(shares) if place == 0 else 0), now, self.health)

    def _recreate(self, view: WorkloadView, now: datetime) -> None:
        """Tell all old pods to go, and create no new one before the last of them is gone (recreate.go)."""
        old = [one for one in self.sets if not _is_current(one, view)]
        for one in old:
            one.size(0, now, self.health)
        if not any(one.pods for one in old):
            self._current(view, now).size(view.replicas, now, self.health)

    def _roll(self, view: WorkloadView, now: datetime) -> None:
        new = self._current(view, now)
        old = [one for one in self.sets if one is not new]
        unavailable, surge = _limits(view)
        total = sum(one.replicas for one in self.sets)
        new.size(min(view.replicas, new.replicas + max(0, view.replicas + surge - total)), now, self.health)
        available_new = 0 if view.paced else self._ready(new, now)
        available = available_new + sum(self._ready(one, now) for one in old)
        total = sum(one.replicas for one in self.sets)
        spare = total - (view.replicas - unavailable) - (new.replicas - available_new)
        for one in reversed(old):
            ill = min(one.replicas - self._ready(one, now), max(0, spare))
            one.size(one.replicas - ill, now, self.health)
            spare -= ill
        spare = min(spare, available - (view.replicas - unavailable))
        for one in reversed(old):
            going = max(0, min(one.replicas, spare))
            one.size(one.replicas - going, now, self.health)
            spare -= going

    def _current(self, view: WorkloadView, now: datetime) -> ReplicaSet:
        for one in self.sets:
            if _is_current(one, view):
                return one
        born = ReplicaSet(view.template, now, view.contracts, replicas=0, pods=[], restarted_at=view.template_restarted_at)
        self.sets.insert(0, born)
        return born

    def _ready(self, one: ReplicaSet, now: datetime) -> int:
        return sum(is_ready(pod, one.revision, now, self.health) for pod in one.staying())


def _is_current(one: ReplicaSet, view: WorkloadView) -> bool:
    return one.revision == view.template and one.restarted_at == view.template_restarted_at


def _limits(view: WorkloadView) -> tuple[int, int]:
    if view.strategy.type == "Recreate":
        return view.replicas, 0
    if not isinstance(view.paced, Pace):
        return allowed(view.strategy, replicas=view.replicas)
    unavailable = resolve_unavailable(view.paced.max_unavailable, replicas=view.replicas)
    return unavailable, resolve_surge(view.paced.max_surge, replicas=view.replicas)


def generation_of(view: WorkloadView) -> tuple[object, ...]:
    """Return what the API server counts generations by: the spec."""
    return view.template, view.template_restarted_at, view.replicas, view.paused, view.paced, view.strategy


def settled(view: WorkloadView) -> WorkloadView:
    """Return the view after the controller has seen its generation."""
    return view if view.settled else replace(view, settled=True)
