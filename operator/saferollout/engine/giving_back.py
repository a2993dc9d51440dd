"""Give a workload back to its owner without a SafeRollout that could decide it: after a mistyped label, on uninstall."""

from collections.abc import Iterable, Mapping
from typing import Any

from saferollout.core.actions import GiveBack
from saferollout.core.leaving import borrows, rolls_loose, runs_its_template
from saferollout.core.views import WorkloadView
from saferollout.engine.errors import NotFound
from saferollout.engine.ownership import only_we_labelled
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import Kind, parts_of
from saferollout.engine.scenes import gather, read_spec, read_status
from saferollout.engine.store import Place, Store, managed_by
from saferollout.engine.trimming import Raw
from saferollout.workloads.protocol import RawWorkload


async def read_workload(cluster: Cluster, kind: Kind, place: Place) -> RawWorkload:
    """Read a workload and what it owns, untrimmed: whose label it is stands in the fields that the store drops. Raise NotFound."""
    live = (await read_namespace(cluster, kind, place.namespace)).get(place)
    if live is None:
        raise NotFound(f"{place} is gone")
    return live


async def read_namespace(cluster: Cluster, kind: Kind, namespace: str) -> dict[Place, RawWorkload]:
    """Read all workloads of a kind in a namespace with what they own, as read_workload does."""
    lists = {part: await cluster.list(part.resource, namespace=namespace) for part in parts_of((kind,))}
    store = Store(workloads=(kind,))
    store.keep_namespace(namespace)
    for part, listing in lists.items():
        store.replace(part, listing.items, resource_version=listing.resource_version, namespace=namespace)
    return {Place.of(raw): gather(store, {**raw, "kind": kind.value}) for raw in lists[kind].items}


def is_mid_roll(view: WorkloadView) -> bool:
    """Tell whether two revisions are alive, or an old one is pinned; one that was left paused as it is waits for its owner alone."""
    return (len(view.alive()) > 1 or view.pinned) and not view.left_paused


def is_rolled_loose(view: WorkloadView, workload: Mapping[str, Any], safe_rollouts: Iterable[Raw]) -> bool:
    """Tell whether the SafeRollout that a workload belongs to has a roll of it under way with nothing borrowed (core/leaving.py)."""
    place, owner = Place.of(workload), managed_by(workload)
    for raw in safe_rollouts:
        if Place.of(raw) != Place(namespace=place.namespace, name=owner or ""):
            continue
        named = read_spec(raw).spec.workloads
        known_as = [entry.name for entry in named if (entry.reference.kind, entry.reference.name) == (view.kind, place.name)]
        return any(rolls_loose(read_status(raw), name, view) for name in known_as)
    return False


def give_back_action(view: WorkloadView, live: RawWorkload, *, rolled_loose: bool = False) -> GiveBack:
    """Return what gives everything back; a workload whose template is not exactly what runs stays paused."""
    paused = rolled_loose or (borrows(view) and not runs_its_template(view))
    return GiveBack(workload=view.name, leave_paused=paused, drop_managed_by=only_we_labelled(live.workload), rolls_loose=rolled_loose)
