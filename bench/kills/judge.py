"""Judge a story by the pods that were created, and when: nothing here asks the operator.

Three rules for every creation (kernel.md section 2, the story's own order, the batches of the spec), one for every moment (ready pods).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bench.cluster.history import Event
from bench.stories.pods import Pod, Pods
from bench.stories.story import Behind, Story

_USERS_SHARE: Final = 25
"""Kubernetes' default of maxUnavailable, in percent: the stories' Deployments leave it out."""

_HEARING_SECONDS: Final = 0.1
"""How much later one event may be heard than another that happened at the same time."""


def judge(story: Story, events: Iterable[Event]) -> list[str]:
    """Return what was wrong, in the order in which it happened; events are those of the story's pods, in order."""
    return _Judge(story).judge(events)


def first_batch_limits(replicas: int, batches: Iterable[int]) -> list[int]:
    """Return how many pods each batch may have: its share, rounded up."""
    return [-(-replicas * batch // 100) for batch in batches]


class _Judge:
    def __init__(self, story: Story) -> None:
        self._story = story
        self._revisions = story.revisions
        self._pods = Pods()
        self._faults: list[str] = []
        self._begun: set[str] = {service.first.image for service in story.services}
        self._most_ready: dict[str, int] = {}
        self._written: set[tuple[str, int]] = set()
        self._left_at: dict[Behind, float] = {}
        self._was_full: set[str] = set()
        self._short: set[str] = set()

    def judge(self, events: Iterable[Event]) -> list[str]:
        for event in events:
            before = Pods(dict(self._pods.known))
            pod = self._pods.hear(event.kind, event.item)
            if event.kind == "ADDED":
                self._judge_creation(event, pod, before)
            self._remember(event, pod)
            self._judge_readiness(event)
        return self._faults

    def _judge_creation(self, event: Event, pod: Pod, before: Pods) -> None:
        if pod.image in self._story.never:
            self._fault(event, f"{pod.image} must never run")
        if pod.image not in self._begun:
            self._begun.add(pod.image)
            for behind in self._story.behind:
                if behind.service == pod.service and pod.image in behind.images:
                    self._judge_turn(event, pod, behind, before)
        self._judge_safety(event, pod)
        self._judge_batch(event, pod)

    def _judge_turn(self, event: Event, pod: Pod, behind: Behind, before: Pods) -> None:
        others = before.images(behind.after) - set(behind.after_images)
        ready, wanted = before.ready(behind.after, behind.after_images), min(self._story.replicas(behind.after))
        if others or ready < wanted:
            self._fault(event, f"{pod.image} before its turn: {behind.after} still runs {sorted(others)}, {ready} of {wanted} new pods are ready")
        gone_for = event.heard - self._left_at.get(behind, event.heard)
        if gone_for < behind.seconds - _HEARING_SECONDS:
            self._fault(event, f"{pod.image} before its turn: {behind.after} has left the old version for {gone_for:.1f} s, not {behind.seconds:.0f} s")

    def _judge_safety(self, event: Event, pod: Pod) -> None:
        """Look for a version that somebody writes, or that is stored, and that a live reader can't read."""
        declared = [(known, self._revisions[known.service, known.image].contracts) for known in self._pods.alive()]
        for writer, uses in declared:
            self._written |= {(name, version) for name, use in uses.items() for version in use.get("writes", [])}
        live = {(name, version) for _, uses in declared for name, use in uses.items() for version in use.get("writes", [])}
        topics = {contract["name"] for contract in self._story.contracts if "topic" in contract}
        stored = {(name, version) for name, version in self._written if name in topics}
        for reader, uses in declared:
            for name, version in live | stored:
                read = uses.get(name, {}).get("reads")
                if read is not None and version not in read:
                    self._fault(event, f"with {pod.image} there is {name} {version}, and {reader.image} can't read it")

    def _judge_batch(self, event: Event, pod: Pod) -> None:
        service = self._story.service(pod.service)
        if pod.image == service.first.image:
            return
        replicas = self._story.replicas(pod.service)
        limits = first_batch_limits(max(replicas), service.batches)
        needed = first_batch_limits(min(replicas), service.batches)
        started, most_ready = self._pods.started(pod.service, pod.image), self._most_ready.get(pod.image, 0)
        for batch, (limit, need) in enumerate(zip(limits, needed, strict=True), start=1):
            if started > limit and most_ready < need:
                self._fault(event, f"{started} pods of {pod.image}: batch {batch} has {limit}, and only {most_ready} of them were ever ready")

    def _remember(self, event: Event, pod: Pod) -> None:
        self._most_ready[pod.image] = max(self._most_ready.get(pod.image, 0), self._pods.ready(pod.service, (pod.image,)))
        for behind in self._story.behind:
            if self._pods.images(behind.after) - set(behind.after_images):
                self._left_at.pop(behind, None)
            else:
                self._left_at.setdefault(behind, event.heard)

    def _judge_readiness(self, event: Event) -> None:
        for service in self._story.services:
            replicas = min(self._story.replicas(service.name))
            ready = self._pods.ready(service.name)
            if ready >= replicas:
                self._was_full.add(service.name)
            floor = replicas - replicas * _USERS_SHARE // 100
            if service.name in self._was_full and ready < floor:
                if service.name not in self._short:
                    self._fault(event, f"{service.name} had {ready} ready pods, its strategy allows no fewer than {floor}")
                self._short.add(service.name)
            else:
                self._short.discard(service.name)

    def _fault(self, event: Event, words: str) -> None:
        self._faults.append(f"{self._story.name}, pod {event.item['metadata']['name']} at version {event.version}: {words}")
