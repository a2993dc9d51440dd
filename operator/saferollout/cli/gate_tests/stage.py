"""The workloads of a SafeRollout with a native controller that is done at once, but for the time that new pods take to be available.

It carries out what `decide` may ask for in a release; nothing here judges anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from saferollout.core import actions
from saferollout.core.pacing import resolve_surge, resolve_unavailable
from saferollout.core.views import Pace, ReplicaSetView, Strategy, WorkloadView, World

REPLICAS: Final = 10
NO_CONTRACT: Final = "{}"
RUNNING: Final = "running"
# A batch comes in one go: how a rolling update proceeds is not what a gate is tested for.
_STRATEGY: Final = Strategy(type="RollingUpdate", max_unavailable=0, max_surge="100%", min_ready_seconds=0, revision_history_limit=10)


@dataclass(frozen=True, slots=True)
class _Batch:
    """New pods of a revision that are available from a moment on."""

    workload: str
    revision: str
    pods: int
    at: datetime


class Stage:
    """The cluster of one test."""

    def __init__(self, workloads: Sequence[str], *, managed_by: str, ready_seconds: int, now: datetime) -> None:
        self._ready_after = timedelta(seconds=ready_seconds)
        self._managed_by = managed_by
        self._coming: list[_Batch] = []
        self._views = {name: self._running(name, born=now - timedelta(days=1)) for name in workloads}

    @property
    def world(self) -> World:
        """What a decision sees."""
        return World(workloads=dict(self._views), absent={})

    def next_ready(self) -> datetime | None:
        """Return when pods next become available."""
        return min((batch.at for batch in self._coming), default=None)

    def pass_to(self, now: datetime) -> None:
        """Let pods become available."""
        due = [batch for batch in self._coming if batch.at <= now]
        self._coming = [batch for batch in self._coming if batch.at > now]
        for batch in due:
            view = self._views[batch.workload]
            sets = tuple(_available(rs, rs.available + batch.pods) if rs.hash == batch.revision else rs for rs in view.replica_sets)
            self._views[batch.workload] = replace(view, replica_sets=sets)

    def apply(self, name: str, revision: str) -> None:
        """Apply a template, which admission holds."""
        view = self._views[name]
        changed = view.template != revision or view.held
        self._views[name] = replace(view, template=revision, body=revision, held=changed, paused=view.paused or changed)

    def carry_out(self, action: actions.Action, *, now: datetime) -> None:
        """Do what was decided."""
        view = self._views[action.workload]
        match action:
            case actions.LetThrough() | actions.Finish():
                self._roll(replace(view, paused=False, held=False, paced=None), new=view.replicas, old=0, now=now)
            case actions.SetPace(pace=Pace() as pace):
                unavailable = resolve_unavailable(pace.max_unavailable, replicas=view.replicas)
                new = unavailable + resolve_surge(pace.max_surge, replicas=view.replicas)
                self._roll(replace(view, paused=False, held=False, paced=pace), new=new, old=view.replicas - unavailable, now=now)
            case actions.Freeze() | actions.Hold():
                self._views[view.name] = replace(view, paused=True, held=True)
            case actions.GiveBackHeld():
                self._views[view.name] = replace(view, paced=None)
            case actions.EmptyReplicaSet(replica_set=name):
                self._empty(view, name)
            case actions.DeleteReplicaSet(replica_set=name):
                self._views[view.name] = replace(view, replica_sets=tuple(rs for rs in view.replica_sets if rs.name != name))
            case actions.PinBack(replica_set=name):
                self._pin(view, name, now=now)
            case actions.Unpin():
                back = view.waiting or view.template
                self._views[view.name] = replace(view, template=back, body=back, waiting=None, pinned=False, paused=True, held=True)
            case _:
                raise NotImplementedError(f"a gate test can't carry out {type(action).__name__}")

    def _running(self, name: str, *, born: datetime) -> WorkloadView:
        sets = (_available(_replica_set(name, RUNNING, REPLICAS, born=born), REPLICAS),)
        return WorkloadView(
            name=name, kind="Deployment", uid=name, resource_version="1", template=RUNNING, contracts=NO_CONTRACT, template_restarted_at="",
            replicas=REPLICAS, settled=True, paused=False, held=False, paced=None, pinned=False, strategy=_STRATEGY,
            managed_by=self._managed_by, replica_sets=sets, body=RUNNING,
        )  # fmt: skip

    def _roll(self, view: WorkloadView, *, new: int, old: int, now: datetime) -> None:
        if not view.of(view.template):
            view = replace(view, replica_sets=(_replica_set(view.name, view.template, 0, born=now), *view.replica_sets))
        left = old
        sets: list[ReplicaSetView] = []
        for rs in view.replica_sets:
            if rs.hash == view.template:
                sets.append(self._grown(view.name, rs, new, now=now))
                continue
            sets.append(_sized(rs, min(rs.pods, left)))
            left -= sets[-1].pods
        self._views[view.name] = replace(view, replica_sets=tuple(sets))

    def _grown(self, name: str, rs: ReplicaSetView, pods: int, *, now: datetime) -> ReplicaSetView:
        added = pods - rs.pods
        if added <= 0:
            return _sized(rs, pods)
        # What ran before is known to come up; only new pods take their time.
        wait = self._ready_after if rs.hash != RUNNING else timedelta(0)
        sized = replace(rs, replicas=pods, pods=pods)
        if not wait:
            return _available(sized, rs.available + added)
        self._coming.append(_Batch(workload=name, revision=rs.hash, pods=added, at=now + wait))
        return sized

    def _empty(self, view: WorkloadView, name: str) -> None:
        emptied = next(rs.hash for rs in view.replica_sets if rs.name == name)
        self._coming = [batch for batch in self._coming if (batch.workload, batch.revision) != (view.name, emptied)]
        others = [rs.name for rs in view.replica_sets if rs.name != name and rs.pods][:1]
        sets = tuple(
            _sized(rs, 0) if rs.name == name else _available(_sized(rs, view.replicas), view.replicas) if rs.name in others else rs
            for rs in view.replica_sets
        )
        self._views[view.name] = replace(view, replica_sets=sets)

    def _pin(self, view: WorkloadView, name: str, *, now: datetime) -> None:
        old = next(rs.hash for rs in view.replica_sets if rs.name == name)
        pinned = replace(
            view, waiting=view.template, waiting_contracts=view.contracts, waiting_body=view.body, template=old, body=old, pinned=True,
            paused=False, held=False, paced=None,
        )  # fmt: skip
        self._coming = [batch for batch in self._coming if batch.workload != view.name]
        self._roll(pinned, new=view.replicas, old=0, now=now)


def _replica_set(name: str, revision: str, pods: int, *, born: datetime) -> ReplicaSetView:
    unique = f"{name}-{revision}"
    return ReplicaSetView(
        name=unique, uid=unique, resource_version="1", hash=revision, pod_hash=revision, contracts=NO_CONTRACT, created=born,
        replicas=pods, pods=pods, ready=0, available=0, steady=0, body=revision,
    )  # fmt: skip


def _available(rs: ReplicaSetView, pods: int) -> ReplicaSetView:
    count = min(pods, rs.pods)
    return replace(rs, ready=count, available=count, steady=count)


def _sized(rs: ReplicaSetView, pods: int) -> ReplicaSetView:
    return _available(replace(rs, replicas=pods, pods=pods), rs.available)
