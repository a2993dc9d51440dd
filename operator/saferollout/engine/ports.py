"""What the engine needs from the outside, each as small a Protocol as it can be. The shell has the real ones, tests have fakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from saferollout.core.decision import Decision, Note, Snapshot
from saferollout.core.measurements import Observations, Question
from saferollout.engine.resources import Resource
from saferollout.engine.store import Place
from saferollout.engine.trimming import Raw

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything there is of a resource at one resourceVersion."""

    items: tuple[Raw, ...]
    resource_version: str


class Cluster(Protocol):
    """The API server. Every verb raises ClusterError and nothing else, within about ten seconds."""

    async def list(self, resource: Resource, *, namespace: str | None = None, label: str = "") -> Listing:
        """List a namespace or the cluster, the newest state, in pages."""
        ...

    async def get(self, resource: Resource, place: Place) -> Raw:
        """Read the newest state of one object."""
        ...

    async def create(self, resource: Resource, *, namespace: str, body: Mapping[str, Any]) -> Raw:
        """Create an object."""
        ...

    async def replace(self, resource: Resource, place: Place, *, body: Mapping[str, Any]) -> Raw:
        """Put a whole object in place of the one whose resourceVersion stands in it."""
        ...

    async def patch(self, resource: Resource, place: Place, *, body: Mapping[str, Any], subresource: str = "") -> Raw:
        """Send a JSON merge patch (RFC 7386); with metadata.resourceVersion in it, it is guarded."""
        ...

    async def delete(self, resource: Resource, place: Place, *, body: Mapping[str, Any]) -> Raw | None:
        """Delete an object as DeleteOptions say; return what is left of it while others still have to finish, None when it is gone."""
        ...


class Observer(Protocol):
    """Whoever can answer the questions of the gates. Never raises: what can't be answered is inconclusive."""

    async def observe(self, questions: tuple[Question, ...]) -> Observations:
        """Answer every question that can be asked now."""
        ...


class Aside(Protocol):
    """Whoever does pure work that may take long, while the event loop goes on."""

    async def do(self, work: Callable[[], T]) -> T:
        """Do it; raises what the work raises."""
        ...


class Recorder(Protocol):
    """Whoever tells people what happened. Never waits and never raises."""

    def record(self, note: Note, *, safe_rollout: Mapping[str, Any] | None, workload: Mapping[str, Any] | None) -> None:
        """Tell it on the SafeRollout and on the workload, as far as they are given."""
        ...


class Telemetry(Protocol):
    """Whoever counts. Never waits and never raises."""

    def decided(self, key: str, snapshot: Snapshot, decision: Decision) -> None:
        """Take note of a decision that was carried out."""
        ...

    def reconciled(self, result: str, *, seconds: float) -> None:
        """Take note of how a look at a key ended."""
        ...

    def forget(self, key: str) -> None:
        """Take note that a SafeRollout is gone."""
        ...
