"""A release is cut into steps by its pods, and writes are counted where something was written."""

from typing import Any

from bench.cluster.history import Event
from bench.steps.measuring import seconds_to_next_write, writes_by_step
from bench.steps.releases import Recording, story
from bench.steps.timeline import deployment_writes, status_writes, steps_of

STORY = story(gated=False)


def event(item: dict[str, Any], at: float, *, kind: str = "MODIFIED") -> Event:
    return Event(kind, item, at)


def pod(name: str, image: str, *, ready: bool = True) -> dict[str, Any]:
    service = image.partition(":")[0]
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"name": name, "labels": {"app": service}}, "spec": {"containers": [{"image": image}]},
        "status": {"phase": "Running", "conditions": conditions},
    }  # fmt: skip


def rolled(service: str, *, begin: float) -> list[Event]:
    """Return new pods of a service, one a second, and after the last one the end of the old ones."""
    new = [event(pod(f"{service}-new-{n}", f"{service}:2"), begin + n, kind="ADDED") for n in range(4)]
    return [*new, event(pod(f"{service}-old", f"{service}:1"), begin + 4, kind="DELETED")]


def deployment(image: str, *, paused: bool = False, revision: str = "1") -> dict[str, Any]:
    metadata = {"name": image.partition(":")[0], "annotations": {"deployment.kubernetes.io/revision": revision}}
    return {"metadata": metadata, "spec": {"paused": paused, "template": {"spec": {"containers": [{"image": image}]}}}}


def safe_rollout(message: str) -> dict[str, Any]:
    return {"status": {"summary": {"message": message}}}


PODS = [event(pod("reader-old", "reader:1"), 0, kind="ADDED"), *rolled("reader", begin=10), *rolled("writer", begin=20)]


def test_a_batch_is_full_with_its_last_ready_pod_and_the_last_one_without_old_pods() -> None:
    steps = [(step.service, step.batch, step.full_at) for step in steps_of(STORY, PODS)]
    assert steps == [("reader", 1, 10), ("reader", 2, 11), ("reader", 3, 14), ("writer", 1, 20), ("writer", 2, 21), ("writer", 3, 23)]


def test_a_pod_that_is_not_ready_fills_no_batch() -> None:
    assert steps_of(STORY, [event(pod("reader-new", "reader:2", ready=False), 1, kind="ADDED")]) == []


def test_what_controllers_count_is_no_write_of_a_deployment() -> None:
    events = [event(deployment("reader:1"), 1), event(deployment("reader:1", revision="2"), 2), event(deployment("reader:1", paused=True), 3)]
    assert deployment_writes(events) == [3]


def test_the_same_status_again_is_no_write() -> None:
    assert status_writes([event(safe_rollout("a"), 1), event(safe_rollout("a"), 2), event(safe_rollout("b"), 3)]) == [3]


def test_the_next_write_is_looked_for_after_the_batch_is_full_and_after_the_bake() -> None:
    deployments = [event(deployment("reader:1"), 0), *(event(deployment("reader:2", paused=n % 2 == 0), 10.5 + 3 * n) for n in range(5))]
    recording = Recording(STORY, PODS, deployments, [event(safe_rollout("a"), 0), event(safe_rollout("b"), 11.25)])
    assert seconds_to_next_write(recording, bake_seconds=0) == [0.5, 0.25, 2.5, 2.5, 1.5]
    assert seconds_to_next_write(recording, bake_seconds=2)[:2] == [1.5, 0.5]


def test_status_writes_belong_to_the_step_that_was_being_worked_at() -> None:
    deployments = [event(deployment("reader:1"), 0), event(deployment("reader:2"), 9)]
    moments = [5, 9.5, 10.5, 10.6, 30]
    statuses = [event(safe_rollout("first"), 0), *(event(safe_rollout(f"at {moment}"), moment) for moment in moments)]
    assert writes_by_step(Recording(STORY, PODS, deployments, statuses)) == [1, 2, 0, 0, 0, 1]
