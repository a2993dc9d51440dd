"""Every right that the operator needs, in one place: `saferollout check` asks for these, and a test compares them with the chart's roles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from saferollout.api import names
from saferollout.engine.resources import EVENTS, HOLD_POLICIES, HOLD_POLICY_BINDINGS, LEASES, Kind, Resource


class Scope(StrEnum):
    """Where a right is needed."""

    WATCHED = "Watched"  # in each watched namespace, or in all
    OWN = "Own"          # in the operator's own namespace
    CLUSTER = "Cluster"  # on resources without a namespace


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource; `name` is empty where it must hold for every object."""

    scope: Scope
    verb: str
    group: str
    resource: str
    subresource: str = ""
    name: str = ""

    @property
    def target(self) -> str:
        """Return the resource as `kubectl auth can-i` takes it, for example `deployments.apps/web`."""
        return f"{self.resource}{f'.{self.group}' if self.group else ''}{f'/{self.name}' if self.name else ''}"


_WORKLOADS: Final = {
    Kind.DEPLOYMENT: ("get", "list", "watch", "patch"),
    Kind.REPLICA_SET: ("get", "list", "watch", "patch", "delete"),
    Kind.POD: ("get", "list", "watch"),
}
_STATEFUL: Final = {
    Kind.STATEFUL_SET: ("get", "list", "watch", "patch"),
    Kind.CONTROLLER_REVISION: ("get", "list", "watch"),
    Kind.POD: ("delete",),
}


def operator_rights(*, lease: str, hold_policy: str, stateful_sets: bool) -> tuple[Right, ...]:
    """Return what the operator needs; `hold_policy` is empty where it is configured to have none, `stateful_sets`: it releases those too."""
    workloads = (*_on_workloads(_WORKLOADS), *(_on_workloads(_STATEFUL) if stateful_sets else ()))
    return (*_on_safe_rollouts(), *workloads, *_on_events(), *_on_lease(lease), *(_on_policies(hold_policy) if hold_policy else ()))


def _on_safe_rollouts() -> Iterator[Right]:
    for verb in ("get", "list", "watch", "update", "patch"):
        yield Right(Scope.WATCHED, verb, names.GROUP, names.PLURAL)
    for verb in ("get", "update", "patch"):
        yield Right(Scope.WATCHED, verb, names.GROUP, names.PLURAL, subresource="status")


def _on_workloads(kinds: Mapping[Kind, tuple[str, ...]]) -> Iterator[Right]:
    for kind, verbs in kinds.items():
        yield from (_on(kind.resource, verb, Scope.WATCHED) for verb in verbs)


def _on_events() -> Iterator[Right]:
    # The API server takes events of either group; the chart grants both.
    for group in ("", EVENTS.group):
        yield from (Right(Scope.WATCHED, verb, group, EVENTS.plural) for verb in ("create", "patch"))


def _on_lease(name: str) -> Iterator[Right]:
    yield _on(LEASES, "create", Scope.OWN)
    yield from (_on(LEASES, verb, Scope.OWN, name=name) for verb in ("get", "update", "patch"))


def _on_policies(name: str) -> Iterator[Right]:
    yield from (_on(resource, "get", Scope.CLUSTER, name=name) for resource in (HOLD_POLICIES, HOLD_POLICY_BINDINGS))


def _on(resource: Resource, verb: str, scope: Scope, *, name: str = "") -> Right:
    return Right(scope, verb, resource.group, resource.plural, name=name)
