"""Probes tell a living process from a stuck one; a server that is away is no reason to restart."""

import socket
from collections.abc import Iterator
from random import Random

import aiohttp
import pytest

from saferollout.engine.hold_mode import HoldModeProbe
from saferollout.engine.queue import WorkQueue
from saferollout.engine.resync import Resync
from saferollout.engine.store import Store
from saferollout.shell.health import Health, LoopLag, serve
from tests.unit.engine.fake_cluster import FakeCluster


class Scene:
    """A process's health on a clock to turn."""

    def __init__(self) -> None:
        self.now = 0.0
        cluster = FakeCluster()
        self.queue = WorkQueue(clock=lambda: self.now, random=Random(1))
        self.resync = Resync(
            cluster=cluster, store=Store(), queue=self.queue, hold_mode=HoldModeProbe(cluster, policy=""), clock=lambda: self.now,
            random=Random(1),
        )
        self.lag = LoopLag(clock=lambda: self.now)
        self.working = True
        self.health = Health(queue=self.queue, resync=self.resync, lag=self.lag, working=lambda: self.working)


@pytest.fixture
def scene() -> Iterator[Scene]:
    yield Scene()


def test_a_new_process_is_alive_but_not_ready(scene: Scene) -> None:
    assert scene.health.complaints() == {}
    assert not scene.health.ready()


async def test_after_the_first_pass_it_is_ready(scene: Scene) -> None:
    await scene.resync.full_pass()
    assert scene.health.ready()


def test_a_key_that_nobody_takes_is_a_complaint_of_a_leader_only(scene: Scene) -> None:
    scene.queue.add("shop/shop")
    scene.now = 121.0
    assert "queue" in scene.health.complaints()
    scene.working = False
    assert "queue" not in scene.health.complaints()


async def test_a_resync_that_stopped_trying_is_a_complaint(scene: Scene) -> None:
    await scene.resync.full_pass()
    scene.now = 1100.0
    assert "resync" not in scene.health.complaints()
    scene.now = 1300.0
    assert "resync" in scene.health.complaints()


def test_a_blocked_loop_is_a_complaint(scene: Scene) -> None:
    scene.now = 5.0
    assert scene.health.complaints() == {}
    scene.now = 12.0
    assert scene.health.complaints() == {"loop": "late by 11 s"}


async def test_probes_and_metrics_are_served(scene: Scene) -> None:
    health_port, metrics_port = _free_ports()
    async with serve(health=scene.health, exposition=lambda: b"x 1\n", health_port=health_port, metrics_port=metrics_port):
        assert await _get(health_port, "/healthz") == (200, "ok\n")
        assert await _get(health_port, "/readyz") == (503, "not synced yet\n")
        await scene.resync.full_pass()
        assert await _get(health_port, "/readyz") == (200, "ok\n")
        assert await _get(metrics_port, "/metrics") == (200, "x 1\n")
        scene.now = 100.0
        assert await _get(health_port, "/healthz") == (503, "loop: late by 99 s\n")


async def _get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
