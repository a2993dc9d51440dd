"""Replay a namespace's pods from the watch's events: which are alive, and which are ready, at every moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as far as it matters: a terminating one is alive, but nobody may count on it."""

    service: str
    image: str
    ready: bool
    terminating: bool
    over: bool


def pod_of(item: dict[str, Any]) -> Pod:
    """Read a pod."""
    status = item.get("status") or {}
    conditions = {known["type"]: known["status"] for known in status.get("conditions") or []}
    terminating = "deletionTimestamp" in item["metadata"]
    return Pod(
        service=item["metadata"]["labels"]["app"],
        image=item["spec"]["containers"][0]["image"],
        ready=conditions.get("Ready") == "True" and not terminating,
        terminating=terminating,
        over=status.get("phase") in ("Succeeded", "Failed"),
    )


@dataclass
class Pods:
    """The pods of one namespace at one moment."""

    known: dict[str, Pod] = field(default_factory=dict)

    def hear(self, kind: str, item: dict[str, Any]) -> Pod:
        """Take an event in, and return its pod."""
        pod = pod_of(item)
        name = item["metadata"]["name"]
        if kind == "DELETED" or pod.over:
            self.known.pop(name, None)
        else:
            self.known[name] = pod
        return pod

    def alive(self) -> list[Pod]:
        """Return every pod that may still read and write."""
        return list(self.known.values())

    def images(self, service: str) -> set[str]:
        """Return the images that a service has alive."""
        return {pod.image for pod in self.known.values() if pod.service == service}

    def started(self, service: str, image: str) -> int:
        """Count the pods of an image that are not about to end."""
        return sum(pod.service == service and pod.image == image and not pod.terminating for pod in self.known.values())

    def ready(self, service: str, images: tuple[str, ...] | None = None) -> int:
        """Count the ready pods of a service, of some images or of all."""
        return sum(pod.service == service and pod.ready and (images is None or pod.image in images) for pod in self.known.values())
