"""Give a workload back to its owner without a SafeRollout that could decide it: after a mistyped label, on uninstall."""

from collections.abc import Iterable, Mapping
from typing import Any

from saferollout.core.actions import GiveBack
from saferollout.core.leaving import borrows, rolls_loose, runs_its_template
from saferollout.core.views import WorkloadView
from saferollout.engine.errors import NotFound
from saferollout.engine.ownership import only_we_labelled
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import WORKLOAD_KINDS, Kind
from saferollout.engine.scenes import read_spec, read_status
from saferollout.engine.store import Place, Store, managed_by
from saferollout.engine.trimming import Raw
from saferollout.workloads.protocol import RawWorkload


async def read_workload(cluster: Cluster, place: Place) -> RawWorkload:
    """Read a Deployment and what it owns, untrimmed: whose label it is stands in the fields that the store drops. Raise NotFound."""
    live = (await read_namespace(cluster, place.namespace)).get(place)
    if live is None:
        raise NotFound(f"{place} is gone")
    return live


async def read_namespace(cluster: Cluster, namespace: str) -> dict[Place, RawWorkload]:
    """Read all Deployments of a namespace with what they own, as read_workload does."""
    lists = {kind: await cluster.list(kind.resource, namespace=namespace) for kind in WORKLOAD_KINDS}
    store = Store()
    store.keep_namespace(namespace)
    for kind, listing in lists.items():
        store.replace(kind, listing.items, resource_version=listing.resource_version, namespace=namespace)
    return {Place.of(raw): _owning(store, raw) for raw in lists[Kind.DEPLOYMENT].items}


def _owning(store: Store, deployment: Raw) -> RawWorkload:
    replica_sets = store.replica_sets_of(deployment)
    pods = tuple(pod for replica_set in replica_sets for pod in store.pods_of(replica_set))
    return RawWorkload(workload=deployment, replica_sets=replica_sets, pods=pods)


def is_mid_roll(view: WorkloadView) -> bool:
    """Tell whether two revisions are alive, or an old one is pinned; one that was left paused as it is waits for its owner alone."""
    return (len(view.alive()) > 1 or view.pinned) and not view.left_paused


def is_rolled_loose(view: WorkloadView, deployment: Mapping[str, Any], safe_rollouts: Iterable[Raw]) -> bool:
    """Tell whether the SafeRollout that a workload belongs to has a roll of it under way with nothing borrowed (core/leaving.py)."""
    place, owner = Place.of(deployment), managed_by(deployment)
    for raw in safe_rollouts:
        if Place.of(raw) != Place(namespace=place.namespace, name=owner or ""):
            continue
        known_as = [workload.name for workload in read_spec(raw).spec.workloads if workload.reference.name == place.name]
        return any(rolls_loose(read_status(raw), name, view) for name in known_as)
    return False


def give_back_action(view: WorkloadView, live: RawWorkload, *, rolled_loose: bool = False) -> GiveBack:
    """Return what gives everything back; a workload whose template is not exactly what runs stays paused."""
    paused = rolled_loose or (borrows(view) and not runs_its_template(view))
    return GiveBack(workload=view.name, leave_paused=paused, drop_managed_by=only_we_labelled(live.workload), rolls_loose=rolled_loose)
