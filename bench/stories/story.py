"""What a story of a release consists of, written down before it is played: who may follow whom, and how it has to end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ANNOTATION: Final = "saferollout.io/contracts"
MANAGED_BY: Final = "saferollout.io/managed-by"
SAFE_ROLLOUT: Final = "shop"

Declared = Mapping[str, Mapping[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Revision:
    """A template: its image, what it declares, and how its fake pods behave."""

    image: str
    contracts: Declared
    behaviour: str = "ready"


@dataclass(frozen=True, slots=True)
class Service:
    """A Deployment with the default strategy, 25 % and 25 %, and what it runs at first."""

    name: str
    first: Revision
    replicas: int = 4
    batches: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Apply:
    """After so many seconds somebody applies a template."""

    at: float
    service: str
    revision: Revision


@dataclass(frozen=True, slots=True)
class Scale:
    """After so many seconds somebody scales a service."""

    at: float
    service: str
    replicas: int


@dataclass(frozen=True, slots=True)
class Behind:
    """The first pod of these images of a service may exist only when these images of another are all that is left of it, all ready.

    `seconds` is how long the last pod of any other image must have been gone by then.
    """

    service: str
    images: tuple[str, ...]
    after: str
    after_images: tuple[str, ...]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Story:
    """One release. `never` are images that must not get a single pod."""

    name: str
    services: tuple[Service, ...]
    contracts: tuple[dict[str, Any], ...]
    changes: tuple[Apply | Scale, ...]
    behind: tuple[Behind, ...] = ()
    never: frozenset[str] = frozenset()
    spec: Mapping[str, Any] = field(default_factory=dict)

    def service(self, name: str) -> Service:
        """Return the service of that name."""
        return next(service for service in self.services if service.name == name)

    def wanted(self, name: str) -> Revision:
        """Return what a service has to run in the end."""
        applied = [change.revision for change in self.changes if isinstance(change, Apply) and change.service == name]
        return applied[-1] if applied else self.service(name).first

    def replicas(self, name: str) -> tuple[int, ...]:
        """Return every number of pods that a service was to have, in order."""
        scaled = [change.replicas for change in self.changes if isinstance(change, Scale) and change.service == name]
        return (self.service(name).replicas, *scaled)

    @property
    def revisions(self) -> dict[tuple[str, str], Revision]:
        """Return every revision that the story knows, by service and image."""
        applied = [(change.service, change.revision) for change in self.changes if isinstance(change, Apply)]
        first = [(service.name, service.first) for service in self.services]
        return {(name, revision.image): revision for name, revision in (*first, *applied)}


def deployment(namespace: str, story: Story, name: str, revision: Revision) -> dict[str, Any]:
    """Return a service's manifest. Where somebody scales it leaves the number of pods out, as Git should."""
    labels = {"app": name}
    annotations = {ANNOTATION: json.dumps(revision.contracts), "fakelet.saferollout.io/behaviour": revision.behaviour}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": {"containers": [{"name": "main", "image": revision.image}]}}
    replicas = {} if len(story.replicas(name)) > 1 else {"replicas": story.service(name).replicas}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace, "labels": {MANAGED_BY: SAFE_ROLLOUT}},
        "spec": {**replicas, "selector": {"matchLabels": labels}, "template": template},
    }  # fmt: skip


def safe_rollout(namespace: str, story: Story) -> dict[str, Any]:
    """Return the SafeRollout of a story; the workloads stand in the opposite of any good order."""
    workloads = [{"name": service.name, "batches": [f"{batch}%" for batch in service.batches]} for service in story.services]
    spec = {"gating": "Disabled", "bakeSeconds": 0, "settleSeconds": 0, **story.spec, "workloads": workloads, "contracts": list(story.contracts)}
    metadata = {"name": SAFE_ROLLOUT, "namespace": namespace}
    return {"apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": metadata, "spec": spec}
