"""The scene as a story sees it: act on the cluster, follow the release, look at what is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from localcluster.demo.failure import StoryFailed
from localcluster.demo.kubectl import SAFEROLLOUT, Tools
from localcluster.demo.narration import Narrator
from localcluster.demo.pod_history import Moment, Pod, PodHistory

WORKLOADS = ("billing-service", "notification-service", "user-service", "gateway")
_LOOK_AGAIN_SECONDS = 0.7

Status = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a story needs."""

    tools: Tools
    prometheus_url: str
    narrator: Narrator
    history: PodHistory
    deliver: Callable[[Sequence[str]], str]
    """Brings what Git holds after these commits into the cluster, and returns what is worth showing."""

    def sync(self, *commits: str) -> None:
        """Bring what Git holds after these commits into the cluster, and show what came back."""
        self.narrator.show(self.deliver(commits))

    def follow(self, what: str, until: Callable[[Status], bool], *, seconds: float) -> Status:
        """Tell every change of the release until it is as wanted; StoryFailed with the whole screen when it is not in time."""
        deadline = time.monotonic() + seconds
        told = ""
        while True:
            status = self.tools.status()
            line = _line(status)
            if line != told:
                self.narrator.say(f"  release: {line}")
                told = line
            if until(status):
                return status
            if time.monotonic() > deadline:
                raise StoryFailed(f"not within {seconds:.0f} s: {what}\n{self.tools.screen('status', SAFEROLLOUT)}")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def show_status(self) -> None:
        """Show the screen of `saferollout status`."""
        self.narrator.say("$ saferollout status")
        self.narrator.show(self.tools.screen("status", SAFEROLLOUT))

    def deployment(self, name: str) -> dict[str, Any]:
        """Return a Deployment as the API server has it."""
        return self.tools.get("deployment", name)


class PodPictures:
    """Draws a workload's pods whenever one came or went: ● ready, ○ not yet, · ending."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator
        self._drawn: dict[str, object] = {}

    def __call__(self, moment: Moment) -> None:
        """Draw what changed."""
        for workload in WORKLOADS:
            versions = moment.versions(workload)
            if versions != self._drawn.get(workload, {}):
                self._drawn[workload] = versions
                self._narrator.say(f"  {workload:22}{_picture(moment, workload)}")


def state_of(status: Status) -> str:
    """Return where the release is."""
    return str(status.get("summary", {}).get("state", "Unknown"))


def image_of(deployment: dict[str, Any]) -> str:
    """Return the version that Git asks for."""
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def is_held(deployment: dict[str, Any]) -> bool:
    """Say whether the Deployment's template waits for its turn."""
    return bool(deployment["spec"].get("paused")) and "saferollout.io/held" in deployment["metadata"].get("labels", {})


def condition(status: Status, kind: str) -> dict[str, Any]:
    """Return a condition; empty where there is none."""
    return next((found for found in status.get("conditions", []) if found["type"] == kind), {})


def _line(status: Status) -> str:
    summary = status.get("summary") or {}
    waiting = summary.get("waitingFor", "")
    pieces = [state_of(status), summary.get("step", ""), f"waits for {waiting}" if waiting else summary.get("message", "")]
    return "  ".join(piece for piece in pieces if piece)


def _picture(moment: Moment, workload: str) -> str:
    versions = sorted(moment.versions(workload))
    pods = {version: [pod for pod in moment.pods if pod.workload == workload and pod.version == version] for version in versions}
    return "   ".join(f"{version} {''.join(sorted(map(_mark, pods[version]), reverse=True))}" for version in versions)


def _mark(pod: Pod) -> str:
    if pod.terminating:
        return "·"
    return "●" if pod.ready else "○"
