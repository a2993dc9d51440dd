"""An API server in memory: resourceVersions, guards, the status subresource, finalizers, and faults on demand."""

import asyncio
import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from saferollout.engine.errors import ClusterError, Conflict, NotFound
from saferollout.engine.ports import Listing
from saferollout.engine.resources import Kind, Resource
from saferollout.engine.store import Place
from saferollout.engine.trimming import Raw

Fault = Callable[[str, Resource, Place], ClusterError | None]


class FakeCluster:
    """Implements engine.ports.Cluster. `writes` is every write that was carried out, as (verb, plural[/subresource], key)."""

    def __init__(self) -> None:
        self.objects: dict[tuple[Resource, Place], Raw] = {}
        self.writes: list[tuple[str, str, str]] = []
        self.reads: list[tuple[str, str, str]] = []
        self.attempted_writes = 0
        self.version = 100
        self.fault: Fault = lambda verb, resource, place: None
        self.delay = 0.0

    def put(self, resource: Resource | Kind, raw: Mapping[str, Any]) -> Raw:
        """Place an object as if somebody else had written it."""
        resource = resource.resource if isinstance(resource, Kind) else resource
        stored = copy.deepcopy(dict(raw))
        place = Place.of(stored)
        known = self.objects.get((resource, place))
        stored["metadata"].setdefault("uid", known["metadata"]["uid"] if known else f"uid-{self.version + 1}")
        return self._keep(resource, place, stored)

    def remove(self, resource: Resource | Kind, place: Place) -> Raw:
        """Take an object away as if somebody else had deleted it."""
        resource = resource.resource if isinstance(resource, Kind) else resource
        self.version += 1
        return self.objects.pop((resource, place))

    async def list(self, resource: Resource, *, namespace: str | None = None, label: str = "") -> Listing:
        await self._answer("list", resource, Place(namespace=namespace or "", name=""))
        items = [
            copy.deepcopy(raw) for (kind, place), raw in self.objects.items()
            if kind == resource and namespace in (None, place.namespace) and _selected(label, raw)
        ]
        return Listing(items=tuple(items), resource_version=str(self.version))

    async def get(self, resource: Resource, place: Place) -> Raw:
        await self._answer("get", resource, place)
        return copy.deepcopy(self._known(resource, place))

    async def create(self, resource: Resource, *, namespace: str, body: Mapping[str, Any]) -> Raw:
        stored = copy.deepcopy(dict(body))
        stored["metadata"]["namespace"] = namespace
        place = Place.of(stored)
        await self._answer("create", resource, place)
        if (resource, place) in self.objects:
            raise Conflict("it exists already")
        stored["metadata"]["uid"] = f"uid-{self.version + 1}"
        return self._written("create", resource, place, stored)

    async def replace(self, resource: Resource, place: Place, *, body: Mapping[str, Any]) -> Raw:
        await self._answer("replace", resource, place)
        self._guard(resource, place, body["metadata"].get("resourceVersion"))
        return self._written("replace", resource, place, copy.deepcopy(dict(body)))

    async def patch(self, resource: Resource, place: Place, *, body: Mapping[str, Any], subresource: str = "") -> Raw:
        await self._answer("patch", resource, place)
        known = self._known(resource, place)
        self._guard(resource, place, (body.get("metadata") or {}).get("resourceVersion"))
        # Merge patches of two managers may name only their own part.
        visible = {"status": body.get("status", {})} if subresource == "status" else {k: v for k, v in body.items() if k != "status"}
        patched = apply_merge_patch(known, visible)
        return self._written("patch", resource, place, patched, subresource=subresource)

    async def delete(self, resource: Resource, place: Place, *, body: Mapping[str, Any]) -> Raw | None:
        await self._answer("delete", resource, place)
        preconditions = body.get("preconditions", {})
        self._guard(resource, place, preconditions.get("resourceVersion"))
        if preconditions.get("uid") not in (None, self._known(resource, place)["metadata"]["uid"]):
            raise Conflict("another object has this name now")
        self.writes.append(("delete", resource.plural, str(place)))
        if body.get("propagationPolicy") == "Foreground" or self.objects[resource, place]["metadata"].get("finalizers"):
            self.objects[resource, place]["metadata"]["deletionTimestamp"] = datetime.now(UTC).isoformat()
            return self._keep(resource, place, self.objects[resource, place])
        self.remove(resource, place)
        return None

    async def _answer(self, verb: str, resource: Resource, place: Place) -> None:
        await asyncio.sleep(self.delay)
        self.attempted_writes += verb not in ("get", "list")
        if verb in ("get", "list"):
            self.reads.append((verb, resource.plural, str(place)))
        fault = self.fault(verb, resource, place)
        if fault is not None:
            raise fault

    def _known(self, resource: Resource, place: Place) -> Raw:
        if (resource, place) not in self.objects:
            raise NotFound(f"{resource.plural} {place} not found")
        return self.objects[resource, place]

    def _guard(self, resource: Resource, place: Place, version: str | None) -> None:
        known = self._known(resource, place)["metadata"]["resourceVersion"]
        if version not in (None, known):
            raise Conflict(f"{place} is at {known}, not {version}")

    def _written(self, verb: str, resource: Resource, place: Place, raw: Raw, *, subresource: str = "") -> Raw:
        self.writes.append((verb, resource.plural + (f"/{subresource}" if subresource else ""), str(place)))
        return self._keep(resource, place, raw)

    def _keep(self, resource: Resource, place: Place, raw: Raw) -> Raw:
        known = self.objects.get((resource, place))
        if known is not None and _content(known) == _content(raw):
            return copy.deepcopy(known)
        self.version += 1
        raw["metadata"]["resourceVersion"] = str(self.version)
        if raw["metadata"].get("deletionTimestamp") and not raw["metadata"].get("finalizers"):
            self.objects.pop((resource, place), None)
        else:
            self.objects[resource, place] = raw
        return copy.deepcopy(raw)


def _selected(selector: str, raw: Raw) -> bool:
    labels = raw["metadata"].get("labels", {})
    return all(labels.get(key) == value if equals else key in labels for key, equals, value in (part.partition("=") for part in selector.split(",") if part))


def apply_merge_patch(document: Mapping[str, Any], patch: Mapping[str, Any]) -> Raw:
    """Return what a server makes of a JSON merge patch (RFC 7386)."""
    patched = dict(document)
    for key, value in patch.items():
        if value is None:
            patched.pop(key, None)
        elif isinstance(value, Mapping):
            present = patched.get(key)
            patched[key] = apply_merge_patch(present if isinstance(present, Mapping) else {}, value)
        else:
            patched[key] = value
    return patched


def _content(raw: Raw) -> Raw:
    return {**raw, "metadata": {key: value for key, value in raw["metadata"].items() if key != "resourceVersion"}}
