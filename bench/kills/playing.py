"""Play stories side by side, each in a namespace, while the operator is being killed, and judge them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.cluster.history import History
from bench.cluster.plane import Plane
from bench.kills.judge import judge
from bench.kills.killer import Killer, wait_until_ready
from bench.stories.ending import Scene, is_over, judge_ending
from bench.stories.story import SAFE_ROLLOUT, Apply, Scale, Story, deployment, safe_rollout

_SETTLE_SECONDS = 120.0
_STORY_SECONDS = 240.0
_ENDING_SECONDS = 30.0
_LOOK_SECONDS = 1.0


@dataclass
class Played:
    """What came of some stories."""

    releases: int = 0
    kills: int = 0
    early_kills: int = 0
    pods: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Played) -> None:
        """Take in what came of others."""
        self.releases += other.releases
        self.kills += other.kills
        self.early_kills += other.early_kills
        self.pods += other.pods
        self.seconds += other.seconds
        self.faults += other.faults


def play(plane: Plane, stories: Mapping[str, Story], random: Random) -> Played:
    """Play each story in its namespace, all at once; the namespaces are made, and deleted at the end."""
    began = time.monotonic()
    plane.create_namespaces(list(stories))
    history = History(plane.cluster.api, "/api/v1/pods").start()
    try:
        before = _run_first_revisions(plane, stories)
        killer = Killer(plane, random).start()
        try:
            late = _tell(plane, stories)
        finally:
            killer.stop()
        faults = late + _endings(plane, stories, before)
        history.check()
        heard = {namespace: history.of(namespace) for namespace in stories}
    finally:
        history.stop()
        plane.delete_namespaces(list(stories))
    for namespace, story in stories.items():
        faults += [f"{namespace}: {fault}" for fault in judge(story, heard[namespace])]
    pods = sum(event.kind == "ADDED" for events in heard.values() for event in events)
    return Played(len(stories), killer.kills, killer.early, pods, time.monotonic() - began, faults)


def _run_first_revisions(plane: Plane, stories: Mapping[str, Story]) -> dict[str, Scene]:
    plane.apply([safe_rollout(namespace, story) for namespace, story in stories.items()])
    plane.apply([deployment(namespace, story, service.name, service.first) for namespace, story in stories.items() for service in story.services])
    for namespace, story in stories.items():
        for service in story.services:
            if len(story.replicas(service.name)) > 1:
                _scale(plane, namespace, service.name, service.replicas)
    settled = {namespace: _without_changes(story) for namespace, story in stories.items()}
    operator = plane.operator()
    try:
        wait_until_ready(operator)
        scenes: dict[str, Scene] = {}

        def all_run() -> bool:
            scenes.update(_scenes(plane, stories))
            return all(not judge_ending(story, scenes[namespace], scenes[namespace]) for namespace, story in settled.items())

        if not _within(_SETTLE_SECONDS, all_run):
            raise TimeoutError(f"the first revisions do not run, see {operator.log}")
        return scenes
    finally:
        operator.kill()


def _without_changes(story: Story) -> Story:
    return Story(story.name, story.services, story.contracts, changes=())


def _tell(plane: Plane, stories: Mapping[str, Story]) -> list[str]:
    """Apply every change when it is due; return which stories did not come to their end."""
    began = time.monotonic()
    due = sorted(((change.at, namespace, change) for namespace, story in stories.items() for change in story.changes), key=lambda item: item[0])
    open_stories, scenes = set(stories), dict[str, Scene]()
    while open_stories:
        passed = time.monotonic() - began
        now = [(namespace, change) for at, namespace, change in due if at <= passed]
        due = due[len(now) :]
        _change(plane, stories, now)
        scenes = _scenes(plane, stories)
        waiting = {namespace for _, namespace, _ in due}
        open_stories = {namespace for namespace, story in stories.items() if namespace in waiting or not is_over(story, scenes[namespace])}
        if passed > _STORY_SECONDS:
            return [f"{namespace}: {stories[namespace].name} is not over after {passed:.0f} s" for namespace in sorted(open_stories)]
        time.sleep(_LOOK_SECONDS)
    return []


def _change(plane: Plane, stories: Mapping[str, Story], changes: Sequence[tuple[str, Apply | Scale]]) -> None:
    applied = [
        deployment(namespace, stories[namespace], change.service, change.revision) for namespace, change in changes if isinstance(change, Apply)
    ]
    if applied:
        plane.apply(applied)
    for namespace, change in changes:
        if isinstance(change, Scale):
            _scale(plane, namespace, change.service, change.replicas)


def _scale(plane: Plane, namespace: str, name: str, replicas: int) -> None:
    plane.cluster.kubectl("scale", "-n", namespace, f"deployment/{name}", f"--replicas={replicas}")


def _endings(plane: Plane, stories: Mapping[str, Story], before: Mapping[str, Scene]) -> list[str]:
    """Let an operator live, and judge what is left when it had the time to do everything."""
    operator = plane.operator()
    faults: list[str] = []

    def judged() -> bool:
        scenes = _scenes(plane, stories)
        faults[:] = [
            f"{namespace}: {fault}" for namespace, story in stories.items() for fault in judge_ending(story, before[namespace], scenes[namespace])
        ]
        return not faults

    try:
        wait_until_ready(operator)
        time.sleep(_LOOK_SECONDS)
        _within(_ENDING_SECONDS, judged)
        return faults
    finally:
        operator.kill()


def _scenes(plane: Plane, stories: Mapping[str, Story]) -> dict[str, Scene]:
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


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
