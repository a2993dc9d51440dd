"""Snapshots of a release under way, as the API server would show it to a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import Release, Status, Target
from saferollout.core.decision import Snapshot
from saferollout.core.views import HoldMode, ReplicaSetView, Strategy, WorkloadView, World

_STRATEGY: Final = Strategy(type="RollingUpdate", max_unavailable="25%", max_surge="25%", min_ready_seconds=0, revision_history_limit=10)
_OLD, _NEW = "old", "new"


def pod_names(workload: str, *, new: bool, pods: int) -> tuple[str, ...]:
    """Return the names of a workload's pods of one revision."""
    return tuple(f"{workload}-{_NEW if new else _OLD}-{number:05d}" for number in range(pods))


def snapshot_of(
    spec: SafeRolloutSpec, *, began: datetime, pods: Mapping[str, tuple[int, int]], rolled: frozenset[str], contracts: Mapping[str, tuple[str, str]] | None = None
) -> Snapshot:
    """Return a release that is watched since `began`.

    `pods`: how many old and new pods each workload has. `rolled`: who takes part and has begun. `contracts`: what the old and the new template of a
    workload declare.
    """
    views = {name: _view(name, old, new, rolls=name in rolled, declared=(contracts or {}).get(name), born=began) for name, (old, new) in pods.items()}
    targets = [Target(workload=name, from_hash=f"{name}-{_OLD}", to_hash=f"{name}-{_NEW}", rolled=True) for name in sorted(rolled)]
    release = Release(id="r1", start_time=began, changed_time=began, watch_start_time=began, targets=targets)
    return Snapshot(
        namespace="shop", name="shop", uid="u", resource_version="1", generation=1, spec=spec, status=Status(release=release),
        world=World(workloads=views, absent={}), hold_mode=HoldMode.POLICY,
    )  # fmt: skip


def _view(name: str, old: int, new: int, *, rolls: bool, declared: tuple[str, str] | None, born: datetime) -> WorkloadView:
    before, after = declared or (None, None)
    sets = [_replica_set(name, _OLD, old, before, born - timedelta(days=1))]
    if rolls:
        sets.insert(0, _replica_set(name, _NEW, new, after, born))
    template = sets[0].hash
    return WorkloadView(
        name=name, kind="Deployment", uid=name, resource_version="1", template=template, contracts=after if rolls else before, template_restarted_at="",
        replicas=old + new, settled=True, paused=False, held=False, paced=None, pinned=False, strategy=_STRATEGY, managed_by="shop",
        replica_sets=tuple(sets), body=template,
    )  # fmt: skip


def _replica_set(name: str, revision: str, pods: int, contracts: str | None, born: datetime) -> ReplicaSetView:
    return ReplicaSetView(
        name=f"{name}-{revision}", uid=f"{name}-{revision}", resource_version="1", hash=f"{name}-{revision}", pod_hash=revision, contracts=contracts, created=born,
        replicas=pods, pods=pods, ready=pods, available=pods, steady=pods, body=f"{name}-{revision}",
    )  # fmt: skip
