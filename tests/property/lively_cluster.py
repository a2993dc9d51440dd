"""A little cluster whose native controller takes its time: Deployments roll by surge and unavailable, pods get ready a tick later.

The rules are those of the Deployment controller (pkg/controller/deployment/rolling.go and sync.go of Kubernetes): a paused one only
scales, a paced one stops at its pace, any other removes unhealthy old pods first and healthy ones as new ones become available.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from saferollout.core import actions as a
from saferollout.core.pacing import allowed, resolve_surge, resolve_unavailable
from saferollout.core.views import ReplicaSetView, WorkloadView
from tests.unit.core.little_cluster import LittleCluster


@dataclass
class LivelyCluster(LittleCluster):
    """`early` names each (workload, revision) that got its first pods without the status on record having let it start."""

    early: list[str] = field(default_factory=list)
    out_of_reach: set[str] = field(default_factory=set)
    """ReplicaSets that were filled under a pace: they keep its minReadySeconds, so their pods never count as available."""

    def restart(self, name: str) -> None:
        """Restart a workload as `kubectl rollout restart` does; admission holds it."""
        view = self.views[name]
        self._put(replace(view, template_restarted_at=self.now.isoformat(), held=True, paused=True, settled=False))

    def bypass(self, name: str, revision: str) -> None:
        """Let a template past everything, as the bypass policy does: the labels go, what was put aside stays in annotations."""
        view = self.views[name]
        self.texts.setdefault(revision, None)
        self.bodies.setdefault(revision, revision)
        self._put(replace(
            view, template=revision, contracts=self.texts[revision], body=self.bodies[revision], bypass="the site is down", bypass_counted=True, held=False, paused=False,
            pinned=False, waiting=None, waiting_contracts=None, waiting_body="", paced=None, pace_left=view.lends, settled=False,
        ))

    def _put(self, view: WorkloadView) -> None:
        sets = tuple(replace(rs, text=rs.restarted_at) for rs in view.replica_sets)
        super()._put(replace(view, text=view.template_restarted_at, replica_sets=sets))

    def tick(self) -> None:
        """Let every native controller work once, and every pod that can become ready."""
        for view in list(self.views.values()):
            grown = replace(view, replica_sets=tuple(self._grown(rs) for rs in view.replica_sets), settled=True)
            moved = self._scaled_while_paused(grown) if grown.paused else self._rolled(grown)
            self._watch_births(view, moved)
            self._put(moved)

    def scale(self, name: str, replicas: int) -> None:
        """Scale a workload as an autoscaler does."""
        view = self.views[name]
        sets = view.replica_sets
        if view.paused:
            sets = _shared_out(sets, before=view.replicas, after=replicas)
        self._put(replace(view, replicas=replicas, replica_sets=sets, settled=False))

    def _change(self, view: WorkloadView, action: Any) -> None:
        match action:
            case a.EmptyReplicaSet(replica_set=name):
                sets = tuple(_down_to(rs, 0) if rs.name == name else rs for rs in view.replica_sets)
                self._put(replace(view, replica_sets=sets, settled=False))
            case a.SetPace(pace=pace):
                self._put(replace(view, paused=False, held=False, paced=pace, settled=False))
            case a.PinBack(replica_set=name, restarted_at=restarted_at):
                super()._change(view, action)
                old = next(rs for rs in view.replica_sets if rs.name == name)
                self._put(replace(self.views[view.name], template_restarted_at=restarted_at or old.restarted_at, settled=False))
            case a.Unpin():
                super()._change(view, action)
                put_back = self.views[view.name]
                restarted_at = view.template_restarted_at if put_back.template == view.template else ""
                self._put(replace(put_back, template_restarted_at=restarted_at, settled=False))
            case _:
                super()._change(view, action)

    def _roll(self, view: WorkloadView, *, new: int, old: int) -> None:
        self._put(replace(view, settled=False))

    def _grown(self, rs: ReplicaSetView) -> ReplicaSetView:
        ready = 0 if rs.hash in self.broken else min(rs.pods, rs.replicas)
        return replace(rs, pods=rs.replicas, ready=ready, available=ready, steady=ready)

    def _scaled_while_paused(self, view: WorkloadView) -> WorkloadView:
        active = [rs for rs in view.replica_sets if rs.replicas > 0] or list(view.replica_sets[:1])
        if len(active) != 1:
            return view
        return _with(view, replace(active[0], replicas=view.replicas, pods=min(active[0].pods, view.replicas)))

    def _rolled(self, view: WorkloadView) -> WorkloadView:
        if not _newest(view):
            born = self._replica_set(view.name, view.template, 0, born=self.now)
            name = f"{born.name}-{view.template_restarted_at}"
            born = replace(born, name=name, uid=name, restarted_at=view.template_restarted_at)
            view = replace(view, replica_sets=(born, *view.replica_sets))
        unavailable, surge = allowed(view.strategy, replicas=view.replicas)
        self.out_of_reach.discard(_newest(view)[0].name)
        if view.paced is not None:
            self.out_of_reach.add(_newest(view)[0].name)
            unavailable = resolve_unavailable(view.paced.max_unavailable, replicas=view.replicas)
            surge = resolve_surge(view.paced.max_surge, replicas=view.replicas)
        view = self._grow_new(view, most=view.replicas + surge)
        return self._shrink_old(view, least=view.replicas - unavailable)

    def _grow_new(self, view: WorkloadView, *, most: int) -> WorkloadView:
        new = _newest(view)[0]
        room = most - sum(rs.replicas for rs in view.replica_sets)
        return _with(view, replace(new, replicas=min(view.replicas, new.replicas + max(room, 0))))

    def _shrink_old(self, view: WorkloadView, *, least: int) -> WorkloadView:
        new = _newest(view)[0]
        counted = 0 if view.paced is not None else new.available
        spare = sum(rs.replicas for rs in view.replica_sets) - least - (new.replicas - counted)
        ill_first_then_oldest = sorted(view.replica_sets, key=lambda rs: (rs.name not in self.out_of_reach, rs.created))
        for rs in ill_first_then_oldest:
            if rs.name == new.name or spare <= 0:
                continue
            gone = min(spare, rs.replicas)
            spare -= gone
            view = _with(view, _down_to(rs, rs.replicas - gone))
        return view

    def _watch_births(self, before: WorkloadView, after: WorkloadView) -> None:
        had = {rs.hash for rs in before.replica_sets if rs.replicas}
        release = self.status.release
        known = next((workload for workload in self.status.workloads if workload.name == after.name), None)
        let = {roll.hash for roll in release.rolls if roll.workload == after.name} if release else set()
        let |= {target.from_hash for target in release.targets if target.workload == after.name} if release else set()
        let |= {known.stable_hash} if known else set()
        born = {rs.hash for rs in after.replica_sets if rs.replicas} - had
        self.early.extend(f"{after.name} {revision}" for revision in sorted(born - let))


def _newest(view: WorkloadView) -> tuple[ReplicaSetView, ...]:
    return tuple(rs for rs in view.of(view.template) if rs.restarted_at == view.template_restarted_at)


def _with(view: WorkloadView, changed: ReplicaSetView) -> WorkloadView:
    return replace(view, replica_sets=tuple(changed if rs.name == changed.name else rs for rs in view.replica_sets))


def _shared_out(sets: tuple[ReplicaSetView, ...], *, before: int, after: int) -> tuple[ReplicaSetView, ...]:
    """Scale the ReplicaSets of a paused Deployment in proportion, the largest taking what rounding leaves."""
    if not any(rs.replicas for rs in sets) or before == 0:
        return sets
    shares = {rs.name: rs.replicas * after // before for rs in sets}
    largest = max(sets, key=lambda rs: rs.replicas)
    shares[largest.name] += after - sum(shares.values()) if sum(rs.replicas for rs in sets) == before else 0
    return tuple(_down_to(rs, shares[rs.name]) for rs in sets)


def _down_to(rs: ReplicaSetView, replicas: int) -> ReplicaSetView:
    """Scale a ReplicaSet; pods beyond that are gone at once, new ones come with the next tick."""
    counts = {name: min(getattr(rs, name), replicas) for name in ("pods", "ready", "available", "steady")}
    return replace(rs, replicas=replicas, **counts)
