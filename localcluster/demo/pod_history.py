"""Every pod that ever was in the namespace, from a watch: what a story promises is checked against all of it, not against samples."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcluster.demo.watch import Watch


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that is not gone; one that is being deleted still reads and writes."""

    uid: str
    name: str
    workload: str
    version: str
    ready: bool
    terminating: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """All pods between two changes; `at` on the monotonic clock."""

    at: float
    pods: tuple[Pod, ...]

    def versions(self, workload: str) -> Counter[str]:
        """Count the workload's pods by version."""
        return Counter(pod.version for pod in self.pods if pod.workload == workload)

    def ready(self, workload: str) -> int:
        """Count the pods that serve."""
        return sum(pod.ready and not pod.terminating for pod in self.pods if pod.workload == workload)

    def identities(self, *workloads: str) -> frozenset[str]:
        """Return which pods there are, by uid."""
        return frozenset(pod.uid for pod in self.pods if pod.workload in workloads)


class PodHistory(Watch):
    """Follows the pods in the background while it is entered."""

    def __init__(self, watch_command: list[str], *, on_change: Callable[[Moment], None]) -> None:
        super().__init__(watch_command)
        self._on_change = on_change
        self._pods: dict[str, Pod] = {}
        self._changed = threading.Condition()
        self.moments: list[Moment] = []

    @property
    def now(self) -> Moment:
        """Return the pods as last seen."""
        with self._changed:
            return self.moments[-1] if self.moments else Moment(at=time.monotonic(), pods=())

    def since(self, at: float) -> list[Moment]:
        """Return the moments from `at` on, beginning with the one that held then."""
        with self._changed:
            before = [moment for moment in self.moments if moment.at <= at][-1:]
            return [*before, *(moment for moment in self.moments if moment.at > at)]

    def note(self, event: dict[str, Any]) -> None:
        """Remember the pods as they are after a change."""
        pod = _pod(event["object"])
        with self._changed:
            if event["type"] == "DELETED" or event["object"]["status"].get("phase") in ("Succeeded", "Failed"):
                self._pods.pop(pod.uid, None)
            else:
                self._pods[pod.uid] = pod
            moment = Moment(at=time.monotonic(), pods=tuple(self._pods.values()))
            if self.moments and self.moments[-1].pods == moment.pods:
                return
            self.moments.append(moment)
        self._on_change(moment)


def longest_stretch(moments: list[Moment], *, until: float, holds: Callable[[Moment], bool]) -> float:
    """Return the longest time in seconds that it held without a break."""
    longest, since = 0.0, until
    held = False
    for moment in moments:
        if holds(moment) and not held:
            since = moment.at
        elif held:
            longest = max(longest, moment.at - since)
        held = holds(moment)
    return max(longest, until - since) if held else longest


def _pod(raw: dict[str, Any]) -> Pod:
    conditions = raw["status"].get("conditions", [])
    return Pod(
        uid=raw["metadata"]["uid"],
        name=raw["metadata"]["name"],
        workload=raw["metadata"].get("labels", {}).get("app", ""),
        version=raw["spec"]["containers"][0]["image"].rpartition(":")[2],
        ready=any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions),
        terminating="deletionTimestamp" in raw["metadata"],
    )
