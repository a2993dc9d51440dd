"""Exact batches on a Deployment whose new pods never count as available: how many new pods, and in which steps.

With `minReadySeconds` set out of reach the native controller never counts a new pod as available. It then keeps the old pods at
`replicas - maxUnavailable`, fills up to `replicas + maxSurge` with new ones, and stays there (pkg/controller/deployment/rolling.go
of Kubernetes; tried on a real one). So `new = unavailable + surge`, exactly, even while the operator is dead.

Inside a batch `unavailable` rises only as new pods become available, so that ready pods never fall below what the user's own
strategy allows. It is always written as a percentage: an absolute number would advance when an autoscaler shrinks the workload.

A restart in the middle of a batch makes a second ReplicaSet of the same revision. The batch then begins anew: `unavailable` rises as
restarted pods become available. The pods from before it go first, because their ReplicaSet keeps the minReadySeconds out of reach and
so counts as ill (cleanupUnhealthyReplicas, same file); the old revision keeps its share.
"""

from dataclasses import replace
from math import ceil
from typing import Final

from saferollout.core.partitions import next_partition, partition_ready
from saferollout.core.views import Pace, Partition, Strategy, WorkloadView

_EXACT_UP_TO: Final = 100
"""Up to this many replicas one percent is at most one pod, so a percentage can name every number of pods."""


def resolve_unavailable(value: int | str, *, replicas: int) -> int:
    """Return a maxUnavailable in pods; Kubernetes rounds it down."""
    return replicas * _percent(value) // 100 if isinstance(value, str) else value


def resolve_surge(value: int | str, *, replicas: int) -> int:
    """Return a maxSurge in pods; Kubernetes rounds it up."""
    return _ceil_percent(_percent(value), replicas) if isinstance(value, str) else value


def allowed(strategy: Strategy, *, replicas: int) -> tuple[int, int]:
    """Return how many pods the user's own strategy lets be (unavailable, extra).

    Where both come to 0 Kubernetes takes 1 unavailable, else nothing could ever roll (ResolveFenceposts).
    """
    unavailable = resolve_unavailable(strategy.max_unavailable, replicas=replicas)
    surge = resolve_surge(strategy.max_surge, replicas=replicas)
    if unavailable == 0 and surge == 0:
        return 1, 0
    return min(unavailable, replicas), surge


def resolved_unavailable(view: WorkloadView) -> int:
    """Return how many pods the user's own strategy lets a workload miss now."""
    return allowed(view.strategy, replicas=view.replicas)[0]


def can_step(strategy: Strategy, *, replicas: int) -> bool:
    """Tell whether steps of one percent fit into what the user's strategy lets be missing or extra."""
    return sum(allowed(strategy, replicas=replicas)) >= _ceil_percent(1, replicas)


def target_pods(strategy: Strategy, *, replicas: int, batch_percent: int) -> int:
    """Return the new pods of a complete batch: ceil(replicas * percent / 100), or up to 1 % fewer above 100 replicas."""
    if replicas == 0:
        return 0
    final = _complete(strategy, replicas=replicas, batch_percent=batch_percent)
    return sum(_in_pods(final, replicas=replicas))


def next_pace(*, view: WorkloadView, revision: str, batch_percent: int) -> Pace | Partition | None:
    """Return the pace to set now so that `revision` comes to its share, or None while the one that stands is right.

    None does not mean the batch is complete: see batch_ready. A pace is never lowered under a revision that has pods, so one that
    falls ill moves nothing. On a paused workload no pace is in force, so one is always to be set. A StatefulSet's is a partition.
    """
    if view.by_ordinal:
        return next_partition(view=view, revision=revision, batch_percent=batch_percent)
    if view.replicas == 0:
        return None
    wanted = _step(view, revision=revision, batch_percent=batch_percent)
    started = any(rs.replicas > 0 for rs in view.filled(revision))
    if not isinstance(view.paced, Pace) or not started:
        # A pace that stands from a superseded revision would let more pods of the new one start than its batch has.
        return None if view.paced == wanted and not view.paused else wanted
    unavailable_now, surge_now = _in_pods(view.paced, replicas=view.replicas)
    unavailable, surge = _in_pods(wanted, replicas=view.replicas)
    if surge < surge_now:
        # After an autoscaler's step the surge that stands may be more than this batch adds: then fewer old pods give way for it.
        rest = max(0, target_pods(view.strategy, replicas=view.replicas, batch_percent=batch_percent) - surge_now)
        wanted = replace(wanted, max_unavailable=f"{min(_percent(wanted.max_unavailable), ceil(100 * rest / view.replicas))}%")
        unavailable, _ = _in_pods(wanted, replicas=view.replicas)
    if unavailable <= unavailable_now and surge <= surge_now and not view.paused:
        return None
    return Pace(
        max_unavailable=wanted.max_unavailable if unavailable > unavailable_now else view.paced.max_unavailable,
        max_surge=wanted.max_surge if surge > surge_now else view.paced.max_surge,
    )


def batch_ready(*, view: WorkloadView, revision: str, batch_percent: int) -> bool:
    """Tell whether every new pod of this batch is available, by the user's own minReadySeconds, and no step is left to set."""
    if view.by_ordinal:
        return partition_ready(view=view, revision=revision, batch_percent=batch_percent)
    if not view.settled or next_pace(view=view, revision=revision, batch_percent=batch_percent) is not None:
        return False
    wanted = target_pods(view.strategy, replicas=view.replicas, batch_percent=batch_percent)
    return sum(rs.available for rs in view.filled(revision)) >= wanted


def _step(view: WorkloadView, *, revision: str, batch_percent: int) -> Pace:
    """Return the pace of this moment: as much of the batch as keeps `replicas - U` pods ready."""
    replicas = view.replicas
    final = _complete(view.strategy, replicas=replicas, batch_percent=batch_percent)
    unavailable_of_user, _ = allowed(view.strategy, replicas=replicas)
    filled = view.filled(revision)
    available_new = sum(rs.available for rs in filled)
    ready_old = sum(rs.ready for rs in view.replica_sets if rs not in filled)
    # Old pods that are not ready may go first and nobody misses them; the native controller takes those first, too.
    bearable = max(unavailable_of_user + available_new, replicas - ready_old)
    percent = min(_percent(final.max_unavailable), _percent_within(bearable, replicas=replicas))
    return Pace(max_unavailable=f"{percent}%", max_surge=final.max_surge)


def _complete(strategy: Strategy, *, replicas: int, batch_percent: int) -> Pace:
    """Return the pace at which the whole batch is new: as much surge as the user allows, the rest unavailable."""
    pods = min(replicas, _ceil_percent(batch_percent, replicas))
    _, surge_of_user = allowed(strategy, replicas=replicas)
    max_surge = _write_surge(strategy, pods=min(surge_of_user, pods), replicas=replicas)
    unavailable = pods - resolve_surge(max_surge, replicas=replicas)
    percent = _percent_within(unavailable, replicas=replicas)
    if replicas > _EXACT_UP_TO:
        # Not above the batch's own share: what rounding adds today would be many pods after an autoscaler's step.
        percent = min(percent, batch_percent)
    return Pace(max_unavailable=f"{percent}%", max_surge=max_surge)


def _write_surge(strategy: Strategy, *, pods: int, replicas: int) -> int | str:
    """Return a maxSurge of that many pods: a percentage where one is exact, the user's own word where not.

    Where neither can say it, the largest percentage below: a batch is never overshot.
    """
    if pods == 0:
        return 0
    percent = 100 * pods // replicas
    if _ceil_percent(percent, replicas) == pods:
        return f"{percent}%"
    if resolve_surge(strategy.max_surge, replicas=replicas) == pods:
        return strategy.max_surge
    return f"{percent}%"


def _percent_within(pods: int, *, replicas: int) -> int:
    """Return a percentage that leaves at most so many pods unavailable: the nearest share, above 100 replicas the largest."""
    if replicas <= _EXACT_UP_TO:
        return ceil(100 * pods / replicas)
    return ceil(100 * (pods + 1) / replicas) - 1


def _in_pods(pace: Pace, *, replicas: int) -> tuple[int, int]:
    return resolve_unavailable(pace.max_unavailable, replicas=replicas), resolve_surge(pace.max_surge, replicas=replicas)


def _ceil_percent(percent: int, replicas: int) -> int:
    return -(-replicas * percent // 100)


def _percent(value: str) -> int:
    return int(value.removesuffix("%"))
