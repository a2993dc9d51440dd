"""The status of a fake pod in the words of the real kubelet. Pure."""

from __future__ import annotations

from typing import Any

from localcluster.pod_script import Stage

_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def render_status(pod: dict[str, Any], stage: Stage, *, pod_address: str, node_address: str, now: str) -> dict[str, Any]:
    """Return the pod's whole status at a stage; conditions keep their transition time while they don't change."""
    before = pod.get("status", {})
    spec = pod["spec"]
    return {
        "observedGeneration": pod["metadata"].get("generation", 0),
        "phase": stage.phase,
        "hostIP": node_address,
        "hostIPs": [{"ip": node_address}],
        "podIP": pod_address,
        "podIPs": [{"ip": pod_address}],
        "startTime": before.get("startTime") or now,
        "conditions": _conditions(before.get("conditions", []), names=[c["name"] for c in spec["containers"]], ready=stage.ready, now=now),
        "initContainerStatuses": [_finished(container, now=now) for container in spec.get("initContainers", [])],
        "containerStatuses": [_container_status(container, stage, now=now) for container in spec["containers"]],
    }


def restart_count(pod: dict[str, Any]) -> int:
    """Return the highest restart count that the pod's status reports."""
    return max((status["restartCount"] for status in pod.get("status", {}).get("containerStatuses") or []), default=0)


def _conditions(before: list[dict[str, Any]], *, names: list[str], ready: bool, now: str) -> list[dict[str, Any]]:
    previous = {condition["type"]: condition for condition in before}
    ours = [_condition(previous.get(kind), kind=kind, names=names, ready=ready, now=now) for kind in _CONDITIONS]
    others = [condition for condition in before if condition["type"] not in _CONDITIONS]
    return [*ours, *others]


def _condition(previous: dict[str, Any] | None, *, kind: str, names: list[str], ready: bool, now: str) -> dict[str, Any]:
    is_true = ready or kind not in ("Ready", "ContainersReady")
    status = "True" if is_true else "False"
    unchanged = previous is not None and previous["status"] == status
    condition: dict[str, Any] = {"type": kind, "status": status, "lastTransitionTime": previous["lastTransitionTime"] if unchanged and previous else now}
    if not is_true:
        condition |= {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(names)}]"}
    return condition


def _container_status(container: dict[str, Any], stage: Stage, *, now: str) -> dict[str, Any]:
    image = container["image"]
    crashed = {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}}
    return {
        "name": container["name"],
        "image": image,
        "imageID": f"fake://{image}",
        "containerID": f"fake://{container['name']}/{stage.restarts}",
        "ready": stage.ready,
        "started": "running" in stage.state,
        "restartCount": stage.restarts,
        "state": _timed_state(stage.state, now=now),
        "lastState": crashed if stage.crashed_before else {},
    }


def _timed_state(state: dict[str, Any], *, now: str) -> dict[str, Any]:
    if "running" in state:
        return {"running": {"startedAt": now}}
    if "terminated" in state:
        return {"terminated": {**state["terminated"], "startedAt": now, "finishedAt": now}}
    return state


def _finished(container: dict[str, Any], *, now: str) -> dict[str, Any]:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": f"fake://{container['image']}",
        "ready": True,
        "started": False,
        "restartCount": 0,
        "state": {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}},
        "lastState": {},
    }
