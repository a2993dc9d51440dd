"""Events are said on both objects, once in ten minutes, and never stand in the way."""

import asyncio
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from saferollout.core.decision import Note
from saferollout.core.event_reasons import EventReason
from saferollout.engine.errors import Forbidden
from saferollout.engine.resources import EVENTS, Kind
from saferollout.engine.trimming import trim
from saferollout.shell.events import EventRecorder
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import deployment, safe_rollout

NOTE = Note(reason=EventReason.BATCH_READY, message="billing: 3 of 10 pods are ready on the new revision", workload="billing")


class Scene:
    """A recorder, its fake server and a clock to turn."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.now = 1000.0
        numbers = count()
        self.recorder = EventRecorder(
            self.cluster, instance="pod-1", clock=lambda: self.now, wall_clock=lambda: datetime(2026, 11, 24, 1, 2, 3, 7, tzinfo=UTC),
            unique=lambda: f"{next(numbers):04}",
        )

    async def sent(self) -> list[dict[str, Any]]:
        """Let the recorder send what waits and return all that arrived."""
        running = asyncio.create_task(self.recorder.run())
        for _ in range(2000):
            await asyncio.sleep(0)
        running.cancel()
        return [raw for (resource, _), raw in self.cluster.objects.items() if resource == EVENTS]


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_note_is_told_on_the_safe_rollout_and_on_the_workload(scene: Scene) -> None:
    scene.recorder.record(NOTE, safe_rollout=safe_rollout(), workload=deployment())
    first, second = await scene.sent()
    assert first["regarding"] == {
        "apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "name": "shop", "namespace": "shop", "uid": "uid-of-shop",
    }
    assert (second["regarding"]["kind"], second["regarding"]["name"]) == ("Deployment", "billing")
    assert first["related"] == second["regarding"]
    assert (first["reason"], first["note"], first["type"]) == (NOTE.reason, NOTE.message, "Normal")
    assert first["eventTime"] == "2026-11-24T01:02:03.000007Z"
    assert first["metadata"]["name"] == "shop.0000"


async def test_objects_out_of_a_list_say_what_they_are(scene: Scene) -> None:
    bare = {key: value for key, value in deployment().items() if key not in ("kind", "apiVersion")}
    scene.recorder.record(NOTE, safe_rollout=None, workload=trim(Kind.DEPLOYMENT, bare))
    (event,) = await scene.sent()
    assert (event["regarding"]["apiVersion"], event["regarding"]["kind"]) == ("apps/v1", "Deployment")
    assert "related" not in event


async def test_the_same_is_not_said_twice_within_ten_minutes(scene: Scene) -> None:
    for _ in range(3):
        scene.recorder.record(NOTE, safe_rollout=safe_rollout(), workload=None)
    scene.now += 599
    scene.recorder.record(NOTE, safe_rollout=safe_rollout(), workload=None)
    assert len(await scene.sent()) == 1
    scene.now += 2
    scene.recorder.record(NOTE, safe_rollout=safe_rollout(), workload=None)
    assert len(await scene.sent()) == 2


async def test_something_else_or_somebody_else_is_news(scene: Scene) -> None:
    scene.recorder.record(NOTE, safe_rollout=safe_rollout(), workload=None)
    scene.recorder.record(NOTE, safe_rollout=safe_rollout(uid="successor"), workload=None)
    scene.recorder.record(Note(reason=EventReason.BATCH_READY, message="6 of 10"), safe_rollout=safe_rollout(), workload=None)
    assert len(await scene.sent()) == 3


async def test_a_server_that_refuses_events_stops_nothing(scene: Scene) -> None:
    scene.cluster.fault = lambda verb, resource, place: Forbidden("no right")
    scene.recorder.record(NOTE, safe_rollout=safe_rollout(), workload=None)
    assert await scene.sent() == []
    scene.cluster.fault = lambda verb, resource, place: None
    scene.recorder.record(Note(reason=EventReason.FAILED, message="x"), safe_rollout=safe_rollout(), workload=None)
    assert [event["type"] for event in await scene.sent()] == ["Warning"]


async def test_more_than_can_wait_is_dropped_and_never_blocks(scene: Scene) -> None:
    for number in range(1500):
        scene.recorder.record(Note(reason=EventReason.BATCH_PASSED, message=str(number)), safe_rollout=safe_rollout(), workload=None)
    assert len(await scene.sent()) == 1000


async def test_what_waits_is_sent_before_the_process_ends(scene: Scene) -> None:
    scene.cluster.delay = 0.01
    for number in range(3):
        scene.recorder.record(Note(reason=EventReason.BATCH_PASSED, message=str(number)), safe_rollout=safe_rollout(), workload=None)
    running = asyncio.create_task(scene.recorder.run())
    await scene.recorder.drain(seconds=5)
    running.cancel()
    assert len(scene.cluster.writes) == 3


async def test_a_server_that_hangs_does_not_keep_the_process(scene: Scene) -> None:
    scene.cluster.delay = 60
    scene.recorder.record(NOTE, safe_rollout=safe_rollout(), workload=None)
    running = asyncio.create_task(scene.recorder.run())
    await scene.recorder.drain(seconds=0.05)
    running.cancel()
    assert scene.cluster.writes == []


async def test_a_long_sentence_is_shortened_to_what_the_server_takes(scene: Scene) -> None:
    scene.recorder.record(Note(reason=EventReason.BATCH_PASSED, message="ü" * 2000), safe_rollout=safe_rollout(), workload=None)
    (event,) = await scene.sent()
    assert len(event["note"].encode()) <= 1024
    assert event["note"].endswith("...")
