"""Batches of a StatefulSet: its pods from spec.updateStrategy.rollingUpdate.partition on are new, the highest ordinal first.

The native controller replaces them one by one, or up to maxUnavailable at a time where the server has the feature MaxUnavailableStatefulSet
(beta in Kubernetes 1.36, off by default), each only when the ones before are available: inside a batch there is nothing to pace.

A partition is a number. Pods that an autoscaler adds are above it, so they are new; the operator raises the partition as soon as it sees
the new size, so far that the new pods below it, which stay new, count too. Pods that it takes away are the new ones. While the operator is
down the number of old pods therefore stays as it is.
"""

from saferollout.core.views import Partition, WorkloadView


def next_partition(*, view: WorkloadView, revision: str, batch_percent: int) -> Partition | None:
    """Return the partition to set now so that the batch is new, or None while the one that stands is right."""
    if view.replicas == 0:
        return None
    share = _new_pods(view, batch_percent=batch_percent)
    new = {place for rs in view.of(revision) for place in rs.places}
    fitting = (first for first in range(view.replicas - share, view.replicas) if view.replicas - first + sum(place < first for place in new) <= share)
    wanted = Partition(first_new=next(fitting, view.replicas))
    return None if view.paced == wanted and not view.paused else wanted


def partition_ready(*, view: WorkloadView, revision: str, batch_percent: int) -> bool:
    """Tell whether every new pod of this batch is available, by the user's own minReadySeconds, and no step is left to set."""
    if not view.settled or next_partition(view=view, revision=revision, batch_percent=batch_percent) is not None:
        return False
    return sum(rs.available for rs in view.filled(revision)) >= _new_pods(view, batch_percent=batch_percent)


def _new_pods(view: WorkloadView, *, batch_percent: int) -> int:
    return -(-view.replicas * batch_percent // 100)
