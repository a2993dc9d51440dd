"""The operator's copy of the cluster: raw objects, and who belongs to whom.

Invariants: an object never goes back to an older resourceVersion; an identity (uid) that was dropped never comes back, however
late its last events arrive; workloads are kept only for namespaces that have a SafeRollout, or a workload that one may read; other
events pass by unheard.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from saferollout.api import names
from saferollout.engine.resources import RELEASED, WORKLOADS, Kind, parts_of
from saferollout.engine.trimming import Raw, trim

# uids are never used twice, so forgetting the oldest only risks a ghost until the next resync.
_MOST_TOMBSTONES: Final = 20_000


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an object lives."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Place":
        """Return the place of an object."""
        return cls(namespace=raw["metadata"].get("namespace", ""), name=raw["metadata"]["name"])

    @classmethod
    def parse(cls, key: str) -> "Place":
        """Return the place that a queue key names."""
        namespace, _, name = key.partition("/")
        return cls(namespace=namespace, name=name)


class Store:
    """Objects by kind and place. `workloads` are the kinds of workload that are kept. Not for threads: all happens in one event loop."""

    def __init__(self, *, workloads: tuple[Kind, ...] = RELEASED) -> None:
        self.workloads = workloads
        self._objects: dict[Kind, dict[Place, Raw]] = {kind: {} for kind in Kind}
        self._places_by_uid: dict[str, tuple[Kind, Place]] = {}
        self._owned: dict[str, set[tuple[Kind, Place]]] = {}
        self._naming: dict[tuple[Kind, Place], set[Place]] = {}      # workload -> SafeRollouts that name it
        self._reading: dict[Place, set[Place]] = {}     # Deployment -> SafeRollouts that read what it declares
        self._tombstones: dict[str, None] = {}
        self._namespaces: set[str] = set()
        self._listed_at: dict[tuple[Kind, str | None], int] = {}     # when everything of a kind and namespace was listed last

    def keep_namespace(self, namespace: str) -> None:
        """Keep workloads of this namespace from now on; what is there already must be listed after this call."""
        self._namespaces.add(namespace)

    def forget_namespace(self, namespace: str) -> None:
        """Drop the workloads of a namespace that has no SafeRollout any more; what carries our label stays."""
        self._namespaces.discard(namespace)
        for kind in parts_of(self.workloads):
            self._listed_at.pop((kind, namespace), None)
            for raw in [raw for raw in self.all(kind, namespace=namespace) if not self._wants(kind, raw)]:
                self._unlink(kind, raw)

    @property
    def namespaces(self) -> frozenset[str]:
        """Return the namespaces whose workloads are kept."""
        return frozenset(self._namespaces)

    def put(self, kind: Kind, raw: Mapping[str, Any]) -> bool:
        """Take an object in; return False where it is not wanted, gone, or no newer than what is here."""
        known = self._objects[kind].get(Place.of(raw))
        if raw["metadata"]["uid"] in self._tombstones or (known is not None and not _newer(raw, known)):
            return False
        if known is None and self._was_gone(kind, raw):
            return False
        wanted = self._wants(kind, raw)
        if known is not None:
            self._unlink(kind, known)
        if wanted:
            self._link(kind, trim(kind, raw))
        return wanted or known is not None

    def drop(self, kind: Kind, raw: Mapping[str, Any]) -> bool:
        """Take note that an object was deleted; a successor of the same name stays."""
        self._bury(raw["metadata"]["uid"])
        known = self._objects[kind].get(Place.of(raw))
        if known is None or known["metadata"]["uid"] != raw["metadata"]["uid"]:
            return False
        self._unlink(kind, known)
        return True

    def replace(
        self, kind: Kind, listed: Iterable[Mapping[str, Any]], *, resource_version: str, namespace: str | None = None, label: str = ""
    ) -> list[Raw]:
        """Take a whole list in and drop ghosts: what is here, is older than the list, and is not in it. Return what changed.

        `namespace` and `label` say what was listed: all of a namespace or of the cluster, all or only what carries a label.
        """
        listed = list(listed)
        if not label:
            # Only now, because what is listed may be older than the list and still unknown here.
            self._listed_at.pop((kind, namespace), None)
        present = {raw["metadata"]["uid"] for raw in listed}
        changed = [raw for raw in listed if self.put(kind, raw)]
        for known in list(self.all(kind, namespace=namespace)):
            metadata = known["metadata"]
            if metadata["uid"] in present or (label and label not in (metadata.get("labels") or {})):
                continue
            # An object that was born, or written by us, after the list was made.
            if _version(metadata["resourceVersion"]) > _version(resource_version):
                continue
            # What lost its label lives on; only a list of everything proves a death.
            if label:
                self._unlink(kind, known)
            else:
                self.drop(kind, known)
            changed.append(known)
        if not label:
            self._listed_at[kind, namespace] = _version(resource_version)
        return [dict(raw) for raw in changed]

    def get(self, kind: Kind, place: Place) -> Raw | None:
        """Return an object, not to be changed by the caller."""
        return self._objects[kind].get(place)

    def all(self, kind: Kind, *, namespace: str | None = None) -> Iterator[Raw]:
        """Go through the objects of a kind."""
        for place, raw in self._objects[kind].items():
            if namespace is None or place.namespace == namespace:
                yield raw

    def all_workloads(self, *, namespace: str | None = None) -> Iterator[tuple[Kind, Raw]]:
        """Go through the workloads of every kind that is kept."""
        for kind in self.workloads:
            for raw in self.all(kind, namespace=namespace):
                yield kind, raw

    def revisions_of(self, workload: Mapping[str, Any]) -> tuple[Raw, ...]:
        """Return what a workload owns that keeps its templates, by name: ReplicaSets or ControllerRevisions."""
        return tuple(raw for kind in WORKLOADS.values() for raw in self._owned_by(workload, kind))

    def pods_of(self, owner: Mapping[str, Any]) -> tuple[Raw, ...]:
        """Return the pods that an object owns itself, by name."""
        return self._owned_by(owner, Kind.POD)

    def naming(self, kind: Kind, workload: Place) -> frozenset[Place]:
        """Return the SafeRollouts that name a workload."""
        return frozenset(self._naming.get((kind, workload), ()))

    def keys_for(self, kind: Kind, raw: Mapping[str, Any]) -> frozenset[str]:
        """Return the keys of every SafeRollout that a change of this object concerns, existing or missing."""
        if kind is Kind.SAFE_ROLLOUT:
            rivals = (rival for workload in _named_workloads(raw) for rival in self.naming(*workload))
            return frozenset({str(Place.of(raw)), *map(str, rivals)})
        if kind in WORKLOADS:
            return self._keys_of_workload(kind, raw)
        owner = self._owner(raw)
        return frozenset() if owner is None else self.keys_for(*owner)

    def _keys_of_workload(self, kind: Kind, raw: Mapping[str, Any]) -> frozenset[str]:
        place = Place.of(raw)
        reading = self._reading.get(place, ()) if kind is Kind.DEPLOYMENT else ()
        keys = {str(safe_rollout) for safe_rollout in (*self.naming(kind, place), *reading)}
        label = managed_by(raw)
        if label:
            keys.add(str(Place(namespace=place.namespace, name=label)))
        return frozenset(keys)

    def _wants(self, kind: Kind, raw: Mapping[str, Any]) -> bool:
        if kind is Kind.SAFE_ROLLOUT or raw["metadata"].get("namespace", "") in self._namespaces:
            return True
        # A labelled workload may wait for a SafeRollout that does not exist; a Deployment that is read may come to allow it.
        waits = kind in WORKLOADS and managed_by(raw) is not None
        return waits or (kind is Kind.DEPLOYMENT and Place.of(raw) in self._reading)

    def _was_gone(self, kind: Kind, raw: Mapping[str, Any]) -> bool:
        """Tell whether a list that is younger than this unknown object did not have it any more."""
        version = _version(raw["metadata"]["resourceVersion"])
        scopes = (None, raw["metadata"].get("namespace", ""))
        return any(0 < version <= self._listed_at.get((kind, scope), 0) for scope in scopes)

    def _link(self, kind: Kind, raw: Raw) -> None:
        place = Place.of(raw)
        self._objects[kind][place] = raw
        self._places_by_uid[raw["metadata"]["uid"]] = (kind, place)
        for owner in _owner_uids(raw):
            self._owned.setdefault(owner, set()).add((kind, place))
        if kind is Kind.SAFE_ROLLOUT:
            for workload in _named_workloads(raw):
                self._naming.setdefault(workload, set()).add(place)
            for deployment in read_deployments(raw):
                self._reading.setdefault(deployment, set()).add(place)

    def _unlink(self, kind: Kind, raw: Raw) -> None:
        place = Place.of(raw)
        del self._objects[kind][place]
        self._places_by_uid.pop(raw["metadata"]["uid"], None)
        for owner in _owner_uids(raw):
            _discard(self._owned, owner, (kind, place))
        if kind is Kind.SAFE_ROLLOUT:
            for workload in _named_workloads(raw):
                _discard(self._naming, workload, place)
            for deployment in read_deployments(raw):
                _discard(self._reading, deployment, place)

    def _bury(self, uid: str) -> None:
        self._tombstones[uid] = None
        if len(self._tombstones) > _MOST_TOMBSTONES:
            del self._tombstones[next(iter(self._tombstones))]

    def _owner(self, raw: Mapping[str, Any]) -> tuple[Kind, Raw] | None:
        known = (self._places_by_uid.get(uid) for uid in _owner_uids(raw))
        return next(((kind, self._objects[kind][place]) for kind, place in filter(None, known)), None)

    def _owned_by(self, owner: Mapping[str, Any], kind: Kind) -> tuple[Raw, ...]:
        owned = sorted(place for owned_kind, place in self._owned.get(owner["metadata"]["uid"], ()) if owned_kind is kind)
        return tuple(self._objects[kind][place] for place in owned)


def managed_by(raw: Mapping[str, Any]) -> str | None:
    """Return the name of the SafeRollout that an object's label names."""
    label: str | None = (raw["metadata"].get("labels") or {}).get(names.LABEL_MANAGED_BY)
    return label or None


def _owner_uids(raw: Mapping[str, Any]) -> tuple[str, ...]:
    # Only the controlling owner counts: a pod adopted by nobody belongs to no workload.
    owners = raw["metadata"].get("ownerReferences") or ()
    return tuple(owner["uid"] for owner in owners if owner.get("controller"))


def _named_workloads(raw: Mapping[str, Any]) -> Iterator[tuple[Kind, Place]]:
    namespace = raw["metadata"].get("namespace", "")
    for workload in (raw.get("spec") or {}).get("workloads") or ():
        reference = workload.get("workloadRef") or {}
        kind = reference.get("kind", Kind.DEPLOYMENT)
        if kind in WORKLOADS:
            yield Kind(kind), Place(namespace=namespace, name=reference.get("name") or workload.get("name", ""))


def read_deployments(raw: Mapping[str, Any]) -> frozenset[Place]:
    """Return the Deployments from which a SafeRollout takes versions of external parties."""
    contracts = (raw.get("spec") or {}).get("contracts") or ()
    parties = (party for contract in contracts for field in ("externalReaders", "externalWriters") for party in contract.get(field) or ())
    sources = (party["from"] for party in parties if party.get("from"))
    namespace = raw["metadata"].get("namespace", "")
    return frozenset(Place(namespace=source.get("namespace") or namespace, name=source.get("workload", "")) for source in sources)


def _newer(candidate: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    ours, theirs = known["metadata"]["resourceVersion"], candidate["metadata"]["resourceVersion"]
    if not (ours.isdecimal() and theirs.isdecimal()):
        return bool(ours != theirs)
    return int(theirs) > int(ours)


def _version(resource_version: str) -> int:
    # Kubernetes promises comparable numbers for its own resources; anything else counts as old, so that ghosts go.
    return int(resource_version) if resource_version.isdecimal() else 0


def _discard(index: dict[Any, set[Any]], key: Any, value: Any) -> None:
    values = index.get(key, set())
    values.discard(value)
    if not values:
        index.pop(key, None)
