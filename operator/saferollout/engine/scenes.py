"""Make of the store what a decision sees, and keep the raw objects it was made of, for the write that may follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from saferollout.api import names
from saferollout.api.nearest import nearest
from saferollout.api.problems import InvalidSafeRollout
from saferollout.api.references import check_references
from saferollout.api.saferollout import SafeRollout
from saferollout.api.spec import SafeRolloutSpec, Workload
from saferollout.api.status import Status
from saferollout.core.arms import Labels
from saferollout.core.catalogue.catalogue import BUILT_IN, Catalogue
from saferollout.core.decision import Snapshot
from saferollout.core.foreign import ForeignName, ForeignWorkload
from saferollout.core.views import Absence, Absent, HoldMode, WorkloadView, World
from saferollout.engine.commands import commands_of
from saferollout.engine.foreign import ForeignWorkloads
from saferollout.engine.ownership import owner_of
from saferollout.engine.resources import Kind
from saferollout.engine.store import Place, Store
from saferollout.engine.trimming import Raw
from saferollout.workloads.protocol import RawWorkload, WorkloadKind

_LABELS = Labels()
_API_VERSION = "apps/v1"


@dataclass(frozen=True, slots=True)
class Scene:
    """A snapshot and what it was made of; `raw_workloads` by the names of the SafeRollout."""

    snapshot: Snapshot
    safe_rollout: Raw
    raw_workloads: Mapping[str, RawWorkload]


class Scenes:
    """Builds scenes. `hold_mode` tells the mode of this moment; `watched` names the operator's namespaces, empty means all."""

    def __init__(
        self,
        *,
        store: Store,
        kind: WorkloadKind,
        hold_mode: Callable[[], HoldMode],
        restart_annotations: tuple[str, ...],
        labels: Labels = _LABELS,
        catalogue: Catalogue = BUILT_IN,
        has_prometheus: bool = False,
        watched: tuple[str, ...] = (),
    ) -> None:
        self._store = store
        self._kind = kind
        self._hold_mode = hold_mode
        self._restart_annotations = restart_annotations
        self._labels = labels
        self._catalogue = catalogue
        self._has_prometheus = has_prometheus
        self._watched = watched

    def at(self, place: Place, *, now: datetime) -> Scene | None:
        """Build the scene of one SafeRollout; None where it does not exist."""
        raw = self._store.get(Kind.SAFE_ROLLOUT, place)
        if raw is None:
            return None
        read = read_spec(raw)
        spec = read.spec
        raw_workloads, absent = self._sort_out(spec, place)
        views = {name: self.view(raw_workload, now=now) for name, raw_workload in raw_workloads.items()}
        existing = sorted(workload["metadata"]["name"] for _, workload in self._store.all_workloads(namespace=place.namespace))
        metadata = raw["metadata"]
        snapshot = Snapshot(
            namespace=place.namespace,
            name=place.name,
            uid=metadata["uid"],
            resource_version=metadata["resourceVersion"],
            generation=metadata.get("generation", 0),
            spec=spec,
            status=read_status(raw),
            world=World(workloads=views, absent=absent, existing_names=tuple(existing)),
            hold_mode=self._hold_mode(),
            commands=commands_of(raw),
            spec_problems=read.problems,
            spec_readable=read.readable,
            deleting=metadata.get("deletionTimestamp") is not None,
            has_finalizer=names.FINALIZER in metadata.get("finalizers", ()),
            restart_annotations=self._restart_annotations,
            refusals=self._refusals(spec, views),
            labels=self._labels,
            catalogue=self._catalogue,
            has_prometheus=self._has_prometheus,
            foreign=self._foreign(spec, place, now),
        )
        return Scene(snapshot=snapshot, safe_rollout=raw, raw_workloads=raw_workloads)

    def view(self, raw_workload: RawWorkload, *, now: datetime) -> WorkloadView:
        """View one workload as its kind does."""
        return self._kind.view(raw_workload, restart_annotations=self._restart_annotations, now=now)

    def _foreign(self, spec: SafeRolloutSpec, place: Place, now: datetime) -> dict[ForeignName, ForeignWorkload]:
        def view(deployment: Raw) -> WorkloadView:
            return self.view(gather(self._store, deployment), now=now)

        return ForeignWorkloads(store=self._store, view=view, watched=self._watched).of(spec, namespace=place.namespace)

    def _refusals(self, spec: SafeRolloutSpec, views: Mapping[str, WorkloadView]) -> dict[str, tuple[str, ...]]:
        batches = {workload.name: workload.batches for workload in spec.workloads}
        refused = {name: self._kind.refusals(view, batches=batches[name]) for name, view in views.items()}
        return {name: sentences for name, sentences in refused.items() if sentences}

    def _sort_out(self, spec: SafeRolloutSpec, place: Place) -> tuple[dict[str, RawWorkload], dict[str, Absent]]:
        present: dict[str, RawWorkload] = {}
        absent: dict[str, Absent] = {}
        for workload in spec.workloads:
            found = self._find(workload, place)
            if isinstance(found, Absent):
                absent[workload.name] = found
            else:
                present[workload.name] = gather(self._store, found)
        return present, absent

    def _find(self, workload: Workload, place: Place) -> Raw | Absent:
        reference = workload.reference
        if reference.api_version != _API_VERSION or reference.kind not in self._store.workloads:
            released = " or ".join(f"a {kind}" for kind in self._store.workloads)
            said = f"{reference.kind} of {reference.api_version} can't be released by this version of the operator, only {released} of apps/v1"
            if reference.kind == Kind.STATEFUL_SET:
                said = f"StatefulSet {reference.name!r} can't be released: the operator was told to leave StatefulSets alone (the chart's statefulSets.enabled)"
            return Absent(name=workload.name, kind=reference.kind, reason=Absence.UNSUPPORTED_KIND, message=said)
        kind = Kind(reference.kind)
        found = self._store.get(kind, Place(namespace=place.namespace, name=reference.name))
        if found is None:
            existing = [raw["metadata"]["name"] for raw in self._store.all(kind, namespace=place.namespace)]
            way_out = "create it, correct its name in spec.workloads, or remove the entry; the others go on without it"
            said = f"there is no {reference.kind} {reference.name!r} in namespace {place.namespace}: {way_out}{nearest(reference.name, existing)}"
            return Absent(name=workload.name, kind=reference.kind, reason=Absence.NOT_FOUND, message=said)
        owner = owner_of(self._store, kind, found)
        if owner != place.name:
            said = f"{reference.kind} {reference.name!r} belongs to the SafeRollout {owner!r}: let only one of them name it"
            return Absent(name=workload.name, kind=reference.kind, reason=Absence.MANAGED_BY_ANOTHER, message=said)
        return found


def gather(store: Store, workload: Raw) -> RawWorkload:
    """Return a workload with everything it owns."""
    revisions = store.revisions_of(workload)
    pods = tuple(pod for owner in (workload, *revisions) for pod in store.pods_of(owner))
    return RawWorkload(workload=workload, revisions=revisions, pods=pods)


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """A spec with what speaks against it; `readable` is false where only its workloads could be told."""

    spec: SafeRolloutSpec
    problems: tuple[str, ...]
    readable: bool = True


def read_spec(raw: Mapping[str, Any]) -> ReadSpec:
    """Read the spec and everything that speaks against it.

    A spec that can't be read still names its workloads where possible, so that they count as ours and nothing of theirs is lost.
    """
    try:
        spec = SafeRollout.parse_lenient({**raw, "status": None}).spec
    except InvalidSafeRollout as error:
        return ReadSpec(_salvaged(raw), tuple(str(problem) for problem in error.problems), readable=False)
    return ReadSpec(spec, tuple(str(problem) for problem in check_references(spec, namespace=raw["metadata"].get("namespace", ""))))


def read_status(raw: Mapping[str, Any]) -> Status:
    """Read the status; one that can't be read counts as lost, which every decision survives on the safe side."""
    try:
        return Status.model_validate(raw.get("status") or {})
    except ValidationError:
        return Status()


def _salvaged(raw: Mapping[str, Any]) -> SafeRolloutSpec:
    try:
        return SafeRolloutSpec.model_validate({"workloads": (raw.get("spec") or {}).get("workloads")})
    except ValidationError:
        return SafeRolloutSpec.model_construct(workloads=())
