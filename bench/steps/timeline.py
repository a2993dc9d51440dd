"""Cut a played release into its steps, by the pods alone: a step is one batch of one workload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.cluster.history import Event
from bench.cluster.plane import text_of
from bench.stories.pods import Pods
from bench.stories.story import Service, Story


@dataclass(frozen=True, slots=True)
class Step:
    """One batch; `full_at`: when its last pod was ready and, in the last one, the last old pod gone. Times as events were heard."""

    service: str
    batch: int
    full_at: float


def steps_of(story: Story, pods: Sequence[Event]) -> list[Step]:
    """Return the steps in the order in which they were full."""
    present = Pods()
    ahead = {service.name: _limits(service) for service in story.services}
    steps: list[Step] = []
    for event in pods:
        present.hear(event.kind, event.item)
        for service in story.services:
            limits = ahead[service.name]
            wanted = story.wanted(service.name).image
            if limits and _is_full(present, service, wanted, limits[0], last=len(limits) == 1):
                limits.pop(0)
                steps.append(Step(service.name, len(service.batches) + 1 - len(limits), event.heard))
    return steps


def status_writes(events: Sequence[Event]) -> list[float]:
    """Return when the status of the SafeRollout changed."""
    return _changes(events, lambda item: item.get("status"))


def deployment_writes(events: Sequence[Event]) -> list[float]:
    """Return when anything but the status of a Deployment changed: what people and the operator write."""
    moments: list[float] = []
    names = dict.fromkeys(event.item["metadata"]["name"] for event in events)
    for name in names:
        moments += _changes([event for event in events if event.item["metadata"]["name"] == name], _written_part)
    return sorted(moments)


def first_change(story: Story, deployments: Sequence[Event]) -> float:
    """Return when the first new template was applied."""
    olds = {service.first.image for service in story.services}
    return next(event.heard for event in deployments if event.item["spec"]["template"]["spec"]["containers"][0]["image"] not in olds)


def _limits(service: Service) -> list[int]:
    return [*(-(-service.replicas * batch // 100) for batch in service.batches), service.replicas]


def _is_full(present: Pods, service: Service, image: str, pods: int, *, last: bool) -> bool:
    return present.ready(service.name, (image,)) >= pods and not (last and present.images(service.name) - {image})


def _written_part(item: dict[str, Any]) -> Any:
    metadata = item["metadata"]
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != "deployment.kubernetes.io/revision"}
    return [item["spec"], metadata.get("labels"), annotations]


def _changes(events: Sequence[Event], part: Any) -> list[float]:
    moments, last = [], ""
    for event in events:
        text = text_of(part(event.item))
        if last and text != last:
            moments.append(event.heard)
        last = text
    return moments
