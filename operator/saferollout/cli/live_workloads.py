"""What the cluster itself shows around a SafeRollout: its Deployments with their pods, and the operator's Lease.

A reader may lack the right to look at them; the screen then does without.
"""

from datetime import datetime
from typing import Any

from saferollout.cli.connect import ApiRefused, Cluster, Raw
from saferollout.cli.picture import Heartbeat
from saferollout.core.views import WorkloadView

_LEASES = "/apis/coordination.k8s.io/v1/leases"
_OURS = "app.kubernetes.io/name=saferollout"


def views_of(cluster: Cluster, raw: Raw) -> dict[str, WorkloadView]:
    """Read the workloads of a raw SafeRollout by the names it gives them."""
    return {}


def heartbeat_of(cluster: Cluster) -> Heartbeat | None:
    """Read the operator's Lease; None where it may not be read or is not there."""
    try:
        leases = cluster.read(_LEASES, selector=_OURS).get("items", [])
    except ApiRefused:
        return None
    beats = [Heartbeat(holder=lease["spec"].get("holderIdentity") or "", renewed=_time(lease["spec"])) for lease in leases if _renewed(lease)]
    return max(beats, key=lambda beat: beat.renewed, default=None)


def _renewed(lease: Raw) -> bool:
    return bool(lease.get("spec", {}).get("renewTime"))


def _time(spec: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(spec["renewTime"])
