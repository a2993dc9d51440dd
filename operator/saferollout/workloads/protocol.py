"""What a kind of workload must be able to do: show itself as a view, say why it can't be released, turn an action into a write.

Other kinds follow the Deployment by adding a module with a class of this shape; nothing above this layer knows a kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from saferollout.core.actions import Action
from saferollout.core.views import WorkloadView

RawObject = Mapping[str, Any]
"""A Kubernetes object as the API server sent it, parsed from JSON; never changed by us."""

MERGE_PATCH: Final = "application/merge-patch+json"


class Verb(StrEnum):
    """The HTTP methods that a write may use."""

    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class RawWorkload:
    """One workload's objects; `revisions` and `pods` may hold strangers, ownership is checked by uid.

    `revisions` is what keeps its templates: a Deployment's ReplicaSets, a StatefulSet's ControllerRevisions.
    """

    workload: RawObject
    revisions: tuple[RawObject, ...] = ()
    pods: tuple[RawObject, ...] = ()

    @property
    def kind(self) -> str:
        """Return the workload's kind, for example Deployment."""
        kind: str = self.workload["kind"]
        return kind


@dataclass(frozen=True, slots=True)
class Write:
    """One guarded request: the body carries the resourceVersion or precondition it was decided on; 409 means look again."""

    verb: Verb
    group: str
    version: str
    plural: str
    namespace: str
    name: str
    body: RawObject
    content_type: str = "application/json"

    @property
    def path(self) -> str:
        """Return the object's path below the API server's address."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{self.namespace}/{self.plural}/{self.name}"


class CannotWrite(Exception):
    """An action does not fit the objects it meets: what it names is gone, or what it would give back is not known.

    The message is a sentence for people. Nothing may be sent; looking again gives a new decision.
    """


class WorkloadKind(Protocol):
    """One kind of workload, for example Deployment."""

    def view(self, raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> WorkloadView:
        """Return what decisions see of the workload; availability is judged at `now`."""
        ...

    def refusals(self, view: WorkloadView, *, batches: Sequence[object]) -> tuple[str, ...]:
        """Return sentences on what would make a release or its rollback impossible; empty where all is well."""
        ...

    def write(self, action: Action, raw: RawWorkload, *, now: datetime) -> Write:
        """Return the one write that carries out an action; raises CannotWrite where it does not fit."""
        ...
