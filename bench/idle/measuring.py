"""Count every write that the API server hears of in namespaces at rest: nothing released yet, a person is waited for, a release failed."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Final

from bench.cluster.history import History
from bench.cluster.plane import Plane, control_plane
from bench.cluster.traffic import PodNames, names_of, prometheus_with_traffic
from bench.steps.releases import GATES
from bench.stories.story import Apply, Revision, Service, Story
from bench.stories.telling import apply_changes, run_first_revisions, within
from bench.table import Row
from saferollout.engine.resync import INTERVAL

_LONGEST_PAUSE: Final = 1.2
"""The resync waits up to a fifth longer than its interval."""

SECONDS: Final = 2 * INTERVAL * _LONGEST_PAUSE + 30
"""Long enough for two passes of the resync."""

_CALM_SECONDS = 15.0
_REACHED_SECONDS = 120.0
_PATHS: Final[Mapping[str, str]] = {
    "SafeRollouts": "/apis/saferollout.io/v1alpha1/saferollouts",
    "Deployments": "/apis/apps/v1/deployments",
    "ReplicaSets": "/apis/apps/v1/replicasets",
    "pods": "/api/v1/pods",
    "events": "/apis/events.k8s.io/v1/events",
}


def rows(seconds: float = SECONDS) -> list[Row]:
    """Bring three SafeRollouts to rest, each in its own way, and count."""
    with control_plane() as plane:
        counted = count_writes(plane, seconds=seconds)
    passes = int(seconds // (INTERVAL * _LONGEST_PAUSE))
    on = f"{seconds / 60:.1f} min, in which the slowest loop, the resync, passed at least {passes} times"
    return [
        Row(
            what=f"writes to a SafeRollout {state}, its workloads, pods and events",
            wanted="0 an hour",
            measured=", ".join(f"{number} of {kind}" for kind, number in writes.items() if number) or "0",
            measured_on=on,
            kept=not any(writes.values()),
        )
        for state, writes in counted.items()
    ]


def stories() -> dict[str, tuple[Story, str]]:
    """Return a story for each way to be at rest, and the state in which it rests."""
    reads = Revision("reader:1", {"events": {"reads": [1, 2]}})
    writes = Revision("writer:1", {"events": {"writes": [1]}})
    services = (Service("writer", writes, batches=(50,)), Service("reader", reads, batches=(50,)))
    topic = {"name": "events", "topic": {"name": "events", "deadLetterTopic": "events.dlt"}}
    narrower = (
        Apply(0, "writer", Revision("writer:2", {"events": {"writes": [2]}})),
        Apply(0, "reader", Revision("reader:2", {"events": {"reads": [2]}})),
    )
    broken = (Apply(0, "reader", Revision("reader:2", {"events": {"reads": [1, 2]}}, behaviour="never-ready")),)
    gated = {"gating": "Enabled", "bakeSeconds": 4, "gates": list(GATES)}
    return {
        "with nothing to release": (Story("rest", services, (topic,), ()), "Completed"),
        "that waits for approval, its gates measured": (Story("approval", services, (topic,), narrower, spec=gated), "AwaitingApproval"),
        "after a failure": (Story("failure", services, (topic,), broken, spec={"progressDeadlineSeconds": 5}), "RolledBack"),
    }


def count_writes(plane: Plane, *, seconds: float) -> dict[str, dict[str, int]]:
    """Return how often each kind of object was written in so many seconds, by the way in which the SafeRollout rests.

    Raises TimeoutError where one does not come to rest.
    """
    told = stories()
    places = {f"idle-{os.getpid()}-{story.name}": (state, story, rest) for state, (story, rest) in told.items()}
    by_place = {place: story for place, (_, story, _) in places.items()}
    plane.create_namespaces(list(places))
    pods = History(plane.cluster.api, _PATHS["pods"]).start()
    try:
        with (
            prometheus_with_traffic(plane.folder, _pods(pods)) as prometheus,
            plane.running_operator(config=f"prometheus: {{url: '{prometheus.url}'}}\n"),
        ):
            run_first_revisions(plane, by_place)
            apply_changes(plane, by_place)
            if not within(_REACHED_SECONDS, lambda: all(_state(plane, place) == rest for place, (_, _, rest) in places.items())):
                raise TimeoutError(f"not at rest: {[_state(plane, place) for place in places]}")
            time.sleep(_CALM_SECONDS)
            heard = _hear(plane, seconds=seconds)
    finally:
        pods.stop()
        plane.delete_namespaces(list(places))
    return {state: {kind: namespaces.count(place) for kind, namespaces in heard.items()} for place, (state, _, _) in places.items()}


def _hear(plane: Plane, *, seconds: float) -> dict[str, list[str]]:
    """Return the namespaces of everything that was written in so many seconds, by kind."""
    histories = {kind: History(plane.cluster.api, path).start() for kind, path in _PATHS.items()}
    for history in histories.values():
        history.forget()
    try:
        time.sleep(seconds)
    finally:
        for history in histories.values():
            history.stop()
    return {kind: [event.namespace for event in history.events] for kind, history in histories.items()}


def _pods(history: History) -> PodNames:
    return lambda: names_of(list(history.events))


def _state(plane: Plane, namespace: str) -> str:
    found = plane.by_namespace("saferollouts").get(namespace, [{}])[0]
    return str(((found.get("status") or {}).get("summary") or {}).get("state", ""))
