"""The resources the operator talks about, and the kinds it keeps a copy of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from saferollout.api import names


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the API server; `group` is empty for the core group."""

    group: str
    version: str
    plural: str

    @property
    def root(self) -> str:
        """Return the path below which the resource lives."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


class Kind(StrEnum):
    """What the store holds."""

    SAFE_ROLLOUT = names.KIND
    DEPLOYMENT = "Deployment"
    REPLICA_SET = "ReplicaSet"
    STATEFUL_SET = "StatefulSet"
    CONTROLLER_REVISION = "ControllerRevision"
    POD = "Pod"

    @property
    def resource(self) -> Resource:
        """Return the resource that serves this kind."""
        return _RESOURCES[self]


def kind_served_by(resource: Resource) -> Kind:
    """Return the kind that the store knows a resource by; raise KeyError where it keeps no such kind."""
    return _KINDS[resource]


_RESOURCES: Final = {
    Kind.SAFE_ROLLOUT: Resource(group=names.GROUP, version=names.VERSION, plural=names.PLURAL),
    Kind.DEPLOYMENT: Resource(group="apps", version="v1", plural="deployments"),
    Kind.REPLICA_SET: Resource(group="apps", version="v1", plural="replicasets"),
    Kind.STATEFUL_SET: Resource(group="apps", version="v1", plural="statefulsets"),
    Kind.CONTROLLER_REVISION: Resource(group="apps", version="v1", plural="controllerrevisions"),
    Kind.POD: Resource(group="", version="v1", plural="pods"),
}

_KINDS: Final = {resource: kind for kind, resource in _RESOURCES.items()}

# The kinds of workload, each with what keeps its old templates.
WORKLOADS: Final[Mapping[Kind, Kind]] = {Kind.DEPLOYMENT: Kind.REPLICA_SET, Kind.STATEFUL_SET: Kind.CONTROLLER_REVISION}

RELEASED: Final = (Kind.DEPLOYMENT,)
"""The kinds of workload that are released where nothing else is configured."""


def parts_of(workloads: Iterable[Kind]) -> tuple[Kind, ...]:
    """Return every kind that workloads of some kinds consist of, owners before what they own."""
    workloads = tuple(workloads)
    return (*workloads, *(WORKLOADS[kind] for kind in workloads), Kind.POD)


LEASES: Final = Resource(group="coordination.k8s.io", version="v1", plural="leases")
EVENTS: Final = Resource(group="events.k8s.io", version="v1", plural="events")
HOLD_POLICIES: Final = Resource(group="admissionregistration.k8s.io", version="v1", plural="mutatingadmissionpolicies")
HOLD_POLICY_BINDINGS: Final = Resource(group="admissionregistration.k8s.io", version="v1", plural="mutatingadmissionpolicybindings")
