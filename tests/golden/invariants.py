"""What must be true at every instant of every release, whatever the story."""

from typing import Any

from saferollout.api.declaration import parse_declaration
from saferollout.core.pacing import resolved_unavailable


def check_safe(cluster: Any) -> None:
    """Every version that a live pod writes is read by every live reader of its contract (kernel.md section 2)."""
    declared = {
        (name, rs.hash): parse_declaration(rs.contracts)
        for name, view in cluster.views.items()
        for rs in view.replica_sets
        if rs.pods and rs.contracts is not None
    }
    for writer, writes in declared.items():
        for reader, reads in declared.items():
            for contract, use in writes.items():
                wanted = reads[contract].reads if contract in reads else None
                assert wanted is None or set(use.writes) <= set(wanted), (
                    f"{writer} writes {contract} {use.writes}, {reader} reads {wanted} at {cluster.now}\n{cluster.chronicle.text()}"
                )


def check_strength(cluster: Any) -> None:
    """No roll takes more ready pods away than the user's own strategy allows, as long as no pod is ill."""
    if cluster.health.never_ready or cluster.health.crashing:
        return
    for name, view in cluster.views.items():
        ready = sum(rs.ready for rs in view.replica_sets)
        if any(rs.created.timestamp() < cluster.now.timestamp() - 60 and rs.pods for rs in view.replica_sets):
            least = view.replicas - resolved_unavailable(view)
            assert ready >= least, f"{name} has {ready} ready pods of {view.replicas} at {cluster.now}\n{cluster.chronicle.text()}"
