"""Judge how a story ended: everything is ready, and everything that was borrowed is back by value."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Final

from bench.cluster.plane import text_of
from bench.stories.story import Story

_OF_OTHERS: Final = frozenset({"deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"})


@dataclass(frozen=True, slots=True)
class Scene:
    """A namespace's objects at one moment."""

    safe_rollout: dict[str, Any]
    deployments: dict[str, dict[str, Any]]
    replica_sets: list[dict[str, Any]]
    pods: list[dict[str, Any]]


def is_over(story: Story, scene: Scene) -> bool:
    """Tell whether the story's last word has come true: what was applied last runs alone, and the release says it is over."""
    summary = (scene.safe_rollout.get("status") or {}).get("summary") or {}
    return summary.get("state") in ("Completed", "Idle") and not _wrong_pods(story, scene)


def judge_ending(story: Story, before: Scene, after: Scene) -> list[str]:
    """Return what is not as it has to be."""
    faults = _wrong_pods(story, after) + _wrong_status(after)
    for service in story.services:
        faults += _wrong_deployment(story, service.name, before.deployments[service.name], after.deployments[service.name])
        faults += _wrong_replica_sets(story, service.name, after)
    return [f"{story.name}, at the end: {fault}" for fault in faults]


def _wrong_pods(story: Story, scene: Scene) -> list[str]:
    faults = []
    for service in story.services:
        live = [pod["spec"]["containers"][0]["image"] for pod in scene.pods if pod["metadata"]["labels"]["app"] == service.name]
        wanted = [story.wanted(service.name).image] * story.replicas(service.name)[-1]
        if live != wanted:
            faults.append(f"{service.name} has pods {sorted(live)}, wanted are {wanted}")
    return faults


def _wrong_status(scene: Scene) -> list[str]:
    status = scene.safe_rollout.get("status") or {}
    conditions = {known["type"]: known["status"] for known in status.get("conditions") or []}
    state = (status.get("summary") or {}).get("state")
    if state in ("Completed", "Idle") and conditions.get("Ready") == "True":
        return []
    return [f"the SafeRollout is {state}, Ready={conditions.get('Ready')}: {(status.get('summary') or {}).get('message')}"]


def _wrong_deployment(story: Story, name: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    was, is_now = _settings(before), _settings(after)
    faults = [f"{name}: {field} was {was.get(field)} and is {is_now.get(field)}" for field in sorted({*was, *is_now}) if was.get(field) != is_now.get(field)]
    template = copy.deepcopy(after["spec"]["template"])
    wanted = story.wanted(name)
    same = copy.deepcopy(before["spec"]["template"])
    same["spec"]["containers"][0]["image"] = wanted.image
    for key in ("saferollout.io/contracts", "fakelet.saferollout.io/behaviour"):
        same["metadata"]["annotations"].pop(key)
        if key not in template["metadata"].get("annotations", {}):
            faults.append(f"{name}: the template lost its annotation {key}")
        template["metadata"].get("annotations", {}).pop(key, None)
    if text_of(template) != text_of(same):
        faults.append(f"{name}: the template is {text_of(template)}, applied was {text_of(same)}")
    return faults


def _settings(deployment: dict[str, Any]) -> dict[str, str]:
    """Return everything that may be borrowed or left behind: spec without template and replicas, labels, annotations."""
    metadata = deployment["metadata"]
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _OF_OTHERS}
    spec = {f"spec.{key}": text_of(value) for key, value in deployment["spec"].items() if key not in ("template", "replicas")}
    owners = {key: text_of(metadata.get(key)) for key in ("ownerReferences", "finalizers")}
    return {**spec, **owners, "labels": text_of(metadata.get("labels")), "annotations": text_of(annotations)}


def _wrong_replica_sets(story: Story, name: str, scene: Scene) -> list[str]:
    mine = [item for item in scene.replica_sets if item["metadata"]["labels"].get("app") == name]
    images = [item["spec"]["template"]["spec"]["containers"][0]["image"] for item in mine]
    if len(images) != len(set(images)):
        return [f"{name} has ReplicaSets {sorted(images)}: a revision was rolled as if it were two"]
    return []
