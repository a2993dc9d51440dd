"""Give a workload back to its owner without a SafeRollout that could decide it: after a mistyped label, on uninstall."""

from collections.abc import Mapping
from typing import Any

from saferollout.api import names
from saferollout.core.actions import GiveBack
from saferollout.core.views import WorkloadView
from saferollout.engine.errors import Conflict
from saferollout.engine.ownership import only_we_labelled
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import WORKLOAD_KINDS, Kind
from saferollout.engine.store import Place, Store
from saferollout.workloads.protocol import RawWorkload


async def read_workload(cluster: Cluster, place: Place) -> RawWorkload:
    """Read a Deployment and what it owns, untrimmed: whose label it is stands in the fields that the store drops. Raise Conflict if gone."""
    lists = {kind: await cluster.list(kind.resource, namespace=place.namespace) for kind in WORKLOAD_KINDS}
    store = Store()
    store.keep_namespace(place.namespace)
    for kind, listing in lists.items():
        store.replace(kind, listing.items, resource_version=listing.resource_version, namespace=place.namespace)
    deployment = next((raw for raw in lists[Kind.DEPLOYMENT].items if Place.of(raw) == place), None)
    if deployment is None:
        raise Conflict(f"{place} is gone")
    replica_sets = store.replica_sets_of(deployment)
    pods = tuple(pod for replica_set in replica_sets for pod in store.pods_of(replica_set))
    return RawWorkload(workload=deployment, replica_sets=replica_sets, pods=pods)


def is_borrowed(deployment: Mapping[str, Any]) -> bool:
    """Tell whether anything of the owner's is in our hands: a hold, a pace, a pin."""
    metadata = deployment["metadata"]
    marks = {names.LABEL_HELD, names.LABEL_PACED, names.LABEL_PINNED}
    return bool(marks & set(metadata.get("labels") or {})) or names.ANNOTATION_ORIGINAL in (metadata.get("annotations") or {})


def is_mid_roll(view: WorkloadView) -> bool:
    """Tell whether two revisions are alive, or an old one is pinned."""
    return len(view.alive()) > 1 or view.pinned


def give_back_action(view: WorkloadView, live: RawWorkload) -> GiveBack:
    """Return what gives everything back; a workload whose template is not exactly what runs stays paused."""
    wanted = view.waiting or view.template
    return GiveBack(workload=view.name, leave_paused=view.alive() != (wanted,), drop_managed_by=only_we_labelled(live.workload))
