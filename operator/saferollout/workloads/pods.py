"""Whose pods are whose, and what those of one revision are doing, counted with the user's own minReadySeconds.

A paced Deployment's own numbers do not tell: its minReadySeconds is set out of reach.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from saferollout.core.views import PodTrouble
from saferollout.workloads.protocol import RawObject

_FINAL_PHASES: Final = frozenset({"Succeeded", "Failed"})

# The kubelet's own back-off between the restarts of a container: 10 s, doubled each time, at most 5 minutes.
_FIRST_BACK_OFF: Final = timedelta(seconds=10)
_LONGEST_BACK_OFF: Final = timedelta(minutes=5)
_DOUBLINGS: Final = 5

# Reasons of the kubelet with which a container waits for somebody to repair something, not for time to pass.
_WAITING_IN_VAIN: Final = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)


@dataclass(frozen=True, slots=True)
class PodCount:
    """See ReplicaSetView for what each number means."""

    pods: int
    ready: int
    available: int
    steady: int
    next_available: datetime | None
    trouble: tuple[PodTrouble, ...]


def count_pods(pods: Iterable[RawObject], *, min_ready_seconds: int, now: datetime) -> PodCount:
    """Count pods that are not gone; a terminating one is alive, because it still reads and writes, but never ready."""
    alive = [pod for pod in pods if pod.get("status", {}).get("phase") not in _FINAL_PHASES]
    staying = serving(alive)
    available_from = {
        pod["metadata"]["name"]: ready_since + max(timedelta(seconds=min_ready_seconds), _distrust(pod))
        for pod in staying
        if (ready_since := _ready_since(pod)) is not None
    }
    available = {name for name, moment in available_from.items() if moment <= now}
    steady = [pod for pod in staying if pod["metadata"]["name"] in available and _restarts(pod) == 0]
    return PodCount(
        pods=len(alive),
        ready=len(available_from),
        available=len(available),
        steady=len(steady),
        next_available=min((moment for moment in available_from.values() if moment > now), default=None),
        trouble=tuple(sorted((trouble for pod in staying if (trouble := _trouble(pod))), key=lambda trouble: trouble.pod)),
    )


def births_of(pods: Iterable[RawObject]) -> tuple[tuple[str, datetime], ...]:
    """Return when each pod was made, by name; one that does not say so is left out."""
    made = ((pod["metadata"]["name"], pod["metadata"].get("creationTimestamp")) for pod in pods)
    return tuple(sorted((name, parse_time(at)) for name, at in made if at))


def serving(pods: Iterable[RawObject]) -> list[RawObject]:
    """Return the pods that are neither gone nor terminating."""
    alive = (pod for pod in pods if pod.get("status", {}).get("phase") not in _FINAL_PHASES)
    return [pod for pod in alive if "deletionTimestamp" not in pod["metadata"]]


def ordinal_of(pod: RawObject) -> int:
    """Return the number at the end of the name of a StatefulSet's pod; -1 where there is none."""
    ordinal = pod["metadata"]["name"].rpartition("-")[2]
    return int(ordinal) if ordinal.isdecimal() else -1


def is_ready(pod: RawObject) -> bool:
    """Tell whether a pod says that it is ready."""
    return _ready_since(pod) is not None


def owned_by(owner_uid: str, objects: Iterable[RawObject]) -> list[RawObject]:
    """Return the objects whose controller is the owner; by uid, since a name may come back as another object."""
    return [
        item
        for item in objects
        if any(ref.get("controller") and ref.get("uid") == owner_uid for ref in item["metadata"].get("ownerReferences") or ())
    ]


def parse_time(text: str) -> datetime:
    """Return a moment from the API server's RFC 3339."""
    return datetime.fromisoformat(text)


def _ready_since(pod: RawObject) -> datetime | None:
    condition = _condition(pod, "Ready")
    if condition is None or condition.get("status") != "True":
        return None
    return parse_time(condition.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"])


def _condition(pod: RawObject, name: str) -> dict[str, Any] | None:
    conditions: list[dict[str, Any]] = pod.get("status", {}).get("conditions") or []
    return next((condition for condition in conditions if condition.get("type") == name), None)


def _restarts(pod: RawObject) -> int:
    return sum(container.get("restartCount", 0) for container in pod.get("status", {}).get("containerStatuses") or ())


def _distrust(pod: RawObject) -> timedelta:
    """Return for how long a pod that crashed must be ready before it counts: as long as the kubelet itself waits after so many crashes.

    In a crash loop pods are ready again and again; one that crashed once while it started loses little.
    """
    restarts = _restarts(pod)
    return min(_FIRST_BACK_OFF * 2 ** min(restarts - 1, _DOUBLINGS), _LONGEST_BACK_OFF) if restarts else timedelta(0)


def _trouble(pod: RawObject) -> PodTrouble | None:
    name = pod["metadata"]["name"]
    status = pod.get("status", {})
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason") in _WAITING_IN_VAIN:
            return PodTrouble(pod=name, reason=waiting["reason"], message=waiting.get("message", ""))
    scheduled = _condition(pod, "PodScheduled") or {}
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        return PodTrouble(pod=name, reason="Unschedulable", message=scheduled.get("message", ""))
    return None
