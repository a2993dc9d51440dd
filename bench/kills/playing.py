"""Play stories side by side, each in a namespace, while the operator is being killed, and judge them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from bench.cluster.history import History
from bench.cluster.plane import Plane
from bench.kills.judge import judge
from bench.kills.killer import Killer
from bench.stories.ending import Scene, judge_ending
from bench.stories.story import Story
from bench.stories.telling import run_first_revisions, scenes_of, tell, within

_ENDING_SECONDS = 30.0
_PAUSE_SECONDS = 1.0


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
        with plane.running_operator():
            before = run_first_revisions(plane, stories)
        killer = Killer(plane, random).start()
        try:
            late = tell(plane, stories)
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


def _endings(plane: Plane, stories: Mapping[str, Story], before: Mapping[str, Scene]) -> list[str]:
    """Let an operator live, and judge what is left when it had the time to do everything."""
    faults: list[str] = []

    def judged() -> bool:
        scenes = scenes_of(plane, stories)
        faults[:] = [
            f"{namespace}: {fault}" for namespace, story in stories.items() for fault in judge_ending(story, before[namespace], scenes[namespace])
        ]
        return not faults

    with plane.running_operator():
        time.sleep(_PAUSE_SECONDS)
        within(_ENDING_SECONDS, judged)
    return faults
