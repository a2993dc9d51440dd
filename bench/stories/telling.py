"""Set stories up, tell them change by change, and see where they stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.cluster.plane import Plane
from bench.stories.ending import Scene, is_over, judge_ending
from bench.stories.story import SAFE_ROLLOUT, Apply, Scale, Story, deployment, safe_rollout

_SETTLE_SECONDS = 240.0
_STORY_SECONDS = 420.0
_LOOK_SECONDS = 1.0
_HEAL_SECONDS = 5.0


def run_first_revisions(plane: Plane, stories: Mapping[str, Story]) -> dict[str, Scene]:
    """Apply what every story begins with; return the scenes in which all of it runs. Needs a running operator.

    Raises TimeoutError.
    """
    plane.apply([safe_rollout(namespace, story) for namespace, story in stories.items()])
    plane.apply([deployment(namespace, story, service.name, service.first) for namespace, story in stories.items() for service in story.services])
    for namespace, story in stories.items():
        for service in story.services:
            if len(story.replicas(service.name)) > 1:
                _scale(plane, namespace, service.name, service.replicas)
    settled = {namespace: _without_changes(story) for namespace, story in stories.items()}
    scenes: dict[str, Scene] = {}

    def all_run() -> bool:
        scenes.update(scenes_of(plane, stories))
        return all(not judge_ending(story, scenes[namespace], scenes[namespace]) for namespace, story in settled.items())

    if not within(_SETTLE_SECONDS, all_run):
        unready = {namespace: faults for namespace, story in settled.items() if (faults := judge_ending(story, scenes[namespace], scenes[namespace]))}
        raise TimeoutError(f"the first revisions do not run: {unready}")
    return scenes


def tell(plane: Plane, stories: Mapping[str, Story]) -> list[str]:
    """Apply every change when it is due, and again while it is not there, as GitOps tools do; return which stories did not end."""
    began = time.monotonic()
    due = sorted(((change.at, namespace, change) for namespace, story in stories.items() for change in story.changes), key=lambda item: item[0])
    open_stories, scenes, healed = set(stories), dict[str, Scene](), 0.0
    while open_stories:
        passed = time.monotonic() - began
        now = [(namespace, change) for at, namespace, change in due if at <= passed]
        due = due[len(now) :]
        _change(plane, stories, now)
        scenes = scenes_of(plane, stories)
        if passed > healed + _HEAL_SECONDS:
            healed = passed
            _heal(plane, stories, scenes, passed=passed)
        waiting = {namespace for _, namespace, _ in due}
        open_stories = {namespace for namespace, story in stories.items() if namespace in waiting or not is_over(story, scenes[namespace])}
        if passed > _STORY_SECONDS:
            return [f"{namespace}: {stories[namespace].name} is not over after {passed:.0f} s" for namespace in sorted(open_stories)]
        time.sleep(_LOOK_SECONDS)
    return []


def apply_changes(plane: Plane, stories: Mapping[str, Story]) -> None:
    """Apply all that the stories tell, at once."""
    _change(plane, stories, [(namespace, change) for namespace, story in stories.items() for change in story.changes])


def scenes_of(plane: Plane, stories: Mapping[str, Story]) -> dict[str, Scene]:
    """Return what every namespace looks like now."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {
        kind: plane.by_namespace(kind) for kind in ("deployments", "replicasets", "pods", "saferollouts")
    }
    return {
        namespace: Scene(
            safe_rollout=next(iter(found["saferollouts"].get(namespace, [])), {"metadata": {"name": SAFE_ROLLOUT}}),
            deployments={item["metadata"]["name"]: item for item in found["deployments"].get(namespace, [])},
            replica_sets=found["replicasets"].get(namespace, []),
            pods=found["pods"].get(namespace, []),
        )
        for namespace in stories
    }


def within(seconds: float, done: Callable[[], bool]) -> bool:
    """Look again and again until it is done; tell whether it was in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _without_changes(story: Story) -> Story:
    return Story(story.name, story.services, story.contracts, changes=())


def _change(plane: Plane, stories: Mapping[str, Story], changes: Sequence[tuple[str, Apply | Scale]]) -> None:
    applied = [
        deployment(namespace, stories[namespace], change.service, change.revision) for namespace, change in changes if isinstance(change, Apply)
    ]
    if applied:
        plane.apply(applied)
    for namespace, change in changes:
        if isinstance(change, Scale):
            _scale(plane, namespace, change.service, change.replicas)


def _heal(plane: Plane, stories: Mapping[str, Story], scenes: Mapping[str, Scene], *, passed: float) -> None:
    """Apply what was applied last where something else is in the object."""
    drifted = []
    for namespace, story in stories.items():
        told = Story(story.name, story.services, story.contracts, tuple(change for change in story.changes if change.at <= passed))
        for service in story.services:
            live = scenes[namespace].deployments[service.name]["spec"]["template"]["spec"]["containers"][0]["image"]
            if live != told.wanted(service.name).image:
                drifted.append(deployment(namespace, story, service.name, told.wanted(service.name)))
    if drifted:
        plane.apply(drifted)


def _scale(plane: Plane, namespace: str, name: str, replicas: int) -> None:
    plane.cluster.kubectl("scale", "-n", namespace, f"deployment/{name}", f"--replicas={replicas}")
